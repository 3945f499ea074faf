/* SPDX-License-Identifier: MIT */
#include "exchange/order_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/line_writer.h"

#define RECORDS	       16384
#define STATES_AT_ONCE 16
/* Who reads takes something within this. */
#define CLOSE_MS 500

static size_t record_print(char *line, const void *bytes)
{
	const struct order_log_record *record = bytes;
	const struct order_entry *entry = &record->entry;
	char price[DECIMAL_TEXT_MAX];
	int len;

	if (record->recv_ns == 0) {
		len = snprintf(line, LINE_WRITER_LINE_MAX, "state %s\n",
			       exchange_state_name(record->state));
	} else if (entry->fault) {
		len = snprintf(line, LINE_WRITER_LINE_MAX,
			       "reject recv_ns=%" PRIu64 " reason=%s\n",
			       record->recv_ns, entry->fault);
	} else {
		decimal_format(entry->order.price, price);
		len = snprintf(line, LINE_WRITER_LINE_MAX,
			       "order recv_ns=%" PRIu64 " quantity=%" PRIu32
			       " price=%s side=%s%s\n",
			       record->recv_ns, entry->order.quantity, price,
			       order_side_name(entry->order.side),
			       entry->early ? " early" : "");
	}
	return (size_t)len;
}

static bool record_has_mark(const void *bytes)
{
	const struct order_log_record *record = bytes;

	return record->recv_ns != 0 && record->entry.mark.at;
}

/* The writer's thread: the line of the record is out. */
static void record_written(void *context, const void *bytes)
{
	const struct order_log_record *record = bytes;
	struct order_log *log = context;

	if (!record_has_mark(record))
		return;
	pthread_mutex_lock(&log->lock);
	if (record->session == log->session)
		channel_mark_set(&record->entry.mark);
	pthread_mutex_unlock(&log->lock);
}

/* The writer's thread: the line and its mark at once, so that no kill comes
 * between; the mark is there as long as its session is. */
static ssize_t record_send(void *context, const void *bytes, const char *line,
			   size_t len)
{
	const struct order_log_record *record = bytes;
	const struct channel_mark *mark = &record->entry.mark;
	struct order_log *log = context;
	ssize_t n = -EOPNOTSUPP;

	pthread_mutex_lock(&log->lock);
	if (record->session == log->session)
		n = line_once_write(&log->once, mark->at, mark->value, line,
				    len);
	pthread_mutex_unlock(&log->lock);
	return n;
}

int order_log_open(struct order_log *log)
{
	*log = (struct order_log){
		.form = { .record_len = sizeof(struct order_log_record),
			  .print = record_print,
			  .written = record_written,
			  .alone = record_has_mark,
			  .send = record_send,
			  .context = log },
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	line_once_open(&log->once, STDOUT_FILENO);
	return line_writer_open_records(STDOUT_FILENO, "stdout",
					RECORDS *
						sizeof(struct order_log_record),
					&log->form, &log->out);
}

int order_log_close(struct order_log *log)
{
	int err = line_writer_close(log->out, CLOSE_MS);

	line_once_close(&log->once);
	return err;
}

void order_log_session_end(struct order_log *log, bool marks)
{
	if (!marks)
		return;
	line_writer_settle(log->out, CLOSE_MS);
	pthread_mutex_lock(&log->lock);
	log->session++;
	pthread_mutex_unlock(&log->lock);
}

void order_log_state(struct order_log *log, enum exchange_state state)
{
	const struct order_log_record record = { .state = state };

	line_writer_put(log->out, (const char *)&record, sizeof(record));
}

void order_log_orders(struct order_log *log, struct order_log_record *records,
		      unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		records[i].session = log->session;
	line_writer_put(log->out, (const char *)records,
			count * sizeof(*records));
}

bool order_log_has_room(const struct order_log *log, unsigned int orders)
{
	return line_writer_has_room(log->out,
				    (orders + STATES_AT_ONCE) *
					    sizeof(struct order_log_record));
}
