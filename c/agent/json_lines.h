/* SPDX-License-Identifier: MIT */
/* JSON objects over a stream, each in a line of its own (JSON Lines). */
#ifndef AGENT_JSON_LINES_H
#define AGENT_JSON_LINES_H

#include <jansson.h>
#include <stddef.h>

#define JSON_LINES_MAX ((size_t)32 << 20) /* bytes of a line */

/* All zero but fd: nothing read yet. */
struct json_lines {
	int fd;
	char *bytes;
	size_t len, size;
};

/* A line may be followed by bytes that are not JSON: this says how many. */
#define JSON_LINES_BYTES "bytes"

/* Read once what is there, or wait for it. 0; -EPIPE at the end; -EMSGSIZE
 * for a line without an end; another negative errno. Silent. */
int json_lines_fill(struct json_lines *lines);

/* Take the next whole line of what was read. 1 with a new reference to its
 * object; 0: none yet; -EPROTO: it is no object, and is taken all the same. */
int json_lines_take(struct json_lines *lines, json_t **object);

/* Take at most len of the bytes behind the line that was taken last, of those
 * that were read. Returns how many; 0: none. */
size_t json_lines_take_bytes(struct json_lines *lines, char *bytes, size_t len);

/* 0 or a negative errno. Silent. */
int json_lines_write(int fd, const json_t *object);
int json_lines_write_bytes(int fd, const char *bytes, size_t len);

/* Frees what was read; the descriptor is the caller's. */
void json_lines_close(struct json_lines *lines);

#endif
