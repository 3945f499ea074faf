/* SPDX-License-Identifier: MIT */
#include "tests/support/tls_peer.h"

#ifdef HAVE_OPENSSL

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <limits.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "wire/order.h"
#include "wire/tls_keylog.h"

#define PATIENCE_S 30 /* for what the exchange says next */

static int on_ticket(SSL *ssl, SSL_SESSION *ticket)
{
	struct tls_peer *peer = SSL_get_app_data(ssl);

	SSL_SESSION_free(peer->ticket);
	peer->ticket = ticket;
	return 1;
}

static void on_secret(const SSL *ssl, const char *line)
{
	struct tls_peer *peer = SSL_get_app_data(ssl);
	struct tls_keylog_entry entry;

	if (!tls_keylog_read(line, &entry) || entry.label != TLS_CLIENT_TRAFFIC)
		return;
	memcpy(peer->secret, entry.secret, entry.secret_len);
	peer->secret_len = entry.secret_len;
}

void tls_peer_open(struct tls_peer *peer, int fd, const char *folder,
		   bool has_certificate, SSL_SESSION *ticket)
{
	char path[PATH_MAX];
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	char host[] = "exchange";

	assert_non_null(context);
	snprintf(path, sizeof(path), "%s/ca.pem", folder);
	assert_int_equal(SSL_CTX_load_verify_locations(context, path, NULL), 1);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(
		context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(context, on_ticket);
	SSL_CTX_set_keylog_callback(context, on_secret);
	if (has_certificate) {
		snprintf(path, sizeof(path), "%s/trader.pem", folder);
		assert_int_equal(
			SSL_CTX_use_certificate_chain_file(context, path), 1);
		snprintf(path, sizeof(path), "%s/trader.key", folder);
		assert_int_equal(SSL_CTX_use_PrivateKey_file(context, path,
							     SSL_FILETYPE_PEM),
				 1);
	}
	*peer = (struct tls_peer){ .fd = fd, .context = context };
	peer->ssl = SSL_new(context);
	assert_non_null(peer->ssl);
	SSL_set_app_data(peer->ssl, peer);
	SSL_set1_host(peer->ssl, "exchange");
	SSL_set_tlsext_host_name(peer->ssl, host);
	SSL_set_connect_state(peer->ssl);
	if (ticket)
		assert_int_equal(SSL_set_session(peer->ssl, ticket), 1);
	if (fd < 0)
		return;
	/* Whoever waits in vain fails. */
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
				    sizeof(patience)),
			 0);
	assert_int_equal(SSL_set_fd(peer->ssl, fd), 1);
}

void tls_peer_close(struct tls_peer *peer)
{
	/* Else OpenSSL holds that its ticket is spoilt. */
	if (peer->ssl)
		SSL_set_shutdown(peer->ssl,
				 SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(peer->ssl);
	SSL_CTX_free(peer->context);
	SSL_SESSION_free(peer->ticket);
	*peer = (struct tls_peer){ .fd = -1 };
}

static void reason_take(char *reason, size_t size)
{
	const char *text = ERR_reason_error_string(ERR_get_error());

	snprintf(reason, size, "%s", text ? text : "no reason");
	ERR_clear_error();
}

void tls_peer_shake(struct tls_peer *peer)
{
	char reason[128];

	if (SSL_do_handshake(peer->ssl) != 1) {
		reason_take(reason, sizeof(reason));
		fail_msg("the handshake failed: %s", reason);
	}
	assert_int_equal(SSL_version(peer->ssl), TLS1_3_VERSION);
}

void tls_peer_refused(struct tls_peer *peer, const char *reason)
{
	char found[128];
	char byte;

	/* A client has shaken hands before its certificate is judged. */
	if (SSL_do_handshake(peer->ssl) == 1)
		assert_true(SSL_read(peer->ssl, &byte, 1) <= 0);
	reason_take(found, sizeof(found));
	if (!strstr(found, reason))
		fail_msg("'%s' and not '%s'", found, reason);
}

void tls_peer_send(struct tls_peer *peer, const void *bytes, size_t len)
{
	assert_int_equal(SSL_write(peer->ssl, bytes, (int)len), len);
}

void tls_peer_order(struct tls_peer *peer, uint32_t quantity)
{
	const struct order order = { .quantity = quantity,
				     .price = INT64_C(1000000000),
				     .side = ORDER_BUY };
	uint8_t bytes[ORDER_LEN];

	order_write(&order, bytes);
	tls_peer_send(peer, bytes, sizeof(bytes));
}

bool tls_peer_ended(struct tls_peer *peer, char *reason, size_t size)
{
	char bytes[256];
	int n;

	do
		n = SSL_read(peer->ssl, bytes, sizeof(bytes));
	while (n > 0);
	if (SSL_get_error(peer->ssl, n) == SSL_ERROR_ZERO_RETURN)
		return true;
	reason_take(reason, size);
	return false;
}

#endif
