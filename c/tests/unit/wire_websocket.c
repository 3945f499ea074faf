/* SPDX-License-Identifier: MIT */
/* Frames: RFC 6455's own examples, then tables by the themes of the Autobahn
 * case list (framing, pings, reserved bits, opcodes, fragments, UTF-8, close,
 * limits), each however the stream is cut. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "wire/utf8.h"
#include "wire/websocket.h"
#include "wire/websocket_mask.h"

#define STORY_MAX 4096

/* What a decoder told: "text Hello; ping; close 1000 bye; fault 1002". */
struct story {
	char text[STORY_MAX];
	size_t len;
	size_t taken; /* bytes; with the piece that shows a fault */
	bool within;  /* a message's piece has been told */
};

__attribute__((format(printf, 2, 3))) static void tell(struct story *story,
						       const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(story->text + story->len, STORY_MAX - story->len, format,
		      arguments);
	va_end(arguments);
	assert_in_range(n, 0, STORY_MAX - story->len - 1);
	story->len += (size_t)n;
}

static void piece_tell(struct story *story, const struct websocket_piece *piece)
{
	static const char *const names[] = { "close", "ping", "pong" };

	if (piece->event == WEBSOCKET_CONTROL &&
	    piece->opcode == WEBSOCKET_CLOSE)
		tell(story, "close %u%s%.*s; ", piece->code,
		     piece->len > 2 ? " " : "",
		     piece->len > 2 ? (int)piece->len - 2 : 0,
		     (const char *)piece->bytes + 2);
	else if (piece->event == WEBSOCKET_CONTROL)
		tell(story, "%s %.*s; ", names[piece->opcode - 8],
		     (int)piece->len, (const char *)piece->bytes);
	else if (!story->within)
		tell(story, "%s ",
		     piece->opcode == WEBSOCKET_TEXT ? "text" : "binary");
	if (piece->event != WEBSOCKET_DATA)
		return;
	tell(story, "%.*s", (int)piece->len, (const char *)piece->bytes);
	if (piece->last)
		tell(story, "; ");
	story->within = !piece->last;
}

/* In pieces of so many bytes, each on the heap: a sanitizer sees one more. */
static void read_story(struct websocket_decoder decoder, const uint8_t *bytes,
		       size_t len, size_t cut, struct story *story)
{
	struct websocket_piece piece = { 0 };

	*story = (struct story){ .len = 0 };
	for (size_t at = 0; at < len && piece.event != WEBSOCKET_FAULT;
	     at += cut) {
		size_t n = len - at < cut ? len - at : cut, taken = 0;
		uint8_t *in = malloc(n);

		assert_non_null(in);
		memcpy(in, bytes + at, n);
		do {
			size_t more = websocket_decode(&decoder, in + taken,
						       n - taken, &piece);

			assert_true(more <= n - taken);
			taken += more;
			if (piece.event == WEBSOCKET_FAULT)
				tell(story, "fault %u", decoder.code);
			else if (piece.event != WEBSOCKET_MORE)
				piece_tell(story, &piece);
		} while (piece.event != WEBSOCKET_MORE &&
			 piece.event != WEBSOCKET_FAULT);
		story->taken += piece.event == WEBSOCKET_FAULT ? n : taken;
		free(in);
	}
	if (piece.event == WEBSOCKET_FAULT)
		assert_non_null(decoder.why);
}

struct frame_case {
	const char *bytes;
	size_t len;
	const char *story;
	size_t fault_at; /* the byte that shows it, from 1; 0: not looked at */
};

#define FRAMES(bytes_, story_)                        \
	{                                             \
		bytes_, sizeof(bytes_) - 1, story_, 0 \
	}
#define FAULTY(bytes_, story_, at_)                     \
	{                                               \
		bytes_, sizeof(bytes_) - 1, story_, at_ \
	}

