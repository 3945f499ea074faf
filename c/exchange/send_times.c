/* SPDX-License-Identifier: MIT */
#include "exchange/send_times.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"

#define CAPACITY (4 * 1024 * 1024)
#define CLOSE_MS 500

static char *number_write(char *text, uint64_t number, char end)
{
	char reversed[20];
	int n = 0;

	do
		reversed[n++] = (char)('0' + number % 10);
	while (number /= 10);
	while (n > 0)
		*text++ = reversed[--n];
	*text++ = end;
	return text;
}

static size_t send_time_print(char *line, const void *record)
{
	const struct send_time *row = record;
	char *end = number_write(line, row->sequence, ',');

	end = number_write(end, row->intended_ns, ',');
	return (size_t)(number_write(end, row->sent_ns, '\n') - line);
}

static const struct line_writer_form send_time_form = {
	.record_len = sizeof(struct send_time),
	.print = send_time_print,
};

int send_times_open(struct send_times *times, const char *path)
{
	static const char header[] = "sequence,intended_ns,sent_ns\n";
	int err;

	*times = (struct send_times){ .fd = -1 };
	if (!path)
		return 0;
	times->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (times->fd < 0 || write(times->fd, header, sizeof(header) - 1) < 0)
		err = -errno;
	else
		err = line_writer_open_records(times->fd, "--send-times",
					       CAPACITY, &send_time_form,
					       &times->file);
	if (err)
		log_error("--send-times: %s: %s", path, log_strerror(err));
	return err;
}

int send_times_close(struct send_times *times)
{
	int err = 0;

	if (times->file)
		err = line_writer_close(times->file, CLOSE_MS);
	if (times->fd >= 0 && close(times->fd) < 0)
		err = -errno;
	*times = (struct send_times){ .fd = -1 };
	return err ? -EIO : 0;
}

int send_times_put(struct send_times *times, const struct send_time *rows,
		   unsigned int count)
{
	return line_writer_put(times->file, (const char *)rows,
			       count * sizeof(*rows));
}
