/* SPDX-License-Identifier: MIT */
/*
 * What a TLS 1.3 client has sent, read from outside by the secrets of a key
 * log, record by record: RFC 8446, 4 and 5. The suite is not asked of anybody:
 * the secret's length, and which key opens the first record, tell it.
 *
 * Early data is no one's before it is known that the server has taken it: the
 * client says so (EndOfEarlyData), or goes on without a word, and sends them
 * again.
 */
#ifndef WIRE_TLS_READER_H
#define WIRE_TLS_READER_H

#include "wire/tls_keylog.h"
#include "wire/tls_record.h"

#define TLS_EARLY_MAX TLS_PLAIN_MAX /* as an exchange of ours allows */
/* Of a ClientHello: message header, legacy_version, random. */
#define TLS_HELLO_LEN (4 + 2 + TLS_RANDOM_LEN)

enum tls_event {
	TLS_MORE,    /* no whole record is there */
	TLS_NOTHING, /* a record without application data */
	TLS_DATA,    /* bytes are the application's */
	TLS_CLOSED,  /* close_notify */
	TLS_FAULT,   /* this can't be read, and nothing behind it: why */
};

enum tls_phase {
	TLS_PHASE_HELLO,
	TLS_PHASE_HANDSHAKE, /* with early data before it, or without */
	TLS_PHASE_APPLICATION,
};

struct tls_reader {
	const struct tls_keylog *log;
	enum tls_phase phase;
	size_t hello_len;
	uint8_t hello[TLS_HELLO_LEN];
	struct tls_direction early, direction;
	bool early_ended; /* by whichever way */
	struct tls_messages messages;
	const char *why; /* of a fault */
	size_t early_len;
	uint8_t early_bytes[TLS_EARLY_MAX];
	uint8_t plain[TLS_RECORD_MAX];
};

struct tls_piece {
	enum tls_event event;
	const uint8_t *bytes; /* the reader's, until it goes on */
	size_t len;
};

/* log must outlive the reader. */
void tls_reader_begin(struct tls_reader *reader, const struct tls_keylog *log);
void tls_reader_end(struct tls_reader *reader);

/* Take one record from the front of bytes: how many bytes that were; 0 with
 * TLS_MORE and TLS_FAULT. */
size_t tls_reader_take(struct tls_reader *reader, const uint8_t *bytes,
		       size_t len, struct tls_piece *piece);

#endif
