/* SPDX-License-Identifier: MIT */
/*
 * A protocol with all that one may need, and no more: the example for those
 * who write one.
 *
 *	trader				exchange
 *	greeting, 32 bytes:		answer, 32 bytes:
 *	  "T2TLOGIN"			  "T2TLOGIN"
 *	  u8 version, 1			  u8 version, 1
 *	  u8 heartbeat, 100 ms		  u8 0: welcome; 1: refused
 *	  name, padded with 0		  the name, or why
 *	then messages:			then messages:
 *	  'O' and the 13-byte order
 *	  'H', a heartbeat		  'H'
 *	  'B', a logout		  'B'
 *
 * Heartbeats go out as often as the greeting says, in both directions; an end
 * that hears nothing for five of them gives up.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "order/channel_ops.h"

#define GREETING_LEN  32
#define MAGIC_LEN     8
#define VERSION	      1
#define NAME_AT	      (MAGIC_LEN + 2)
#define NAME_LEN      (GREETING_LEN - NAME_AT)
#define UNIT_NS	      UINT64_C(100000000) /* of heartbeats */
#define HEARTBEAT_MAX UINT8_MAX
#define SILENCE_MAX   5 /* heartbeats */
#define MESSAGE_MAX   (1 + ORDER_LEN)

static const uint8_t magic[MAGIC_LEN] = {
	'T', '2', 'T', 'L', 'O', 'G', 'I', 'N'
};

enum answer { WELCOME, REFUSED };
enum message { HEARTBEAT = 'H', GOODBYE = 'B', ORDER = 'O' };

struct channel_login {
	struct channel channel;
	const char *name;
	uint64_t heartbeat; /* in UNIT_NS */
	bool greeted;	    /* the trader has said who it is */
	bool echo;
	char why[NAME_LEN + 40];
};

static const struct option_row options[] = {
	{ .name = "name",
	  .metavar = "NAME",
	  .def = "",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct channel_login, name),
	  .help = "the trader's, of 22 bytes at most; at the exchange: the\n"
		  "only one that it takes" },
	{ .name = "heartbeat",
	  .metavar = "N",
	  .def = "10",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = HEARTBEAT_MAX,
	  .offset = offsetof(struct channel_login, heartbeat),
	  .help = "the trader's choice, in tenths of a second" },
	CHANNEL_ECHO_OPTION(offsetof(struct channel_login, echo)),
	OPTION_END,
};

static struct channel_login *login_of(struct channel *channel)
{
	return container_of(channel, struct channel_login, channel);
}

static int login_open(struct channel *channel)
{
	const struct channel_login *login = login_of(channel);

	if (strlen(login->name) <= NAME_LEN)
		return 0;
	log_error("--channel login: name: '%s': expected %d bytes at most",
		  login->name, NAME_LEN);
	return -EINVAL;
}

static uint64_t interval_ns(const struct channel_login *login)
{
	return login->heartbeat * UNIT_NS;
}

/*
 * The handshake.
 */

/* The second number and the text differ. */
static int greeting_append(struct channel_login *login, uint8_t second,
			   const char *text)
{
	uint8_t *at = channel_append(&login->channel, GREETING_LEN);
	size_t len = strnlen(text, NAME_LEN);

	if (!at)
		return -ENOSPC;
	memcpy(at, magic, MAGIC_LEN);
	at[MAGIC_LEN] = VERSION;
	at[MAGIC_LEN + 1] = second;
	memcpy(at + NAME_AT, text, len);
	memset(at + NAME_AT + len, 0, NAME_LEN - len);
	return 0;
}

/* The peer's, which must be whole. NULL: it is none. */
static const uint8_t *greeting_take(struct channel *channel)
{
	struct channel_buffer *in = &channel->in;
	const uint8_t *at = in->bytes + in->begin;

	channel_buffer_take(in, GREETING_LEN);
	if (memcmp(at, magic, MAGIC_LEN) != 0 || at[MAGIC_LEN] != VERSION)
		return NULL;
	return at;
}

static void name_print(const uint8_t *greeting, char name[NAME_LEN + 1])
{
	size_t i = 0;

	for (; i < NAME_LEN && greeting[NAME_AT + i]; i++)
		name[i] = greeting[NAME_AT + i] >= ' ' &&
					  greeting[NAME_AT + i] < 0x7f
				  ? (char)greeting[NAME_AT + i]
				  : '?';
	name[i] = '\0';
}

