/* SPDX-License-Identifier: MIT */
#include "order/tls_session.h"

#ifdef HAVE_OPENSSL

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "order/tls_bio.h"
#include "wire/tls_keylog.h"

/* More records under one key than AES-GCM allows: RFC 8446, 5.5. */
#define RECORDS_MAX   (UINT64_C(1) << 24)
#define EMPTY_MAX     32  /* as OpenSSL takes them */
#define FATAL	      2	  /* the level of an alert */
#define ALERT_RESERVE 128 /* kept free for what OpenSSL has to say */

static int fail(struct tls_session *session, const char *why)
{
	snprintf(session->why, sizeof(session->why), "%s", why);
	return -EPROTO;
}

static int openssl_fail(struct tls_session *session)
{
	tls_context_reason(session->ssl, session->why, sizeof(session->why));
	return -EPROTO;
}

/*
 * Open and close.
 */

/* A secret of the key log: the application's are kept. */
static void on_secret(void *owner, const char *line)
{
	struct tls_session *session = owner;
	struct tls_keylog_entry entry;

	if (!tls_keylog_read(line, &entry))
		return;
	if (entry.label == TLS_CLIENT_TRAFFIC)
		memcpy(session->client_secret, entry.secret, entry.secret_len);
	else if (entry.label == TLS_SERVER_TRAFFIC)
		memcpy(session->server_secret, entry.secret, entry.secret_len);
	else
		return;
	session->secret_len = entry.secret_len;
}

int tls_session_open(struct tls_session *session, struct tls_context *context,
		     const char *host, struct channel_buffer *in,
		     struct channel_buffer *out)
{
	BIO *bio;

	memset(session, 0, sizeof(*session));
	session->context = context;
	session->in = in;
	session->out = out;
	session->update_after = RECORDS_MAX;
	session->early_over = context->client || !context->early;
	tls_context_on_secret(on_secret);
	session->ssl = tls_context_connect(context, host, session);
	bio = session->ssl ? tls_bio_new(session) : NULL;
	if (!bio) {
		SSL_free(session->ssl);
		session->ssl = NULL;
		return -ENOMEM;
	}
	SSL_set_bio(session->ssl, bio, bio);
	return 0;
}

