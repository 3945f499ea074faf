/* SPDX-License-Identifier: MIT */
/*
 * WebSocket (RFC 6455): an order is one binary message of 13 bytes, in one
 * frame or in fragments. The trader is the client, whose frames are masked: a
 * frame's header and mask are ready before the tick.
 *
 * Pings go both ways, as often as the option says; an end that hears nothing
 * for five of them gives up. A bad peer is sent a close frame that says why.
 *
 * With echo=on the exchange takes no orders: each message goes back whole, for
 * outside suites; a trader's end finds it.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "order/channel_ops.h"
#include "wire/websocket.h"
#include "wire/websocket_handshake.h"
#include "wire/websocket_mask.h"

#define UNIT_NS	     UINT64_C(100000000) /* of pings */
#define SILENCE_MAX  5			 /* pings */
#define PREPARED_LEN 6 /* header and mask of an order's frame */
#define ECHO_MAX     (UINT64_C(1) << 30)
#define CODE_LEN     2 /* of a close frame */
#define IN_LEN	     8192
#define OUT_LEN	     8192
/* Whoever is told off is told so, however full its buffer is. */
#define CLOSE_RESERVE WEBSOCKET_CONTROL_FRAME_MAX

_Static_assert(IN_LEN > WEBSOCKET_HANDSHAKE_MAX, "room for a handshake");

enum mask_choice { MASK_RANDOM, MASK_ZERO };
static const char *const mask_choices[] = { "random", "zero", NULL };

struct channel_ws {
	struct channel channel;
	const char *host, *path, *protocol;
	uint64_t ping; /* in UNIT_NS; 0: none */
	unsigned int mask;
	bool echo;
	uint64_t echo_max;

	bool asked;  /* the client's request has been written */
	bool closed; /* a close frame has been */
	struct websocket_handshake shake;
	struct websocket_decoder decoder;
	struct websocket_masks masks;
	uint8_t prepared[PREPARED_LEN]; /* of the next order */

	/* Of the message that comes: */
	uint8_t order[ORDER_LEN];
	uint8_t *message; /* order, or memory of echo_max bytes */
	size_t message_len;
	enum websocket_opcode type; /* of the last one, and of an answer */
};

#define AT(field) offsetof(struct channel_ws, field)

static const struct option_row options[] = {
	{ .name = "path",
	  .metavar = "PATH",
	  .def = "",
	  .type = OPTION_STRING,
	  .offset = AT(path),
	  .help = "what the trader asks for, / by default; at the exchange:\n"
		  "the only one that it takes" },
	{ .name = "host",
	  .metavar = "NAME",
	  .def = "exchange",
	  .type = OPTION_STRING,
	  .offset = AT(host),
	  .help = "whom the trader's request names" },
	{ .name = "protocol",
	  .metavar = "NAME",
	  .def = "",
	  .type = OPTION_STRING,
	  .offset = AT(protocol),
	  .help = "the subprotocol that both ends must name" },
	{ .name = "ping",
	  .metavar = "N",
	  .def = "10",
	  .type = OPTION_UNSIGNED,
	  .max = UINT8_MAX,
	  .offset = AT(ping),
	  .help = "between pings, in tenths of a second; 0: none, and silence\n"
		  "is no fault" },
	{ .name = "mask",
	  .metavar = "HOW",
	  .def = "random",
	  .type = OPTION_CHOICE,
	  .choices = mask_choices,
	  .offset = AT(mask),
	  .help = "the trader's masks: RFC 6455 wants random ones; zero is\n"
		  "for measuring what they cost" },
	CHANNEL_ECHO_OPTION(AT(echo)),
	{ .name = "echo_max",
	  .metavar = "BYTES",
	  .def = "1m",
	  .type = OPTION_UNSIGNED,
	  .min = ORDER_LEN,
	  .max = ECHO_MAX,
	  .offset = AT(echo_max),
	  .help = "the longest message that is sent back" },
	OPTION_END,
};

static struct channel_ws *ws_of(struct channel *channel)
{
	return container_of(channel, struct channel_ws, channel);
}

static bool is_trader(const struct channel_ws *ws)
{
	return ws->channel.role == CHANNEL_TRADER;
}

