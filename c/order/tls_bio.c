/* SPDX-License-Identifier: MIT */
#include "order/tls_bio.h"

#ifdef HAVE_OPENSSL

#include <errno.h>
#include <openssl/bio.h>
#include <pthread.h>
#include <string.h>

/* A record that OpenSSL has written goes out under our number. */
static int record_say(struct tls_session *session, uint8_t *record, size_t len)
{
	uint8_t *plain = record + TLS_HEADER_LEN;
	struct channel_buffer *out = session->out;
	enum tls_content type;
	int n = tls_record_open(&session->openssl_opens, record, len, plain,
				&type);

	if (n < 0 || channel_buffer_room(out) < len)
		return -ENOSPC;
	if (session->kernel)
		return tls_session_apart(session, type, plain, (size_t)n);
	n = tls_record_seal(&session->seals, type, plain, (size_t)n,
			    out->bytes + out->end);
	if (n < 0)
		return n;
	out->end += (size_t)n;
	/* plain is as it was. */
	if (type != TLS_HANDSHAKE ||
	    !tls_messages_follow(&session->told, plain,
				 (size_t)n - TLS_OVERHEAD, TLS_KEY_UPDATE))
		return 0;
	n = tls_direction_update(&session->seals);
	return n ? n : tls_direction_update(&session->openssl_opens);
}

/* All of len, or an error: OpenSSL writes in pieces as it likes. */
static int said_add(struct tls_session *session, const char *bytes, size_t len)
{
	struct tls_bytes *said = &session->said;
	int n;

	if (len > sizeof(said->bytes) - said->end)
		return -ENOSPC;
	memcpy(said->bytes + said->end, bytes, len);
	said->end += len;
	while ((n = tls_record_len(said->bytes, said->end)) > 0 &&
	       (size_t)n <= said->end) {
		int err = record_say(session, said->bytes, (size_t)n);

		if (err)
			return err;
		said->end -= (size_t)n;
		memmove(said->bytes, said->bytes + n, said->end);
	}
	return n < 0 ? n : 0;
}

static int bio_write(BIO *bio, const char *bytes, int len)
{
	struct tls_session *session = BIO_get_data(bio);
	struct channel_buffer *out = session->out;
	size_t n = (size_t)len;

	BIO_clear_retry_flags(bio);
	if (session->up)
		return said_add(session, bytes, n) < 0 ? -1 : len;
	if (n > channel_buffer_room(out))
		n = channel_buffer_room(out);
	if (n == 0) {
		BIO_set_retry_write(bio);
		return -1;
	}
	memcpy(out->bytes + out->end, bytes, n);
	out->end += n;
	return (int)n;
}

static int bio_read(BIO *bio, char *bytes, int len)
{
	struct tls_session *session = BIO_get_data(bio);
	struct channel_buffer *in = session->in;
	struct tls_bytes *fed = &session->fed;
	size_t n = session->up ? fed->end - fed->begin : channel_buffer_len(in);

	BIO_clear_retry_flags(bio);
	if (n == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	if (n > (size_t)len)
		n = (size_t)len;
	if (session->up) {
		memcpy(bytes, fed->bytes + fed->begin, n);
		fed->begin += n;
	} else {
		memcpy(bytes, in->bytes + in->begin, n);
		channel_buffer_take(in, n);
	}
	return (int)n;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio, (void)number, (void)pointer;
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *method;
static pthread_once_t method_once = PTHREAD_ONCE_INIT;

static void method_make(void)
{
	method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK,
			      "channel");
	if (!method)
		return;
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_ctrl(method, bio_control);
}

struct bio_st *tls_bio_new(struct tls_session *session)
{
	BIO *bio;

	pthread_once(&method_once, method_make);
	bio = method ? BIO_new(method) : NULL;
	if (!bio)
		return NULL;
	BIO_set_data(bio, session);
	BIO_set_init(bio, 1);
	return bio;
}

#endif
