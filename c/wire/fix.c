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
#define VERSION_MAX 16			    /* "8=FIXT.1.1", and some */
#define LENGTH_MAX  5			    /* digits of a BodyLength */
#define TRAILER_LEN 7			    /* "10=123" and its SOH */
#define HEAD_MAX    (BEGIN_LEN + 8 + 3 + 8) /* of one that is read in words */
#define TAG_DIGITS  6
#define PART	    16 /* bytes that are looked at at once */
#define WORD	    64 /* bytes that a word of bits stands for */
#define WORDS_MAX   (FIX_MESSAGE_MAX / WORD + 1)

/*
 * Where a message begins and ends.
 */

/* Garbage ends where a message may begin, from this byte on: not at the end of
 * "58=FIX". What may be the beginning of one stays. */
static size_t garbage_len(const uint8_t *bytes, size_t len, size_t from)
{
	size_t at = from;

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

/* Where the first SOH of eight bytes is; 8: there is none. */
static inline unsigned int soh_find(uint64_t word)
{
	const uint64_t others = word ^ FIX_EACH_BYTE * FIX_SOH;
	const uint64_t found =
		(others - FIX_EACH_BYTE) & ~others & FIX_EACH_BYTE * 0x80;

	return found ? (unsigned int)__builtin_ctzll(found) / 8 : 8;
}

/* As extent_read(), of a head as most are, in words; false: as it is no such
 * one, nothing is said of it. */
static inline bool extent_find(const uint8_t *bytes, size_t len, size_t *body,
			       size_t *whole)
{
	const uint64_t zeros = FIX_EACH_BYTE * '0';
	unsigned int end, digits;
	const uint8_t *at;
	uint64_t word;

	if (len < HEAD_MAX || memcmp(bytes, BEGIN, BEGIN_LEN) != 0)
		return false;
	end = soh_find(fix_word_read(bytes + BEGIN_LEN));
	at = bytes + BEGIN_LEN + end;
	if (end == 8 || at[1] != '9' || at[2] != '=')
		return false;
	word = fix_word_read(at + 3);
	digits = soh_find(word);
	if (digits - 1 >= LENGTH_MAX)
		return false;
	word = word << (64 - 8 * digits) | zeros >> 8 * digits;
	if (!fix_word_is_number(word))
		return false;
	*body = BEGIN_LEN + end + 3 + digits + 1;
	*whole = *body + fix_word_number(word) + TRAILER_LEN;
	return *whole <= FIX_MESSAGE_MAX;
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

/* Behind both of them is the type; at the end is a CheckSum, which is told: of
 * what is before it, but as great as if what stands in it were summed, too. */
static bool is_framed(const uint8_t *bytes, size_t body, size_t whole,
		      uint32_t *sum)
{
	/* SOH 1 0 = 0 0 0 SOH, and what may be added until it is too much. */
	static const uint8_t none[] = "\00110=000\1";
	const uint64_t room = UINT64_C(0x7f7676767f7f7f7f);
	uint32_t digits, number;
	uint64_t trailer;

	if (whole - body < TRAILER_LEN + 5 ||
	    memcmp(bytes + body, "35=", 3) != 0)
		return false;
	trailer = fix_word_read(bytes + whole - sizeof(none) + 1) ^
		  fix_word_read(none);
	if (((trailer + room) | trailer) & FIX_EACH_BYTE * 0x80)
		return false;
	digits = (uint32_t)(trailer >> 32);
	number = (digits & 0xff) * 100 + (digits >> 8 & 0xff) * 10 +
		 (digits >> 16);
	if (number > UINT8_MAX)
		return false;
	*sum = number + fix_word_sum(fix_word_read(none)) - FIX_SOH +
	       (digits & 0xff) + (digits >> 8 & 0xff) + (digits >> 16);
	return true;
}

/*
 * Fields.
 */

#ifdef __SSE2__
/* A bit for each of 16 bytes that is a SOH. */
static inline uint64_t part_ends(__m128i part)
{
	return (uint32_t)_mm_movemask_epi8(
		_mm_cmpeq_epi8(part, _mm_set1_epi8(FIX_SOH)));
}

/* The same; the sum grows by them. */
static inline uint64_t part_read(const uint8_t *at, __m128i *sums)
{
	const __m128i part = _mm_loadu_si128((const __m128i *)at);

	*sums = _mm_add_epi64(*sums, _mm_sad_epu8(part, _mm_setzero_si128()));
	return part_ends(part);
}

/* Of the last `count` bytes before `end`, fewer than 16, in the lowest bits;
 * there are as many before them. */
static inline uint64_t rest_read(const uint8_t *end, size_t count,
				 __m128i *sums)
{
	static const uint8_t masks[2 * PART] = {
		[PART] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff,	       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	};
	const __m128i part = _mm_loadu_si128((const __m128i *)(end - PART));
	const __m128i counted = _mm_and_si128(
		part, _mm_loadu_si128((const __m128i *)(masks + count)));

	*sums = _mm_add_epi64(*sums,
			      _mm_sad_epu8(counted, _mm_setzero_si128()));
	return part_ends(part) >> (PART - count);
}

/* A bit for each of bytes[0..len) that is a SOH, but for the last byte, which
 * ends the trailer; the sum of all. len: at least PART. */
static inline uint32_t parts_read(const uint8_t *bytes, size_t len,
				  uint64_t *ends)
{
	__m128i sums = _mm_setzero_si128();
	unsigned int behind = 0;
	uint64_t word = 0;
	size_t at = 0;

	for (; at + WORD <= len; at += WORD) {
		word = part_read(bytes + at, &sums);
		word |= part_read(bytes + at + PART, &sums) << PART;
		word |= part_read(bytes + at + 2 * PART, &sums) << 2 * PART;
		word |= part_read(bytes + at + 3 * PART, &sums) << 3 * PART;
		ends[at / WORD] = word;
	}
	if (at < len)
		word = 0;
	for (; at + PART <= len; at += PART, behind += PART)
		word |= part_read(bytes + at, &sums) << behind;
	if (at < len)
		word |= rest_read(bytes + len, len - at, &sums) << behind;
	ends[(len - 1) / WORD] = word & ~(UINT64_C(1) << (len - 1) % WORD);
	return (uint32_t)_mm_cvtsi128_si32(sums) +
	       (uint32_t)_mm_cvtsi128_si32(_mm_srli_si128(sums, 8));
}
#else
static uint32_t parts_read(const uint8_t *bytes, size_t len, uint64_t *ends)
{
	uint32_t sum = 0;

	for (size_t word = 0; word <= len / WORD; word++)
		ends[word] = 0;
	for (size_t at = 0; at < len; at++) {
		sum += bytes[at];
		if (at + 1 < len)
			ends[at / WORD] |= (uint64_t)(bytes[at] == FIX_SOH)
					   << at % WORD;
	}
	return sum;
}
#endif

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

/* Of a value that may hold SOH, behind a field with its length: where it ends,
 * and no field before that. end: of a field that may not. */
__attribute__((cold, noinline)) static size_t data_end(
	struct fix_message *message, const struct fix_field *length,
	size_t from, size_t end, size_t limit, uint64_t *ends)
{
	uint64_t len;

	if (fix_unsigned(message->bytes + length->at, length->len, &len) < 0 ||
	    len >= limit - from || message->bytes[from + len] != FIX_SOH) {
		fault_keep(message, FIX_BAD_FORMAT, (int32_t)length->tag);
		return end;
	}
	while (end < from + len) {
		end++;
		ends[end / WORD] &= ~(UINT64_C(1) << end % WORD);
	}
	return end;
}

/* What a field begins with: the number that it is, 0: it is none, and how many
 * digits that has. With the '=' behind it there is no SOH in it. */
struct tag {
	uint32_t number;
	uint32_t digits;
};

/* Of any number of digits, one to six. */
__attribute__((noinline)) static struct tag long_tag_read(const uint8_t *at)
{
	struct tag tag = { 0 };
	uint32_t digit;

	if (*at == '0')
		return tag;
	while (tag.digits < TAG_DIGITS &&
	       (digit = (uint32_t)at[tag.digits] - '0') <= 9) {
		tag.number = tag.number * 10 + digit;
		tag.digits++;
	}
	if (at[tag.digits] != '=')
		tag.number = 0;
	return tag;
}

/* The trailer is behind the field. */
static inline struct tag tag_read(const uint8_t *at)
{
	/* Two digits and a '=', or one; what may be added until it is not. */
	const uint32_t two = 0x3d3030, one = 0x3d30;
	const uint32_t two_room = 0x7f7676, one_room = 0x7f76;
	uint32_t word, rest;

	memcpy(&word, at, sizeof(word));
	word = le32toh(word);
	rest = word ^ two;
	if (!(((rest + two_room) | rest) & 0x808080) && (uint8_t)rest)
		return (struct tag){ (uint8_t)(rest * (10 << 8 | 1) >> 8), 2 };
	rest = word ^ one;
	if (!(((rest + one_room) | rest) & 0x8080))
		return (struct tag){ (uint8_t)rest, 1 };
	return long_tag_read(at);
}

/* len: without the trailer. */
static inline void fields_read(struct fix_message *message, uint64_t *ends,
			       size_t len)
{
	const uint8_t *bytes = message->bytes;
	struct fix_field *field = message->fields;
	const struct fix_field *limit = field + FIX_FIELDS_MAX;
	size_t start = 0;

	message->fault = FIX_NO_FAULT;
	message->fault_tag = 0;
	for (size_t word = 0; word * WORD < len; word++) {
		for (uint64_t bits = ends[word]; bits; bits &= bits - 1) {
			size_t end = word * WORD +
				     (unsigned int)__builtin_ctzll(bits);
			size_t at = start;
			const struct tag tag = tag_read(bytes + at);

			start = end + 1;
			if (__builtin_expect(tag.number == 0, 0)) {
				tag_fault(message, bytes + at, bytes + end);
				continue;
			}
			at += tag.digits + 1;
			if (__builtin_expect(is_data(tag.number), 0) &&
			    field > message->fields &&
			    field[-1].tag == length_tag(tag.number)) {
				end = data_end(message, field - 1, at, end, len,
					       ends);
				start = end + 1;
				bits &= ends[word];
			}
			if (__builtin_expect(at == end, 0))
				fault_keep(message, FIX_NO_VALUE,
					   (int32_t)tag.number);
			if (__builtin_expect(field == limit, 0)) {
				fault_keep(message, FIX_OTHER,
					   (int32_t)tag.number);
				continue;
			}
			*field++ = (struct fix_field){
				.tag = tag.number,
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
	uint32_t sum;
	int got = 1;

	*taken = 0;
	if (len == 0)
		return 0;
	if (!extent_find(bytes, len, &body, &whole))
		got = extent_read(bytes, len, &body, &whole);
	if (got > 0 && len < whole)
		return 0;
	if (got == 0)
		return 0;
	if (got > 0 && whole > TRAILER_LEN &&
	    is_framed(bytes, body, whole, &sum) &&
	    (uint8_t)parts_read(bytes, whole, ends) == (uint8_t)sum) {
		message->bytes = bytes;
		message->len = whole;
		fields_read(message, ends, whole - TRAILER_LEN);
		*taken = whole;
		return 1;
	}
	/* It goes as far as it says, where it does. */
	*taken = garbage_len(bytes, len, got > 0 ? whole - TRAILER_LEN : 1);
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
