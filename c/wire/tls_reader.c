/* SPDX-License-Identifier: MIT */
#include "wire/tls_reader.h"

#include <errno.h>
#include <string.h>

#define ALERT_LEN    2
#define CLOSE_NOTIFY 0

static struct tls_piece fault(struct tls_reader *reader, const char *why)
{
	reader->why = why;
	return (struct tls_piece){ .event = TLS_FAULT };
}

static const struct tls_piece nothing = { .event = TLS_NOTHING };

void tls_reader_begin(struct tls_reader *reader, const struct tls_keylog *log)
{
	memset(reader, 0, sizeof(*reader));
	reader->log = log;
}

void tls_reader_end(struct tls_reader *reader)
{
	tls_direction_end(&reader->early);
	tls_direction_end(&reader->direction);
}

static const uint8_t *random_of(const struct tls_reader *reader)
{
	return reader->hello + TLS_HELLO_LEN - TLS_RANDOM_LEN;
}

/*
 * Keys.
 */

/* The first record of a direction, by each suite that its secret may be of.
 * As tls_record_open(); -ENOKEY without a secret. */
static int first_open(struct tls_reader *reader, struct tls_direction *to,
		      enum tls_label label, const uint8_t *record, size_t len,
		      enum tls_content *type)
{
	const struct tls_keylog_entry *entry =
		tls_keylog_find(reader->log, label, random_of(reader));
	int got = -EBADMSG;

	if (!entry)
		return -ENOKEY;
	for (int i = 0; i < TLS_SUITES; i++) {
		int err = tls_direction_begin(to, tls_suites[i].number,
					      entry->secret, entry->secret_len,
					      false);

		if (err == -EINVAL)
			continue;
		if (err)
			return err;
		got = tls_record_open(to, record, len, reader->plain, type);
		if (got != -EBADMSG)
			return got;
		tls_direction_end(to);
	}
	return got;
}

/* As tls_record_open(). */
static int record_open(struct tls_reader *reader, struct tls_direction *from,
		       enum tls_label label, const uint8_t *record, size_t len,
		       enum tls_content *type)
{
	return from->cipher
		       ? tls_record_open(from, record, len, reader->plain, type)
		       : first_open(reader, from, label, record, len, type);
}

/*
 * What a record holds.
 */

/* Before there are keys: of the first ClientHello the random is kept; what else
 * comes, a second one or a change_cipher_spec, says nothing. */
static struct tls_piece plain_take(struct tls_reader *reader,
				   const uint8_t *record, size_t len)
{
	size_t n = TLS_HELLO_LEN - reader->hello_len;

	if (record[0] == TLS_ALERT && len == TLS_HEADER_LEN + ALERT_LEN)
		return fault(reader, "the trader broke the handshake off");
	if (record[0] != TLS_HANDSHAKE || n == 0)
		return nothing;
	len -= TLS_HEADER_LEN;
	n = n < len ? n : len;
	memcpy(reader->hello + reader->hello_len, record + TLS_HEADER_LEN, n);
	reader->hello_len += n;
	if (reader->hello[0] != TLS_CLIENT_HELLO)
		return fault(reader, "it does not begin with a ClientHello");
	if (reader->hello_len == TLS_HELLO_LEN)
		reader->phase = TLS_PHASE_HANDSHAKE;
	return nothing;
}

/* It has opened with the early secret. */
static struct tls_piece early_take(struct tls_reader *reader,
				   enum tls_content type, size_t len)
{
	if (type == TLS_HANDSHAKE &&
	    tls_messages_follow(&reader->messages, reader->plain, len,
				TLS_END_OF_EARLY_DATA) > 0) {
		reader->early_ended = true;
		return (struct tls_piece){ .event = TLS_DATA,
					   .bytes = reader->early_bytes,
					   .len = reader->early_len };
	}
	if (type != TLS_APPLICATION_DATA)
		return nothing;
	if (len > TLS_EARLY_MAX - reader->early_len)
		return fault(reader, "more early data than is allowed");
	memcpy(reader->early_bytes + reader->early_len, reader->plain, len);
	reader->early_len += len;
	return nothing;
}

static struct tls_piece handshake_take(struct tls_reader *reader,
				       const uint8_t *record, size_t len)
{
	enum tls_content type = TLS_APPLICATION_DATA;
	int got = -ENOKEY;

	if (!reader->early_ended)
		got = record_open(reader, &reader->early, TLS_CLIENT_EARLY,
				  record, len, &type);
	if (got >= 0)
		return early_take(reader, type, (size_t)got);
	got = record_open(reader, &reader->direction, TLS_CLIENT_HANDSHAKE,
			  record, len, &type);
	if (got == -ENOKEY)
		return fault(reader, "--keys has no secrets of it");
	if (got < 0)
		return fault(reader, "no secret of --keys opens its records");
	reader->early_ended = true;
	if (type == TLS_ALERT)
		return fault(reader, "the trader broke the handshake off");
	if (type == TLS_HANDSHAKE &&
	    tls_messages_follow(&reader->messages, reader->plain, (size_t)got,
				TLS_FINISHED) > 0) {
		tls_direction_end(&reader->direction);
		reader->phase = TLS_PHASE_APPLICATION;
	}
	return nothing;
}

static struct tls_piece application_take(struct tls_reader *reader,
					 const uint8_t *record, size_t len)
{
	enum tls_content type = TLS_APPLICATION_DATA;
	int got = record_open(reader, &reader->direction, TLS_CLIENT_TRAFFIC,
			      record, len, &type);

	if (got < 0)
		return fault(reader, "a record does not open with its secret");
	if (type == TLS_APPLICATION_DATA)
		return (struct tls_piece){ .event = TLS_DATA,
					   .bytes = reader->plain,
					   .len = (size_t)got };
	if (type == TLS_ALERT && got == ALERT_LEN &&
	    reader->plain[1] == CLOSE_NOTIFY)
		return (struct tls_piece){ .event = TLS_CLOSED };
	if (type == TLS_ALERT)
		return fault(reader, "the trader sent an alert");
	if (type == TLS_HANDSHAKE &&
	    tls_messages_follow(&reader->messages, reader->plain, (size_t)got,
				TLS_KEY_UPDATE) > 0 &&
	    tls_direction_update(&reader->direction) < 0)
		return fault(reader, "its keys can't be updated");
	return nothing;
}

static struct tls_piece record_take(struct tls_reader *reader,
				    const uint8_t *record, size_t len)
{
	if (reader->phase == TLS_PHASE_HELLO || record[0] == TLS_HANDSHAKE ||
	    record[0] == TLS_CHANGE_CIPHER_SPEC)
		return plain_take(reader, record, len);
	if (record[0] == TLS_ALERT)
		return fault(reader, "the trader broke the handshake off");
	return reader->phase == TLS_PHASE_HANDSHAKE
		       ? handshake_take(reader, record, len)
		       : application_take(reader, record, len);
}

size_t tls_reader_take(struct tls_reader *reader, const uint8_t *bytes,
		       size_t len, struct tls_piece *piece)
{
	int record_len = tls_record_len(bytes, len);

	*piece = (struct tls_piece){ .event = TLS_MORE };
	if (record_len < 0)
		*piece = fault(reader, "it is not TLS");
	if (record_len <= 0 || (size_t)record_len > len)
		return 0;
	*piece = record_take(reader, bytes, (size_t)record_len);
	return piece->event == TLS_FAULT ? 0 : (size_t)record_len;
}
