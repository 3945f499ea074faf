/* SPDX-License-Identifier: MIT */
#include "order/tls_context.h"

#ifdef HAVE_OPENSSL

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "order/tls_files.h"
#include "order/tls_keys.h"
#include "wire/tls_reader.h"

#define SESSIONS_KEPT 256 /* the oldest one goes */

static struct {
	pthread_mutex_t lock;
	struct tls_context *first;
	tls_context_secret_fn *on_secret;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER };

void tls_context_on_secret(tls_context_secret_fn *function)
{
	all.on_secret = function;
}

void tls_context_reason(const struct ssl_st *ssl, char *why, size_t size)
{
	const unsigned long err = ERR_get_error();
	const char *text = ERR_reason_error_string(err);

	ERR_clear_error();
	if (ssl && ERR_GET_LIB(err) == ERR_LIB_SSL &&
	    ERR_GET_REASON(err) == SSL_R_CERTIFICATE_VERIFY_FAILED)
		snprintf(why, size, "%s: %s", text,
			 X509_verify_cert_error_string(
				 SSL_get_verify_result(ssl)));
	else
		snprintf(why, size, "%s",
			 err == 0 ? "TLS failed"
			 : text	  ? text
				  : log_strerror(-ERR_GET_REASON(err)));
}

void tls_context_tell(struct tls_context *context, const struct ssl_st *ssl,
		      bool early)
{
	const bool taken =
		SSL_get_early_data_status(ssl) == SSL_EARLY_DATA_ACCEPTED;

	log_write_repeats(
		&context->told, LOG_INFO, "--channel tls: %s with %s, %s%s",
		SSL_get_version(ssl), SSL_get_cipher_name(ssl),
		SSL_session_reused(ssl) ? "resumed" : "a full handshake",
		taken	? ", early data taken"
		: early ? ", early data refused"
			: "");
}

/* What OpenSSL calls. */

static void on_keylog_line(const SSL *ssl, const char *line)
{
	const struct tls_context *context =
		SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (context->keylog >= 0)
		tls_files_keylog_write(context->keylog, line);
	if (all.on_secret)
		all.on_secret(SSL_get_app_data(ssl), line);
}

/* The last ticket is the best. */
static int on_ticket(SSL *ssl, SSL_SESSION *ticket)
{
	struct tls_context *context =
		SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	SSL_SESSION_free(context->ticket);
	context->ticket = ticket;
	return 1;
}

/*
 * Settings.
 */

static int told(const char *key, const char *value)
{
	char why[160];

	tls_context_reason(NULL, why, sizeof(why));
	log_error("--channel tls: %s: '%s': %s", key, value, why);
	return -EINVAL;
}

/* Those whose records wire/tls_record knows. */
static int suites_set(SSL_CTX *ssl, const char *suites)
{
	for (const char *at = suites; *at;) {
		const size_t len = strcspn(at, ":");
		bool is_known = false;

		for (int i = 0; i < TLS_SUITES; i++)
			is_known |= strlen(tls_suites[i].name) == len &&
				    !memcmp(tls_suites[i].name, at, len);
		if (!is_known) {
			log_error("--channel tls: suites: '%.*s': expected %s, "
				  "%s or %s, with colons between them",
				  (int)len, at, tls_suites[0].name,
				  tls_suites[1].name, tls_suites[2].name);
			return -EINVAL;
		}
		at += len + (at[len] == ':');
	}
	if (!*suites || SSL_CTX_set_ciphersuites(ssl, suites) <= 0)
		return told("suites", suites);
	return 0;
}

/* The CA whose word is taken: the settings' own, or the system's. */
static int ca_set(SSL_CTX *ssl, const struct tls_settings *settings,
		  const char *ca)
{
	if (!*ca) {
		if (settings->client)
			SSL_CTX_set_default_verify_paths(ssl);
		return 0;
	}
	if (SSL_CTX_load_verify_locations(ssl, ca, NULL) <= 0)
		return told("ca", ca);
	/* Whom a client may name as the one who vouches for it. */
	if (!settings->client && settings->mutual)
		SSL_CTX_set_client_CA_list(ssl, SSL_load_client_CA_file(ca));
	return 0;
}

static int files_set(SSL_CTX *ssl, const struct tls_settings *settings)
{
	char ca[PATH_MAX], cert[PATH_MAX], key[PATH_MAX];
	int err;

	tls_files_name(settings->ca, settings->folder,
		       tls_keys_files[TLS_KEYS_CA], ca);
	tls_files_name(settings->cert, settings->folder,
		       tls_keys_files[settings->client ? TLS_KEYS_TRADER
						       : TLS_KEYS_EXCHANGE],
		       cert);
	tls_files_name(settings->key, settings->folder,
		       tls_keys_files[settings->client ? TLS_KEYS_TRADER_KEY
						       : TLS_KEYS_EXCHANGE_KEY],
		       key);
	if (!*cert != !*key || (!*cert && !settings->client)) {
		log_error("--channel tls: %s: cert=FILE and key=FILE are "
			  "needed, or folder=DIR of t2t-keys",
			  settings->client ? "a certificate" : "an exchange");
		return -EINVAL;
	}
	if (settings->mutual && !settings->client && !*ca) {
		log_error("--channel tls: mutual=on: ca=FILE is needed, or "
			  "folder=DIR of t2t-keys");
		return -EINVAL;
	}
	err = ca_set(ssl, settings, ca);
	if (err || !*cert)
		return err;
	if (SSL_CTX_use_certificate_chain_file(ssl, cert) <= 0)
		return told("cert", cert);
	if (SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) <= 0)
		return told("key", key);
	return 0;
}

