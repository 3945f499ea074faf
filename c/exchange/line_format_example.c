/* SPDX-License-Identifier: MIT */
/*
 * A formatter to copy and change. It reads lines such as
 *
 *	bid 61800.1 2.5
 *
 * and makes the datagram that t2t-trader reads: a header of 8 bytes and one
 * message of 28 (wire/market_data.h describes both). Yours may make
 * whatever your own trader reads.
 *
 *	cc -O2 -fPIC -shared -o mine.so mine.c
 *	t2t-exchange --feed mine.gz --format ./mine.so
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/line_format.h"

#define DATAGRAM_LEN 36

/* What the exchange looks for besides the function. */
extern const unsigned int line_format_version;
line_format_function line_format;

const unsigned int line_format_version = LINE_FORMAT_VERSION;

/* Little-endian, whatever this machine is. */
static void put(uint8_t *at, uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

/* "61800.1" to 61800100000000: units of 1e-9, exactly. Returns what follows
 * the number, or NULL. */
static const char *read_nano(const char *at, const char *end, uint64_t *nano)
{
	const char *first = at;
	int places = -1;

	for (*nano = 0; at < end && *at != ' '; at++) {
		if (*at == '.' && places < 0) {
			places = 0;
			continue;
		}
		if (*at < '0' || *at > '9' || places == 9 || at - first > 18)
			return NULL;
		*nano = *nano * 10 + (uint64_t)(*at - '0');
		places += places >= 0;
	}
	if (at == first)
		return NULL;
	for (places = places < 0 ? 0 : places; places < 9; places++)
		if (__builtin_mul_overflow(*nano, (uint64_t)10, nano))
			return NULL;
	return at;
}

ssize_t line_format(struct line_format *context, const char *line,
		    size_t line_len, uint8_t *datagram, size_t size)
{
	const char *at, *end = line + line_len;
	uint64_t price, quantity;

	/* 0 skips a line: a comment, say. */
	if (line[0] == '#')
		return 0;
	/* Less than 0 is for lines that should not be there. The exchange
	 * counts them, and shows the first few with the reason. */
	if (line_len < 5 ||
	    (memcmp(line, "bid ", 4) && memcmp(line, "ask ", 4))) {
		context->fault = "it begins with neither bid nor ask";
		return -EBADMSG;
	}
	at = read_nano(line + 4, end, &price);
	if (at && at < end)
		at = read_nano(at + 1, end, &quantity);
	else
		at = NULL;
	if (!at || at != end) {
		context->fault = "a price and an amount must follow";
		return -EBADMSG;
	}
	/* Never write more than size bytes; it is at least 1472. */
	if (size < DATAGRAM_LEN)
		return -ENOSPC;
	put(datagram, context->sequence, 4);
	put(datagram + 4, 1, 2);		 /* messages that follow */
	put(datagram + 6, context->snapshot, 2); /* flags: bit 0, a snapshot */
	datagram[8] = quantity ? 'U' : 'D';
	datagram[9] = line[0] == 'b' ? 'B' : 'A';
	put(datagram + 10, 0, 2); /* symbol_id */
	put(datagram + 12, price, 8);
	put(datagram + 20, quantity, 8);
	put(datagram + 28, 0, 8); /* order_id */
	return DATAGRAM_LEN;
}
