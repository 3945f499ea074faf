/* SPDX-License-Identifier: MIT */
#include "wire/fix.h"

#include <errno.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "wire/fix_digits.h"

#define BEGIN	    "8=FIX"
#define BEGIN_LEN   5
#define VERSION_MAX 16 /* "8=FIXT.1.1", and some */
#define LENGTH_MAX  5  /* digits of a BodyLength */
#define TRAILER_LEN 7  /* "10=123" and its SOH */
#define TAG_DIGITS  6
#define BLOCK	    64
#define BLOCKS_MAX  (FIX_MESSAGE_MAX / BLOCK)

/*
 * Where a message begins and ends.
 */

/* Garbage ends where a message may begin: not at the end of "58=FIX". What may
 * be the beginning of one stays. */
static size_t garbage_len(const uint8_t *bytes, size_t len)
{
	size_t at = 1;

	for (; at < len; at++) {
		size_t rest = len - at;

		if (bytes[at] == BEGIN[0] &&
		    (uint8_t)(bytes[at - 1] - '0') > 9 &&
		    memcmp(bytes + at, BEGIN,
			   rest < BEGIN_LEN ? rest : BEGIN_LEN) == 0)
			return at;
	}
	/* Digits tell so of the next byte, or of the one behind. */
	for (at = len; at > 0 && len - at < 2; at--)
		if ((uint8_t)(bytes[at - 1] - '0') > 9)
			break;
	return at;
}

/* The two fields before the body. 1 with where it begins and how long the
 * whole message is; 0: not there yet; -EBADMSG. */
static int extent_read(const uint8_t *bytes, size_t len, size_t *body,
		       size_t *whole)
{
	size_t at = BEGIN_LEN, digits = 0, number = 0;

	if (memcmp(bytes, BEGIN, len < BEGIN_LEN ? len : BEGIN_LEN) != 0)
		return -EBADMSG;
	while (at < len && bytes[at] != FIX_SOH && at < VERSION_MAX)
		at++;
	if (at >= len)
		return 0;
	if (bytes[at++] != FIX_SOH)
		return -EBADMSG;
	if (at < len && bytes[at] != '9')
		return -EBADMSG;
	if (at + 1 < len && bytes[at + 1] != '=')
		return -EBADMSG;
	for (at += 2; at < len && digits <= LENGTH_MAX; at++, digits++) {
		uint8_t digit = (uint8_t)(bytes[at] - '0');

		if (digit > 9)
			break;
		number = number * 10 + digit;
	}
	if (digits > LENGTH_MAX)
		return -EBADMSG;
	if (at >= len)
		return 0;
	*body = at + 1;
	*whole = *body + number + TRAILER_LEN;
	if (bytes[at] != FIX_SOH || digits == 0 || *whole > FIX_MESSAGE_MAX)
		return -EBADMSG;
	return 1;
}

/* Behind both of them is the type; at the end is the CheckSum. */
static bool is_framed(const uint8_t *bytes, size_t body, size_t whole)
{
	const uint8_t *trailer = bytes + whole - TRAILER_LEN;

	if (whole - body < TRAILER_LEN + 5 ||
	    memcmp(bytes + body, "35=", 3) != 0 || trailer[-1] != FIX_SOH ||
	    memcmp(trailer, "10=", 3) != 0 ||
	    trailer[TRAILER_LEN - 1] != FIX_SOH)
		return false;
	for (int i = 3; i < 6; i++)
		if ((uint8_t)(trailer[i] - '0') > 9)
			return false;
	return true;
}

/*
 * Fields.
 */

