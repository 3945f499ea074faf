/* SPDX-License-Identifier: MIT */
/*
 * A thread that reads the feed ahead, inflates and formats it, so that the
 * sender only has to send: it finds ready datagrams in a ring. Each side
 * sleeps while it waits for the other; nobody polls.
 */
#ifndef EXCHANGE_MARKETDATA_READER_H
#define EXCHANGE_MARKETDATA_READER_H

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/spsc.h"
#include "exchange/datagram_source.h"

enum marketdata_record_flags {
	MARKETDATA_RECORD_SNAPSHOT = 1 << 0,
	/* These carry no datagram: */
	MARKETDATA_RECORD_PASS = 1 << 1, /* the feed starts over */
	MARKETDATA_RECORD_END = 1 << 2,
	MARKETDATA_RECORD_FAILED = 1 << 3, /* logged */
};

struct marketdata_record {
	uint64_t time_ns;  /* of the line; 0: it has none */
	uint32_t sequence; /* at the end: the next one */
	uint32_t flags;
	uint8_t bytes[];
};

struct marketdata_reader {
	struct spsc ring; /* of struct marketdata_record; the sender walks
			     it */
	int filled;	  /* readable when what the sender waits for is there */
	int emptied;
	_Atomic bool sender_waits;
	_Atomic bool reader_waits;
	_Atomic bool stop;
	bool loop;
	uint16_t tag; /* market_data_session_tag(), for each datagram: to be
			 set before the start; 0: none */
	unsigned int unannounced; /* records since sender_waits was read */
	cpu_set_t cpus; /* the thread's: those at marketdata_reader_open() */
	bool running;
	pthread_t thread;
	struct datagram_source source; /* the thread's while it runs */
};

/* Make ring and descriptors. 0 or a negative errno, logged. loop: start over
 * at the end of the feed. */
int marketdata_reader_open(struct marketdata_reader *reader, bool loop);
void marketdata_reader_close(struct marketdata_reader *reader);

/* Open the feed and start. 0 or a negative errno, logged. */
int marketdata_reader_start(struct marketdata_reader *reader, const char *path,
			    line_format_function *format);

/* End the thread, close the feed, empty the ring. The source's counts stay.
 * Allowed when it is not running. */
void marketdata_reader_stop(struct marketdata_reader *reader);

/* Bytes of the ring. */
#define MARKETDATA_READER_RING (512 * 1024)

/* HOT. Give back all records before `at`, and wake the reader if it is worth
 * it. */
void marketdata_reader_release(struct marketdata_reader *reader, uint64_t at);

/* The ring is empty at `at`: true when the sender may sleep until `filled`
 * is readable; false when a record has come in between. */
bool marketdata_reader_wait(struct marketdata_reader *reader, uint64_t at);

/* `filled` was readable. */
void marketdata_reader_woken(struct marketdata_reader *reader);

#endif
