/* SPDX-License-Identifier: MIT */
#include "net/shm_ring.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/syscall.h"
#include "net/shm_region.h"

#define SEALS_KEPT (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE)

_Static_assert(sizeof(struct shm_ring_head) <= SHM_RING_SLOTS_AT, "it fits");

static size_t memory_size(uint32_t slots)
{
	return SHM_RING_SLOTS_AT + slots * sizeof(struct shm_ring_slot);
}

static bool slots_are_right(uint32_t slots)
{
	return slots >= SHM_RING_SLOTS_MIN && slots <= SHM_RING_SLOTS_MAX &&
	       !(slots & (slots - 1));
}

/* Mapped before it is sealed: later nobody can, ourselves neither. */
static int memory_make(struct shm_writer *writer)
{
	void *memory;
	int err;

	if (ftruncate(writer->fd, (off_t)writer->size) < 0)
		return -errno;
	memory = mmap(NULL, writer->size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_POPULATE, writer->fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	if (fcntl(writer->fd, F_ADD_SEALS, SEALS_KEPT | F_SEAL_SEAL) < 0) {
		err = -errno;
		munmap(memory, writer->size);
		return err;
	}
	writer->head = memory;
	writer->slots = (void *)((char *)memory + SHM_RING_SLOTS_AT);
	return 0;
}

/* Its magic last: by it there is a ring. */
static void head_write(struct shm_writer *writer)
{
	writer->head->version = SHM_RING_VERSION;
	writer->head->slots = (uint32_t)writer->mask + 1;
	writer->head->slot_size = sizeof(struct shm_ring_slot);
	atomic_thread_fence(memory_order_release);
	writer->head->magic = SHM_RING_MAGIC;
}

int shm_writer_open(struct shm_writer *writer, uint32_t slots)
{
	int err;

	if (!slots_are_right(slots))
		return -EINVAL;
	*writer = (struct shm_writer){ .mask = slots - 1,
				       .size = memory_size(slots) };
	writer->fd = memfd_create("t2t-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (writer->fd < 0)
		return -errno;
	err = memory_make(writer);
	if (err) {
		close(writer->fd);
		return err;
	}
	head_write(writer);
	return 0;
}

/* Of no message that was there before: those of the ring before, which began at
 * least a nanosecond earlier for each, end before this. */
static uint64_t first_number(const struct shm_ring_head *before)
{
	const uint64_t now =
		clock_realtime_ns() / SHM_RING_SLOTS_MAX * SHM_RING_SLOTS_MAX;

	return now == before->first ? now + SHM_RING_SLOTS_MAX : now;
}

int shm_writer_open_in(struct shm_writer *writer, uint32_t slots,
		       struct shm_region *region, unsigned int area)
{
	size_t size;
	char *memory = shm_region_area(region, area, &size);
	uint64_t first;
	int err;

	if (!slots_are_right(slots))
		return -EINVAL;
	if (memory_size(slots) > size) {
		log_error(
			"%s: region=%s: too small for slots=%u: its %zu bytes "
			"have room for rings of %zu, and not of %zu",
			region->who, region->name, slots, region->size, size,
			memory_size(slots));
		return -ENOSPC;
	}
	err = shm_region_take(region, area);
	if (err)
		return err;
	err = shm_region_fill(region, area, memory_size(slots));
	if (err) {
		shm_region_leave(region, area);
		return err;
	}
	*writer = (struct shm_writer){ .mask = slots - 1,
				       .size = memory_size(slots),
				       .fd = -1,
				       .region = region,
				       .area = area };
	writer->head = (void *)memory;
	writer->slots = (void *)(memory + SHM_RING_SLOTS_AT);
	/* No ring any more; then a new one. */
	first = first_number(writer->head);
	memset(writer->head, 0, sizeof(*writer->head));
	for (uint32_t i = 0; i < slots; i++)
		atomic_store(&writer->slots[i].turn, 0);
	writer->head->first = first;
	writer->next = first;
	head_write(writer);
	return 0;
}

int shm_ring_probe(const char **reason)
{
	struct shm_writer writer;
	int err = shm_writer_open(&writer, SHM_RING_SLOTS_MIN);

	if (!err)
		shm_writer_close(&writer);
	/* What is short now is for who opens it to tell. */
	if (!err || err == -EMFILE || err == -ENFILE || err == -ENOMEM)
		return 0;
	*reason = "no memory that is sealed against others' writing "
		  "(F_SEAL_FUTURE_WRITE, Linux 5.1)";
	return err;
}

void shm_writer_close(struct shm_writer *writer)
{
	if (writer->region) {
		writer->head->magic = 0;
		shm_region_leave(writer->region, writer->area);
	} else if (writer->head) {
		munmap(writer->head, writer->size);
		close(writer->fd);
	}
	*writer = (struct shm_writer){ .fd = -1 };
}

/* Not FUTEX_PRIVATE_FLAG: those who wait are other processes. */
void shm_writer_ring(struct shm_writer *writer)
{
	atomic_fetch_add_explicit(&writer->head->bell, 1, memory_order_seq_cst);
	syscall_direct(SYS_futex, (long)&writer->head->bell, FUTEX_WAKE,
		       INT_MAX, 0, 0, 0);
}

/* *needs: its size. */
static int head_check(const struct shm_ring_head *head, uint32_t *slots,
		      size_t *needs)
{
	/* It is another's, and may change: read once. */
	*slots = *(const volatile uint32_t *)&head->slots;
	if (head->magic != SHM_RING_MAGIC)
		return -EBADMSG;
	if (head->version != SHM_RING_VERSION)
		return -EPROTO;
	if (head->slot_size != sizeof(struct shm_ring_slot) ||
	    !slots_are_right(*slots))
		return -EBADMSG;
	*needs = memory_size(*slots);
	return 0;
}

static void memory_set(struct shm_reader *reader, const void *memory,
		       uint32_t slots)
{
	reader->mask = slots - 1;
	reader->head = memory;
	reader->slots =
		(const void *)((const char *)memory + SHM_RING_SLOTS_AT);
	reader->first = *(const volatile uint64_t *)&reader->head->first;
}

int shm_reader_open(struct shm_reader *reader, int fd, uint64_t next)
{
	const int seals = fcntl(fd, F_GET_SEALS);
	struct stat status;
	uint32_t slots;
	size_t needs;
	void *memory;
	int err;

	if (seals < 0 || (seals & SEALS_KEPT) != SEALS_KEPT)
		return -EPERM;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (status.st_size < (off_t)memory_size(SHM_RING_SLOTS_MIN) ||
	    status.st_size > (off_t)memory_size(SHM_RING_SLOTS_MAX))
		return -EBADMSG;
	*reader = (struct shm_reader){ .next = next,
				       .size = (size_t)status.st_size };
	memory = mmap(NULL, reader->size, PROT_READ, MAP_SHARED | MAP_POPULATE,
		      fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	err = head_check(memory, &slots, &needs);
	if (!err && needs != reader->size)
		err = -EBADMSG;
	if (err) {
		munmap(memory, reader->size);
		return err;
	}
	memory_set(reader, memory, slots);
	return 0;
}

int shm_reader_open_in(struct shm_reader *reader,
		       const struct shm_region *region, unsigned int area,
		       uint64_t first, uint64_t next)
{
	const struct shm_ring_head *head;
	size_t size, needs;
	uint32_t slots;
	int err;

	if (area < SHM_AREA_DATA || area > SHM_AREAS)
		return -EBADMSG;
	head = shm_region_area(region, area, &size);
	/* Of whoever has no such region in mind nothing is there. */
	if (*(const volatile uint64_t *)&head->magic == 0 ||
	    *(const volatile uint64_t *)&head->first != first)
		return -ESTALE;
	err = head_check(head, &slots, &needs);
	if (!err && (needs > size || next < first))
		err = -EBADMSG;
	if (err)
		return err;
	*reader = (struct shm_reader){ .next = next };
	memory_set(reader, head, slots);
	reader->first = first;
	return 0;
}

void shm_reader_close(struct shm_reader *reader)
{
	if (reader->size)
		munmap((void *)(uintptr_t)reader->head, reader->size);
	*reader = (struct shm_reader){ .head = NULL };
}

const char *shm_reader_fault(int err)
{
	switch (err) {
	case -EPERM:
		return "its memory is not sealed: it could shrink, or others "
		       "could write";
	case -EBADMSG:
		return "its memory is not a ring of ours, or broken";
	case -EPROTO:
		return "its ring is of another version: both ends must be of "
		       "one build";
	case -ESTALE:
		return "its ring is not in the region of this end: both must "
		       "have the same one, and nobody else write there";
	}
	return strerror(-err);
}

/* Memory of a writer's own nobody else can take. */
bool shm_reader_is_replaced(const struct shm_reader *reader)
{
	return !reader->size &&
	       *(const volatile uint64_t *)&reader->head->first !=
		       reader->first;
}

/* On: half a ring behind what was found, so as not to be overtaken at once. */
int shm_reader_astray(struct shm_reader *reader, uint64_t turn)
{
	const uint64_t slots = reader->mask + 1;
	uint64_t next;

	/* Not yet written, or being written, in this lap. */
	if (turn == 0 || turn + slots == reader->next + 1)
		return 0;
	if (shm_reader_is_replaced(reader))
		return -ESTALE;
	/* A slot has turns of its own place alone, and they go up. */
	if (turn < reader->next + 1 ||
	    ((turn - 1 - reader->next) & reader->mask))
		return -EBADMSG;
	next = turn - slots / 2;
	reader->lost += next - reader->next;
	reader->next = next;
	return 0;
}

void shm_reader_wait(const struct shm_reader *reader, unsigned int timeout_ms)
{
	const struct timespec timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_nsec = (long)(timeout_ms % 1000) * 1000000,
	};
	/* Before the slot: what is written in between turns it. */
	const uint32_t bell =
		atomic_load_explicit(&reader->head->bell, memory_order_seq_cst);

	if (!shm_reader_has(reader))
		syscall_direct(SYS_futex, (long)&reader->head->bell, FUTEX_WAIT,
			       bell, (long)&timeout, 0, 0);
}