static void story_check(const struct frame_case *frame,
			struct websocket_decoder decoder)
{
	const uint8_t *bytes = (const uint8_t *)frame->bytes;
	static const size_t cuts[] = { 1, 2, 3, 7, 100000 };
	struct story story;

	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		read_story(decoder, bytes, frame->len, cuts[i], &story);
		/* What came of the message before the fault depends on cuts. */
		if (strstr(frame->story, "fault") && !frame->fault_at)
			assert_string_equal(strstr(story.text, "fault"),
					    strstr(frame->story, "fault"));
		else
			assert_string_equal(story.text, frame->story);
		if (frame->fault_at && cuts[i] == 1)
			assert_int_equal(story.taken, frame->fault_at);
		else if (!strstr(frame->story, "fault"))
			assert_int_equal(story.taken, frame->len);
	}
}

/* Of a server, which does not mask. */
static void stories_check(const struct frame_case *frames, size_t count)
{
	for (size_t i = 0; i < count; i++)
		story_check(&frames[i], (struct websocket_decoder){
						.message_max = 1 << 20 });
}

/* RFC 6455, 5.7. */
static void examples(void **state)
{
	static const struct frame_case server[] = {
		FRAMES("\x81\x05Hello", "text Hello; "),
		FRAMES("\x01\x03Hel\x80\x02lo", "text Hello; "),
		FRAMES("\x89\x05Hello", "ping Hello; "),
	};
	static const struct frame_case client[] = {
		FRAMES("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
		       "text Hello; "),
		FRAMES("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
		       "pong Hello; "),
	};

	(void)state;
	stories_check(server, ARRAY_SIZE(server));
	for (size_t i = 0; i < ARRAY_SIZE(client); i++)
		story_check(&client[i],
			    (struct websocket_decoder){ .masked = true,
							.message_max = 100 });
}

static void control_frames(void **state)
{
	static const struct frame_case frames[] = {
		FRAMES("\x89\x00", "ping ; "),
		FRAMES("\x8a\x00", "pong ; "),
		FRAMES("\x8a\x02hi\x89\x01!", "pong hi; ping !; "),
		FRAMES("\x88\x00", "close 1005; "),
		FRAMES("\x88\x02\x03\xe8", "close 1000; "),
		FRAMES("\x88\x05\x03\xe8"
		       "bye",
		       "close 1000 bye; "),
		/* Longer than 125 bytes, fragmented. */
		FAULTY("\x89\x7e\x00\x7e", "fault 1002", 2),
		FAULTY("\x88\x7e\x00\x7e", "fault 1002", 2),
		FAULTY("\x8a\x7f\0\0\0\0\0\0\0\1", "fault 1002", 2),
		FAULTY("\x09\x01x", "fault 1002", 1),
		FAULTY("\x0a\x01x", "fault 1002", 1),
		FAULTY("\x08\x00", "fault 1002", 1),
	};
	char longest[2 + 125], wanted[200];
	struct frame_case whole = { longest, sizeof(longest), wanted, 0 };

	(void)state;
	stories_check(frames, ARRAY_SIZE(frames));
	memset(longest, '*', sizeof(longest));
	longest[0] = (char)0x89;
	longest[1] = 125;
	snprintf(wanted, sizeof(wanted), "ping %.*s; ", 125, longest + 2);
	stories_check(&whole, 1);
}

