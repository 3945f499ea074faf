/* SPDX-License-Identifier: MIT */
/*
 * RFC 6455, 5.3: what a client sends is masked by four bytes that nobody can
 * foresee. The bytes come from a stream cipher's key stream (ChaCha20, RFC
 * 8439), whose key is the caller's; so a mask is had without a system call, and
 * many of them before they are wanted.
 */
#ifndef WIRE_WEBSOCKET_MASK_H
#define WIRE_WEBSOCKET_MASK_H

#include <stddef.h>
#include <stdint.h>

#define WEBSOCKET_MASK_KEY_WORDS   8  /* from getrandom(2) */
#define WEBSOCKET_MASK_BLOCK_WORDS 32 /* masks made at once */
#define WEBSOCKET_MASKS		   1024

struct websocket_masks {
	uint32_t key[WEBSOCKET_MASK_KEY_WORDS];
	uint64_t block;
	unsigned int left; /* of them; the last is the next */
	uint32_t masks[WEBSOCKET_MASKS];
};

/* Blocks number `block` and the next: RFC 8439, 2.3, the counter of 64 bits as
 * its author has it, nonce 0. */
void websocket_mask_block(const uint32_t key[static WEBSOCKET_MASK_KEY_WORDS],
			  uint64_t block,
			  uint32_t words[static WEBSOCKET_MASK_BLOCK_WORDS]);

/* The key has been set: begin. */
void websocket_mask_open(struct websocket_masks *masks);

/* Make as many as were taken. Outside of HOT code, so that there is always
 * one. */
void websocket_mask_refill(struct websocket_masks *masks);

/* HOT. The next one; some are made where none is left. */
uint32_t websocket_mask_next(struct websocket_masks *masks);

/*
 * HOT. to[i] = from[i] ^ byte (at + i) % 4 of the mask, whose byte 0 is the
 * first in memory; at: how much of the frame came before. to and from are the
 * same or don't overlap.
 */
void websocket_mask(uint8_t *to, const uint8_t *from, size_t len, uint32_t mask,
		    uint64_t at);

#endif
