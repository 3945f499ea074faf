/* SPDX-License-Identifier: MIT */
#include "wire/websocket.h"

#include <endian.h>
#include <string.h>

#include "wire/websocket_mask.h"

#define OPCODE_BITS   0x0f
#define RESERVED_BITS 0x70
#define CONTROL_BIT   0x08
#define LEN_BITS      0x7f
#define LEN_16	      126
#define LEN_64	      127
#define CODE_LEN      2
#define MASK_LEN      4
#define SHORT_LEN     (2 + MASK_LEN)

/*
 * Writing.
 */

size_t websocket_header_write(uint8_t at[static WEBSOCKET_HEADER_MAX],
			      enum websocket_opcode opcode, bool fin,
			      uint64_t len, const uint32_t *mask)
{
	size_t n = 2;

	at[0] = (uint8_t)(opcode | (fin ? WEBSOCKET_FIN : 0));
	if (len < LEN_16) {
		at[1] = (uint8_t)len;
	} else if (len <= UINT16_MAX) {
		uint16_t wire = htobe16((uint16_t)len);

		at[1] = LEN_16;
		memcpy(at + n, &wire, sizeof(wire));
		n += sizeof(wire);
	} else {
		uint64_t wire = htobe64(len);

		at[1] = LEN_64;
		memcpy(at + n, &wire, sizeof(wire));
		n += sizeof(wire);
	}
	if (mask) {
		at[1] |= WEBSOCKET_MASKED;
		memcpy(at + n, mask, MASK_LEN);
		n += MASK_LEN;
	}
	return n;
}

size_t websocket_control_write(uint8_t at[static WEBSOCKET_CONTROL_FRAME_MAX],
			       enum websocket_opcode opcode,
			       const uint8_t *bytes, size_t len,
			       const uint32_t *mask)
{
	size_t n = websocket_header_write(at, opcode, true, len, mask);

	if (len > 0)
		websocket_mask(at + n, bytes, len, mask ? *mask : 0, 0);
	return n + len;
}

size_t websocket_close_write(uint8_t at[static WEBSOCKET_CONTROL_FRAME_MAX],
			     unsigned int code, const char *reason,
			     const uint32_t *mask)
{
	uint8_t bytes[WEBSOCKET_CONTROL_MAX];
	size_t len = strnlen(reason, sizeof(bytes) - CODE_LEN);
	uint16_t wire = htobe16((uint16_t)code);

	/* Behind the end there must not be the middle of a character. */
	while (len > 0 && ((uint8_t)reason[len] & 0xc0) == 0x80)
		len--;
	memcpy(bytes, &wire, CODE_LEN);
	memcpy(bytes + CODE_LEN, reason, len);
	return websocket_control_write(at, WEBSOCKET_CLOSE, bytes,
				       CODE_LEN + len, mask);
}