/* A bit for each byte of the block that is a SOH; *sum grows by all of them. */
static inline uint64_t block_read(const uint8_t *block, uint32_t *sum)
{
	uint64_t ends = 0;
#ifdef __SSE2__
	const __m128i soh = _mm_set1_epi8(FIX_SOH);
	__m128i sums = _mm_setzero_si128();

	for (int i = 0; i < BLOCK / 16; i++) {
		__m128i part = _mm_loadu_si128((const __m128i *)block + i);
		__m128i equal = _mm_cmpeq_epi8(part, soh);

		sums = _mm_add_epi64(sums,
				     _mm_sad_epu8(part, _mm_setzero_si128()));
		ends |= (uint64_t)(uint32_t)_mm_movemask_epi8(equal)
			<< (16 * i);
	}
	*sum += (uint32_t)_mm_cvtsi128_si32(sums) +
		(uint32_t)_mm_cvtsi128_si32(_mm_srli_si128(sums, 8));
#else
	for (int i = 0; i < BLOCK; i++) {
		*sum += block[i];
		ends |= (uint64_t)(block[i] == FIX_SOH) << i;
	}
#endif
	return ends;
}

/* Where the fields of bytes[0..len) end; the sum of all bytes. */
static uint8_t blocks_read(const uint8_t *bytes, size_t len,
			   uint64_t ends[static BLOCKS_MAX])
{
	uint8_t last[BLOCK] = { 0 };
	uint32_t sum = 0;
	size_t at = 0;

	for (; at + BLOCK <= len; at += BLOCK)
		ends[at / BLOCK] = block_read(bytes + at, &sum);
	if (at < len) {
		memcpy(last, bytes + at, len - at);
		ends[at / BLOCK] = block_read(last, &sum);
	}
	return (uint8_t)sum;
}

/* Fields that may hold any byte, SOH too, behind one with their length: FIX
 * 4.4, volume 6, type "data". */
static inline bool is_data(uint32_t tag)
{
#define BIT(tag_) (UINT64_C(1) << (tag_) % 64)
	static const uint64_t data[] = {
		[89 / 64] = BIT(89) | BIT(91) | BIT(96),
		[213 / 64] = BIT(213),
		[349 / 64] = BIT(349) | BIT(351) | BIT(353) | BIT(355) |
			     BIT(357) | BIT(359) | BIT(361) | BIT(363) |
			     BIT(365),
		[446 / 64] = BIT(446),
		[619 / 64] = BIT(619) | BIT(622),
	};
#undef BIT

	return tag < 64 * sizeof(data) / sizeof(data[0]) &&
	       data[tag / 64] >> tag % 64 & 1;
}

static uint32_t length_tag(uint32_t data)
{
	return data == 89 ? 93 : data - 1;
}

__attribute__((cold, noinline)) static void fault_keep(
	struct fix_message *message, enum fix_reason fault, int32_t tag)
{
	if (message->fault != FIX_NO_FAULT)
		return;
	message->fault = fault;
	message->fault_tag = tag;
}

/* The tag of a field that is none, as far as it is a number. */
__attribute__((cold, noinline)) static void tag_fault(
	struct fix_message *message, const uint8_t *at, const uint8_t *end)
{
	const uint8_t *sign = memchr(at, '=', (size_t)(end - at));
	int64_t tag = 0;

	if (!sign || sign - at > TAG_DIGITS ||
	    fix_signed(at, (size_t)(sign - at), &tag) < 0)
		tag = 0;
	fault_keep(message, FIX_INVALID_TAG, (int32_t)tag);
}

/* Of a value that may hold SOH, behind a field with its length: where it ends.
 * end: of a field that may not. */
__attribute__((cold, noinline)) static size_t data_end(
	struct fix_message *message, const struct fix_field *length,
	size_t from, size_t end, size_t limit)
{
	uint64_t len;

	if (fix_unsigned(message->bytes + length->at, length->len, &len) == 0 &&
	    len < limit - from && message->bytes[from + len] == FIX_SOH)
		return from + len;
	fault_keep(message, FIX_BAD_FORMAT, (int32_t)length->tag);
	return end;
}

/* The tag, of one to six digits, in the word that a field begins with, and
 * where its '=' is; 0: it is none. */
