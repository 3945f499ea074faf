/* SPDX-License-Identifier: MIT */
#include "exchange/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/log.h"

#define INPUT_LEN    (64 * 1024)
#define INFLATE_LEN  (64 * 1024) /* at a time: stays in the cache */
#define GZIP_WINDOW  (15 + 16)	 /* zlib: gzip alone */
#define FAULTS_SHOWN 3

struct feed {
	char *path;
	int fd;
	z_stream inflater;
	bool in_member;
	uint64_t members;
	bool input_ended;
	bool ended; /* nothing more can be inflated; result tells why */
	int result;
	char fault[192]; /* with a negative result */
	bool discarding; /* inside a line that is too long */
	uint64_t handed_out;
	struct feed_counts counts;
	char *at, *end; /* inflated and not handed out */
	uint8_t input[INPUT_LEN];
	char text[FEED_LINE_MAX + INFLATE_LEN];
};

/* A fault is told once the lines before it are handed out, not now. */
__attribute__((format(printf, 3, 4))) static int fault(struct feed *feed,
						       int err,
						       const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(feed->fault, sizeof(feed->fault), format, arguments);
	va_end(arguments);
	return err;
}

static void fault_log(const struct feed *feed)
{
	if (feed->counts.lines > 0)
		log_error("%s: after line %" PRIu64 ": %s", feed->path,
			  feed->counts.lines, feed->fault);
	else
		log_error("%s: %s", feed->path, feed->fault);
}

static int input_read(struct feed *feed)
{
	z_stream *z = &feed->inflater;
	ssize_t n;

	memmove(feed->input, z->next_in, z->avail_in);
	z->next_in = feed->input;
	do
		n = read(feed->fd, feed->input + z->avail_in,
			 sizeof(feed->input) - z->avail_in);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return fault(feed, -errno, "can't read: %s",
			     log_strerror(-errno));
	z->avail_in += (unsigned int)n;
	feed->input_ended = n == 0;
	return 0;
}

static bool begins_with(const uint8_t *bytes, size_t len, const char *with,
			size_t with_len)
{
	return len >= with_len && !memcmp(bytes, with, with_len);
}

