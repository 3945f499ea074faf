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
#define PART	    16 /* bytes that are looked at at once */
#define WORDS_MAX   (FIX_MESSAGE_MAX / 64 + 1)

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

	if (len < BEGIN_LEN)
		return memcmp(bytes, BEGIN, len) != 0 ? -EBADMSG : 0;
	if (memcmp(bytes, BEGIN, BEGIN_LEN) != 0)
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

#ifdef __SSE2__
/* A bit for each of 16 bytes that is a SOH; the sum grows by them, but for the
 * first `counted`. */
static inline uint64_t part_read(const uint8_t *at, size_t counted,
				 __m128i *sums)
{
	static const uint8_t masks[2 * PART] = {
		[PART] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff,	       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	};
	__m128i part = _mm_loadu_si128((const __m128i *)at), mask;
	__m128i equal = _mm_cmpeq_epi8(part, _mm_set1_epi8(FIX_SOH));

	if (counted > 0) {
		mask = _mm_loadu_si128(
			(const __m128i *)(masks + PART - counted));
		part = _mm_and_si128(part, mask);
	}
	*sums = _mm_add_epi64(*sums, _mm_sad_epu8(part, _mm_setzero_si128()));
	return (uint32_t)_mm_movemask_epi8(equal);
}

/* A bit for each of bytes[0..len) that is a SOH; the sum of all. len: at least
 * PART. */
static uint32_t parts_read(const uint8_t *bytes, size_t len, uint64_t *ends)
{
	__m128i sums = _mm_setzero_si128();
	uint64_t word = 0;
	size_t at = 0;

	for (; at + PART <= len; at += PART) {
		word |= part_read(bytes + at, 0, &sums) << at % 64;
		ends[at / 64] = word;
		if (at % 64 == 64 - PART)
			word = 0;
	}
	/* The last ones, with some of those before them. */
	if (at < len) {
		size_t counted = PART - (len - at);
		uint64_t found = part_read(bytes + len - PART, counted, &sums);

		ends[at / 64] = word | found >> counted << at % 64;
	}
	return (uint32_t)_mm_cvtsi128_si32(sums) +
	       (uint32_t)_mm_cvtsi128_si32(_mm_srli_si128(sums, 8));
}
#else
static uint32_t parts_read(const uint8_t *bytes, size_t len, uint64_t *ends)
{
	uint32_t sum = 0;

	for (size_t word = 0; word <= len / 64; word++)
		ends[word] = 0;
	for (size_t at = 0; at < len; at++) {
		sum += bytes[at];
		ends[at / 64] |= (uint64_t)(bytes[at] == FIX_SOH) << at % 64;
	}
	return sum;
}
#endif

/* Does the trailer say the sum of all that is before it? ends: of the whole
 * message. */
static bool is_summed_up(const uint8_t *bytes, size_t whole, uint64_t *ends)
{
	const uint8_t *trailer = bytes + whole - TRAILER_LEN;
	uint32_t sum = parts_read(bytes, whole, ends);

	for (int i = 0; i < TRAILER_LEN; i++)
		sum -= trailer[i];
	return sum % 256 ==
	       (uint32_t)((trailer[3] - '0') * 100 + (trailer[4] - '0') * 10 +
			  (trailer[5] - '0'));
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

	return tag >= 89 && tag < 64 * sizeof(data) / sizeof(data[0]) &&
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

/* Of any number of digits, one to six, with the '=' behind them. */
__attribute__((noinline)) static uint32_t long_tag_read(const uint8_t *at,
							unsigned int *digits)
{
	uint32_t tag = 0, digit;
	unsigned int n = 0;

	while (n < TAG_DIGITS && (digit = (uint32_t)at[n] - '0') <= 9) {
		tag = tag * 10 + digit;
		n++;
	}
	*digits = n;
	return at[n] == '=' ? tag : 0;
}

/* The tag that a field begins with, and its digits; 0: it is none. The trailer
 * is behind the field. */
static inline uint32_t tag_read(const uint8_t *at, unsigned int *digits)
{
	uint32_t first = (uint32_t)at[0] - '0', second = (uint32_t)at[1] - '0';

	if (__builtin_expect(first - 1 > 8, 0))
		return 0;
	if (at[2] == '=' && second <= 9) {
		*digits = 2;
		return first * 10 + second;
	}
	if (at[1] == '=') {
		*digits = 1;
		return first;
	}
	return long_tag_read(at, digits);
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
	for (size_t word = 0; start < len; word++) {
		for (uint64_t bits = ends[word]; bits; bits &= bits - 1) {
			size_t end = word * 64 + (size_t)__builtin_ctzll(bits);
			size_t at = start;
			unsigned int digits;
			uint32_t tag;

			/* It was inside of data. */
			if (__builtin_expect(end < start, 0))
				continue;
			if (start >= len)
				break;
			start = end + 1;
			tag = tag_read(bytes + at, &digits);
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
	uint64_t ends[WORDS_MAX];
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
	if (got > 0 && is_framed(bytes, body, whole) &&
	    is_summed_up(bytes, whole, ends)) {
		message->bytes = bytes;
		message->len = whole;
		fields_read(message, ends, whole - TRAILER_LEN);
		*taken = whole;
		return 1;
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