/* Does it look for orders in whole frames? */
static bool takes_orders(const struct channel_ws *ws)
{
	return !is_trader(ws) && !ws->echo;
}

/*
 * Masks.
 */

static uint32_t mask_next(struct channel_ws *ws)
{
	return ws->mask == MASK_ZERO ? 0 : websocket_mask_next(&ws->masks);
}

/* Of a frame that is no order: the client's; NULL: a server masks nothing. */
static const uint32_t *mask_take(struct channel_ws *ws, uint32_t *mask)
{
	if (!is_trader(ws))
		return NULL;
	*mask = mask_next(ws);
	return mask;
}

/* HOT. The next order's header and mask. */
static void order_prepare(struct channel_ws *ws)
{
	uint32_t mask = mask_next(ws);

	memcpy(ws->prepared + 2, &mask, sizeof(mask));
}

/*
 * Open and close.
 */

/* A message may be as long as echo_max, and so may its answer. */
static int echo_open(struct channel_ws *ws)
{
	const size_t max = (size_t)ws->echo_max;

	ws->message = malloc(max);
	if (ws->message &&
	    channel_buffers_make(&ws->channel, IN_LEN,
				 max + WEBSOCKET_HEADER_MAX + OUT_LEN) == 0)
		return 0;
	log_error("--channel ws: no memory for echo_max=%zu", max);
	free(ws->message);
	return -ENOMEM;
}

static int masks_open(struct channel_ws *ws)
{
	if (getrandom(ws->masks.key, sizeof(ws->masks.key), 0) !=
	    sizeof(ws->masks.key)) {
		log_error("--channel ws: getrandom(2) failed");
		return -EIO;
	}
	websocket_mask_open(&ws->masks);
	ws->prepared[0] = WEBSOCKET_FIN | WEBSOCKET_BINARY;
	ws->prepared[1] = WEBSOCKET_MASKED | ORDER_LEN;
	order_prepare(ws);
	ws->channel.prepared = "the frame's header and mask";
	return 0;
}

static int ws_open(struct channel *channel)
{
	struct channel_ws *ws = ws_of(channel);
	const char *fault;

	ws->shake.host = ws->host;
	ws->shake.path = ws->path;
	ws->shake.protocol = ws->protocol;
	fault = websocket_handshake_fault(&ws->shake);
	if (fault) {
		log_error("--channel ws: %s", fault);
		return -EINVAL;
	}
	ws->decoder.masked = !is_trader(ws);
	ws->decoder.message_max = takes_orders(ws) ? ORDER_LEN : ws->echo_max;
	ws->message = ws->order;
	ws->type = WEBSOCKET_BINARY;
	if (is_trader(ws) && masks_open(ws) < 0)
		return -EIO;
	return ws->echo ? echo_open(ws) : 0;
}

static void ws_close(struct channel *channel)
{
	struct channel_ws *ws = ws_of(channel);

	if (ws->message != ws->order)
		free(ws->message);
}

/*
 * What is sent.
 */

/* channel_append(), without moving megabytes for nothing. */
static uint8_t *out_append(struct channel *channel, size_t len)
{
	struct channel_buffer *out = &channel->out;

	if (out->size - out->end < len)
		return channel_append(channel, len);
	out->end += len;
	return out->bytes + out->end - len;
}

/* 0 or -ENOSPC. */
static int bytes_append(struct channel_ws *ws, const void *bytes, size_t len)
{
	uint8_t *at = out_append(&ws->channel, len);

	if (!at)
		return -ENOSPC;
	memcpy(at, bytes, len);
	return 0;
}

/* Whoever reads nothing gets no more of them. */
static void control_append(struct channel_ws *ws, enum websocket_opcode opcode,
			   const uint8_t *bytes, size_t len)
{
	uint8_t frame[WEBSOCKET_CONTROL_FRAME_MAX];
	uint32_t mask;
	size_t n = websocket_control_write(frame, opcode, bytes, len,
					   mask_take(ws, &mask));

	if (!ws->closed &&
	    channel_buffer_room(&ws->channel.out) >= n + CLOSE_RESERVE)
		bytes_append(ws, frame, n);
}