/* What a file that is no gzip seems to be, and what makes it one. */
static const char *other_kind(const uint8_t *bytes, size_t len)
{
	static const struct {
		const char *begins;
		size_t len;
		const char *says;
	} kinds[] = {
		{ "\x28\xb5\x2f\xfd", 4,
		  "this is zstd: zstd -dc FILE | gzip > FILE.gz" },
		{ "\xfd"
		  "7zXZ",
		  5, "this is xz: xz -dc FILE | gzip > FILE.gz" },
		{ "BZh", 3, "this is bzip2: bzip2 -dc FILE | gzip > FILE.gz" },
		{ "PK\3\4", 4,
		  "this is a zip archive: unzip -p FILE | gzip > FILE.gz" },
		{ "\x04\x22\x4d\x18", 4,
		  "this is lz4: lz4 -dc FILE | gzip > FILE.gz" },
		{ "PAR1", 4,
		  "this is Parquet: write it as CSV, and gzip that" },
		{ "<", 1,
		  "this is not a gzip file but a web page, perhaps what a "
		  "failed download said" },
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (begins_with(bytes, len, kinds[i].begins, kinds[i].len))
			return kinds[i].says;
	for (i = 0; i < len && i < 64; i++)
		if ((bytes[i] < 0x20 && bytes[i] != '\t' && bytes[i] != '\r' &&
		     bytes[i] != '\n') ||
		    bytes[i] == 0x7f)
			return "this is not a gzip file";
	return "this is not a gzip file but plain text: gzip it";
}

/* Between members: 1 when another begins, 0 at the end of the file. */
static int member_start(struct feed *feed)
{
	z_stream *z = &feed->inflater;
	int err;

	while (z->avail_in < 2 && !feed->input_ended) {
		err = input_read(feed);
		if (err)
			return err;
	}
	if (z->avail_in >= 2 && z->next_in[0] == 0x1f &&
	    z->next_in[1] == 0x8b) {
		inflateReset(z);
		feed->in_member = true;
		feed->members++;
		return 1;
	}
	if (feed->members > 0) {
		if (z->avail_in > 0)
			log_warning("%s: what lies behind the last gzip member "
				    "is ignored",
				    feed->path);
		return 0;
	}
	if (z->avail_in == 0)
		return fault(feed, -ENODATA, "the file is empty");
	if (z->avail_in == 1 && z->next_in[0] == 0x1f)
		return fault(feed, -EBADMSG, "the gzip file is truncated");
	return fault(feed, -EBADMSG, "%s", other_kind(z->next_in, z->avail_in));
}

/* Inflate to output[0..room). Returns how many bytes came, 0 at the end of
 * the file, or a negative errno. */
static int inflate_some(struct feed *feed, char *output, unsigned int room)
{
	z_stream *z = &feed->inflater;
	int rc;

	z->next_out = (uint8_t *)output;
	z->avail_out = room;
	while (z->avail_out == room) {
		if (!feed->in_member) {
			rc = member_start(feed);
			if (rc <= 0)
				return rc;
		}
		if (z->avail_in == 0 && !feed->input_ended) {
			rc = input_read(feed);
			if (rc < 0)
				return rc;
		}
		rc = inflate(z, Z_NO_FLUSH);
		if (rc == Z_STREAM_END)
			feed->in_member = false;
		else if (rc == Z_MEM_ERROR)
			return fault(feed, -ENOMEM, "no memory to inflate");
		else if (rc == Z_DATA_ERROR || rc == Z_NEED_DICT)
			return fault(feed, -EBADMSG,
				     "the gzip file is corrupt: %s",
				     z->msg ? z->msg : "a dictionary is asked");
		else if (z->avail_in == 0 && feed->input_ended &&
			 z->avail_out == room)
			return fault(feed, -EBADMSG,
				     "the gzip file is truncated");
	}
	return (int)(room - z->avail_out);
}

/* Get more text behind what is there. False at the end or a fault. */
static bool text_more(struct feed *feed)
{
	size_t left = (size_t)(feed->end - feed->at);
	int n;

	if (feed->ended)
		return false;
	if (left > FEED_LINE_MAX + 1) {
		feed->discarding = true;
		left = 0;
	}
	if (feed->at != feed->text)
		memmove(feed->text, feed->at, left);
	feed->at = feed->text;
	feed->end = feed->text + left;
	n = inflate_some(feed, feed->end,
			 INFLATE_LEN < sizeof(feed->text) - left
				 ? INFLATE_LEN
				 : (unsigned int)(sizeof(feed->text) - left));
	if (n > 0) {
		feed->end += n;
		return true;
	}
	feed->ended = true;
	feed->result = n;
	return false;
}

static bool is_blank(const char *line, size_t len)
{
	while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	return len == 0;
}

/* Is the line that was just taken one to hand out? Counts it if not. */
static bool is_good(struct feed *feed, const char *line, size_t len)
{
	if (feed->discarding || len > FEED_LINE_MAX) {
		feed->discarding = false;
		if (++feed->counts.overlong <= FAULTS_SHOWN)
			log_warning("%s: line %" PRIu64 " is longer than %d "
				    "bytes and is skipped",
				    feed->path, feed->counts.lines,
				    FEED_LINE_MAX);
		return false;
	}
	if (__builtin_expect(len == 0 || *line == ' ' || *line == '\t', 0) &&
	    is_blank(line, len)) {
		feed->counts.blank++;
		return false;
	}
	return true;
}

/* The first line of a text whose characters have 16 bits: by its byte order
 * mark, or by every other byte being 0. */
static bool is_utf16(const char *line, size_t len)
{
	if (len < 2)
		return false;
	if (!memcmp(line, "\xff\xfe", 2) || !memcmp(line, "\xfe\xff", 2))
		return true;
	return len >= 4 && ((line[0] && !line[1] && line[2] && !line[3]) ||
			    (!line[0] && line[1] && !line[2] && line[3]));
}

/* What a server answers in the place of a file that it has not. */
static bool is_page(const char *line, size_t len)
{
	static const char *const begins[] = { "<!doctype", "<html", "<?xml" };

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (len >= strlen(begins[i]) &&
		    !strncasecmp(line, begins[i], strlen(begins[i])))
			return true;
	return false;
}

/* The first brace of a message that goes on in the next lines. */
static bool is_spread_json(const char *line, size_t len)
{
	while (len > 1 && (line[len - 1] == '\r' || line[len - 1] == ' '))
		len--;
	return len == 1 && line[0] == '{';
}

/* In a text; noise may hold it anywhere. */
static bool has_cr_inside(const char *line, size_t len)
{
	while (len > 0 && line[len - 1] == '\r')
		len--;
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)line[i] < ' ' && line[i] != '\r' &&
		    line[i] != '\t')
			return false;
	return memchr(line, '\r', len);
}

