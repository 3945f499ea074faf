/* SPDX-License-Identifier: MIT */
/*
 * TLS 1.3 around another channel: what that one says goes out in records of
 * order/tls_session, and what comes in is opened for it. Its handshake follows
 * TLS's own; with early data its first words go with the ClientHello.
 *
 * The oracle reads what a trader sent by the key log that it is given
 * (wire/tls_reader).
 */
#include "order/channel_ops.h"

#define IN_LEN	32768 /* a record, and more */
#define OUT_LEN 16384

#ifdef HAVE_OPENSSL

#include <string.h>

#include "base/log.h"
#include "net/kernel_tls.h"
#include "order/tls_options.h"
#include "order/tls_session.h"
#include "order/tls_sight.h"

/* Of a record's overhead among its bytes, when they are many. */
#define OVERHEAD_SHARE 512

struct channel_tls {
	struct tls_chosen chosen; /* with the channel */

	struct channel *inner;
	bool begun;	 /* the inner handshake has been called */
	bool inner_over; /* it is over */
	bool ended;	 /* the peer has said that it goes */
	struct tls_session session;
	uint64_t sequence; /* before the last order */
	struct tls_sight *sight;
};

static struct channel_tls *tls_of(struct channel *channel)
{
	return container_of(channel, struct channel_tls, chosen.channel);
}

/*
 * Open and close.
 */

static int ends_open(struct channel_tls *tls)
{
	struct channel *channel = &tls->chosen.channel;
	const size_t inside = tls->inner->out.size;
	size_t out = OUT_LEN;
	struct tls_context *context;
	int err = 0;

	/* What the inner channel has room for has room as records; and an
	 * echo of all that came at once. */
	if (inside > OUT_LEN / 2)
		out += inside + inside / OVERHEAD_SHARE;
	if (channel->role == CHANNEL_EXCHANGE)
		out += IN_LEN;
	if (out > OUT_LEN)
		err = channel_buffers_make(channel, IN_LEN, out);
	tls->chosen.settings.client = channel->role == CHANNEL_TRADER;
	if (!err)
		err = tls_context_get(&tls->chosen.settings, &context);
	if (!err)
		err = tls_session_open(&tls->session, context,
				       tls->chosen.settings.host, &channel->in,
				       &channel->out);
	tls->session.update_after = tls->chosen.update;
	return err;
}

static void tls_close(struct channel *channel)
{
	struct channel_tls *tls = tls_of(channel);

	tls_session_close(&tls->session);
	channel_close(tls->inner);
	tls_sight_close(tls->sight);
}

/* Before anything is connected. 0 or a negative errno, logged. */
static int ktls_check(const struct channel_tls *tls)
{
	const char *why;
	int err = tls->chosen.ktls == TLS_KTLS_ON &&
				  tls->chosen.channel.role == CHANNEL_TRADER
			  ? kernel_tls_probe(&why)
			  : 0;

	if (err)
		log_error("--channel tls: ktls=on: %s", why);
	return err;
}

static int tls_open(struct channel *channel)
{
	struct channel_tls *tls = tls_of(channel);
	int err = ktls_check(tls);

	if (err)
		return err;
	if (tls->chosen.settings.early && !tls->chosen.settings.resume) {
		log_error("--channel tls: early=on: only a session that is "
			  "resumed has early data, and resume is off");
		return -EINVAL;
	}
	channel->records = "program";
	if (!strcmp(tls->chosen.inner, "tls") ||
	    !strncmp(tls->chosen.inner, "tls:", 4)) {
		log_error("--channel tls: inner=%s: TLS inside TLS",
			  tls->chosen.inner);
		return -EINVAL;
	}
	err = channel_open(tls->chosen.inner, channel->role, &tls->inner);
	channel->writes = !err && tls->inner->writes;
	if (!err)
		err = channel->role == CHANNEL_ORACLE
			      ? tls_sight_open(tls->chosen.settings.keylog,
					       &tls->sight)
			      : ends_open(tls);
	if (err)
		tls_close(channel);
	return err;
}

static int tls_prepare(struct channel *channel, uint32_t quantity)
{
	struct channel *inner = tls_of(channel)->inner;
	int err =
		inner->ops->prepare ? inner->ops->prepare(inner, quantity) : 0;

	channel->prepared = inner->prepared;
	return err;
}

/*
 * Between the two.
 */

/* What the inner channel has to say goes out, as far as there is room. */
static int flush(struct channel_tls *tls)
{
	struct channel *inner = tls->inner;
	const uint8_t *bytes;
	size_t len;
	int err;

	bytes = channel_waiting(inner, &len);
	if (tls->sight) {
		channel_sent(inner, len);
		return 0;
	}
	if (!tls->session.up)
		tls_session_answer_early(&tls->session, &inner->out);
	if (len == 0 || !tls->session.up)
		return 0;
	err = tls_session_seal(&tls->session, bytes, len);
	if (!err)
		channel_sent(inner, len);
	/* It goes once there is room. */
	if (err == -ENOSPC)
		tls->chosen.channel.due_ns = 0;
	return err == -ENOSPC ? 0 : err;
}

