/* SPDX-License-Identifier: MIT */
/*
 * The other end of a ring in shared memory writes whatever it likes into its
 * own, at any time. The input is its steps, and ours: what is read there leads
 * nowhere outside, takes as much as there was room for, and a ring that was
 * broken stays so. Until it lies, all bytes arrive.
 *
 * The first byte: does our end sleep? Then a step each: its kind, and what that
 * takes.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "net/shm_stream.h"

#define SLOTS  4
#define MOST   (SLOTS * SHM_RING_MESSAGE_MAX)
#define MEMORY (SHM_RING_SLOTS_AT + SLOTS * sizeof(struct shm_ring_slot))

enum step {
	STEP_WRITE,   /* a place (2 bytes), how many (1), and those: its lie */
	STEP_PUT,     /* how many (2): a message as it should be */
	STEP_RECEIVE, /* how many at most (2) */
	STEP_SEND,    /* how many (2) */
	STEP_TAKEN,   /* it has taken all that we sent */
	STEP_PACKET,  /* how many (1), and those: to our socket, as a hello */
	STEP_TAKE,    /* a message, as a reader of market data */
	STEP_OPEN,    /* as somebody who comes now */
	STEPS
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

struct input {
	const uint8_t *at, *end;
};

static struct shm_stream_config config = { .who = "fuzz", .slots = SLOTS };
static struct shm_stream ours;
static struct shm_writer theirs;
static struct shm_reader plain; /* of theirs */
static int sockets[2], hellos[2];
static uint8_t bytes[MOST];
static size_t put, received;
static bool lied;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const int kind = SOCK_SEQPACKET | SOCK_NONBLOCK;

	(void)argc, (void)argv;
	log_open("fuzz", LOG_ERROR);
	if (shm_writer_open(&theirs, SLOTS) < 0 ||
	    shm_writer_open(&ours.out, SLOTS) < 0 ||
	    shm_reader_open(&ours.in, theirs.fd, 0) < 0 ||
	    shm_reader_open(&plain, theirs.fd, 0) < 0 ||
	    socketpair(AF_UNIX, kind, 0, sockets) < 0 ||
	    socketpair(AF_UNIX, kind, 0, hellos) < 0)
		abort();
	return 0;
}

/* As it was when the two met. */
static void begin(bool sleeps)
{
	struct shm_stream fresh = { .config = &config,
				    .out = ours.out,
				    .in = ours.in,
				    .fd = sockets[0],
				    .tap = -1,
				    .other_sleeps = true,
				    .hellos = 2 };
	struct shm_ring_head head = { .magic = SHM_RING_MAGIC,
				      .version = SHM_RING_VERSION,
				      .slots = SLOTS,
				      .slot_size =
					      sizeof(struct shm_ring_slot) };

	memset(theirs.slots, 0, SLOTS * sizeof(*theirs.slots));
	memset(ours.out.slots, 0, SLOTS * sizeof(*theirs.slots));
	memcpy(theirs.head, &head, sizeof(head));
	memcpy(ours.out.head, &head, sizeof(head));
	atomic_store(&theirs.next, 0);
	atomic_store(&fresh.out.next, 0);
	fresh.in.next = fresh.in.lost = plain.next = plain.lost = 0;
	ours = fresh;
	config.sleeps = sleeps;
	put = received = 0;
	lied = false;
}

static uint32_t number(struct input *input, int len)
{
	uint32_t value = 0;

	for (; len > 0 && input->at < input->end; len--)
		value = value << 8 | *input->at++;
	return value;
}

static size_t rest(const struct input *input, size_t wanted)
{
	const size_t left = (size_t)(input->end - input->at);

	return wanted < left ? wanted : left;
}

static void step_write(struct input *input)
{
	const size_t place = number(input, 2) % MEMORY;
	size_t len = rest(input, number(input, 1));

	if (len > MEMORY - place)
		len = MEMORY - place;
	memcpy((uint8_t *)theirs.head + place, input->at, len);
	input->at += len;
	lied = lied || len > 0;
}

static void step_put(size_t len)
{
	const uint64_t next = atomic_load(&theirs.next);

	/* Who keeps to it looks for room, and sends no nothing. */
	if (!lied && next - atomic_load(&ours.out.head->taken) >= SLOTS)
		return;
	len = 1 + len % SHM_RING_MESSAGE_MAX;
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(put + i);
	shm_writer_put(&theirs, bytes, len, NULL);
	put += len;
}

static void step_receive(size_t len)
{
	const int over = ours.over;
	/* Of a message that came before it was over. */
	const bool held = ours.begin != ours.end;
	ssize_t n;

	len = 1 + len % sizeof(bytes);
	if (shm_stream_unread(&ours) > MOST + SHM_RING_MESSAGE_MAX)
		abort();
	n = shm_stream_receive(&ours, bytes, len);
	if (n > (ssize_t)len || (over && n >= 0 && !held) ||
	    (n < 0 && n != -EPROTO) || (n < 0 && !lied))
		abort();
	for (ssize_t i = 0; i < n && !lied; i++)
		if (bytes[i] != (uint8_t)(received + (size_t)i))
			abort();
	received += n > 0 ? (size_t)n : 0;
	if (!lied && n == 0 && received != put)
		abort();
}

static void step_send(size_t len)
{
	ssize_t n = shm_stream_send(&ours, bytes, len % sizeof(bytes));

	if (n > (ssize_t)(len % sizeof(bytes)) || (n < 0 && !lied) ||
	    shm_stream_untaken(&ours) > MOST)
		abort();
}

static void step_packet(struct input *input)
{
	struct shm_hello hello;
	size_t len = rest(input, number(input, 1));
	int memory = -1, err;

	if (len == 0 || send(hellos[1], input->at, len, MSG_DONTWAIT) < 0)
		return;
	input->at += len;
	err = shm_hello_receive(hellos[0], SHM_HELLO_ANY, &hello, &memory);
	if (memory >= 0 || (err && err != -EPROTO))
		abort();
}

static void step_take(void)
{
	uint64_t stamp_ns;
	uint32_t len = 0;
	int rc = shm_reader_take(&plain, bytes, &len, &stamp_ns);

	if (rc > 1 || (rc < 0 && rc != -EBADMSG) ||
	    (rc > 0 && len > SHM_RING_MESSAGE_MAX) || (rc < 0 && !lied))
		abort();
}

static void step_open(void)
{
	struct shm_reader reader;
	int err = shm_reader_open(&reader, theirs.fd, 0);

	if (err && !lied)
		abort();
	if (err)
		return;
	if (reader.mask != SLOTS - 1)
		abort();
	shm_reader_close(&reader);
}

static void step(struct input *input)
{
	switch ((enum step)(number(input, 1) % STEPS)) {
	case STEP_WRITE:
		step_write(input);
		return;
	case STEP_PUT:
		step_put(number(input, 2));
		return;
	case STEP_RECEIVE:
		step_receive(number(input, 2));
		return;
	case STEP_SEND:
		step_send(number(input, 2));
		return;
	case STEP_TAKEN:
		if (!lied)
			atomic_store(&theirs.head->taken,
				     atomic_load(&ours.out.next));
		return;
	case STEP_PACKET:
		step_packet(input);
		return;
	case STEP_TAKE:
		step_take();
		return;
	case STEP_OPEN:
		step_open();
		return;
	case STEPS:
		return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, data + size };
	char packet;

	begin(number(&input, 1) & 1);
	while (input.at < input.end)
		step(&input);
	/* Wake-ups; nobody waits for them here. */
	while (recv(sockets[1], &packet, 1, MSG_DONTWAIT) > 0)
		;
	return 0;
}
