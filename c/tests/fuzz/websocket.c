/* SPDX-License-Identifier: MIT */
/*
 * A request, an answer and frames: however the stream is cut, what is told of
 * it is the same, and what is wrong is known no later. The first byte chooses
 * the cuts (the others' too), the second who reads: bit 0 a server, bit 1 the
 * handshake, bit 2 a small limit.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "wire/websocket.h"
#include "wire/websocket_handshake.h"

#define INPUT_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All payloads, and what kind each byte is of. */
struct outcome {
	uint8_t bytes[INPUT_MAX], kinds[INPUT_MAX];
	size_t len, events;
	unsigned int code; /* of the fault */
};

static struct outcome whole, pieces;
static uint8_t copy[INPUT_MAX];

static void piece_keep(struct outcome *outcome,
		       const struct websocket_piece *piece)
{
	if (piece->len > INPUT_MAX - outcome->len)
		abort();
	if (piece->len > 0)
		memcpy(outcome->bytes + outcome->len, piece->bytes, piece->len);
	memset(outcome->kinds + outcome->len, piece->opcode, piece->len);
	outcome->len += piece->len;
	outcome->events += piece->last;
	if (piece->event == WEBSOCKET_CONTROL &&
	    (piece->len > WEBSOCKET_CONTROL_MAX ||
	     (piece->opcode == WEBSOCKET_CLOSE && piece->code != 1005 &&
	      !websocket_close_allowed(piece->code))))
		abort();
}

static void decode(struct websocket_decoder decoder, const uint8_t *data,
		   size_t size, uint32_t cuts, struct outcome *outcome)
{
	struct websocket_piece piece = { 0 };
	size_t at = 0;

	outcome->len = outcome->events = 0;
	memcpy(copy, data, size);
	while (at < size && piece.event != WEBSOCKET_FAULT) {
		size_t n = size - at, taken = 0;

		if (cuts) {
			cuts = cuts * 1664525 + 1013904223;
			if (n > 1 + (cuts >> 24) % 40)
				n = 1 + (cuts >> 24) % 40;
		}
		do {
			size_t more = websocket_decode(
				&decoder, copy + at + taken, n - taken, &piece);

			if (more > n - taken)
				abort();
			taken += more;
			if (piece.event == WEBSOCKET_DATA ||
			    piece.event == WEBSOCKET_CONTROL)
				piece_keep(outcome, &piece);
		} while (piece.event == WEBSOCKET_DATA ||
			 piece.event == WEBSOCKET_CONTROL);
		if (piece.event == WEBSOCKET_MORE && taken != n)
			abort();
		at += n;
	}
	outcome->code = decoder.code;
	if (!!decoder.code != (piece.event == WEBSOCKET_FAULT) ||
	    decoder.message_len > decoder.message_max)
		abort();
}

static void frames(const uint8_t *data, size_t size, uint32_t cuts,
		   uint8_t choice)
{
	const struct websocket_decoder decoder = {
		.masked = choice & 1,
		.message_max = choice & 4 ? 13 : INPUT_MAX,
	};
	size_t len;

	decode(decoder, data, size, 0, &whole);
	decode(decoder, data, size, cuts, &pieces);
	if (whole.code != pieces.code || whole.events != pieces.events)
		abort();
	/* Text that is wrong is told up to the fault by pieces only. */
	if (whole.len > pieces.len || (!whole.code && whole.len < pieces.len) ||
	    memcmp(whole.bytes, pieces.bytes, whole.len) != 0 ||
	    memcmp(whole.kinds, pieces.kinds, whole.len) != 0)
		abort();
	if (websocket_frame_ready(&decoder, data, size, &len) && len > size)
		abort();
}

/* Longer bytes change nothing of what was known of the shorter. */
static void handshake(const uint8_t *data, size_t size, uint32_t cuts,
		      bool server)
{
	struct websocket_handshake shake = { .host = "x",
					     .path = cuts & 1 ? "/x" : "",
					     .protocol = cuts & 2 ? "x" : "" };
	int (*read)(struct websocket_handshake *, const uint8_t *, size_t) =
		server ? websocket_handshake_answer
		       : websocket_handshake_answered;
	static const uint8_t nonce[WEBSOCKET_HANDSHAKE_NONCE];
	int last, now;

	websocket_handshake_ask(&shake, nonce);
	last = read(&shake, data, size);
	if (last > (int)size || (last < 0 && last != -EPROTO) ||
	    (last == 0 && size >= WEBSOCKET_HANDSHAKE_MAX) ||
	    shake.text_len >= sizeof(shake.text) ||
	    strlen(shake.why) >= sizeof(shake.why))
		abort();
	for (size_t n = 0; n < size; n += 1 + cuts % 97) {
		now = read(&shake, data, n);
		if (now != 0 && now != last)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size - 2 > INPUT_MAX)
		return 0;
	if (data[1] & 2)
		handshake(data + 2, size - 2, data[0], data[1] & 1);
	else
		frames(data + 2, size - 2, data[0] + 1U, data[1]);
	return 0;
}