void tls_session_close(struct tls_session *session)
{
	tls_direction_end(&session->seals);
	tls_direction_end(&session->opens);
	tls_direction_end(&session->openssl_opens);
	tls_direction_end(&session->openssl_seals);
	/* Else OpenSSL holds that the session can't be resumed. */
	if (session->ssl && session->up)
		SSL_set_shutdown(session->ssl,
				 SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(session->ssl);
	explicit_bzero(session, sizeof(*session));
}

/*
 * The handshake.
 */

/* OpenSSL's answer to a step: 0 when it waits for more. */
static int step(struct tls_session *session, int rc)
{
	switch (SSL_get_error(session->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return 0;
	case SSL_ERROR_ZERO_RETURN:
		session->closed = true;
		return -EPIPE;
	default:
		return openssl_fail(session);
	}
}

/* What a client said before the handshake was over. 1 when that was all. */
static int early_read(struct tls_session *session)
{
	struct tls_bytes *fed = &session->fed;
	size_t n;

	while (!session->early_over) {
		int rc = SSL_read_early_data(
			session->ssl, fed->bytes + session->early_len,
			sizeof(fed->bytes) - session->early_len, &n);

		if (rc == SSL_READ_EARLY_DATA_ERROR)
			return step(session, rc);
		session->early_heard += n;
		session->early_len += n;
		session->plain_len += n;
		session->early_over = rc == SSL_READ_EARLY_DATA_FINISH;
	}
	return 1;
}

void tls_session_answer_early(struct tls_session *session,
			      struct channel_buffer *from)
{
	size_t len = channel_buffer_len(from), n;

	if (session->up || session->context->client || len == 0 ||
	    len > TLS_PLAIN_MAX || session->early_heard == 0)
		return;
	ERR_clear_error();
	if (SSL_write_early_data(session->ssl, from->bytes + from->begin, len,
				 &n) != 1)
		return;
	session->early_answers++;
	channel_buffer_take(from, n);
}

/* Of a ticket that allows them. 1, or as step(). */
static int early_write(struct tls_session *session, const uint8_t *bytes,
		       size_t len)
{
	const SSL_SESSION *ticket = SSL_get0_session(session->ssl);
	size_t n;

	if (session->early_said || !session->context->early || !ticket ||
	    len == 0 || SSL_SESSION_get_max_early_data(ticket) < len)
		return 1;
	session->early_said = true;
	if (SSL_write_early_data(session->ssl, bytes, len, &n) == 1)
		return 1;
	return step(session, 0);
}

/* OpenSSL has shaken hands; each direction begins with the application's
 * secret at number 0, on both sides, behind what has been answered early. */
static int directions_begin(struct tls_session *session)
{
	const bool client = session->context->client;
	const unsigned int suite = SSL_CIPHER_get_protocol_id(
		SSL_get_current_cipher(session->ssl));
	const uint8_t *ours =
		client ? session->client_secret : session->server_secret;
	const uint8_t *peers =
		client ? session->server_secret : session->client_secret;
	const size_t len = session->secret_len;
	int err = tls_direction_pair(&session->seals, &session->openssl_opens,
				     suite, ours, len);

	if (!err)
		err = tls_direction_pair(&session->openssl_seals,
					 &session->opens, suite, peers, len);
	session->seals.sequence = session->early_answers;
	session->openssl_opens.sequence = session->early_answers;
	return err ? fail(session, "its keys can't be derived") : 0;
}

int tls_session_handshake(struct tls_session *session, const uint8_t *early,
			  size_t len, size_t *taken)
{
	SSL *ssl = session->ssl;
	int rc;

	*taken = 0;
	ERR_clear_error();
	rc = session->context->client ? early_write(session, early, len)
				      : early_read(session);
	if (rc <= 0)
		return rc;
	rc = SSL_do_handshake(ssl);
	if (rc != 1)
		return step(session, rc);
	rc = directions_begin(session);
	if (rc)
		return rc;
	session->up = true;
	if (session->early_said &&
	    SSL_get_early_data_status(ssl) == SSL_EARLY_DATA_ACCEPTED)
		*taken = len;
	tls_context_tell(session->context, ssl, session->early_said);
	/* A ticket for the next time. */
	if (!session->context->client && session->context->resume &&
	    (SSL_new_session_ticket(ssl) != 1 || SSL_do_handshake(ssl) != 1))
		return openssl_fail(session);
	return 1;
}

/*
 * What goes out.
 */

/* As they are, for the kernel; counted about as it does. */
static int plain_append(struct tls_session *session, const uint8_t *bytes,
			size_t len)
{
	struct channel_buffer *out = session->out;

	if (session->closing || channel_buffer_room(out) < len + ALERT_RESERVE)
		return -ENOSPC;
	memcpy(out->bytes + out->end, bytes, len);
	out->end += len;
	session->seals.sequence += 1 + len / TLS_PLAIN_MAX;
	return 0;
}

int tls_session_seal(struct tls_session *session, const uint8_t *bytes,
		     size_t len)
{
	const size_t records = (len + TLS_PLAIN_MAX - 1) / TLS_PLAIN_MAX;
	struct channel_buffer *out = session->out;

	if (__builtin_expect(session->kernel, 0))
		return plain_append(session, bytes, len);
	if (__builtin_expect(channel_buffer_room(out) <
				     len + records * TLS_OVERHEAD +
					     ALERT_RESERVE,
			     0))
		return -ENOSPC;
	while (len > 0) {
		size_t piece = len < TLS_PLAIN_MAX ? len : TLS_PLAIN_MAX;
		int n = tls_record_seal(&session->seals, TLS_APPLICATION_DATA,
					bytes, piece, out->bytes + out->end);

		if (__builtin_expect(n < 0, 0))
			return n;
		out->end += (size_t)n;
		bytes += piece;
		len -= piece;
	}
	return 0;
}

/* A number is used again, for what nobody has seen. */
void tls_session_unseal(struct tls_session *session, uint64_t sequence)
{
	session->seals.sequence = sequence;
}

static int update_say(struct tls_session *session, int type)
{
	if (session->kernel)
		return fail(session, "new keys are due, and a kernel that "
				     "seals is given none: ktls=off");
	if (SSL_key_update(session->ssl, type) != 1 ||
	    SSL_do_handshake(session->ssl) != 1)
		return openssl_fail(session);
	return 0;
}

int tls_session_renew(struct tls_session *session)
{
	if (session->seals.sequence < session->update_after ||
	    session->closing ||
	    channel_buffer_room(session->out) < ALERT_RESERVE)
		return 0;
	return update_say(session, SSL_KEY_UPDATE_NOT_REQUESTED);
}

void tls_session_bye(struct tls_session *session)
{
	if (!session->up || session->closing)
		return;
	session->closing = true;
	ERR_clear_error();
	SSL_shutdown(session->ssl);
	ERR_clear_error();
}

/*
 * What comes in.
 */

/* OpenSSL reads what it is fed, and answers. */
static int openssl_read(struct tls_session *session)
{
	char byte;

	ERR_clear_error();
	return step(session, SSL_read(session->ssl, &byte, 1));
}

/* A record as it came, which OpenSSL will not like. */
static int judge(struct tls_session *session, const uint8_t *record, size_t len)
{
	struct tls_bytes *fed = &session->fed;
	int err;

	len = len < sizeof(fed->bytes) ? len : sizeof(fed->bytes);
	memcpy(fed->bytes, record, len);
	fed->begin = 0;
	fed->end = len;
	err = openssl_read(session);
	return err ? err : fail(session, "what came is not a record");
}

/* What OpenSSL never sees is told by an alert of ours: RFC 8446, 6.2. */
static int refuse(struct tls_session *session, uint8_t alert, const char *why)
{
	const uint8_t bytes[] = { FATAL, alert };
	struct channel_buffer *out = session->out;
	int n;

	if (session->kernel) {
		tls_session_apart(session, TLS_ALERT, bytes, sizeof(bytes));
	} else if (channel_buffer_room(out) >= sizeof(bytes) + TLS_OVERHEAD) {
		n = tls_record_seal(&session->seals, TLS_ALERT, bytes,
				    sizeof(bytes), out->bytes + out->end);
		out->end += n > 0 ? (size_t)n : 0;
	}
	session->closing = true;
	return fail(session, why);
}

/* A record of n bytes of something else than application data, which OpenSSL
 * reads under its own number. */
static int feed(struct tls_session *session, enum tls_content type,
		const uint8_t *plain, size_t n)
{
	struct tls_bytes *fed = &session->fed;
	unsigned int updates = 0;
	int len = tls_record_seal(&session->openssl_seals, type, plain, n,
				  fed->bytes);
	int err;

	if (len < 0)
		return fail(session, "a record can't be sealed anew");
	fed->begin = 0;
	fed->end = (size_t)len;
	if (type == TLS_HANDSHAKE)
		updates = tls_messages_follow(&session->heard, plain, n,
					      TLS_KEY_UPDATE);
	err = openssl_read(session);
	if (err || updates == 0)
		return err;
	if (tls_direction_update(&session->opens) < 0 ||
	    tls_direction_update(&session->openssl_seals) < 0)
		return fail(session, "its keys can't be updated");
	/* OpenSSL would answer before it writes again, which it won't. */
	err = SSL_get_key_update_type(session->ssl);
	return err == SSL_KEY_UPDATE_NONE ? 0 : update_say(session, err);
}

/* A whole record at the front of in. 1 with bytes of the application, or as
 * tls_session_next(). */
static int record_hear(struct tls_session *session, size_t len)
{
	struct channel_buffer *in = session->in;
	uint8_t *record = in->bytes + in->begin;
	uint8_t *plain = record + TLS_HEADER_LEN;
	enum tls_content type;
	int n, err = 0;

	if (record[0] != TLS_APPLICATION_DATA)
		return judge(session, record, len);
	n = tls_record_open(&session->opens, record, len, plain, &type);
	if (n == -EPROTO)
		return refuse(session, SSL_AD_UNEXPECTED_MESSAGE,
			      "a record has no content type");
	if (n == -EMSGSIZE)
		return refuse(session, SSL_AD_RECORD_OVERFLOW,
			      "a record has more than 16,384 bytes");
	if (n < 0)
		return judge(session, record, len);
	/* RFC 8446, 5.1. */
	if (__builtin_expect(session->heard.have > 0, 0) &&
	    type == TLS_APPLICATION_DATA)
		return refuse(session, SSL_AD_UNEXPECTED_MESSAGE,
			      "application data came inside a message of the "
			      "handshake");
	if (__builtin_expect(type == TLS_APPLICATION_DATA && n > 0, 1)) {
		session->plain_at = TLS_HEADER_LEN;
		session->plain_len = (size_t)n;
		session->record_len = len;
		session->empty = 0;
		return 1;
	}
	if (type != TLS_APPLICATION_DATA)
		err = feed(session, type, plain, (size_t)n);
	else if (++session->empty > EMPTY_MAX)
		err = refuse(session, SSL_AD_UNEXPECTED_MESSAGE,
			     "too many empty records in a row");
	channel_buffer_take(in, len);
	return err;
}

int tls_session_next(struct tls_session *session, const uint8_t **bytes,
		     size_t *len)
{
	struct channel_buffer *in = session->in;
	int got = 0, n;

	while (session->plain_len == 0 && got == 0) {
		const uint8_t *record = in->bytes + in->begin;

		if (!session->up)
			return 0;
		if (session->closed)
			return -EPIPE;
		n = tls_record_len(record, channel_buffer_len(in));
		if (n < 0)
			return judge(session, record, channel_buffer_len(in));
		if (n == 0 || (size_t)n > channel_buffer_len(in))
			return 0;
		got = record_hear(session, (size_t)n);
	}
	if (got < 0)
		return got;
	*bytes = session->early_len ? session->fed.bytes + session->plain_at
				    : in->bytes + in->begin + session->plain_at;
	*len = session->plain_len;
	return 1;
}

void tls_session_take(struct tls_session *session, size_t len)
{
	session->plain_at += len;
	session->plain_len -= len;
	if (session->plain_len > 0)
		return;
	if (session->early_len == 0)
		channel_buffer_take(session->in, session->record_len);
	session->plain_at = session->early_len = session->record_len = 0;
}

#endif