/* What by its first line is no feed: the whole is refused. */
static int first_line_check(struct feed *feed, const char *line, size_t len)
{
	static const struct {
		bool (*is)(const char *line, size_t len);
		const char *why;
	} strange[] = {
		{ is_utf16, "the text is UTF-16: zcat FILE | iconv -f UTF-16 "
			    "-t UTF-8 | gzip > FILE8.gz" },
		{ is_page, "it is a web page, no market data: what did the "
			   "download answer?" },
		{ is_spread_json, "a JSON message is spread over lines: zcat "
				  "FILE | jq -c . | gzip > FILE1.gz" },
		{ has_cr_inside, "its lines end with CR alone: zcat FILE | tr "
				 "'\\r' '\\n' | gzip > FILE1.gz" },
	};

	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		if (!strange[i].is(line, len))
			continue;
		feed->ended = true;
		feed->at = feed->end;
		feed->result = fault(feed, -EBADMSG, "%s", strange[i].why);
		return feed->result;
	}
	return 0;
}

/* What ends the lines: 0 or a negative errno. */
static int feed_result(struct feed *feed)
{
	if (feed->result == 0 && feed->handed_out == 0)
		feed->result =
			fault(feed, -ENODATA,
			      feed->counts.lines ? "no line in it has content"
						 : "it has no lines");
	if (feed->result < 0)
		fault_log(feed);
	return feed->result;
}

int feed_line(struct feed *feed, const char **line, size_t *len,
	      uint64_t *number)
{
	for (;;) {
		char *first = feed->at;
		char *last = memchr(first, '\n', (size_t)(feed->end - first));

		if (last) {
			feed->at = last + 1;
		} else if (text_more(feed)) {
			continue;
		} else if (feed->result < 0 ||
			   (feed->at == feed->end && !feed->discarding)) {
			/* A line that a fault has cut is none. */
			return feed_result(feed);
		} else {
			first = feed->at;
			last = feed->end;
			feed->at = feed->end;
		}
		feed->counts.lines++;
		if (feed->counts.lines == 1 &&
		    first_line_check(feed, first, (size_t)(last - first)) < 0)
			return feed_result(feed);
		/* Of one file behind another, too. */
		if (last - first >= 3 && !memcmp(first, "\xef\xbb\xbf", 3))
			first += 3;
		if (last > first && last[-1] == '\r')
			last--;
		if (!is_good(feed, first, (size_t)(last - first)))
			continue;
		feed->handed_out++;
		*line = first;
		*len = (size_t)(last - first);
		*number = feed->counts.lines;
		return 1;
	}
}

const struct feed_counts *feed_counted(const struct feed *feed)
{
	return &feed->counts;
}

/* Only a regular file: another could block, and could not start over. */
static int file_open(const char *path)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err;

	if (fd < 0) {
		err = -errno;
		log_error("%s: %s", path, log_strerror(err));
		return err;
	}
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		return fd;
	err = S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
	log_error("%s: %s", path,
		  err == -EISDIR ? log_strerror(err) : "not a regular file");
	close(fd);
	return err;
}

int feed_open(const char *path, struct feed **result)
{
	struct feed *feed;
	int err = -ENOMEM, fd = file_open(path);

	*result = NULL;
	if (fd < 0)
		return fd;
	/* Not calloc: most of it is buffers, and is paged in as it is used. */
	feed = malloc(sizeof(*feed));
	if (!feed)
		goto close_file;
	memset(feed, 0, offsetof(struct feed, input));
	feed->fd = fd;
	feed->at = feed->end = feed->text;
	feed->inflater.next_in = feed->input;
	feed->path = strdup(path);
	if (!feed->path)
		goto free_feed;
	if (inflateInit2(&feed->inflater, GZIP_WINDOW) != Z_OK)
		goto free_path;
	err = member_start(feed);
	if (err < 0) {
		fault_log(feed);
		goto end_inflater;
	}
	*result = feed;
	return 0;

end_inflater:
	inflateEnd(&feed->inflater);
free_path:
	free(feed->path);
free_feed:
	free(feed);
close_file:
	close(fd);
	return err;
}

void feed_close(struct feed *feed)
{
	if (!feed)
		return;
	inflateEnd(&feed->inflater);
	close(feed->fd);
	free(feed->path);
	free(feed);
}
