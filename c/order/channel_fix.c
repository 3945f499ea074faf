/* SPDX-License-Identifier: MIT */
/*
 * FIX: orders as NewOrderSingle, answered by ExecutionReports, in a session
 * (order/fix_session). The trader is the initiator.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "order/channel_ops.h"
#include "order/fix_echo.h"
#include "order/fix_hold.h"
#include "order/fix_order.h"
#include "order/fix_refuse.h"
#include "order/fix_send.h"
#include "order/fix_session.h"

#define SEQUENCE_MAX	999999999
#define HEARTBEAT_MAX_S 3600

struct channel_fix {
	struct channel channel;
	unsigned int version; /* enum fix_version */
	const char *sender, *target, *symbol, *folder;
	uint64_t heartbeat;
	bool reset;
	bool echo;
	bool prepares;

	bool begun;
	bool is_fix; /* what the peer has begun to say */
	struct fix_session session;
	struct fix_store store;
	struct fix_prepared prepared;
	struct fix_order taken;
	struct fix_echo returned;
};

static const char *const versions[] = { "4.2", "4.4", "5.0", NULL };

static const struct option_row options[] = {
	{ .name = "version",
	  .metavar = "VERSION",
	  .def = "4.4",
	  .type = OPTION_CHOICE,
	  .choices = versions,
	  .offset = offsetof(struct channel_fix, version),
	  .help = "4.2, 4.4, or 5.0 over FIXT.1.1" },
	{ .name = "sender",
	  .metavar = "NAME",
	  .def = "",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct channel_fix, sender),
	  .help = "the trader's CompID, TRADER if none is given; at the\n"
		  "exchange: the only one that it takes; without it, and\n"
		  "without a store, it takes any" },
	{ .name = "target",
	  .metavar = "NAME",
	  .def = "EXCHANGE",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct channel_fix, target),
	  .help = "the exchange's CompID" },
	{ .name = "symbol",
	  .metavar = "NAME",
	  .def = "T2T",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct channel_fix, symbol),
	  .help = "what orders name as their symbol" },
	{ .name = "heartbeat",
	  .metavar = "S",
	  .def = "30",
	  .type = OPTION_UNSIGNED,
	  .min = 0,
	  .max = HEARTBEAT_MAX_S,
	  .offset = offsetof(struct channel_fix, heartbeat),
	  .help = "HeartBtInt, seconds, the trader's choice; 0: none" },
	{ .name = "store",
	  .metavar = "FOLDER",
	  .def = "",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct channel_fix, folder),
	  .help = "keep sequence numbers and messages there, a file for\n"
		  "each session: both ends go on where they were. Without it\n"
		  "each Logon begins anew" },
	{ .name = "reset",
	  .metavar = "on|off",
	  .def = "off",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct channel_fix, reset),
	  .help = "the trader's Logon resets the sequence numbers" },
	CHANNEL_ECHO_OPTION(offsetof(struct channel_fix, echo)),
	{ .name = "prepared",
	  .metavar = "on|off",
	  .def = "on",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct channel_fix, prepares),
	  .help = "the trader's orders are ready but for what the tick says;\n"
		  "off: each is written field by field, to measure that" },
	OPTION_END,
};

static struct channel_fix *fix_of(struct channel *channel)
{
	return container_of(channel, struct channel_fix, channel);
}

/*
 * Open and close.
 */

static int store_open(struct fix_session *session)
{
	static const char *const ends[] = { "trader", "exchange", "oracle" };
	struct channel_fix *fix =
		container_of(session, struct channel_fix, session);
	const bool oracle = fix->channel.role == CHANNEL_ORACLE;
	char name[FIX_STORE_NAME];
	int err;

	/* A CompID has no point. */
	snprintf(name, sizeof(name), "%s.%s.%s", session->config.ours,
		 session->peer, ends[fix->channel.role]);
	err = fix_store_open(&fix->store, oracle ? "" : fix->folder, name);
	if (err == -EBUSY)
		session->why = "its session is logged on already";
	session->store = fix->store.content;
	return err;
}

static int names_check(const struct channel_fix *fix)
{
	if ((*fix->sender &&
	     !fix_session_is_comp_id(fix->sender, strlen(fix->sender))) ||
	    !fix_session_is_comp_id(fix->target, strlen(fix->target))) {
		log_error("--channel fix: sender, target: '%s', '%s': expected "
			  "at most %d letters, digits, _ and -",
			  fix->sender, fix->target, FIX_COMP_ID_MAX);
		return -EINVAL;
	}
	if (!*fix->symbol || strlen(fix->symbol) > FIX_SYMBOL_MAX) {
		log_error("--channel fix: symbol: '%s': expected 1 to %d bytes",
			  fix->symbol, FIX_SYMBOL_MAX);
		return -EINVAL;
	}
	return 0;
}