/* RFC 6455, 7.4; 1012 to 1014 are IANA's. */
bool websocket_close_allowed(unsigned int code)
{
	return (code >= 1000 && code <= 1003) ||
	       (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/*
 * Reading.
 */

/* What a header says. */
struct header {
	uint8_t opcode;
	bool fin;
	uint32_t mask;
	uint64_t len; /* of the payload */
};

struct fault {
	unsigned int code;
	const char *why;
};

/* The first byte: NULL, or what is wrong. */
static const char *opcode_fault(const struct websocket_decoder *decoder,
				uint8_t byte)
{
	const uint8_t opcode = byte & OPCODE_BITS;

	if (byte & RESERVED_BITS)
		return "a reserved bit of a frame is set";
	if (opcode & CONTROL_BIT) {
		if (opcode > WEBSOCKET_PONG)
			return "a frame of unknown type came";
		return byte & WEBSOCKET_FIN ? NULL
					    : "a control frame is fragmented";
	}
	if (opcode > WEBSOCKET_BINARY)
		return "a frame of unknown type came";
	if (opcode == WEBSOCKET_CONTINUATION && !decoder->fragmented)
		return "a continuation without a beginning came";
	if (opcode != WEBSOCKET_CONTINUATION && decoder->fragmented)
		return "a message began inside another";
	return NULL;
}

/* The second one, behind the first. */
static const char *length_fault(const struct websocket_decoder *decoder,
				const uint8_t *bytes)
{
	if (decoder->masked && !(bytes[1] & WEBSOCKET_MASKED))
		return "a client's frame is not masked";
	if (!decoder->masked && bytes[1] & WEBSOCKET_MASKED)
		return "a server's frame is masked";
	if (bytes[0] & CONTROL_BIT &&
	    (bytes[1] & LEN_BITS) > WEBSOCKET_CONTROL_MAX)
		return "a control frame is longer than 125 bytes";
	return NULL;
}

/* The payload's length; the bytes of it are there. */
static const char *length_read(const uint8_t *bytes, uint64_t *len)
{
	uint16_t len_16;

	*len = bytes[1] & LEN_BITS;
	if (*len == LEN_16) {
		memcpy(&len_16, bytes + 2, sizeof(len_16));
		*len = be16toh(len_16);
		if (*len < LEN_16)
			return "a length has more bytes than it needs";
	} else if (*len == LEN_64) {
		memcpy(len, bytes + 2, sizeof(*len));
		*len = be64toh(*len);
		if (*len > INT64_MAX)
			return "the top bit of a length is set";
		if (*len <= UINT16_MAX)
			return "a length has more bytes than it needs";
	}
	return NULL;
}

/* How long the header is; 0: it is not whole, or *fault is filled in. */
static size_t header_read(const struct websocket_decoder *decoder,
			  const uint8_t *bytes, size_t len,
			  struct header *header, struct fault *fault)
{
	size_t whole = 2;
	const char *why = NULL;

	if (len >= 1)
		why = opcode_fault(decoder, bytes[0]);
	if (!why && len >= 2)
		why = length_fault(decoder, bytes);
	if (!why && len >= 2) {
		if ((bytes[1] & LEN_BITS) == LEN_16)
			whole += sizeof(uint16_t);
		else if ((bytes[1] & LEN_BITS) == LEN_64)
			whole += sizeof(uint64_t);
		if (len >= whole)
			why = length_read(bytes, &header->len);
	}
	if (why) {
		*fault = (struct fault){ WEBSOCKET_PROTOCOL_ERROR, why };
		return 0;
	}
	if (len < whole)
		return 0;
	if (!(bytes[0] & CONTROL_BIT) &&
	    header->len > decoder->message_max - decoder->message_len) {
		*fault = (struct fault){ WEBSOCKET_TOO_BIG,
					 "a message is too long" };
		return 0;
	}
	header->mask = 0;
	if (decoder->masked) {
		if (len < whole + MASK_LEN)
			return 0;
		memcpy(&header->mask, bytes + whole, MASK_LEN);
		whole += MASK_LEN;
	}
	header->opcode = bytes[0] & OPCODE_BITS;
	header->fin = bytes[0] & WEBSOCKET_FIN;
	return whole;
}

static void fail(struct websocket_decoder *decoder,
		 struct websocket_piece *piece, unsigned int code,
		 const char *why)
{
	decoder->code = code;
	decoder->why = why;
	piece->event = WEBSOCKET_FAULT;
}

/* A frame begins. */
static void frame_begin(struct websocket_decoder *decoder,
			const struct header *header)
{
	decoder->within = true;
	decoder->header_len = 0;
	decoder->opcode = header->opcode;
	decoder->fin = header->fin;
	decoder->mask = header->mask;
	decoder->len = header->len;
	decoder->had = 0;
	if (header->opcode & CONTROL_BIT)
		return;
	if (header->opcode != WEBSOCKET_CONTINUATION) {
		decoder->message_opcode = header->opcode;
		decoder->text = (struct utf8){ 0 };
	}
	decoder->message_len += header->len;
	decoder->fragmented = !header->fin;
}

/* Of the frame that nearly all are: a short message, whole and right. False:
 * header_take() says what it is. */
static inline bool short_header_take(struct websocket_decoder *decoder,
				     const uint8_t *bytes)
{
	const uint8_t masked = decoder->masked ? WEBSOCKET_MASKED : 0;
	const uint8_t opcode = bytes[0] & OPCODE_BITS;
	struct header header = { .opcode = opcode, .fin = true };

	if (decoder->header_len > 0 || decoder->fragmented ||
	    bytes[0] != (WEBSOCKET_FIN | opcode) ||
	    (opcode != WEBSOCKET_TEXT && opcode != WEBSOCKET_BINARY))
		return false;
	header.len = bytes[1] ^ masked;
	if (header.len >= LEN_16 || header.len > decoder->message_max)
		return false;
	if (masked)
		memcpy(&header.mask, bytes + 2, MASK_LEN);
	frame_begin(decoder, &header);
	return true;
}

/* How many bytes were taken: all, or those of the header. */
static size_t header_take(struct websocket_decoder *decoder,
			  const uint8_t *bytes, size_t len,
			  struct websocket_piece *piece)
{
	struct fault fault = { 0 };
	struct header header;
	size_t taken = 0, whole;

	if (__builtin_expect(decoder->header_len == 0, 1)) {
		whole = header_read(decoder, bytes, len, &header, &fault);
		if (whole > 0) {
			frame_begin(decoder, &header);
			return whole;
		}
	}
	while (taken < len && !fault.why) {
		decoder->header[decoder->header_len++] = bytes[taken++];
		if (header_read(decoder, decoder->header, decoder->header_len,
				&header, &fault) > 0) {
			frame_begin(decoder, &header);
			return taken;
		}
	}
	if (fault.why)
		fail(decoder, piece, fault.code, fault.why);
	return taken;
}

static void close_take(struct websocket_decoder *decoder,
		       struct websocket_piece *piece)
{
	struct utf8 text = { 0 };
	uint16_t code;

	piece->code = WEBSOCKET_NO_CODE;
	if (piece->len == 0)
		return;
	if (piece->len < CODE_LEN) {
		fail(decoder, piece, WEBSOCKET_PROTOCOL_ERROR,
		     "a close frame has half a code");
		return;
	}
	memcpy(&code, piece->bytes, sizeof(code));
	piece->code = be16toh(code);
	if (!websocket_close_allowed(piece->code))
		fail(decoder, piece, WEBSOCKET_PROTOCOL_ERROR,
		     "a close frame has a code that nobody may send");
	else if (!utf8_take(&text, piece->bytes + CODE_LEN,
			    piece->len - CODE_LEN) ||
		 !utf8_whole(&text))
		fail(decoder, piece, WEBSOCKET_BAD_DATA,
		     "the reason of a close frame is not UTF-8");
}

/* The next n bytes of a control frame. */
static void control_take(struct websocket_decoder *decoder,
			 const uint8_t *bytes, size_t n,
			 struct websocket_piece *piece)
{
	websocket_mask(decoder->control + decoder->had, bytes, n, decoder->mask,
		       decoder->had);
	decoder->had += n;
	if (decoder->had < decoder->len)
		return;
	decoder->within = false;
	piece->event = WEBSOCKET_CONTROL;
	piece->opcode = decoder->opcode;
	piece->bytes = decoder->control;
	piece->len = (size_t)decoder->len;
	piece->last = true;
	if (piece->opcode == WEBSOCKET_CLOSE)
		close_take(decoder, piece);
}

/* The same of a message. */
static void data_take(struct websocket_decoder *decoder, uint8_t *bytes,
		      size_t n, struct websocket_piece *piece)
{
	if (decoder->masked)
		websocket_mask(bytes, bytes, n, decoder->mask, decoder->had);
	decoder->had += n;
	decoder->within = decoder->had < decoder->len;
	piece->event = WEBSOCKET_DATA;
	piece->opcode = decoder->message_opcode;
	piece->bytes = bytes;
	piece->len = n;
	piece->last = decoder->fin && !decoder->within;
	if (piece->last)
		decoder->message_len = 0;
	if (piece->opcode != WEBSOCKET_TEXT)
		return;
	if (!utf8_take(&decoder->text, bytes, n) ||
	    (piece->last && !utf8_whole(&decoder->text)))
		fail(decoder, piece, WEBSOCKET_BAD_DATA,
		     "a text message is not UTF-8");
}

size_t websocket_decode(struct websocket_decoder *decoder, uint8_t *bytes,
			size_t len, struct websocket_piece *piece)
{
	size_t taken = 0, n;

	*piece = (struct websocket_piece){ .event = WEBSOCKET_MORE };
	if (__builtin_expect(decoder->code != 0, 0)) {
		piece->event = WEBSOCKET_FAULT;
		return 0;
	}
	if (!decoder->within) {
		if (len >= SHORT_LEN && short_header_take(decoder, bytes))
			taken = decoder->masked ? SHORT_LEN : 2;
		else
			taken = header_take(decoder, bytes, len, piece);
		if (!decoder->within)
			return taken;
	}
	n = len - taken;
	if (n > decoder->len - decoder->had)
		n = (size_t)(decoder->len - decoder->had);
	if (n == 0 && decoder->len > 0)
		return taken;
	if (decoder->opcode & CONTROL_BIT)
		control_take(decoder, bytes + taken, n, piece);
	else
		data_take(decoder, bytes + taken, n, piece);
	return taken + n;
}

bool websocket_frame_ready(const struct websocket_decoder *decoder,
			   const uint8_t *bytes, size_t len, size_t *frame_len)
{
	struct fault fault = { 0 };
	struct header header;
	size_t whole = header_read(decoder, bytes, len, &header, &fault);

	*frame_len = 0;
	if (fault.why)
		return true;
	if (whole == 0)
		return false;
	*frame_len = whole + (size_t)header.len;
	return len - whole >= header.len;
}
