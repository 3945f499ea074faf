/* SPDX-License-Identifier: MIT */
/*
 * Order channels: what an order looks like on its connection, and what else
 * the two ends say to each other there. A codec is sans I/O: it never sees a
 * descriptor, and it lends its own buffers, so that nothing is copied to hand
 * bytes over:
 *
 *	bytes = channel_room(channel, &room);	  where received bytes go
 *	channel_received(channel, n, now_ns);
 *	...					  the codec works on them
 *	bytes = channel_waiting(channel, &len);	  what must be sent now
 *	channel_sent(channel, n);
 *
 * The same codec serves the trader, the exchange, the oracle, the fuzzers and
 * the benches. After BearSSL's engine, https://bearssl.org/api1.html.
 */
#ifndef ORDER_CHANNEL_H
#define ORDER_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "base/line_once.h"
#include "base/registry.h"
#include "wire/order.h"

struct channel_ops;

#define CHANNEL_DEFAULT "raw"

/* Whose end it is. */
enum channel_role {
	CHANNEL_TRADER,	  /* connects, sends orders */
	CHANNEL_EXCHANGE, /* is connected to, takes them */
	CHANNEL_ORACLE,	  /* reads what a trader once sent; says nothing */
};

/* What is set once an order is logged, so that it is not asked for again after
 * a kill; at is NULL where there is nothing to set. Whoever sets it may be a
 * thread of its own, until the channel is closed. */
struct channel_mark {
	struct line_note *at; /* in a file, where it is to outlive a kill */
	uint64_t value;
};

/* bytes[begin..end) are there; behind them is room, up to size. */
struct channel_buffer {
	uint8_t *bytes;
	size_t begin, end, size;
	/* Where a kernel seals what is sent: the last so many are a record of
	 * their own, of this content type, and nothing follows. 0: none. */
	uint8_t apart_len, apart_type;
};

struct channel {
	const struct channel_ops *ops;
	enum channel_role role;
	struct channel_buffer in;  /* from the peer, not yet understood */
	struct channel_buffer out; /* for the peer, not yet sent */
	uint64_t received_ns; /* CLOCK_MONOTONIC: of the last bytes, or since
				 when there may be some */
	uint64_t due_ns; /* when channel_tick() is due; UINT64_MAX: never */
	/* What an order answers, where it is known: of the next one, or, at the
	 * oracle's end, of the one that decode() has found last. */
	struct order_cause cause;
	bool cause_known;     /* the oracle's: the order said so */
	const char *why;      /* the last error, in words; NULL: errno's */
	const char *peer;     /* the exchange's, once the handshake is over: who
				 has logged on, and can't once more; NULL: all
				 can */
	char *text;	      /* the options' text, which strings point into */
	const char *records;  /* who makes them of what is sent, for reports:
				 "program" or "kernel"; NULL: there are none */
	const char *prepared; /* what of an order is ready before the tick: for
				 reports; "nothing", until a codec says */
	bool writes;	      /* messages of any length: channel_ops.write() */
	/* What decode() has found last, where they have. */
	const uint8_t *message;
	size_t message_len;
};

/* Open an end of "NAME[:key=value,...]". 0, or -EINVAL, -ENOMEM or
 * -EOPNOTSUPP, logged. */
int channel_open(const char *text, enum channel_role role,
		 struct channel **channel);
void channel_close(struct channel *channel); /* NULL is allowed */

/* What is wrong with it is told before anybody connects, and its files are read
 * while that is allowed. As channel_open(). */
int channel_check(const char *text, enum channel_role role);

/* Room for a choice with a file's name in it. */
#define CHANNEL_TEXT_MAX 8192

/* The option of one that names a channel inside: the last one. */
#define CHANNEL_INNER "inner"

/* Is that what the choice is? */
bool channel_is_encrypted(const char *text);

/* Of a choice that is encrypted ("tls..."), the same with what is to be added
 * to its options ("keys=FILE"), in room. -EINVAL, logged with the option's
 * name: another channel, or a text that is too long or has a comma in its
 * value. */
int channel_text_add(const char *text, const char *option, const char *key,
		     const char *value, char room[static CHANNEL_TEXT_MAX]);
/* The same for a program's --keys, which may be NULL: *text is room then. 0 or
 * -EINVAL, logged. */
int channel_text_keys(const char **text, const char *keys,
		      char room[static CHANNEL_TEXT_MAX]);

const char *channel_name(const struct channel *channel);

/* HOT. Set it. Marks only go up; one of numbers that have begun anew since, the
 * upper half, is void. */
static inline void channel_mark_set(const struct channel_mark *mark)
{
	uint64_t found;

	if (!mark->at)
		return;
	found = __atomic_load_n(&mark->at->value, __ATOMIC_ACQUIRE);
	while (found >> 32 == mark->value >> 32 && found < mark->value &&
	       !__atomic_compare_exchange_n(&mark->at->value, &found,
					    mark->value, false,
					    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		;
}

/* Why it failed: the codec's own words, or errno's. */
const char *channel_reason(const struct channel *channel, int err);

/* HOT. Bytes that are there. */
static inline size_t channel_buffer_len(const struct channel_buffer *buffer)
{
	return buffer->end - buffer->begin;
}

/* HOT. The first n bytes are done with. */
static inline void channel_buffer_take(struct channel_buffer *buffer, size_t n)
{
	buffer->begin += n;
	if (buffer->begin == buffer->end)
		buffer->begin = buffer->end = 0;
}

/* HOT. Room behind the bytes, once they have moved to the front. */
static inline size_t channel_buffer_room(struct channel_buffer *buffer)
{
	if (__builtin_expect(buffer->begin > 0, 0)) {
		memmove(buffer->bytes, buffer->bytes + buffer->begin,
			buffer->end - buffer->begin);
		buffer->end -= buffer->begin;
		buffer->begin = 0;
	}
	return buffer->size - buffer->end;
}

/* Where received bytes go, *room of them at most. None: what is there has to
 * be decoded first. */
static inline uint8_t *channel_room(struct channel *channel, size_t *room)
{
	*room = channel_buffer_room(&channel->in);
	return channel->in.bytes + channel->in.end;
}

/* So many have been put there. */
static inline void channel_received(struct channel *channel, size_t n,
				    uint64_t now_ns)
{
	channel->in.end += n;
	channel->received_ns = now_ns;
}

/* HOT. What must be sent now, *len bytes. */
static inline const uint8_t *channel_waiting(const struct channel *channel,
					     size_t *len)
{
	*len = channel_buffer_len(&channel->out);
	return channel->out.bytes + channel->out.begin;
}

/* HOT. So many of them have been. */
static inline void channel_sent(struct channel *channel, size_t n)
{
	channel_buffer_take(&channel->out, n);
}

/* All codecs, built or not: "--channel help". */
extern const struct registry channels;

#endif