/* What the inner channel says of itself is ours. */
static int tell(struct channel_tls *tls, int got)
{
	const struct channel *inner = tls->inner;

	tls->chosen.channel.due_ns = inner->due_ns;
	if (got < 0 && inner->why)
		tls->chosen.channel.why = inner->why;
	tls->chosen.channel.cause_known = inner->cause_known;
	if (inner->cause_known)
		tls->chosen.channel.cause = inner->cause;
	return got;
}

static int session_tell(struct channel_tls *tls, int got)
{
	if (got == -EPIPE)
		tls->ended = true;
	else if (got < 0 && *tls->session.why)
		tls->chosen.channel.why = tls->session.why;
	return got;
}

/* As tls_session_next(), of an end or of a capture. */
static int next(struct channel_tls *tls, const uint8_t **bytes, size_t *len)
{
	if (!tls->sight)
		return session_tell(
			tls, tls_session_next(&tls->session, bytes, len));
	return tls_sight_next(tls->sight, &tls->chosen.channel.in, bytes, len,
			      &tls->chosen.channel.why);
}

/* Bytes that were opened go to the inner channel. 1, 0 when there are none, or
 * a negative errno. */
static int pump(struct channel_tls *tls)
{
	struct channel *inner = tls->inner;
	const uint8_t *bytes;
	size_t len, room;
	uint8_t *to;
	int got = next(tls, &bytes, &len);

	if (got <= 0)
		return got;
	to = channel_room(inner, &room);
	if (room == 0)
		return -EMSGSIZE;
	len = len < room ? len : room;
	memcpy(to, bytes, len);
	channel_received(inner, len, tls->chosen.channel.received_ns);
	if (tls->sight)
		tls_sight_take(tls->sight, len);
	else
		tls_session_take(&tls->session, len);
	return 1;
}

/*
 * The handshakes.
 */

/* 1, 0 or a negative errno, as a handshake. */
static int inner_step(struct channel_tls *tls, uint64_t now_ns)
{
	int over = channel_handshake(tls->inner, now_ns);

	tls->inner_over = over > 0;
	tls->chosen.channel.peer = tls->inner->peer;
	return tell(tls, over);
}

static int inner_shake(struct channel_tls *tls, uint64_t now_ns)
{
	int got = 1, err;

	/* A trader has asked already. */
	if (!tls->begun)
		got = inner_step(tls, now_ns);
	tls->begun = true;
	while (!tls->inner_over && got >= 0 && (got = pump(tls)) > 0)
		got = inner_step(tls, now_ns);
	err = flush(tls);
	if (got < 0)
		tls_session_bye(&tls->session);
	if (got < 0 || err)
		return got < 0 ? got : err;
	return tls->inner_over;
}

static int tls_handshake(struct channel *channel, uint64_t now_ns)
{
	struct channel_tls *tls = tls_of(channel);
	const uint8_t *early;
	size_t len, taken;
	int got = 0;

	if (tls->sight) /* decode() takes it along */
		return 1;
	if (!tls->begun && channel->role == CHANNEL_TRADER) {
		tls->begun = true;
		got = inner_step(tls, now_ns);
	}
	if (got >= 0 && !tls->session.up) {
		early = channel_waiting(tls->inner, &len);
		got = session_tell(tls,
				   tls_session_handshake(&tls->session, early,
							 len, &taken));
		channel_sent(tls->inner, taken);
		/* Early data are answered before the trader's Finished. */
		if (got == 0 && tls_session_has_plain(&tls->session)) {
			got = inner_shake(tls, now_ns);
			return got < 0 ? got : 0;
		}
		if (got <= 0)
			return got;
	}
	return got < 0 ? got : inner_shake(tls, now_ns);
}

static int tls_hand_over(struct channel *channel, channel_take_fn *take,
			 void *owner)
{
	struct channel_tls *tls = tls_of(channel);
	const char *why;
	int err;

	if (tls->chosen.ktls == TLS_KTLS_OFF)
		return 0;
	err = take(owner, &tls->session.seals, &why);
	if (!err) {
		tls_session_hand_over(&tls->session);
		channel->records = "kernel";
	} else if (tls->chosen.ktls == TLS_KTLS_AUTO) {
		log_info("--channel tls: ktls=auto: %s: the program seals",
			 why);
		err = 0;
	} else {
		channel->why = why;
	}
	return err;
}

/*
 * Messages.
 */

static int tls_encode(struct channel *channel, const struct order *order)
{
	struct channel_tls *tls = tls_of(channel);
	struct channel *inner = tls->inner;
	const uint8_t *bytes;
	size_t len;
	int err;

	channel_waiting(inner, &len);
	if (__builtin_expect(len > 0, 0))
		return -EAGAIN;
	inner->cause = channel->cause;
	tls->sequence = tls->session.seals.sequence;
	err = inner->ops->encode(inner, order);
	if (__builtin_expect(err < 0, 0))
		return err;
	bytes = channel_waiting(inner, &len);
	err = tls_session_seal(&tls->session, bytes, len);
	channel_sent(inner, len);
	if (__builtin_expect(err < 0, 0) && inner->ops->retract)
		inner->ops->retract(inner);
	return err;
}

