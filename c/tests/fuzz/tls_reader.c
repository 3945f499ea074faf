/* SPDX-License-Identifier: MIT */
/*
 * What a TLS client may have sent: bytes as they come, and records that open,
 * with whatever in them. However the stream is cut, what is read of it is the
 * same. The first byte chooses the cuts; then come pieces: what it is (0 bytes;
 * 0x1T early data's, 0x2T the handshake's, 0x3T the application's record of
 * content type 20 + T), two bytes of length, its bytes. All of it is a line of
 * a key log, too.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "wire/tls_reader.h"

#define STREAM_MAX (2 * 65536)
#define HEAD_LEN   3 /* of a piece */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	uint8_t bytes[STREAM_MAX];
	size_t len, taken;
	unsigned int nothings;
	enum tls_event last;
	const char *why;
};

static struct outcome whole, pieces;
static uint8_t stream[STREAM_MAX];
static struct tls_reader reader;
static struct tls_keylog_entry entries[] = {
	{ .label = TLS_CLIENT_EARLY, .secret = { 1 }, .secret_len = 32 },
	{ .label = TLS_CLIENT_HANDSHAKE, .secret = { 2 }, .secret_len = 32 },
	{ .label = TLS_CLIENT_TRAFFIC, .secret = { 3 }, .secret_len = 48 },
};
static const struct tls_keylog keylog = { entries, 3 };

static void sealers_begin(struct tls_direction seals[static 3])
{
	static const unsigned int suites[] = { TLS_AES_128_GCM,
					       TLS_CHACHA20_POLY1305,
					       TLS_AES_256_GCM };

	for (int i = 0; i < 3; i++)
		if (tls_direction_begin(&seals[i], suites[i], entries[i].secret,
					entries[i].secret_len, true) < 0)
			exit(0); /* built without OpenSSL */
}

/* A piece, at stream + *len; the updates that it tells of follow. */
static void piece_put(struct tls_direction seals[static 3], uint8_t what,
		      const uint8_t *bytes, size_t n, size_t *len)
{
	struct tls_direction *direction = &seals[(what >> 4) - 1];
	enum tls_content type = 20 + (what & 15);
	int made = 0;

	if (what >> 4 < 1 || what >> 4 > 3) {
		memcpy(stream + *len, bytes, n);
		*len += n;
		return;
	}
	if (n > TLS_PLAIN_MAX)
		return;
	made = tls_record_seal(direction, type, bytes, n, stream + *len);
	if (made < 0)
		abort();
	*len += (size_t)made;
	if (type == TLS_HANDSHAKE && n == 5 && bytes[0] == TLS_KEY_UPDATE &&
	    tls_direction_update(direction) < 0)
		abort();
}

static size_t stream_make(const uint8_t *data, size_t size)
{
	struct tls_direction seals[3];
	size_t len = 0;

	sealers_begin(seals);
	while (size > HEAD_LEN) {
		size_t n = (size_t)data[1] << 8 | data[2];

		if (n > size - HEAD_LEN)
			n = size - HEAD_LEN;
		if (len + n + TLS_OVERHEAD > STREAM_MAX)
			break;
		piece_put(seals, data[0], data + HEAD_LEN, n, &len);
		data += HEAD_LEN + n;
		size -= HEAD_LEN + n;
	}
	for (int i = 0; i < 3; i++)
		tls_direction_end(&seals[i]);
	return len;
}

/* One record, if it is there; false: no more comes. */
static bool take(const uint8_t *bytes, size_t len, struct outcome *outcome,
		 size_t *taken)
{
	struct tls_piece piece;

	*taken = tls_reader_take(&reader, bytes, len, &piece);
	if (*taken > len || (piece.event == TLS_FAULT) != !!reader.why)
		abort();
	if (piece.event == TLS_MORE)
		return false;
	outcome->last = piece.event;
	outcome->taken += *taken;
	outcome->nothings += piece.event == TLS_NOTHING;
	outcome->why = reader.why;
	if (piece.event != TLS_DATA)
		return piece.event == TLS_NOTHING;
	if (piece.len > STREAM_MAX - outcome->len)
		abort();
	memcpy(outcome->bytes + outcome->len, piece.bytes, piece.len);
	outcome->len += piece.len;
	return true;
}

static void read_all(size_t len, uint32_t cuts, struct outcome *outcome)
{
	size_t at = 0, end = cuts ? 0 : len, taken;
	bool goes_on;

	*outcome = (struct outcome){ .last = TLS_MORE };
	tls_reader_begin(&reader, &keylog);
	do {
		if (cuts && end < len) {
			cuts = cuts * 1664525 + 1013904223;
			end += 1 + (cuts >> 24) % 40;
			end = end < len ? end : len;
		}
		do {
			goes_on = take(stream + at, end - at, outcome, &taken);
			at += taken;
		} while (goes_on);
	} while (end < len && outcome->last != TLS_FAULT &&
		 outcome->last != TLS_CLOSED);
	tls_reader_end(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_keylog_entry entry;
	char line[TLS_KEYLOG_LINE_MAX] = { 0 };
	size_t len;

	if (size == 0)
		return 0;
	memcpy(line, data, size < sizeof(line) ? size : sizeof(line) - 1);
	if (tls_keylog_read(line, &entry) &&
	    (entry.secret_len == 0 || entry.secret_len > TLS_SECRET_MAX))
		abort();
	len = stream_make(data + 1, size - 1);
	read_all(len, 0, &whole);
	read_all(len, data[0] + 1U, &pieces);
	if (whole.len != pieces.len || whole.taken != pieces.taken ||
	    whole.nothings != pieces.nothings || whole.last != pieces.last ||
	    whole.why != pieces.why ||
	    memcmp(whole.bytes, pieces.bytes, whole.len) != 0)
		abort();
	return 0;
}
