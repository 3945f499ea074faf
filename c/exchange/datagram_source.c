/* SPDX-License-Identifier: MIT */
#include "exchange/datagram_source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
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
	source->reads_field = !formatter_is_shipped(format);
	return feed_open(path, &source->feed);
}

static void feed_end(struct datagram_source *source)
{
	if (!source->feed)
		return;
	source->counts.blank += feed_counted(source->feed)->blank;
	source->counts.overlong += feed_counted(source->feed)->overlong;
	source->counts.snapshots_lost += feed_counted(source->feed)->overlong;
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

/* Returns how often it was told before. */
static uint64_t tally_add(struct datagram_source_tally *tally, const char *text,
			  uint64_t count)
{
	size_t i = 0;

	while (i < DATAGRAM_SOURCE_TEXTS - 1 && tally[i].text &&
	       tally[i].text != text && strcmp(tally[i].text, text) != 0)
		i++;
	if (!tally[i].text)
		tally[i].text = i < DATAGRAM_SOURCE_TEXTS - 1 ? text : "others";
	tally[i].count += count;
	return tally[i].count - count;
}

void datagram_source_tell(
	const struct datagram_source_tally tally[DATAGRAM_SOURCE_TEXTS],
	char *text, size_t size)
{
	uint64_t bound = UINT64_MAX;
	size_t len = 0;

	*text = '\0';
	while (bound > 0) {
		uint64_t next = 0;

		/* All of one count, then those of the next lower one. */
		for (size_t i = 0; i < DATAGRAM_SOURCE_TEXTS; i++)
			if (tally[i].count < bound && tally[i].count > next)
				next = tally[i].count;
		for (size_t i = 0; i < DATAGRAM_SOURCE_TEXTS && next; i++)
			if (tally[i].count == next && len < size)
				len += (size_t)snprintf(text + len, size - len,
							"%s%" PRIu64 " %s",
							len ? ", " : "", next,
							tally[i].text);
		bound = next;
	}
}

static void line_is_bad(struct datagram_source *source, ssize_t err)
{
	const char *fault = source->context.fault;

	fault = fault ? fault : log_strerror((int)err);
	source->counts.snapshots_lost +=
		source->context.snapshot && !source->reads_field;
	tally_add(source->counts.faults, fault, 1);
	if (++source->counts.bad > FAULTS_SHOWN)
		return;
	log_warning("%s: line %" PRIu64 " is bad: %s%s", source->path,
		    source->context.line_number, fault,
		    source->counts.bad == FAULTS_SHOWN
			    ? " (further ones are only counted)"
			    : "");
}

/* What the formatter says of a line besides its datagram. */
static void line_note(struct datagram_source *source, ssize_t len)
{
	const struct line_format *context = &source->context;
	struct datagram_source_counts *counts = &source->counts;

	if (context->dialect &&
	    tally_add(counts->dialects, context->dialect, 1) == 0)
		log_info("%s: the dialect is %s (line %" PRIu64 ")",
			 source->path, context->dialect, context->line_number);
	counts->left_out += context->left_out;
	if (context->remark &&
	    tally_add(counts->remarks, context->remark,
		      context->left_out ? context->left_out : 1) == 0)
		log_warning("%s: line %" PRIu64 ": %s%s (further ones are only "
			    "counted)",
			    source->path, context->line_number,
			    context->left_out ? "a level is left out: " : "",
			    context->remark);
	if (len == 0 && context->kind)
		tally_add(counts->kinds, context->kind, 1);
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
		source->reads_field &&
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
		context->fault = context->kind = context->remark = NULL;
		context->dialect = NULL;
		context->left_out = 0;
		len = source->format(context, source->line, source->line_len,
				     source->bytes, MARKET_DATA_DATAGRAM_MAX);
		if (len > MARKET_DATA_DATAGRAM_MAX ||
		    context->part == PARTS_MAX)
			return formatter_failed(source, len);
		if (context->dialect || context->remark || context->kind)
			line_note(source, len);
		if (len > 0) {
			source->counts.datagrams++;
			source->counts.lines += context->part == 0;
			datagram->bytes = source->bytes;
			datagram->len = (size_t)len;
			datagram->sequence = context->sequence++;
			datagram->snapshot = context->snapshot;
			datagram->time_ns = context->time_ns;
			source->counts.untimed +=
				!context->time_ns && !context->snapshot;
			return 1;
		}
		context->more = context->more && len == 0;
		if (len < 0)
			line_is_bad(source, len);
		else if (context->part == 0 && !context->more)
			source->counts.skipped++;
	}
}
