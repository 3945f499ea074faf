/* SPDX-License-Identifier: MIT */
/*
 * A client's frames written and read, by wire/websocket and by wslay's frames,
 * the leaner of its two interfaces. All in memory: what would be a send or a
 * receive is a copy on both sides. Rounds alternate; JSON, ns a frame:
 *
 *	{"send 13 B": {"ours": [..], "wslay": [..]}, ...}
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "base/clock.h"
#include "base/mem.h"
#include "wire/websocket.h"
#include "wire/websocket_mask.h"

#define LEN_MAX	    16384
#define ROUNDS_MAX  99
#define BYTES_LEAST 20000000 /* a round, or: */
#define FRAMES_MOST 200000

static uint8_t payload[LEN_MAX];
static uint8_t wire[LEN_MAX + WEBSOCKET_HEADER_MAX];
static uint8_t memory[LEN_MAX + WEBSOCKET_HEADER_MAX];
static size_t wire_len, wire_at; /* of the frame that is read */
static size_t written;

/* Nothing of it is left out because nobody looks. */
static void looked_at(const void *bytes)
{
	__asm__ volatile("" : : "r"(bytes) : "memory");
}

/*
 * Ours.
 */

static struct websocket_masks masks = { .key = { 1, 2, 3, 4, 5, 6, 7, 8 } };

static void ours_send(size_t len)
{
	uint32_t mask = websocket_mask_next(&masks);
	size_t n = websocket_header_write(memory, WEBSOCKET_BINARY, true, len,
					  &mask);

	websocket_mask(memory + n, payload, len, mask, 0);
	looked_at(memory);
	/* As a channel does between two orders. */
	if (masks.left < WEBSOCKET_MASK_BLOCK_WORDS)
		websocket_mask_refill(&masks);
}

static void ours_receive(size_t len)
{
	static struct websocket_decoder decoder = { .masked = true,
						    .message_max = LEN_MAX };
	struct websocket_piece piece;

	memcpy(memory, wire, wire_len);
	if (websocket_decode(&decoder, memory, wire_len, &piece) != wire_len ||
	    piece.len != len || !piece.last)
		abort();
	looked_at(piece.bytes);
}

/*
 * Theirs.
 */

static ssize_t their_write(const uint8_t *bytes, size_t len, int flags,
			   void *user)
{
	(void)flags, (void)user;
	memcpy(memory + written, bytes, len);
	written += len;
	return (ssize_t)len;
}

static ssize_t their_read(uint8_t *bytes, size_t len, int flags, void *user)
{
	(void)flags, (void)user;
	len = len < wire_len - wire_at ? len : wire_len - wire_at;
	memcpy(bytes, wire + wire_at, len);
	wire_at += len;
	return (ssize_t)len;
}

static int their_mask(uint8_t *bytes, size_t len, void *user)
{
	static uint32_t mask;

	(void)user;
	mask += 0x9e3779b9;
	memcpy(bytes, &mask, len);
	return 0;
}

static wslay_frame_context_ptr theirs;

static void theirs_send(size_t len)
{
	struct wslay_frame_iocb frame = { .fin = 1,
					  .opcode = WSLAY_BINARY_FRAME,
					  .payload_length = len,
					  .mask = 1,
					  .data = payload,
					  .data_length = len };

	written = 0;
	if (wslay_frame_send(theirs, &frame) != (ssize_t)len)
		abort();
	looked_at(memory);
}

static void theirs_receive(size_t len)
{
	struct wslay_frame_iocb frame;
	size_t had = 0;

	wire_at = 0;
	while (had < len) {
		ssize_t n;

		memset(&frame, 0, sizeof(frame));
		n = wslay_frame_recv(theirs, &frame);
		if (n <= 0)
			abort();
		looked_at(frame.data);
		had += (size_t)n;
	}
}

/*
 * Rounds.
 */

static double round_ns(void (*once)(size_t len), size_t len)
{
	size_t count = BYTES_LEAST / len;
	uint64_t start;

	count = count < FRAMES_MOST ? count : FRAMES_MOST;
	start = clock_monotonic_ns();
	for (size_t i = 0; i < count; i++)
		once(len);
	return (double)(clock_monotonic_ns() - start) / (double)count;
}

static void wire_make(size_t len)
{
	const uint32_t mask = 0x3d21fa37;
	size_t n = websocket_header_write(wire, WEBSOCKET_BINARY, true, len,
					  &mask);

	websocket_mask(wire + n, payload, len, mask, 0);
	wire_len = n + len;
}

static const struct {
	const char *name;
	size_t len;
	void (*ours)(size_t len), (*theirs)(size_t len);
} rows[] = {
	{ "send 13 B", 13, ours_send, theirs_send },
	{ "receive 13 B", 13, ours_receive, theirs_receive },
	{ "send 16 KiB", LEN_MAX, ours_send, theirs_send },
	{ "receive 16 KiB", LEN_MAX, ours_receive, theirs_receive },
};

int main(int argc, char **argv)
{
	static const struct wslay_frame_callbacks callbacks = { their_write,
								their_read,
								their_mask };
	long rounds = argc > 1 ? atol(argv[1]) : 5;
	json_t *all = json_object();

	if (rounds < 1 || rounds > ROUNDS_MAX ||
	    wslay_frame_context_init(&theirs, &callbacks, NULL) != 0)
		return 1;
	websocket_mask_open(&masks);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		json_t *ours = json_array(), *peer = json_array();

		wire_make(rows[i].len);
		for (long k = 0; k < rounds; k++) {
			json_array_append_new(
				ours,
				json_real(round_ns(rows[i].ours, rows[i].len)));
			json_array_append_new(peer,
					      json_real(round_ns(rows[i].theirs,
								 rows[i].len)));
		}
		json_object_set_new(
			all, rows[i].name,
			json_pack("{s:o, s:o}", "ours", ours, "wslay", peer));
	}
	json_dumpf(all, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(all);
	wslay_frame_context_free(theirs);
	return 0;
}
