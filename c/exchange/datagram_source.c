/* SPDX-License-Identifier: MIT */
#include "exchange/datagram_source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define FAULTS_SHOWN 5
#define PARTS_MAX    65536 /* of a line: a formatter that never ends */

int datagram_source_open(struct datagram_source *source, const char *path,
			 line_format_function *format)
{
	memset(source, 0, offsetof(struct datagram_source, bytes));
	source->path = path;
	source->format = format;
	return feed_open(path, &source->feed);
}

static void feed_end(struct datagram_source *source)
{
	if (!source->feed)
		return;
	source->counts.blank += feed_counted(source->feed)->blank;
	source->counts.overlong += feed_counted(source->feed)->overlong;
	feed_close(source->feed);
	source->feed = NULL;
}

void datagram_source_close(struct datagram_source *source)
{
	feed_end(source);
	free(source->context.state);
	source->context.state = NULL;
	if (source->counts.bad > FAULTS_SHOWN)
		log_warning("%s: %" PRIu64 " bad lines in all", source->path,
			    source->counts.bad);
}

int datagram_source_rewind(struct datagram_source *source)
{
	feed_end(source);
	source->field = (struct snapshot_field){ 0 };
	return feed_open(source->path, &source->feed);
}

static void line_is_bad(struct datagram_source *source, ssize_t err)
{
	const char *fault = source->context.fault;

	if (++source->counts.bad > FAULTS_SHOWN)
		return;
	log_warning("%s: line %" PRIu64 " is bad: %s%s", source->path,
		    source->context.line_number,
		    fault ? fault : log_reason((int)err),
		    source->counts.bad == FAULTS_SHOWN
			    ? " (further ones are only counted)"
			    : "");
}

static int formatter_failed(struct datagram_source *source, ssize_t len)
{
	if (len > MARKET_DATA_DATAGRAM_MAX) {
		log_error("%s: line %" PRIu64 ": the formatter returned %zd "
			  "bytes of at most %d",
			  source->path, source->context.line_number, len,
			  MARKET_DATA_DATAGRAM_MAX);
		return -EMSGSIZE;
	}
	log_error("%s: line %" PRIu64 ": the formatter made more than %d "
		  "datagrams of it",
		  source->path, source->context.line_number, PARTS_MAX);
	return -ELOOP;
}

/* Take the next line, unless one is not done with. 1, 0 or a negative errno. */
static int line_take(struct datagram_source *source)
{
	struct line_format *context = &source->context;
	int rc;

	if (context->more) {
		context->part++;
		return 1;
	}
	rc = feed_line(source->feed, &source->line, &source->line_len,
		       &context->line_number);
	if (rc <= 0) {
		source->counts.passes += rc == 0;
		return rc;
	}
	context->part = 0;
	context->snapshot =
		snapshot_field(&source->field, source->line, source->line_len);
	return 1;
}

int datagram_source_next(struct datagram_source *source,
			 struct source_datagram *datagram)
{
	struct line_format *context = &source->context;

	for (;;) {
		ssize_t len;
		int rc = line_take(source);

		if (rc <= 0)
			return rc;
		context->more = false;
		context->time_ns = 0;
		context->fault = NULL;
		len = source->format(context, source->line, source->line_len,
				     source->bytes, MARKET_DATA_DATAGRAM_MAX);
		if (len > MARKET_DATA_DATAGRAM_MAX ||
		    context->part == PARTS_MAX)
			return formatter_failed(source, len);
		if (len > 0) {
			source->counts.datagrams++;
			source->counts.lines += context->part == 0;
			datagram->bytes = source->bytes;
			datagram->len = (size_t)len;
			datagram->sequence = context->sequence++;
			datagram->snapshot = context->snapshot;
			datagram->time_ns = context->time_ns;
			return 1;
		}
		context->more = context->more && len == 0;
		if (len < 0)
			line_is_bad(source, len);
		else if (context->part == 0 && !context->more)
			source->counts.skipped++;
	}
}
