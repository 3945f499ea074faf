/* SPDX-License-Identifier: MIT */
#include "agent/agent_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int agent_file_write(const char *path, off_t at, const char *bytes, size_t len)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (at == 0 ? O_TRUNC : 0);
	int fd = open(path, flags, 0600), err = 0;
	size_t done = 0;

	if (fd < 0)
		return -errno;
	while (done < len && !err) {
		ssize_t n =
			pwrite(fd, bytes + done, len - done, at + (off_t)done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			err = -errno;
	}
	if (close(fd) < 0 && !err)
		err = -errno;
	return err;
}

ssize_t agent_file_read(const char *path, off_t at, char *bytes, size_t len,
			off_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = pread(fd, bytes, len, at);
	while (n < 0 && errno == EINTR);
	if (n < 0 || fstat(fd, &status) < 0)
		n = -errno;
	else
		*size = status.st_size;
	close(fd);
	return n;
}
