/* SPDX-License-Identifier: MIT */
#include "exchange/marketdata_reader.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"

#define RECORDS_TO_WAKE 32 /* a sender that waits is not woken for each */

/*
 * Sleeping without losing a wake-up: who is about to sleep sets its flag and
 * looks at the ring once more; who has changed the ring clears the other's
 * flag and, if it was set, wakes it. Both access the flag by an exchange, so
 * one of them comes first, and the second sees what the first did before.
 */
static void wake(_Atomic bool *waits, int fd)
{
	if (atomic_exchange(waits, false))
		eventfd_write(fd, 1);
}

static void sleep_on(int fd)
{
	eventfd_t ignored;

	eventfd_read(fd, &ignored);
}

static void announce(struct marketdata_reader *reader)
{
	reader->unannounced = 0;
	wake(&reader->sender_waits, reader->filled);
}

/* A record, or NULL when it is time to stop. Sleeps while the ring is full. */
static struct marketdata_record *reserve(struct marketdata_reader *reader,
					 size_t len)
{
	struct marketdata_record *record;

	for (;;) {
		if (atomic_load(&reader->stop))
			return NULL;
		record = spsc_reserve(&reader->ring, sizeof(*record) + len);
		if (record)
			return record;
		announce(reader);
		atomic_exchange(&reader->reader_waits, true);
		record = spsc_reserve(&reader->ring, sizeof(*record) + len);
		if (record) {
			atomic_exchange(&reader->reader_waits, false);
			return record;
		}
		sleep_on(reader->emptied);
	}
}

static bool push_mark(struct marketdata_reader *reader, uint32_t flags)
{
	struct marketdata_record *record = reserve(reader, 0);

	if (!record)
		return false;
	*record = (struct marketdata_record){
		.sequence = reader->source.context.sequence,
		.flags = flags,
	};
	spsc_commit(&reader->ring, sizeof(*record));
	announce(reader);
	return true;
}

static bool push_datagram(struct marketdata_reader *reader,
			  const struct source_datagram *datagram)
{
	struct marketdata_record *record = reserve(reader, datagram->len);

	if (!record)
		return false;
	record->time_ns = datagram->time_ns;
	record->sequence = datagram->sequence;
	record->flags = datagram->snapshot ? MARKETDATA_RECORD_SNAPSHOT : 0;
	memcpy(record->bytes, datagram->bytes, datagram->len);
	if (reader->tag)
		market_data_write_tag(record->bytes, datagram->len,
				      datagram->sequence, reader->tag);
	spsc_commit(&reader->ring, sizeof(*record) + datagram->len);
	if (++reader->unannounced == RECORDS_TO_WAKE)
		announce(reader);
	return true;
}

/* One pass over the feed, from its beginning. What datagram_source_next()
 * ended with, or -EINTR when it is time to stop. */
static int pass(struct marketdata_reader *reader)
{
	struct source_datagram datagram;
	int rc;

	do
		rc = datagram_source_next(&reader->source, &datagram);
	while (rc > 0 && push_datagram(reader, &datagram));
	return rc > 0 ? -EINTR : rc;
}

static void *run(void *argument)
{
	struct marketdata_reader *reader = argument;
	struct sched_param none = { 0 };
	uint64_t before;
	int rc;

	/* Where both share a CPU the sender comes first. */
	pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
	for (;;) {
		before = reader->source.counts.datagrams;
		rc = pass(reader);
		if (rc < 0)
			break;
		/* A feed that makes nothing would start over for ever. */
		if (!reader->loop ||
		    reader->source.counts.datagrams == before) {
			push_mark(reader, MARKETDATA_RECORD_END);
			return NULL;
		}
		if (!push_mark(reader, MARKETDATA_RECORD_PASS))
			return NULL;
		rc = datagram_source_rewind(&reader->source);
		if (rc < 0)
			break;
	}
	if (rc != -EINTR)
		push_mark(reader, MARKETDATA_RECORD_FAILED);
	return NULL;
}

int marketdata_reader_open(struct marketdata_reader *reader, bool loop)
{
	int err = spsc_open(&reader->ring, MARKETDATA_READER_RING);

	reader->filled = reader->emptied = -1;
	reader->running = false;
	reader->loop = loop;
	if (err)
		goto fail;
	reader->filled = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	reader->emptied = eventfd(0, EFD_CLOEXEC);
	if (reader->filled < 0 || reader->emptied < 0) {
		err = -errno;
		goto fail;
	}
	if (sched_getaffinity(0, sizeof(reader->cpus), &reader->cpus) < 0) {
		err = -errno;
		goto fail;
	}
	return 0;

fail:
	log_error("can't set up the feed's reader: %s", log_strerror(err));
	marketdata_reader_close(reader);
	return err;
}

void marketdata_reader_close(struct marketdata_reader *reader)
{
	marketdata_reader_stop(reader);
	if (reader->filled >= 0)
		close(reader->filled);
	if (reader->emptied >= 0)
		close(reader->emptied);
	reader->filled = reader->emptied = -1;
	spsc_close(&reader->ring);
}

int marketdata_reader_start(struct marketdata_reader *reader, const char *path,
			    line_format_function *format)
{
	pthread_attr_t attributes;
	int err = datagram_source_open(&reader->source, path, format);

	if (err)
		return err;
	atomic_store(&reader->stop, false);
	atomic_store(&reader->sender_waits, false);
	atomic_store(&reader->reader_waits, false);
	reader->unannounced = 0;
	pthread_attr_init(&attributes);
	pthread_attr_setaffinity_np(&attributes, sizeof(reader->cpus),
				    &reader->cpus);
	err = -pthread_create(&reader->thread, &attributes, run, reader);
	pthread_attr_destroy(&attributes);
	if (err) {
		log_error("can't start the feed's reader: %s",
			  log_strerror(err));
		datagram_source_close(&reader->source);
		return err;
	}
	reader->running = true;
	return 0;
}

void marketdata_reader_stop(struct marketdata_reader *reader)
{
	uint64_t at;
	size_t len;

	if (!reader->running)
		return;
	atomic_store(&reader->stop, true);
	eventfd_write(reader->emptied, 1);
	pthread_join(reader->thread, NULL);
	reader->running = false;
	datagram_source_close(&reader->source);
	at = spsc_begin(&reader->ring);
	while (spsc_next(&reader->ring, &at, &len))
		;
	spsc_release(&reader->ring, at);
	/* What was written for nobody must not wake the next session. */
	eventfd_write(reader->emptied, 1);
	sleep_on(reader->emptied);
	sleep_on(reader->filled);
}

void marketdata_reader_release(struct marketdata_reader *reader, uint64_t at)
{
	spsc_release(&reader->ring, at);
	if (spsc_used(&reader->ring) <= MARKETDATA_READER_RING / 8 * 7)
		wake(&reader->reader_waits, reader->emptied);
}

bool marketdata_reader_wait(struct marketdata_reader *reader, uint64_t at)
{
	uint64_t next = at;
	size_t len;

	atomic_exchange(&reader->sender_waits, true);
	if (!spsc_next(&reader->ring, &next, &len))
		return true;
	atomic_exchange(&reader->sender_waits, false);
	return false;
}

void marketdata_reader_woken(struct marketdata_reader *reader)
{
	sleep_on(reader->filled);
}