/* The exchange opens its files later. */
static int folder_check(const struct channel_fix *fix)
{
	int err;

	if (!*fix->folder || access(fix->folder, W_OK | X_OK) == 0)
		return 0;
	err = -errno;
	log_error("--channel fix: store: '%s': %s", fix->folder,
		  log_strerror(err));
	return err;
}

static int fix_open(struct channel *channel)
{
	struct channel_fix *fix = fix_of(channel);
	const bool trader = channel->role == CHANNEL_TRADER;
	struct fix_session_config config = {
		.version = (enum fix_version)fix->version,
		.heartbeat = fix->heartbeat,
		.reset = fix->reset || !*fix->folder,
		.echo = fix->echo,
		.store_open = store_open,
	};
	int err = names_check(fix);

	fix->store.fd = -1;
	if (!err && channel->role != CHANNEL_ORACLE)
		err = folder_check(fix);
	if (err)
		return err;
	/* With a file for each name that comes, anybody could fill the disk. */
	if (!*fix->sender && (trader || *fix->folder))
		fix->sender = "TRADER";
	config.role = trader				? FIX_INITIATOR
		      : channel->role == CHANNEL_ORACLE ? FIX_WITNESS
							: FIX_ACCEPTOR;
	config.ours = trader ? fix->sender : fix->target;
	config.peer = trader ? fix->target : fix->sender;
	err = fix_session_open(&fix->session, &config, &channel->out);
	if (!err && trader)
		err = fix_prepare(&fix->prepared,
				  fix_begin_string(config.version), fix->sender,
				  fix->target, fix->symbol,
				  config.version == FIX_4_2);
	if (trader && fix->prepares)
		channel->prepared =
			"all but number, times, ClOrdID, quantity, price, "
			"side and checksum";
	if (err == -EBUSY)
		log_error("--channel fix: %s: its session is open already",
			  fix->folder);
	if (err)
		fix_store_close(&fix->store);
	return err;
}

/* Its pages are there: HOT code keeps what it sends. */
static int fix_prepare_store(struct channel *channel, uint32_t quantity)
{
	(void)quantity;
	mem_touch(fix_of(channel)->store.content,
		  sizeof(struct fix_store_content));
	return 0;
}

static void fix_close(struct channel *channel)
{
	struct channel_fix *fix = fix_of(channel);

	fix_session_settle(&fix->session);
	fix_store_close(&fix->store);
}

/*
 * What comes in.
 */

/* What an application message is for: false: it is done with. */
static bool is_order(struct channel_fix *fix, const struct fix_message *message)
{
	if (__builtin_expect(
		    !fix->echo || fix->channel.role != CHANNEL_EXCHANGE, 1))
		return fix_order_take(&fix->taken, &fix->session, message);
	fix_echo_send(&fix->returned, &fix->session, message);
	return false;
}

/* The next message, early ones whose turn has come first. As
 * fix_session_take(), or FIX_PARTIAL. */
#define FIX_PARTIAL 2

static int message_next(struct channel_fix *fix)
{
	struct channel_buffer *in = &fix->channel.in;
	struct fix_message message;
	size_t taken = 0;
	int got = fix_session_held(&fix->session, &message);

	if (!got) {
		do {
			got = fix_read(in->bytes + in->begin,
				       channel_buffer_len(in), &message,
				       &taken);
			if (got <= 0)
				channel_buffer_take(in, taken);
		} while (got < 0);
		if (!got)
			return FIX_PARTIAL;
	}
	fix->session.wall_ns = clock_realtime_ns();
	got = fix_session_take(&fix->session, &message);
	if (got == FIX_SESSION_APPLICATION && !is_order(fix, &message)) {
		fix_session_keep(&fix->session);
		got = FIX_SESSION_NOTHING;
	}
	channel_buffer_take(in, taken);
	fix->channel.why = fix->session.why;
	return got;
}

static int fix_handshake(struct channel *channel, uint64_t now_ns)
{
	static const char begin[] = "8=FIX";
	struct channel_fix *fix = fix_of(channel);
	size_t len = channel_buffer_len(&channel->in);
	int got = 0;

	fix->session.wall_ns = clock_realtime_ns();
	if (!fix->begun && channel->role == CHANNEL_TRADER)
		fix_session_logon(&fix->session);
	fix->begun = true;
	len = len < sizeof(begin) - 1 ? len : sizeof(begin) - 1;
	if (!fix->is_fix &&
	    memcmp(channel->in.bytes + channel->in.begin, begin, len) != 0) {
		channel->why = "what it says is not FIX";
		return -EPROTO;
	}
	fix->is_fix = fix->is_fix || len == sizeof(begin) - 1;
	while (got == 0 && fix->session.state == FIX_SESSION_NEW)
		got = message_next(fix);
	if (got < 0)
		return got;
	if (fix->session.state == FIX_SESSION_NEW)
		return 0;
	channel->due_ns = fix_session_due_ns(&fix->session, now_ns, now_ns);
	channel->peer = fix->session.peer;
	return 1;
}

