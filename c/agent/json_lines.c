/* SPDX-License-Identifier: MIT */
#include "agent/json_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE ((size_t)64 << 10)

static int room_make(struct json_lines *lines)
{
	char *bytes;

	if (lines->size - lines->len >= PIECE)
		return 0;
	if (lines->len >= JSON_LINES_MAX)
		return -EMSGSIZE;
	bytes = realloc(lines->bytes, lines->size * 2 + PIECE);
	if (!bytes)
		return -ENOMEM;
	lines->bytes = bytes;
	lines->size = lines->size * 2 + PIECE;
	return 0;
}

int json_lines_fill(struct json_lines *lines)
{
	int err = room_make(lines);
	ssize_t n;

	if (err)
		return err;
	n = read(lines->fd, lines->bytes + lines->len,
		 lines->size - lines->len);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0
		       : errno == ECONNRESET		 ? -EPIPE
							 : -errno;
	if (n == 0)
		return -EPIPE;
	lines->len += (size_t)n;
	return 0;
}

int json_lines_take(struct json_lines *lines, json_t **object)
{
	char *end = lines->len ? memchr(lines->bytes, '\n', lines->len) : NULL;
	size_t len;

	if (!end)
		return 0;
	len = (size_t)(end - lines->bytes) + 1;
	*object = json_loadb(lines->bytes, len, 0, NULL);
	lines->len -= len;
	memmove(lines->bytes, lines->bytes + len, lines->len);
	if (json_is_object(*object))
		return 1;
	json_decref(*object);
	*object = NULL;
	return -EPROTO;
}

size_t json_lines_take_bytes(struct json_lines *lines, char *bytes, size_t len)
{
	if (len > lines->len)
		len = lines->len;
	if (len == 0)
		return 0;
	memcpy(bytes, lines->bytes, len);
	lines->len -= len;
	memmove(lines->bytes, lines->bytes + len, lines->len);
	return len;
}

/* Whose peer is gone learns it from EPIPE, and from no signal. */
static ssize_t piece_write(int fd, const char *bytes, size_t len)
{
	ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

	return n < 0 && errno == ENOTSOCK ? write(fd, bytes, len) : n;
}

int json_lines_write_bytes(int fd, const char *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = piece_write(fd, bytes + done, len - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

int json_lines_write(int fd, const json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);
	size_t len;
	int err;

	if (!text)
		return -ENOMEM;
	len = strlen(text);
	text[len++] = '\n'; /* in the place of the NUL */
	err = json_lines_write_bytes(fd, text, len);
	free(text);
	return err;
}

void json_lines_close(struct json_lines *lines)
{
	free(lines->bytes);
	*lines = (struct json_lines){ .fd = -1 };
}