static inline uint32_t tag_read(uint64_t word, unsigned int *digits)
{
	uint64_t other = word ^ FIX_EACH_BYTE * '=';
	uint64_t equal =
		(other - FIX_EACH_BYTE) & ~other & FIX_EACH_BYTE * 0x80;
	unsigned int at = equal ? (unsigned int)__builtin_ctzll(equal) / 8 : 8;

	*digits = at;
	if (__builtin_expect(at - 1 >= TAG_DIGITS || (uint8_t)word == '0', 0))
		return 0;
	/* The digits to the end of the word, zeros before them. */
	word = word << (64 - 8 * at) | FIX_EACH_BYTE * '0' >> 8 * at;
	return fix_word_is_number(word) ? fix_word_number(word) : 0;
}

static void fields_read(struct fix_message *message, const uint64_t *ends,
			size_t len)
{
	const uint8_t *bytes = message->bytes;
	struct fix_field *field = message->fields;
	const struct fix_field *limit = field + FIX_FIELDS_MAX;
	size_t start = 0;

	message->fault = FIX_NO_FAULT;
	message->fault_tag = 0;
	for (size_t block = 0; block * BLOCK < len; block++) {
		for (uint64_t bits = ends[block]; bits; bits &= bits - 1) {
			size_t end =
				block * BLOCK + (size_t)__builtin_ctzll(bits);
			size_t at = start;
			unsigned int digits;
			uint32_t tag;

			/* It was inside of data. */
			if (__builtin_expect(end < start, 0))
				continue;
			start = end + 1;
			/* The trailer is behind it. */
			tag = tag_read(fix_word_read(bytes + at), &digits);
			if (__builtin_expect(tag == 0 || at + digits > end,
					     0)) {
				tag_fault(message, bytes + at, bytes + end);
				continue;
			}
			at += digits + 1;
			if (__builtin_expect(is_data(tag), 0) &&
			    field > message->fields &&
			    field[-1].tag == length_tag(tag)) {
				end = data_end(message, field - 1, at, end,
					       len);
				start = end + 1;
			}
			if (__builtin_expect(at == end, 0))
				fault_keep(message, FIX_NO_VALUE, (int32_t)tag);
			if (__builtin_expect(field == limit, 0)) {
				fault_keep(message, FIX_OTHER, (int32_t)tag);
				continue;
			}
			*field++ = (struct fix_field){
				.tag = tag,
				.at = (uint16_t)at,
				.len = (uint16_t)(end - at),
			};
		}
	}
	message->count = (unsigned int)(field - message->fields);
}

int fix_read(const uint8_t *bytes, size_t len, struct fix_message *message,
	     size_t *taken)
{
	uint64_t ends[BLOCKS_MAX];
	const uint8_t *sum;
	size_t body, whole;
	int got;

	*taken = 0;
	if (len == 0)
		return 0;
	got = extent_read(bytes, len, &body, &whole);
	if (got > 0 && len < whole)
		return 0;
	if (got == 0)
		return 0;
	if (got > 0 && is_framed(bytes, body, whole)) {
		sum = bytes + whole - 4;
		if (blocks_read(bytes, whole - TRAILER_LEN, ends) ==
		    (sum[0] - '0') * 100 + (sum[1] - '0') * 10 + sum[2] - '0') {
			message->bytes = bytes;
			message->len = whole;
			fields_read(message, ends, whole - TRAILER_LEN);
			*taken = whole;
			return 1;
		}
	}
	*taken = garbage_len(bytes, len);
	return *taken ? -EBADMSG : 0;
}

const struct fix_field *fix_find(const struct fix_message *message,
				 uint32_t tag)
{
	for (unsigned int i = 0; i < message->count; i++)
		if (message->fields[i].tag == tag)
			return &message->fields[i];
	return NULL;
}

bool fix_is(const struct fix_message *message, const struct fix_field *field,
	    const char *text)
{
	return field && strlen(text) == field->len &&
	       memcmp(fix_value(message, field), text, field->len) == 0;
}