static int fix_decode(struct channel *channel, struct order *order)
{
	struct channel_fix *fix = fix_of(channel);
	int got;

	do {
		got = message_next(fix);
	} while (got == FIX_SESSION_NOTHING);
	if (got == FIX_PARTIAL) {
		fix_send_waiting(&fix->session);
		/* The rest once there is room, or the last order is logged; and
		 * a TestRequest may have been answered. */
		if (!fix_send_ready(&fix->session, 0) ||
		    fix_session_is_unkept(&fix->session) ||
		    fix->session.tested_ns)
			channel->due_ns = 0;
		return 0;
	}
	if (got == FIX_SESSION_APPLICATION)
		*order = fix->taken.order;
	if (channel->role == CHANNEL_ORACLE)
		channel->cause_known =
			fix_order_cause(&fix->taken, &channel->cause);
	return got;
}

/*
 * What goes out.
 */

static int fix_encode(struct channel *channel, const struct order *order)
{
	struct channel_fix *fix = fix_of(channel);
	struct fix_session *session = &fix->session;
	struct fix_prepared *prepared = &fix->prepared;

	if (__builtin_expect(session->state != FIX_SESSION_LOGGED_ON ||
				     session->store->next_out > SEQUENCE_MAX ||
				     !fix_send_ready(session, prepared->len),
			     0))
		return session->state == FIX_SESSION_LOGGED_ON &&
				       fix_send_waits(session)
			       ? -EAGAIN
			       : -ENOSPC;
	session->wall_ns = clock_realtime_ns();
	if (__builtin_expect(!fix->prepares, 0))
		return fix_order_build(session, &channel->cause, order,
				       fix->symbol);
	fix_prepared_patch(prepared, session->store->next_out, session->wall_ns,
			   &channel->cause, order);
	fix_send_keep(session, prepared->bytes, prepared->len, true);
	return 0;
}

/* Its number goes to the next one. */
static void fix_retract(struct channel *channel)
{
	struct fix_session *session = &fix_of(channel)->session;
	struct fix_store_content *store = session->store;

	fix_store_slot(store, store->next_out - 1)->sequence = 0;
	session->waiting = --store->next_out;
}

static struct channel_mark fix_mark(struct channel *channel)
{
	struct channel_fix *fix = fix_of(channel);

	/* A kill leaves nothing to go on from. */
	if (!*fix->folder) {
		fix_session_keep(&fix->session);
		return (struct channel_mark){ .at = NULL };
	}
	return fix_session_mark(&fix->session);
}

static void fix_answer(struct channel *channel, const char *fault)
{
	struct channel_fix *fix = fix_of(channel);

	fix->session.wall_ns = clock_realtime_ns();
	fix_order_answer(&fix->taken, &fix->session, fault);
}

static int fix_tick(struct channel *channel, uint64_t now_ns)
{
	struct channel_fix *fix = fix_of(channel);
	int err;

	fix->session.wall_ns = clock_realtime_ns();
	err = fix_session_tick(&fix->session, now_ns, channel->received_ns);
	channel->why = fix->session.why;
	channel->due_ns =
		fix_session_due_ns(&fix->session, now_ns, channel->received_ns);
	return err;
}

static void fix_logout(struct channel *channel)
{
	struct channel_fix *fix = fix_of(channel);

	fix->session.wall_ns = clock_realtime_ns();
	fix_session_logout(&fix->session, NULL);
}

const struct channel_ops channel_fix_ops = {
	.entry.name = "fix",
	.entry.help = "FIX 4.2, 4.4 or 5.0: NewOrderSingle and ExecutionReport "
		      "in a session",
	.entry.size = sizeof(struct channel_fix),
	.entry.options = options,
	.in_size = 2 * FIX_MESSAGE_MAX,
	.out_size = 16384,
	.open = fix_open,
	.prepare = fix_prepare_store,
	.handshake = fix_handshake,
	.encode = fix_encode,
	.retract = fix_retract,
	.decode = fix_decode,
	.mark = fix_mark,
	.answer = fix_answer,
	.tick = fix_tick,
	.logout = fix_logout,
	.close = fix_close,
};