static void reserved_bits_and_opcodes(void **state)
{
	static const uint8_t unknown[] = { 3, 4, 5, 6, 7, 11, 12, 13, 14, 15 };

	(void)state;
	for (unsigned int bits = 1; bits < 8; bits++) {
		char bytes[6] = { (char)(0x81 | bits << 4), 4, 'x' };
		const struct frame_case frame = { bytes, 6, "fault 1002", 1 };

		stories_check(&frame, 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		char bytes[6] = { (char)(0x80 | unknown[i]), 4, 'x' };
		const struct frame_case frame = { bytes, 6, "fault 1002", 1 };

		stories_check(&frame, 1);
	}
}

static void masks_by_role(void **state)
{
	static const struct frame_case bare =
		FAULTY("\x81\x01x", "fault 1002", 2);
	static const struct frame_case masked =
		FAULTY("\x81\x81\0\0\0\0x", "fault 1002", 2);

	(void)state;
	story_check(&bare, (struct websocket_decoder){ .masked = true,
						       .message_max = 9 });
	story_check(&masked, (struct websocket_decoder){ .message_max = 9 });
}

static void lengths(void **state)
{
	static const struct frame_case frames[] = {
		FAULTY("\x82\x7e\x00\x7d", "fault 1002", 4),
		FAULTY("\x82\x7e\x00\x00", "fault 1002", 4),
		FAULTY("\x82\x7f\0\0\0\0\0\0\xff\xff", "fault 1002", 10),
		FAULTY("\x82\x7f\x80\0\0\0\0\1\0\0", "fault 1002", 10),
		FAULTY("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "fault 1002",
		       10),
		/* More than a message may have, told by the header alone. */
		FAULTY("\x82\x7f\0\0\0\0\0\x10\0\1", "fault 1009", 10),
		FAULTY("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", "fault 1009",
		       10),
		/* By all its fragments. */
		FAULTY("\x02\x01x\x80\x7f\0\0\0\0\0\x10\0\0",
		       "binary xfault 1009", 13),
	};

	static const struct frame_case longest = FRAMES(
		"\x82\x8d\0\0\0\0xxxxxxxxxxxxx", "binary xxxxxxxxxxxxx; ");
	static const struct frame_case longer =
		FAULTY("\x82\x8e\0\0\0\0xxxxxxxxxxxxxx", "fault 1009", 2);
	const struct websocket_decoder orders = { .masked = true,
						  .message_max = 13 };

	(void)state;
	stories_check(frames, ARRAY_SIZE(frames));
	story_check(&longest, orders);
	story_check(&longer, orders);
}

static void fragments(void **state)
{
	static const struct frame_case frames[] = {
		FRAMES("\x01\x00\x00\x00\x80\x00", "text ; "),
		FRAMES("\x01\x02"
		       "ab\x00\x00\x80\x01"
		       "c\x82\x01x",
		       "text abc; binary x; "),
		/* Frames of control between. */
		FRAMES("\x89\x01p\x01\x02"
		       "ab\x80\x01"
		       "c\x8a\x01q",
		       "ping p; text abc; pong q; "),
		/* A continuation without a beginning. */
		FAULTY("\x80\x01x", "fault 1002", 1),
		FAULTY("\x00\x01x", "fault 1002", 1),
		FAULTY("\x81\x01x\x80\x01y", "text x; fault 1002", 4),
		FAULTY("\x01\x01x\x80\x01y\x00\x01z", "text xy; fault 1002", 7),
		/* A message within another. */
		FAULTY("\x01\x01x\x81\x01y", "text xfault 1002", 4),
		FAULTY("\x01\x01x\x02\x01y", "text xfault 1002", 4),
		FAULTY("\x01\x01x\x81\x05whole", "text xfault 1002", 4),
		FAULTY("\x02\x01x\x82\x01y", "binary xfault 1002", 4),
	};

	(void)state;
	stories_check(frames, ARRAY_SIZE(frames));
}

/* The piece goes on behind the ping, where it was. */
static void control_within_a_message(void **state)
{
	uint8_t bytes[] = "\x01\x02"
			  "ab\x89\x01p\x80\x01"
			  "c";
	struct websocket_decoder decoder = { .message_max = 3 };
	struct story story;

	(void)state;
	for (size_t cut = 1; cut < sizeof(bytes); cut++) {
		read_story(decoder, bytes, sizeof(bytes) - 1, cut, &story);
		assert_string_equal(story.text, "text abping p; c; ");
	}
}

static void close_codes(void **state)
{
	static const unsigned int sent[] = { 1000, 1001, 1002, 1003, 1007, 1008,
					     1009, 1010, 1011, 1012, 1013, 1014,
					     3000, 3999, 4000, 4999 };
	static const unsigned int never[] = { 0,    1,	  999,	1004, 1005,
					      1006, 1015, 1016, 1100, 2000,
					      2999, 5000, 65535 };
	static const struct frame_case frames[] = {
		FAULTY("\x88\x01x", "fault 1002", 3),
		FAULTY("\x88\x05\x03\xe8\xce\xba\xe1", "fault 1007", 7),
		FAULTY("\x88\x04\x03\xe8\xed\xa0", "fault 1007", 6),
		FRAMES("\x88\x06\x03\xe8\xce\xba\xc3\xa4",
		       "close 1000 \xce\xba\xc3\xa4; "),
	};
	char bytes[4] = { (char)0x88, 2 }, wanted[20];
	struct frame_case frame = { bytes, 4, wanted, 0 };

	(void)state;
	stories_check(frames, ARRAY_SIZE(frames));
	for (size_t i = 0; i < ARRAY_SIZE(sent); i++) {
		bytes[2] = (char)(sent[i] >> 8);
		bytes[3] = (char)sent[i];
		snprintf(wanted, sizeof(wanted), "close %u; ", sent[i]);
		stories_check(&frame, 1);
	}
	frame.fault_at = 4;
	for (size_t i = 0; i < ARRAY_SIZE(never); i++) {
		bytes[2] = (char)(never[i] >> 8);
		bytes[3] = (char)never[i];
		snprintf(wanted, sizeof(wanted), "fault 1002");
		stories_check(&frame, 1);
	}
}

/*
 * UTF-8: at which byte is it known to be wrong; 0: it is right, -1: right so
 * far, and cut.
 */
static const struct utf8_case {
	const char *text;
	int wrong_at;
} utf8_cases[] = {
	{ "", 0 },
	{ "plain, of more than eight bytes", 0 },
	{ "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", 0 },
	{ "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80 edited",
	  13 },
	{ "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80", 13 },
	/* Shortest and longest of each length. */
	{ "\x7f", 0 },
	{ "\xc2\x80", 0 },
	{ "\xdf\xbf", 0 },
	{ "\xe0\xa0\x80", 0 },
	{ "\xef\xbf\xbf", 0 },
	{ "\xf0\x90\x80\x80", 0 },
	{ "\xf4\x8f\xbf\xbf", 0 },
	/* Beside surrogates; non-characters are characters. */
	{ "\xed\x9f\xbf", 0 },
	{ "\xee\x80\x80", 0 },
	{ "\xef\xbf\xbd", 0 },
	{ "\xef\xbf\xbe", 0 },
	{ "\xf0\x9f\xbf\xbe", 0 },
	/* Longer than they must be. */
	{ "\xc0\xaf", 1 },
	{ "\xc1\xbf", 1 },
	{ "\xe0\x80\xaf", 2 },
	{ "\xe0\x9f\xbf", 2 },
	{ "\xf0\x80\x80\xaf", 2 },
	{ "\xf0\x8f\xbf\xbf", 2 },
	{ "\xf8\x88\x80\x80\x80", 1 },
	{ "\xfc\x84\x80\x80\x80\x80", 1 },
	/* Surrogates, beyond the end. */
	{ "\xed\xa0\x80", 2 },
	{ "\xed\xbf\xbf", 2 },
	{ "\xf4\x90\x80\x80", 2 },
	{ "\xf5\x80\x80\x80", 1 },
	{ "\xfe", 1 },
	{ "\xff", 1 },
	/* Alone, cut, something else in its place. */
	{ "\x80", 1 },
	{ "12345678\xbf", 9 },
	{ "\xce", -1 },
	{ "\xe1\xbd", -1 },
	{ "\xf0\x9f\x98", -1 },
	{ "\xce Hello", 2 },
	{ "\xe1\xbd Hello", 3 },
	{ "\xf0\x9f\x98 Hello", 4 },
	{ "\xce\xce\xba", 2 },
};

static void utf8_is_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(utf8_cases); i++) {
		const struct utf8_case *row = &utf8_cases[i];
		const uint8_t *bytes = (const uint8_t *)row->text;
		struct utf8 whole = { 0 }, piece = { 0 };
		size_t len = strlen(row->text), at = 0;

		while (at < len && utf8_take(&piece, bytes + at, 1))
			at++;
		if (row->wrong_at > 0)
			assert_int_equal(at + 1, row->wrong_at);
		assert_true(utf8_take(&whole, bytes, len) ==
			    (row->wrong_at <= 0));
		if (row->wrong_at <= 0) {
			assert_int_equal(at, len);
			assert_true(utf8_whole(&whole) == !row->wrong_at);
			assert_true(utf8_whole(&piece) == !row->wrong_at);
		}
	}
}

