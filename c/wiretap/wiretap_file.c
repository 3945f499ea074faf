/* SPDX-License-Identifier: MIT */
#include "wiretap/wiretap_file.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

#define WAIT_MS	   200
#define LAST_WAITS 4 /* of WAIT_MS each */

int wiretap_file_open(struct wiretap_file *file, const char *path,
		      const volatile sig_atomic_t *stop)
{
	*file = (struct wiretap_file){ .path = path, .stop = stop, .fd = -1 };
	file->buffer = malloc(WIRETAP_BUFFER_SIZE);
	return file->buffer ? 0 : -ENOMEM;
}

int wiretap_file_create(struct wiretap_file *file)
{
	struct stat status;

	file->fd = STDOUT_FILENO;
	if (strcmp(file->path, "-") != 0)
		file->fd = open(file->path,
				O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (file->fd < 0 || fstat(file->fd, &status) < 0) {
		int err = -errno;

		log_error("--write %s: %s", file->path, log_strerror(err));
		if (file->fd > STDOUT_FILENO)
			close(file->fd);
		file->fd = -1;
		return err;
	}
	file->is_file = S_ISREG(status.st_mode);
	return 0;
}

/* Leave only whole blocks of what was written before the disk was full. */
static void file_cut(struct wiretap_file *file, size_t written)
{
	uint32_t block_len;
	size_t whole = 0;

	for (;;) {
		memcpy(&block_len, file->buffer + whole + 4, sizeof(block_len));
		block_len = le32toh(block_len);
		if (whole + block_len > written)
			break;
		whole += block_len;
	}
	/* A pipe can't be cut; then there is nothing to keep readable. */
	if (ftruncate(file->fd, (off_t)(file->bytes + whole)) == 0)
		file->bytes += whole;
}

/* As write(2); but a pipe that nobody reads is waited for LAST_WAITS times at
 * most once it is time to stop. */
static ssize_t file_write(const struct wiretap_file *file, size_t from)
{
	struct pollfd ready = { .fd = file->fd, .events = POLLOUT };
	size_t len = file->used - from;
	int waits = 0;

	if (file->is_file)
		return write(file->fd, file->buffer + from, len);
	while (poll(&ready, 1, WAIT_MS) <= 0) {
		if (!*file->stop || ++waits < LAST_WAITS)
			continue;
		errno = ETIMEDOUT;
		return -1;
	}
	/* What poll(2) promises room for. */
	return write(file->fd, file->buffer + from,
		     len < PIPE_BUF ? len : PIPE_BUF);
}

int wiretap_file_flush(struct wiretap_file *file)
{
	size_t written = 0;
	ssize_t n;

	while (written < file->used) {
		n = file_write(file, written);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			n = -errno;
			log_error("--write %s: %s", file->path,
				  log_strerror((int)n));
			file_cut(file, written);
			file->refused = true;
			return (int)n;
		}
		written += (size_t)n;
	}
	file->bytes += file->used;
	file->used = 0;
	return 0;
}

int wiretap_file_room(struct wiretap_file *file, size_t len)
{
	return len > WIRETAP_BUFFER_SIZE - file->used ? wiretap_file_flush(file)
						      : 0;
}

int wiretap_file_close(struct wiretap_file *file)
{
	int err = 0;

	if (file->fd > STDOUT_FILENO && close(file->fd) < 0) {
		err = -errno;
		log_error("--write %s: %s", file->path, log_strerror(err));
	}
	free(file->buffer);
	return err;
}
