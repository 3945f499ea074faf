/* SPDX-License-Identifier: MIT */
/*
 * WebSocket's opening handshake, RFC 6455, 4: an HTTP/1.1 request (RFC 9112)
 * and its answer, from both ends. Each is read once it is whole; what can be no
 * HTTP, or is too long, is told at once. Extensions are never asked for, and
 * not taken where they are offered.
 */
#ifndef WIRE_WEBSOCKET_HANDSHAKE_H
#define WIRE_WEBSOCKET_HANDSHAKE_H

#include <stddef.h>
#include <stdint.h>

#define WEBSOCKET_HANDSHAKE_MAX	   4096 /* bytes of either */
#define WEBSOCKET_HANDSHAKE_FIELDS 64
#define WEBSOCKET_HANDSHAKE_NONCE  16
#define WEBSOCKET_HANDSHAKE_KEY	   24 /* base64 of a nonce */
#define WEBSOCKET_HANDSHAKE_ACCEPT 28 /* base64 of a SHA-1 */
#define WEBSOCKET_HANDSHAKE_STRING 200

struct websocket_handshake {
	/* Of RFC 9110's and 9112's characters, up to
	 * WEBSOCKET_HANDSHAKE_STRING: */
	const char *host; /* the client's */
	const char
		*path; /* the client's; the server's: the only one, "": any */
	const char *protocol; /* the only subprotocol; "": none */

	char key[WEBSOCKET_HANDSHAKE_KEY + 1]; /* the client's */

	/* Out: what is to be sent, and why it failed. */
	char text[1024];
	size_t text_len;
	char why[128];
};

/* NULL, or why one of the three strings can't be said in a request. */
const char *websocket_handshake_fault(const struct websocket_handshake *shake);

/* The client's request, into text, its key made of the nonce. */
void websocket_handshake_ask(
	struct websocket_handshake *shake,
	const uint8_t nonce[static WEBSOCKET_HANDSHAKE_NONCE]);

/* What the server says to this key, with its NUL. */
void websocket_handshake_accept(
	const char *key, size_t len,
	char accept[static WEBSOCKET_HANDSHAKE_ACCEPT + 1]);

/*
 * The server reads a request, the client the answer to its own: how many bytes
 * it has; 0: it is not whole; -EPROTO, with why. What text then holds is the
 * server's answer, a refusal where it failed.
 */
int websocket_handshake_answer(struct websocket_handshake *shake,
			       const uint8_t *bytes, size_t len);
int websocket_handshake_answered(struct websocket_handshake *shake,
				 const uint8_t *bytes, size_t len);

#endif