/* At its byte, in the first frame of it or a later one; and never in binary. */
static void text_fails_fast(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(utf8_cases); i++) {
		const struct utf8_case *row = &utf8_cases[i];
		size_t len = strlen(row->text), at;
		/* An empty fragment, then all of it, and the end. */
		char bytes[64] = { 1, 0, (char)0x80, (char)len };
		struct frame_case frame = { bytes, 4 + len, "fault 1007", 0 };
		struct websocket_decoder decoder = { .message_max = 100 };
		struct story story;

		memcpy(bytes + 4, row->text, len);
		read_story(decoder, (uint8_t *)bytes, frame.len, 1, &story);
		at = row->wrong_at > 0 ? (size_t)row->wrong_at : len;
		if (row->wrong_at) {
			assert_int_equal(story.taken, 4 + at);
			story_check(&frame, decoder);
		} else {
			assert_null(strstr(story.text, "fault"));
		}
		bytes[0] = 2;
		read_story(decoder, (uint8_t *)bytes, frame.len, 1, &story);
		assert_null(strstr(story.text, "fault"));
	}
}

/* One message's text does not end in the next one. */
static void text_begins_anew(void **state)
{
	static const struct frame_case frames[] = {
		FRAMES("\x01\x01\xce\x00\x00\x80\x01\xba\x81\x01x",
		       "text \xce\xba; text x; "),
		FAULTY("\x81\x01\xce\x81\x01\xba", "fault 1007", 0),
	};

	(void)state;
	stories_check(frames, ARRAY_SIZE(frames));
}

