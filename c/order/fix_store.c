/* SPDX-License-Identifier: MIT */
#include "order/fix_store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "order/channel.h"

#define MAGIC "T2TFIX3"

void fix_store_reset(struct fix_store_content *content)
{
	/* A slot is written anew before its number counts again. */
	content->next_out = 1;
	__atomic_store_n(&content->received.value,
			 fix_store_received(content, 1) + (UINT64_C(1) << 32),
			 __ATOMIC_RELEASE);
}

/* A file that is new, or was never finished: the magic comes last. */
static int content_begin(struct fix_store *store, const char *path,
			 const char *name, bool fresh)
{
	struct fix_store_content *content = store->content;

	if (fresh || !content->magic[0]) {
		snprintf(content->name, sizeof(content->name), "%s", name);
		fix_store_reset(content);
		__atomic_signal_fence(__ATOMIC_RELEASE);
		memcpy(content->magic, MAGIC, sizeof(MAGIC));
		return 0;
	}
	if (memcmp(content->magic, MAGIC, sizeof(MAGIC)) != 0 ||
	    strncmp(content->name, name, sizeof(content->name)) != 0 ||
	    fix_store_next_in(content) == 0 || content->next_out == 0) {
		log_error("%s: not a store of the FIX session %s", path, name);
		return -EINVAL;
	}
	/* The last line before a kill. */
	if (line_note_is_out(&content->received)) {
		const struct channel_mark last = { &content->received,
						   content->received.next };

		channel_mark_set(&last);
	}
	return 0;
}

static int file_map(struct fix_store *store, const char *path)
{
	const size_t size = sizeof(*store->content);
	struct stat status;
	void *bytes;

	if (fstat(store->fd, &status) < 0)
		return -errno;
	if (status.st_size != 0 && status.st_size != (off_t)size) {
		log_error("%s: has %lld bytes, a store has %zu", path,
			  (long long)status.st_size, size);
		return -EINVAL;
	}
	/* Its blocks are there: a full disk is no SIGBUS later. */
	if (status.st_size == 0) {
		int err = posix_fallocate(store->fd, 0, (off_t)size);

		if (err) {
			log_error("%s: %s", path, log_strerror(-err));
			ftruncate(store->fd, 0);
			return -err;
		}
	}
	bytes = mmap(NULL, size, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_POPULATE, store->fd, 0);
	if (bytes == MAP_FAILED) {
		log_error("%s: %s", path, log_strerror(-errno));
		return -errno;
	}
	store->content = bytes;
	return 0;
}

int fix_store_open(struct fix_store *store, const char *folder,
		   const char *name)
{
	char path[PATH_MAX];
	int err;

	*store = (struct fix_store){ .fd = -1 };
	if (!*folder) {
		store->content = calloc(1, sizeof(*store->content));
		if (!store->content) {
			log_error("FIX session %s: no memory", name);
			return -ENOMEM;
		}
		return content_begin(store, "", name, true);
	}
	snprintf(path, sizeof(path), "%s/%s.fix", folder, name);
	store->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->fd < 0) {
		log_error("%s: %s", path, log_strerror(-errno));
		return -errno;
	}
	err = flock(store->fd, LOCK_EX | LOCK_NB) < 0 ? -EBUSY
						      : file_map(store, path);
	if (!err)
		err = content_begin(store, path, name, false);
	if (err)
		fix_store_close(store);
	return err;
}

void fix_store_close(struct fix_store *store)
{
	if (store->fd < 0) {
		free(store->content);
	} else {
		if (store->content)
			munmap(store->content, sizeof(*store->content));
		close(store->fd);
	}
	*store = (struct fix_store){ .fd = -1 };
}