static int tls_write(struct channel *channel, const uint8_t *bytes, size_t len)
{
	struct channel_tls *tls = tls_of(channel);
	struct channel *inner = tls->inner;
	const uint8_t *framed;
	size_t waiting;
	int err;

	channel_waiting(inner, &waiting);
	if (waiting > 0)
		return -EAGAIN;
	err = inner->ops->write(inner, bytes, len);
	if (err)
		return err;
	framed = channel_waiting(inner, &waiting);
	err = tls_session_seal(&tls->session, framed, waiting);
	channel_sent(inner, waiting);
	return err;
}

static void tls_retract(struct channel *channel)
{
	struct channel_tls *tls = tls_of(channel);

	tls_session_unseal(&tls->session, tls->sequence);
	if (tls->inner->ops->retract)
		tls->inner->ops->retract(tls->inner);
}

/* Of the inner channel, which may not have shaken hands yet: a capture's. */
static int inner_decode(struct channel_tls *tls, struct order *order)
{
	int got;

	if (!tls->inner_over) {
		got = inner_step(tls, 0);
		if (got <= 0)
			return got;
	}
	got = tell(tls, channel_decode(tls->inner, order));
	tls->chosen.channel.message = tls->inner->message;
	tls->chosen.channel.message_len = tls->inner->message_len;
	return got;
}

/* Behind the inner channel's logout nothing counts. */
static void rest_drop(struct channel_tls *tls)
{
	const uint8_t *bytes;
	size_t len;

	tls->ended = true;
	if (tls->sight)
		return;
	while (tls_session_next(&tls->session, &bytes, &len) > 0)
		tls_session_take(&tls->session, len);
}

/* HOT for the exchange. */
static int tls_decode(struct channel *channel, struct order *order)
{
	struct channel_tls *tls = tls_of(channel);
	int got = inner_decode(tls, order), more, err = flush(tls);

	/* An echo has room for what comes at once, and no more. */
	while (got == 0 && !err && (more = pump(tls)) != 0) {
		got = more < 0 ? more : inner_decode(tls, order);
		err = flush(tls);
	}
	if (got == -EPIPE)
		rest_drop(tls);
	if (!err && !tls->sight)
		err = session_tell(tls, tls_session_renew(&tls->session));
	return got >= 0 && err < 0 ? err : got;
}

static struct channel_mark tls_mark(struct channel *channel)
{
	struct channel *inner = tls_of(channel)->inner;

	return inner->ops->mark ? inner->ops->mark(inner)
				: (struct channel_mark){ .at = NULL };
}

static void tls_answer(struct channel *channel, const char *fault)
{
	struct channel_tls *tls = tls_of(channel);

	if (!tls->inner->ops->answer)
		return;
	tls->inner->ops->answer(tls->inner, fault);
	flush(tls);
}

static int tls_tick(struct channel *channel, uint64_t now_ns)
{
	struct channel_tls *tls = tls_of(channel);
	int err, flushed;

	tls->inner->received_ns = channel->received_ns;
	err = tell(tls, channel_tick(tls->inner, now_ns));
	flushed = flush(tls);
	return err ? err : flushed;
}

static void tls_logout(struct channel *channel)
{
	struct channel_tls *tls = tls_of(channel);

	if (tls->inner_over && tls->inner->ops->logout)
		tls->inner->ops->logout(tls->inner);
	flush(tls);
	tls_session_bye(&tls->session);
}

static const char *tls_cut(struct channel *channel)
{
	const struct channel_tls *tls = tls_of(channel);

	return tls->session.up && !tls->ended
		       ? "the TLS stream was cut off: it ended without a "
			 "close_notify"
		       : NULL;
}

const struct channel_ops channel_tls_ops = {
	.entry.name = "tls",
	.entry.help = "another channel inside TLS 1.3",
	.entry.size = sizeof(struct channel_tls),
	.entry.options = tls_options,
	.in_size = IN_LEN,
	.out_size = OUT_LEN,
	.open = tls_open,
	.prepare = tls_prepare,
	.handshake = tls_handshake,
	.hand_over = tls_hand_over,
	.encode = tls_encode,
	.write = tls_write,
	.retract = tls_retract,
	.decode = tls_decode,
	.mark = tls_mark,
	.answer = tls_answer,
	.tick = tls_tick,
	.cut = tls_cut,
	.logout = tls_logout,
	.close = tls_close,
};

#else

const struct channel_ops channel_tls_ops = {
	.entry.name = "tls",
	.entry.help = "another channel inside TLS 1.3",
	.entry.unavailable_reason = "built without OpenSSL 3 (libssl-dev)",
};

#endif