/*
 * Masks.
 */

static void every_alignment(void **state)
{
	enum { LEN = 300, MOST = 64 };
	static uint8_t from[LEN + MOST], to[LEN + 2 * MOST];
	const uint8_t key[] = { 0x37, 0xfa, 0x21, 0x3d };
	uint64_t random = 1;
	uint32_t mask;

	(void)state;
	memcpy(&mask, key, sizeof(mask));
	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)random_next(&random);
	for (size_t offset = 0; offset < MOST; offset++) {
		for (size_t len = 0; len <= LEN; len += 1 + len / 70 * 5) {
			uint64_t at = random_next(&random);

			memset(to, 0xee, sizeof(to));
			websocket_mask(to + MOST - offset, from + offset, len,
				       mask, at);
			for (size_t i = 0; i < len; i++)
				assert_int_equal(to[MOST - offset + i],
						 from[offset + i] ^
							 key[(at + i) % 4]);
			assert_int_equal(to[MOST - offset - 1], 0xee);
			assert_int_equal(to[MOST - offset + len], 0xee);
		}
	}
}

/* RFC 8439, A.1, 1 and 2: the key stream of key 0. */
static void masks_are_the_key_stream(void **state)
{
	static const uint8_t first[] = { 0x76, 0xb8, 0xe0, 0xad,
					 0xa0, 0xf1, 0x3d, 0x90 };
	static const uint8_t second[] = { 0x9f, 0x07, 0xe7, 0xbe,
					  0x55, 0x51, 0x38, 0x7a };
	static const uint32_t zero[WEBSOCKET_MASK_KEY_WORDS];
	uint32_t words[WEBSOCKET_MASK_BLOCK_WORDS];

	(void)state;
	websocket_mask_block(zero, 0, words);
	assert_memory_equal(words, first, sizeof(first));
	assert_memory_equal(words + 16, second, sizeof(second));
	websocket_mask_block(zero, 1, words);
	assert_memory_equal(words, second, sizeof(second));
}

