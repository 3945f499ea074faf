/* SPDX-License-Identifier: MIT */
/*
 * WebSocket's frames, RFC 6455, 5 to 8: written, and read in whatever pieces
 * they come. Nothing is allocated; what is wrong is told by its close code
 * (7.4.1) and in words, at the first byte that shows it.
 */
#ifndef WIRE_WEBSOCKET_H
#define WIRE_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/utf8.h"

#define WEBSOCKET_HEADER_MAX  14 /* length of 64 bits, and a mask */
#define WEBSOCKET_CONTROL_MAX 125
#define WEBSOCKET_CONTROL_FRAME_MAX \
	(WEBSOCKET_HEADER_MAX - 8 + WEBSOCKET_CONTROL_MAX)

enum websocket_opcode {
	WEBSOCKET_CONTINUATION = 0,
	WEBSOCKET_TEXT = 1,
	WEBSOCKET_BINARY = 2,
	WEBSOCKET_CLOSE = 8,
	WEBSOCKET_PING = 9,
	WEBSOCKET_PONG = 10,
};

enum websocket_close {
	WEBSOCKET_NORMAL = 1000,
	WEBSOCKET_PROTOCOL_ERROR = 1002,
	WEBSOCKET_UNSUPPORTED = 1003, /* a type of data that is not taken */
	WEBSOCKET_NO_CODE = 1005,     /* never sent: a close frame without */
	WEBSOCKET_BAD_DATA = 1007,    /* text that is not UTF-8 */
	WEBSOCKET_POLICY = 1008,
	WEBSOCKET_TOO_BIG = 1009,
};

/* First bits of a frame. */
#define WEBSOCKET_FIN	 0x80
#define WEBSOCKET_MASKED 0x80 /* in the second byte */

/*
 * HOT. The header of a frame of len bytes; fin: the message's last. mask: four
 * bytes as they lie in memory, NULL: none. How long it is.
 */
size_t websocket_header_write(uint8_t at[static WEBSOCKET_HEADER_MAX],
			      enum websocket_opcode opcode, bool fin,
			      uint64_t len, const uint32_t *mask);

/* A whole control frame, of WEBSOCKET_CONTROL_MAX bytes at most. How long it
 * is. */
size_t websocket_control_write(uint8_t at[static WEBSOCKET_CONTROL_FRAME_MAX],
			       enum websocket_opcode opcode,
			       const uint8_t *bytes, size_t len,
			       const uint32_t *mask);

/* A close frame; a reason that is too long is cut between characters. */
size_t websocket_close_write(uint8_t at[static WEBSOCKET_CONTROL_FRAME_MAX],
			     unsigned int code, const char *reason,
			     const uint32_t *mask);

/* May a peer send it? */
bool websocket_close_allowed(unsigned int code);

enum websocket_event {
	WEBSOCKET_MORE, /* nothing yet */
	WEBSOCKET_DATA, /* a piece of a message */
	WEBSOCKET_CONTROL,
	WEBSOCKET_FAULT, /* decoder->code and ->why; nothing is read any more */
};

struct websocket_piece {
	enum websocket_event event;
	enum websocket_opcode opcode; /* of data: the message's */
	const uint8_t *bytes;	      /* unmasked */
	size_t len;
	bool last;	   /* the message is over */
	unsigned int code; /* of a close frame; WEBSOCKET_NO_CODE: none */
};

/* Zeroed but for the first two: before the first byte. */
struct websocket_decoder {
	bool masked;	      /* the peer is a client, whose frames are */
	uint64_t message_max; /* bytes of a message */

	unsigned int code; /* of what was wrong; 0: nothing */
	const char *why;

	/* Of the frame: */
	uint8_t header[WEBSOCKET_HEADER_MAX];
	uint8_t header_len; /* of it, as far as it has come */
	bool within;	    /* its header is whole */
	uint8_t opcode;
	bool fin;
	uint32_t mask;
	uint64_t len, had; /* of its payload */
	uint8_t control[WEBSOCKET_CONTROL_MAX];

	/* Of the message: */
	bool fragmented; /* a frame of it came, and more must */
	uint8_t message_opcode;
	uint64_t message_len;
	struct utf8 text;
};

/*
 * HOT. Go on until something is to be told: how many of the bytes were taken.
 * Data is unmasked where it lies, and given by the piece; a control frame is
 * given whole. WEBSOCKET_MORE: all were taken.
 */
size_t websocket_decode(struct websocket_decoder *decoder, uint8_t *bytes,
			size_t len, struct websocket_piece *piece);

/*
 * The frame that begins here, between two of them: true when it lies here
 * whole, or what is there of its header is wrong, and websocket_decode() says
 * so. *frame_len: how long it is, 0 where that is not known.
 */
bool websocket_frame_ready(const struct websocket_decoder *decoder,
			   const uint8_t *bytes, size_t len, size_t *frame_len);

#endif