static void client_set(struct tls_context *context)
{
	SSL_CTX *ssl = context->ssl;

	SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	if (!context->resume) {
		SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
		return;
	}
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT |
						    SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ssl, on_ticket);
}

/* Tickets are made once the session is up (order/tls_session). They are names
 * of sessions that are kept here, which is cheaper than all of a session in a
 * ticket, where it has a certificate. With early data each is good for once:
 * OpenSSL forgets it then, and whoever shows it again has a full handshake,
 * without early data. RFC 8446, 8.1. */
static void server_set(struct tls_context *context, bool mutual)
{
	static const unsigned char name[] = "t2t";
	SSL_CTX *ssl = context->ssl;

	if (mutual)
		SSL_CTX_set_verify(
			ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
			NULL);
	SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(ssl, context->resume
						    ? SSL_SESS_CACHE_SERVER
						    : SSL_SESS_CACHE_OFF);
	SSL_CTX_sess_set_cache_size(ssl, SESSIONS_KEPT);
	SSL_CTX_set_session_id_context(ssl, name, sizeof(name) - 1);
	SSL_CTX_set_num_tickets(ssl, 0);
	SSL_CTX_set_max_early_data(ssl, context->early ? TLS_EARLY_MAX : 0);
	/* Also what is skipped of those that are not taken, in records: RFC
	 * 8446, 4.2.10. */
	SSL_CTX_set_recv_max_early_data(ssl, 2 * TLS_EARLY_MAX);
}

static int context_fill(struct tls_context *context,
			const struct tls_settings *settings)
{
	SSL_CTX *ssl;
	int err;

	context->ssl = ssl = SSL_CTX_new(
		settings->client ? TLS_client_method() : TLS_server_method());
	if (!ssl) {
		log_error("--channel tls: no memory");
		return -ENOMEM;
	}
	SSL_CTX_set_app_data(ssl, context);
	SSL_CTX_set_min_proto_version(ssl, TLS1_3_VERSION);
	SSL_CTX_set_max_proto_version(ssl, TLS1_3_VERSION);
	/* The CA itself is known to whoever trusts it. */
	SSL_CTX_set_mode(ssl, SSL_MODE_NO_AUTO_CHAIN);
	SSL_CTX_set_keylog_callback(ssl, on_keylog_line);
	err = suites_set(ssl, settings->suites);
	if (!err)
		err = files_set(ssl, settings);
	if (err)
		return err;
	if (settings->client)
		client_set(context);
	else
		server_set(context, settings->mutual);
	if (!*settings->keylog)
		return 0;
	context->keylog = tls_files_keylog_open(settings->keylog);
	return context->keylog < 0 ? context->keylog : 0;
}

static void context_free(struct tls_context *context)
{
	SSL_CTX_free(context->ssl);
	free(context->name);
	free(context);
}

/*
 * All there are.
 */

static int context_make(const struct tls_settings *settings, char *name,
			struct tls_context **context)
{
	struct tls_context *new = calloc(1, sizeof(*new));
	int err;

	if (!new) {
		free(name);
		return -ENOMEM;
	}
	new->name = name;
	new->client = settings->client;
	new->early = settings->early;
	new->resume = settings->resume;
	new->keylog = -1;
	err = context_fill(new, settings);
	if (err) {
		context_free(new);
		return err;
	}
	new->next = all.first;
	all.first = *context = new;
	return 0;
}

int tls_context_get(const struct tls_settings *settings,
		    struct tls_context **context)
{
	char *name;
	int err = 0;

	if (asprintf(&name, "%d%d%d%d\n%s\n%s\n%s\n%s\n%s\n%s\n%s",
		     settings->client, settings->mutual, settings->early,
		     settings->resume, settings->ca, settings->cert,
		     settings->key, settings->folder, settings->host,
		     settings->suites, settings->keylog) < 0)
		return -ENOMEM;
	pthread_mutex_lock(&all.lock);
	*context = all.first;
	while (*context && strcmp((*context)->name, name) != 0)
		*context = (*context)->next;
	if (*context)
		free(name);
	else
		err = context_make(settings, name, context);
	pthread_mutex_unlock(&all.lock);
	return err;
}

/* Whom the server's certificate has to be for. */
static bool host_set(SSL *ssl, const char *host)
{
	struct in_addr address;

	if (inet_pton(AF_INET, host, &address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host);
	/* OpenSSL copies it. */
	return SSL_set_tlsext_host_name(ssl, (char *)(uintptr_t)host) &&
	       SSL_set1_host(ssl, host);
}

struct ssl_st *tls_context_connect(struct tls_context *context,
				   const char *host, void *owner)
{
	SSL *ssl = SSL_new(context->ssl);

	if (!ssl || !SSL_set_app_data(ssl, owner) ||
	    (context->client && !host_set(ssl, host))) {
		log_error("--channel tls: no memory for a connection");
		SSL_free(ssl);
		return NULL;
	}
	if (!context->client) {
		SSL_set_accept_state(ssl);
		return ssl;
	}
	SSL_set_connect_state(ssl);
	/* Each ticket is shown once: RFC 8446, C.4. */
	if (context->ticket) {
		SSL_set_session(ssl, context->ticket);
		SSL_SESSION_free(context->ticket);
		context->ticket = NULL;
	}
	return ssl;
}

#endif
