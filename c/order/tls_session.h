/* SPDX-License-Identifier: MIT */
/*
 * One end of a TLS 1.3 connection between a channel's two buffers, sans I/O.
 * OpenSSL shakes hands, and judges whatever is no application data: tickets,
 * KeyUpdates, alerts, and records that are none. Application data are sealed
 * and opened here, by wire/tls_record: a record costs what its cipher costs,
 * and one that was not sent is taken back.
 *
 * So both number the records. OpenSSL counts those that it has seen, and each
 * of them is sealed anew under the other's number on its way between the two;
 * under OpenSSL's own numbers nothing leaves the process.
 */
#ifndef ORDER_TLS_SESSION_H
#define ORDER_TLS_SESSION_H

#include <errno.h>

#include "order/channel.h"
#include "order/tls_context.h"
#include "wire/tls_record.h"

struct ssl_st;

/* What OpenSSL reads, or has written: whole records, in the end. */
struct tls_bytes {
	size_t begin, end;
	uint8_t bytes[TLS_RECORD_MAX];
};

struct tls_session {
	struct tls_context *context;
	struct ssl_st *ssl;
	struct channel_buffer *in, *out; /* the channel's: records */
	bool up;			 /* the handshake is over */
	bool early_over;       /* all early data have come, or none will */
	bool early_said;       /* there were some of ours */
	bool closed;	       /* the peer has said close_notify */
	bool closing;	       /* we have */
	bool kernel;	       /* it makes the records of what goes out */
	uint64_t update_after; /* records between KeyUpdates */
	unsigned int empty;    /* records in a row that hold nothing */

	/* Of the application's secrets: what goes out and comes in, and the
	 * same under OpenSSL's numbers. */
	struct tls_direction seals, opens, openssl_opens, openssl_seals;
	size_t secret_len;
	uint8_t client_secret[TLS_SECRET_MAX], server_secret[TLS_SECRET_MAX];
	struct tls_messages told, heard;

	/* Application data that were opened and not taken yet: early ones lie
	 * in `fed`, others in place, in a record at in's front. */
	size_t plain_at, plain_len, record_len;
	size_t early_len;	    /* in `fed` */
	size_t early_heard;	    /* all of it */
	unsigned int early_answers; /* records, to early data */

	struct tls_bytes fed;  /* to OpenSSL; before: early data */
	struct tls_bytes said; /* by OpenSSL */
	char why[160];
};

/* context: a client's or a server's. in and out must outlive the session. 0,
 * -ENOMEM, logged. */
int tls_session_open(struct tls_session *session, struct tls_context *context,
		     const char *host, struct channel_buffer *in,
		     struct channel_buffer *out);
void tls_session_close(struct tls_session *session);

/*
 * The handshake, to be called at the start and when bytes have come. early:
 * what a client has to say at once, len bytes; *taken of them the server has.
 * 1 when it is over, 0 when it goes on, or -EPROTO with session->why.
 */
int tls_session_handshake(struct tls_session *session, const uint8_t *early,
			  size_t len, size_t *taken);

/* A server's answer to early data, before the client's Finished has come: as
 * far as that goes, it is taken from the buffer. */
void tls_session_answer_early(struct tls_session *session,
			      struct channel_buffer *from);

/* HOT. Bytes that go out, as records: 0; -ENOSPC, with nothing changed; or
 * -EIO. */
int tls_session_seal(struct tls_session *session, const uint8_t *bytes,
		     size_t len);

/* HOT. What tls_session_seal() has made since session->seals.sequence was this
 * was not sent, and won't be. */
void tls_session_unseal(struct tls_session *session, uint64_t sequence);

/*
 * HOT for application data. Bytes that have come: 1 with *bytes and *len, of
 * which tls_session_take() takes what is done with; 0 when there are none now;
 * -EPIPE: the peer has closed; -EPROTO, with session->why.
 */
int tls_session_next(struct tls_session *session, const uint8_t **bytes,
		     size_t *len);
void tls_session_take(struct tls_session *session, size_t len);

/* Are there opened bytes that nobody has taken? */
static inline bool tls_session_has_plain(const struct tls_session *session)
{
	return session->plain_len > 0;
}

/* New keys for what goes out, if it is time. Cold. 0 or as
 * tls_session_next(). */
int tls_session_renew(struct tls_session *session);

/* From now on what is to go out lies in `out` as it is, for a kernel that has
 * session->seals' keys. There are no new ones: what would need them is an
 * error. An alert is the last of it, apart. */
static inline void tls_session_hand_over(struct tls_session *session)
{
	session->kernel = true;
}

/* Such an alert. 0 or -ENOSPC, of anything else and where there is no room. */
static inline int tls_session_apart(struct tls_session *session,
				    enum tls_content type, const uint8_t *bytes,
				    size_t len)
{
	struct channel_buffer *out = session->out;

	if (type != TLS_ALERT || out->apart_len > 0 || len > UINT8_MAX ||
	    channel_buffer_room(out) < len)
		return -ENOSPC;
	memcpy(out->bytes + out->end, bytes, len);
	out->end += len;
	out->apart_len = (uint8_t)len;
	out->apart_type = (uint8_t)type;
	return 0;
}

/* Say close_notify. */
void tls_session_bye(struct tls_session *session);

#endif