/* The exchange's end. */
static int greeting_answer(struct channel_login *login, const uint8_t *greeting)
{
	struct channel *channel = &login->channel;
	char name[NAME_LEN + 1];

	if (!greeting) {
		greeting_append(login, REFUSED, "no login of version 1");
		channel->why = "its greeting is not a login of version 1";
		return -EPROTO;
	}
	name_print(greeting, name);
	if (!greeting[MAGIC_LEN + 1]) {
		greeting_append(login, REFUSED, "no heartbeat");
		channel->why = "its greeting names no heartbeat";
		return -EPROTO;
	}
	if (*login->name && strncmp((const char *)greeting + NAME_AT,
				    login->name, NAME_LEN) != 0) {
		greeting_append(login, REFUSED, "unknown name");
		snprintf(login->why, sizeof(login->why),
			 "the name '%s' is not known", name);
		channel->why = login->why;
		return -EACCES;
	}
	login->heartbeat = greeting[MAGIC_LEN + 1];
	return greeting_append(login, WELCOME, name);
}

/* The trader's end. */
static int answer_read(struct channel_login *login, const uint8_t *answer)
{
	struct channel *channel = &login->channel;
	char text[NAME_LEN + 1];

	if (!answer) {
		channel->why =
			"the exchange's answer is not a login of version 1";
		return -EPROTO;
	}
	if (answer[MAGIC_LEN + 1] == WELCOME)
		return 0;
	name_print(answer, text);
	snprintf(login->why, sizeof(login->why), "refused: %s", text);
	channel->why = login->why;
	return -EACCES;
}

static int login_handshake(struct channel *channel, uint64_t now_ns)
{
	struct channel_login *login = login_of(channel);
	const bool trader = channel->role == CHANNEL_TRADER;
	const uint8_t *greeting;
	int err = 0;

	if (trader && !login->greeted)
		err = greeting_append(login, (uint8_t)login->heartbeat,
				      login->name);
	login->greeted = true;
	if (err || channel_buffer_len(&channel->in) < GREETING_LEN)
		return err;
	greeting = greeting_take(channel);
	err = trader ? answer_read(login, greeting)
		     : greeting_answer(login, greeting);
	if (err)
		return err;
	channel->due_ns = now_ns + interval_ns(login);
	return 1;
}

/*
 * Messages.
 */

static int login_encode(struct channel *channel, const struct order *order)
{
	uint8_t *at = channel_append(channel, MESSAGE_MAX);

	if (__builtin_expect(!at, 0))
		return -ENOSPC;
	at[0] = ORDER;
	order_write(order, at + 1);
	return 0;
}

/* An order that goes back to its sender. */
static int order_return(struct channel *channel, const uint8_t *message)
{
	uint8_t *at = channel_append(channel, MESSAGE_MAX);

	if (!at) {
		channel->why = CHANNEL_ECHO_UNREAD;
		return -EPROTO;
	}
	memcpy(at, message, MESSAGE_MAX);
	channel_buffer_take(&channel->in, MESSAGE_MAX);
	return 0;
}

/* HOT; what is no order ends the search, or goes on. */
static int login_decode(struct channel *channel, struct order *order)
{
	const bool echo = login_of(channel)->echo;
	struct channel_buffer *in = &channel->in;

	while (channel_buffer_len(in) > 0) {
		const uint8_t *at = in->bytes + in->begin;

		switch (at[0]) {
		case HEARTBEAT:
			channel_buffer_take(in, 1);
			continue;
		case GOODBYE:
			channel_buffer_take(in, 1);
			return -EPIPE;
		case ORDER:
			if (channel->role == CHANNEL_TRADER && !echo)
				break;
			if (channel_buffer_len(in) < MESSAGE_MAX)
				return 0;
			if (channel->role == CHANNEL_EXCHANGE && echo) {
				if (order_return(channel, at) < 0)
					return -EPROTO;
				continue;
			}
			*order = order_read(at + 1);
			channel_buffer_take(in, MESSAGE_MAX);
			return 1;
		}
		channel->why = "a message of unknown type came";
		return -EPROTO;
	}
	return 0;
}

static int login_tick(struct channel *channel, uint64_t now_ns)
{
	struct channel_login *login = login_of(channel);
	uint64_t interval = interval_ns(login);
	uint8_t *at;

	if (now_ns > channel->received_ns &&
	    now_ns - channel->received_ns > SILENCE_MAX * interval) {
		channel->why = "nothing was heard for five heartbeats";
		return -ETIMEDOUT;
	}
	/* Whoever takes nothing in gets no more of them. */
	if (channel_buffer_len(&channel->out) == 0 &&
	    (at = channel_append(channel, 1)))
		*at = HEARTBEAT;
	channel->due_ns = now_ns + interval;
	return 0;
}

static void login_logout(struct channel *channel)
{
	uint8_t *at = channel_append(channel, 1);

	if (at)
		*at = GOODBYE;
}

const struct channel_ops channel_login_ops = {
	.entry.name = "login",
	.entry.help = "orders behind a greeting with a name; heartbeats each "
		      "way, and a logout",
	.entry.size = sizeof(struct channel_login),
	.entry.options = options,
	.in_size = 4096,
	.out_size = 8192,
	.open = login_open,
	.handshake = login_handshake,
	.encode = login_encode,
	.decode = login_decode,
	.tick = login_tick,
	.logout = login_logout,
};
