/* SPDX-License-Identifier: MIT */
#include "agent/agent_command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "net/process.h"

#define KILL_MS 5000

struct stream {
	int fd;
	char path[32];
};

bool agent_argv(const json_t *list,
		const char *argv[static AGENT_ARGUMENTS_MAX])
{
	size_t count = json_array_size(list), i;
	const json_t *element;

	if (count < 1 || count >= AGENT_ARGUMENTS_MAX)
		return false;
	json_array_foreach(list, i, element)
	{
		argv[i] = json_string_value(element);
		if (!argv[i])
			return false;
	}
	argv[count] = NULL;
	return true;
}

/* A file without a name. The child opens it by its descriptor here. */
static int stream_open(struct stream *stream, const char *name)
{
	stream->fd = memfd_create(name, MFD_CLOEXEC);
	if (stream->fd < 0)
		return -errno;
	snprintf(stream->path, sizeof(stream->path), "/proc/self/fd/%d",
		 stream->fd);
	return 0;
}

static void stream_close(struct stream *stream)
{
	if (stream->fd >= 0)
		close(stream->fd);
}

/* JSON's strings are UTF-8. */
static json_t *text_of(char *bytes, size_t len)
{
	json_t *text = json_stringn(bytes, len);

	if (text)
		return text;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)bytes[i] >= 0x80)
			bytes[i] = '?';
	text = json_stringn(bytes, len);
	return text ? text : json_string("");
}

static json_t *stream_text(const struct stream *stream)
{
	off_t size = lseek(stream->fd, 0, SEEK_END);
	ssize_t len;
	json_t *text;
	char *bytes;

	if (size > AGENT_COMMAND_OUT_MAX)
		size = AGENT_COMMAND_OUT_MAX;
	bytes = size > 0 ? malloc((size_t)size) : NULL;
	len = bytes ? pread(stream->fd, bytes, (size_t)size, 0) : 0;
	text = text_of(bytes, len > 0 ? (size_t)len : 0);
	free(bytes);
	return text;
}

static int command_run(const char *const *argv, const struct stream *out,
		       const struct stream *err, int namespace, int timeout_ms,
		       const volatile int *stop)
{
	const struct process_place place = { .namespace = namespace,
					     .cpu = -1,
					     .out = out->path,
					     .err = err->path };
	struct process process = { 0 };
	int code = process_start(&process, argv, &place);

	if (code)
		return code;
	code = process_wait(&process, timeout_ms, stop);
	if (code == -ETIMEDOUT || code == -EINTR)
		process_stop(&process, SIGTERM, KILL_MS);
	return code;
}

json_t *agent_command(const json_t *list, int namespace, int timeout_ms,
		      const volatile int *stop)
{
	struct stream out = { .fd = -1 }, err = { .fd = -1 };
	const char *argv[AGENT_ARGUMENTS_MAX];
	json_t *answer;
	int code = agent_argv(list, argv) ? 0 : -EINVAL;

	if (!code)
		code = stream_open(&out, "out");
	if (!code)
		code = stream_open(&err, "err");
	if (!code)
		code = command_run(argv, &out, &err, namespace, timeout_ms,
				   stop);
	answer = json_pack("{s:i}", "code", code);
	json_object_set_new(answer, "out",
			    out.fd < 0 ? json_string("") : stream_text(&out));
	json_object_set_new(answer, "err",
			    err.fd < 0 ? json_string(log_strerror(code))
				       : stream_text(&err));
	stream_close(&out);
	stream_close(&err);
	return answer;
}
