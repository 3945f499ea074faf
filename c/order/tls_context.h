/* SPDX-License-Identifier: MIT */
/*
 * What the TLS connections of one process have in common, by their settings:
 * certificates, suites, the key log, and the sessions that may be resumed. A
 * context is made when it is first asked for, and stays until the process ends:
 * a trader that comes back finds its ticket there, and an exchange those that
 * it has given out. Any thread may ask; tickets are one thread's.
 */
#ifndef ORDER_TLS_CONTEXT_H
#define ORDER_TLS_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;

/* Fast where the CPU has AES, fast where it has not, and the longest keys. */
#define TLS_CONTEXT_SUITES                                     \
	"TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:" \
	"TLS_AES_256_GCM_SHA384"

struct tls_settings {
	bool client;
	/* "": none; of the folder by default, as order/tls_keys names them */
	const char *ca, *cert, *key, *folder;
	const char *host;   /* whom the client wants to talk to */
	const char *suites; /* as OpenSSL names them, with colons between */
	const char *keylog; /* "": none is written */
	bool mutual;	    /* the server wants a certificate, too */
	bool early;	    /* early data are sent and taken */
	bool resume;	    /* sessions are kept, and resumed */
};

struct tls_context {
	struct tls_context *next;
	char *name; /* all settings, as one text */
	bool client, early, resume;
	int keylog; /* -1: none is written */
	struct ssl_ctx_st *ssl;
	struct ssl_session_st *ticket; /* of a client's last connection */
	struct log_repeats told;
};

/* 0, or -EINVAL, -ENOMEM or whatever a file's error is, logged. The context is
 * not the caller's. */
int tls_context_get(const struct tls_settings *settings,
		    struct tls_context **context);

/* A connection, in no state yet, whose application data is owner: the one that
 * tls_context_on_secret() is told. NULL: no memory, logged. */
struct ssl_st *tls_context_connect(struct tls_context *context,
				   const char *host, void *owner);

/* Whoever is told of each line of the key log: one function for all contexts,
 * set before the first. */
typedef void tls_context_secret_fn(void *owner, const char *line);
void tls_context_on_secret(tls_context_secret_fn *function);

/* Log what the handshake has come to; early: we have sent early data. */
void tls_context_tell(struct tls_context *context, const struct ssl_st *ssl,
		      bool early);

/* Why OpenSSL's last call failed, in its words, into why[0..size). */
void tls_context_reason(const struct ssl_st *ssl, char *why, size_t size);

#endif
