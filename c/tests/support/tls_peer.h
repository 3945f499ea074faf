/* SPDX-License-Identifier: MIT */
/* The other end of a TLS channel, by OpenSSL alone: none of our records, on a
 * connected socket, blocking, or by bytes that the test carries itself. */
#ifndef TESTS_SUPPORT_TLS_PEER_H
#define TESTS_SUPPORT_TLS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef HAVE_OPENSSL

#include <openssl/ssl.h>

struct tls_peer {
	int fd;
	SSL_CTX *context;
	SSL *ssl;
	SSL_SESSION *ticket; /* the last one that came */
	/* Of what it sends, as the key log has it. */
	uint8_t secret[48];
	size_t secret_len;
};

/* A client on the socket, with the lab's keys in that folder; with its own
 * certificate or without. Nothing is said yet. ticket: to be resumed; NULL:
 * none. */
void tls_peer_open(struct tls_peer *peer, int fd, const char *folder,
		   bool has_certificate, SSL_SESSION *ticket);
/* Without a close_notify, and not the socket. */
void tls_peer_close(struct tls_peer *peer);

/* The handshake must be over, and be TLS 1.3. */
void tls_peer_shake(struct tls_peer *peer);
/* It must fail, and this stands in OpenSSL's reason. */
void tls_peer_refused(struct tls_peer *peer, const char *reason);

void tls_peer_send(struct tls_peer *peer, const void *bytes, size_t len);
/* An order of that many lots. */
void tls_peer_order(struct tls_peer *peer, uint32_t quantity);

/* Read to the end, at most timeout_ms: true where it is a close_notify; else
 * reason[] has OpenSSL's words. */
bool tls_peer_ended(struct tls_peer *peer, char *reason, size_t size);

#endif
#endif
