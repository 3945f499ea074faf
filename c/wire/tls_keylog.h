/* SPDX-License-Identifier: MIT */
/* The secrets of TLS 1.3 connections as a key log has them, a line each: the
 * format of $SSLKEYLOGFILE, NSS's. */
#ifndef WIRE_TLS_KEYLOG_H
#define WIRE_TLS_KEYLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/tls_record.h"

#define TLS_RANDOM_LEN	    32
#define TLS_KEYLOG_LINE_MAX 256 /* of those that are read */

enum tls_label {
	TLS_CLIENT_EARLY,
	TLS_CLIENT_HANDSHAKE,
	TLS_SERVER_HANDSHAKE,
	TLS_CLIENT_TRAFFIC,
	TLS_SERVER_TRAFFIC,
	TLS_LABELS,
};

struct tls_keylog_entry {
	enum tls_label label;
	uint8_t random[TLS_RANDOM_LEN]; /* of the ClientHello */
	uint8_t secret[TLS_SECRET_MAX];
	size_t secret_len;
};

struct tls_keylog {
	struct tls_keylog_entry *entries; /* the reader's */
	size_t count;
};

/* Read a line, with its newline or without. False: it is of something else (a
 * comment, another version's secret), or is no line of a key log. */
bool tls_keylog_read(const char *line, struct tls_keylog_entry *entry);

/* The last one of the connection with this random; NULL: there is none. */
const struct tls_keylog_entry *tls_keylog_find(
	const struct tls_keylog *log, enum tls_label label,
	const uint8_t random[static TLS_RANDOM_LEN]);

#endif