static void close_append(struct channel_ws *ws, unsigned int code,
			 const char *reason)
{
	uint8_t frame[WEBSOCKET_CONTROL_FRAME_MAX];
	uint32_t mask;
	size_t n = websocket_close_write(frame, code, reason,
					 mask_take(ws, &mask));

	if (!ws->closed)
		bytes_append(ws, frame, n);
	ws->closed = true;
}

/* The peer is told why, and so is who asks. */
static int fail(struct channel_ws *ws, unsigned int code, const char *why)
{
	close_append(ws, code, why);
	ws->channel.why = why;
	return -EPROTO;
}

static int ws_encode(struct channel *channel, const struct order *order)
{
	struct channel_ws *ws = ws_of(channel);
	uint8_t *at = channel_append(channel, PREPARED_LEN + ORDER_LEN);
	uint8_t bytes[ORDER_LEN];
	uint32_t mask;

	if (__builtin_expect(!at, 0))
		return -ENOSPC;
	order_write(order, bytes);
	memcpy(at, ws->prepared, PREPARED_LEN);
	memcpy(&mask, ws->prepared + 2, sizeof(mask));
	websocket_mask(at + PREPARED_LEN, bytes, ORDER_LEN, mask, 0);
	order_prepare(ws);
	return 0;
}

static int ws_write(struct channel *channel, const uint8_t *bytes, size_t len)
{
	struct channel_ws *ws = ws_of(channel);
	uint8_t header[WEBSOCKET_HEADER_MAX], *at;
	uint32_t mask = 0;
	size_t n = websocket_header_write(header, ws->type, true, len,
					  mask_take(ws, &mask));

	at = out_append(channel, n + len);
	if (!at)
		return -ENOSPC;
	memcpy(at, header, n);
	websocket_mask(at + n, bytes, len, mask, 0);
	return 0;
}

static void ws_logout(struct channel *channel)
{
	close_append(ws_of(channel), WEBSOCKET_NORMAL, "");
}

/*
 * The handshake.
 */

static int request_append(struct channel_ws *ws)
{
	uint8_t nonce[WEBSOCKET_HANDSHAKE_NONCE];

	for (size_t i = 0; i < sizeof(nonce); i += sizeof(uint32_t)) {
		uint32_t word = websocket_mask_next(&ws->masks);

		memcpy(nonce + i, &word, sizeof(word));
	}
	websocket_handshake_ask(&ws->shake, nonce);
	ws->asked = true;
	return bytes_append(ws, ws->shake.text, ws->shake.text_len);
}

static int ws_handshake(struct channel *channel, uint64_t now_ns)
{
	struct channel_ws *ws = ws_of(channel);
	struct channel_buffer *in = &channel->in;
	const uint8_t *bytes = in->bytes + in->begin;
	const size_t len = channel_buffer_len(in);
	int rc = 0;

	if (is_trader(ws)) {
		if (!ws->asked)
			rc = request_append(ws);
		if (rc == 0)
			rc = websocket_handshake_answered(&ws->shake, bytes,
							  len);
	} else {
		rc = websocket_handshake_answer(&ws->shake, bytes, len);
		if (rc != 0 &&
		    bytes_append(ws, ws->shake.text, ws->shake.text_len) < 0)
			rc = -ENOSPC;
	}
	if (rc < 0) {
		channel->why = *ws->shake.why ? ws->shake.why : NULL;
		ws->closed = true; /* before the first frame */
	}
	if (rc <= 0)
		return rc;
	channel_buffer_take(in, (size_t)rc);
	if (ws->ping)
		channel->due_ns = now_ns + ws->ping * UNIT_NS;
	return 1;
}

/*
 * What is received.
 */

/* 0, or as ws_decode(). */
static int control_take(struct channel_ws *ws,
			const struct websocket_piece *piece)
{
	if (piece->opcode == WEBSOCKET_PING)
		control_append(ws, WEBSOCKET_PONG, piece->bytes, piece->len);
	if (piece->opcode != WEBSOCKET_CLOSE)
		return 0;
	/* RFC 6455, 5.5.1: its code comes back. */
	control_append(ws, WEBSOCKET_CLOSE, piece->bytes,
		       piece->len < CODE_LEN ? 0 : CODE_LEN);
	ws->closed = true;
	return -EPIPE;
}