static int ascending(const void *a, const void *b)
{
	const uint32_t *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

/* None comes twice, refilled in time or not. */
static void masks_differ(void **state)
{
	enum { COUNT = 5000 };
	static struct websocket_masks masks = { .key = { 1, 2, 3 } };
	static uint32_t drawn[COUNT];
	size_t twice = 0;

	(void)state;
	websocket_mask_open(&masks);
	for (size_t i = 0; i < COUNT; i++) {
		drawn[i] = websocket_mask_next(&masks);
		if (i > 3000 && i % 100 == 0)
			websocket_mask_refill(&masks);
	}
	qsort(drawn, COUNT, sizeof(*drawn), ascending);
	for (size_t i = 1; i < COUNT; i++)
		twice += drawn[i] == drawn[i - 1];
	/* By chance 0.003 of them. */
	assert_in_range(twice, 0, 1);
}

/*
 * Writing.
 */

static void what_is_written_is_read(void **state)
{
	static const size_t lens[] = { 0,   1,	   125,	  126,	 127,
				       128, 65535, 65536, 65537, 200000 };
	static uint8_t bytes[WEBSOCKET_HEADER_MAX + 200000];
	const uint32_t mask = 0x01020304;

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(lens); i++) {
		const uint32_t *used = i % 2 ? &mask : NULL;
		struct websocket_decoder decoder = { .masked = used,
						     .message_max = 200000 };
		const size_t len = lens[i / 2];
		size_t n, minimum = 2 + (used ? 4 : 0), at = 0, got = 0;
		struct websocket_piece piece;

		minimum += len > 125 ? len > 65535 ? 8 : 2 : 0;
		n = websocket_header_write(bytes, WEBSOCKET_BINARY, true, len,
					   used);
		assert_int_equal(n, minimum);
		for (size_t k = 0; k < len; k++)
			bytes[n + k] = (uint8_t)(k * 7);
		websocket_mask(bytes + n, bytes + n, len, used ? mask : 0, 0);
		do {
			size_t cut = 1 + at * 7 % 999;

			cut = cut < n + len - at ? cut : n + len - at;
			at += websocket_decode(&decoder, bytes + at, cut,
					       &piece);
			for (size_t k = 0; k < piece.len; k++)
				assert_int_equal(piece.bytes[k],
						 (uint8_t)((got + k) * 7));
			got += piece.len;
		} while (!piece.last);
		assert_int_equal(got, len);
		assert_int_equal(at, n + len);
	}
}

/* Between two characters. */
static void long_reasons_are_cut(void **state)
{
	char reason[200] = "";
	uint8_t bytes[WEBSOCKET_CONTROL_FRAME_MAX];
	struct websocket_decoder decoder = { .message_max = 1 };
	struct websocket_piece piece;
	size_t n;

	(void)state;
	for (size_t i = 0; i < 60; i++)
		strcat(reason, "\xe2\x82\xac");
	n = websocket_close_write(bytes, 1002, reason, NULL);
	assert_int_equal(n, 2 + 2 + 123);
	assert_int_equal(websocket_decode(&decoder, bytes, n, &piece), n);
	assert_int_equal(piece.event, WEBSOCKET_CONTROL);
	assert_int_equal(piece.code, 1002);
	reason[1] = 'x';
	n = websocket_close_write(bytes, 1002, reason + 1, NULL);
	assert_int_equal(n, 2 + 2 + 122);
}

static void frames_are_ready(void **state)
{
	static const uint8_t frame[] = "\x82\x83\1\2\3\4xyz\x82";
	static const uint8_t bad[] = "\xc2";
	struct websocket_decoder decoder = { .masked = true,
					     .message_max = 13 };
	size_t len;

	(void)state;
	for (size_t n = 0; n < sizeof(frame); n++) {
		assert_true(websocket_frame_ready(&decoder, frame, n, &len) ==
			    (n >= 9));
		assert_int_equal(len, n >= 6 ? 9 : 0);
	}
	assert_true(websocket_frame_ready(&decoder, bad, 1, &len));
	assert_int_equal(len, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples),
		cmocka_unit_test(control_frames),
		cmocka_unit_test(reserved_bits_and_opcodes),
		cmocka_unit_test(masks_by_role),
		cmocka_unit_test(lengths),
		cmocka_unit_test(fragments),
		cmocka_unit_test(control_within_a_message),
		cmocka_unit_test(close_codes),
		cmocka_unit_test(utf8_is_checked),
		cmocka_unit_test(text_fails_fast),
		cmocka_unit_test(text_begins_anew),
		cmocka_unit_test(every_alignment),
		cmocka_unit_test(masks_are_the_key_stream),
		cmocka_unit_test(masks_differ),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(long_reasons_are_cut),
		cmocka_unit_test(frames_are_ready),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