static int echo_append(struct channel_ws *ws)
{
	uint8_t header[WEBSOCKET_HEADER_MAX], *at;
	const size_t len = ws->channel.message_len;
	size_t n = websocket_header_write(header, ws->type, true, len, NULL);
	struct channel_buffer *out = &ws->channel.out;

	if (out->size - channel_buffer_len(out) < n + len + CLOSE_RESERVE)
		return fail(ws, WEBSOCKET_POLICY, CHANNEL_ECHO_UNREAD);
	at = out_append(&ws->channel, n + len);
	memcpy(at, header, n);
	memcpy(at + n, ws->message, len);
	return 0;
}

/* A piece of a message, for which there is room. 1: that was an order. */
static int data_take(struct channel_ws *ws, const struct websocket_piece *piece)
{
	/* The exchange says nothing else that a trader wants to know. */
	if (is_trader(ws) && !ws->echo)
		return 0;
	if (!ws->echo && piece->opcode == WEBSOCKET_TEXT)
		return fail(ws, WEBSOCKET_UNSUPPORTED,
			    "an order is a binary message, and text came");
	memcpy(ws->message + ws->message_len, piece->bytes, piece->len);
	ws->message_len += piece->len;
	if (!piece->last)
		return 0;
	ws->channel.message = ws->message;
	ws->channel.message_len = ws->message_len;
	ws->message_len = 0;
	ws->type = piece->opcode;
	if (ws->echo)
		return is_trader(ws) ? 1 : echo_append(ws);
	if (ws->channel.message_len != ORDER_LEN)
		return fail(ws, WEBSOCKET_POLICY,
			    "an order has 13 bytes, and a message has fewer");
	return 1;
}

/* The decoder goes on over *len bytes, which are those it took afterwards. */
static int piece_take(struct channel_ws *ws, uint8_t *bytes, size_t *len)
{
	struct websocket_piece piece;

	*len = websocket_decode(&ws->decoder, bytes, *len, &piece);
	switch (piece.event) {
	case WEBSOCKET_MORE:
		break;
	case WEBSOCKET_DATA:
		return data_take(ws, &piece);
	case WEBSOCKET_CONTROL:
		return control_take(ws, &piece);
	case WEBSOCKET_FAULT:
		return fail(ws, ws->decoder.code, ws->decoder.why);
	}
	return 0;
}

/* HOT for the exchange. What is not whole stays where it is, where frames are
 * short; a trader, and who sends back, take it as it comes. */
static int ws_decode(struct channel *channel, struct order *order)
{
	struct channel_ws *ws = ws_of(channel);
	struct channel_buffer *in = &channel->in;
	int got = 0;

	while (channel_buffer_len(in) > 0 && got == 0) {
		uint8_t *at = in->bytes + in->begin;
		size_t len = channel_buffer_len(in), frame_len;

		if (takes_orders(ws) &&
		    !websocket_frame_ready(&ws->decoder, at, len, &frame_len))
			return 0;
		got = piece_take(ws, at, &len);
		channel_buffer_take(in, len);
	}
	if (is_trader(ws))
		websocket_mask_refill(&ws->masks);
	if (got > 0 && channel->message_len == ORDER_LEN)
		*order = order_read(channel->message);
	return got;
}

static int ws_tick(struct channel *channel, uint64_t now_ns)
{
	struct channel_ws *ws = ws_of(channel);
	uint64_t interval = ws->ping * UNIT_NS;

	if (now_ns > channel->received_ns &&
	    now_ns - channel->received_ns > SILENCE_MAX * interval) {
		channel->why = "nothing was heard for five pings";
		return -ETIMEDOUT;
	}
	if (channel_buffer_len(&channel->out) == 0)
		control_append(ws, WEBSOCKET_PING, NULL, 0);
	channel->due_ns = now_ns + interval;
	return 0;
}

const struct channel_ops channel_ws_ops = {
	.entry.name = "ws",
	.entry.help = "WebSocket: an order is one binary message; pings each "
		      "way, and a close",
	.entry.size = sizeof(struct channel_ws),
	.entry.options = options,
	.in_size = IN_LEN,
	.out_size = OUT_LEN,
	.open = ws_open,
	.handshake = ws_handshake,
	.encode = ws_encode,
	.write = ws_write,
	.decode = ws_decode,
	.tick = ws_tick,
	.logout = ws_logout,
	.close = ws_close,
};
