/* SPDX-License-Identifier: MIT */
#include "net/frame_stream_stack.h"

#if defined(HAVE_LWIP)

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>
/* After the system's: it takes what they have defined. */
#include <lwip/init.h>
#include <lwip/ip4.h>
#include <lwip/pbuf.h>
#include <lwip/timeouts.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "wire/datagram.h"

#define ETHERNET_LEN	FRAME_LINK_HEADER_LEN
#define HEADERS_LEN	40			/* IPv4, TCP */
#define FOLLOW_NS	(10 * CLOCK_NS_PER_MS)	/* while we wait for the peer */
#define PATIENCE_NS	(200 * CLOCK_NS_PER_MS) /* or is it elsewhere? */
#define KEEPALIVE_IDLE	10000 /* ms; as our kernel sockets have it */
#define KEEPALIVE_EVERY 2000
#define KEEPALIVE_COUNT 3

static pthread_once_t lwip_once = PTHREAD_ONCE_INIT;

/*
 * lwIP's lower end: packets out, segments in.
 */

static err_t packet_output(struct netif *netif, struct pbuf *packet,
			   const ip4_addr_t *next_hop)
{
	struct frame_stream *stream = netif->state;
	struct frame_port *port = stream->port;
	uint8_t *frame = port->ops->frame(port);
	size_t len = ETHERNET_LEN + (size_t)packet->tot_len;

	(void)next_hop;
	/* As a full queue of a NIC: TCP sends it again. */
	if (!frame || len > port->frame_max)
		return ERR_BUF;
	memcpy(frame, stream->link.header, ETHERNET_LEN);
	pbuf_copy_partial(packet, frame + ETHERNET_LEN, packet->tot_len, 0);
	port->ops->send(port, (uint32_t)len);
	return ERR_OK;
}

static void on_frame(struct frame_port_listener *listener, uint8_t *bytes,
		     uint32_t len)
{
	struct frame_stream *stream =
		container_of(listener, struct frame_stream, listener);
	struct pbuf *packet;

	if (!datagram_segment_check(bytes, len))
		return;
	/* Copied, since lwIP keeps what comes out of order. */
	packet = pbuf_alloc(PBUF_RAW, (u16_t)(len - ETHERNET_LEN), PBUF_RAM);
	if (!packet)
		return;
	pbuf_take(packet, bytes + ETHERNET_LEN, (u16_t)(len - ETHERNET_LEN));
	if (stream->netif.input(packet, &stream->netif) != ERR_OK)
		pbuf_free(packet);
}

static void on_idle(struct frame_port_listener *listener)
{
	(void)listener;
	sys_check_timeouts();
}

static u16_t mtu_of(const struct frame_stream *stream)
{
	unsigned int mtu = stream->link.address.mtu;

	return (u16_t)(mtu < UINT16_MAX ? mtu : UINT16_MAX);
}

static err_t netif_prepare(struct netif *netif)
{
	const struct frame_stream *stream = netif->state;

	netif->name[0] = 'x';
	netif->name[1] = 'd';
	netif->mtu = mtu_of(stream);
	netif->output = packet_output;
	return ERR_OK;
}

/*
 * lwIP's upper end: what becomes of the connection.
 */

static err_t on_connected(void *context, struct tcp_pcb *pcb, err_t result)
{
	struct frame_stream *stream = context;

	(void)pcb, (void)result;
	stream->connected = true;
	return ERR_OK;
}

static err_t on_received(void *context, struct tcp_pcb *pcb, struct pbuf *bytes,
			 err_t result)
{
	struct frame_stream *stream = context;

	(void)pcb, (void)result;
	if (!bytes)
		stream->error = -EPIPE;
	else if (stream->received)
		pbuf_cat(stream->received, bytes);
	else
		stream->received = bytes;
	return ERR_OK;
}

static err_t on_acknowledged(void *context, struct tcp_pcb *pcb, u16_t len)
{
	struct frame_stream *stream = context;

	(void)pcb;
	stream->acknowledged += len;
	return ERR_OK;
}

/* The pcb is gone when this is called. */
static void on_error(void *context, err_t result)
{
	struct frame_stream *stream = context;

	stream->pcb = NULL;
	if (result == ERR_RST)
		stream->error = stream->connected ? -ECONNRESET : -ECONNREFUSED;
	else if (result == ERR_ABRT)
		stream->error = -ETIMEDOUT;
	else if (!stream->error)
		stream->error = -EPIPE;
}

/*
 * lwIP adds the time that it has run to the last connection's initial number,
 * which anyone can work out; so let it have run for a random time. RFC 6528.
 */
static int connect_unpredictably(struct frame_stream *stream)
{
	const ip_addr_t peer =
		IPADDR4_INIT(stream->flow.source.sin_addr.s_addr);
	const u32_t ticks = tcp_ticks;
	u32_t random;
	err_t err;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	tcp_ticks = random;
	err = tcp_connect(stream->pcb, &peer,
			  ntohs(stream->flow.source.sin_port), on_connected);
	tcp_ticks = ticks;
	/* What it noted of the time. */
	stream->pcb->tmr = ticks;
	if (stream->pcb->rttest)
		stream->pcb->rttest = ticks;
	return err == ERR_OK ? 0 : -EADDRINUSE;
}

int frame_stream_stack_connect(struct frame_stream *stream)
{
	const ip_addr_t local =
		IPADDR4_INIT(stream->flow.destination.sin_addr.s_addr);
	struct tcp_pcb *pcb = tcp_new();
	int err = -EADDRINUSE;

	if (!pcb)
		return -ENOMEM;
	stream->pcb = pcb;
	stream->error = 0;
	tcp_arg(pcb, stream);
	tcp_err(pcb, on_error);
	tcp_recv(pcb, on_received);
	tcp_sent(pcb, on_acknowledged);
	tcp_nagle_disable(pcb);
	ip_set_option(pcb, SOF_KEEPALIVE);
	ip_set_option(pcb, SOF_REUSEADDR); /* a try before this one */
	pcb->keep_idle = KEEPALIVE_IDLE;
	pcb->keep_intvl = KEEPALIVE_EVERY;
	pcb->keep_cnt = KEEPALIVE_COUNT;
	tcp_bind_netif(pcb, &stream->netif);
	if (tcp_bind(pcb, &local, ntohs(stream->flow.destination.sin_port)) ==
	    ERR_OK)
		err = connect_unpredictably(stream);
	if (err)
		tcp_abort(pcb); /* calls on_error() */
	return err;
}

/*
 * Following the way to the peer.
 */

/* Send again what has had no answer: it went to the wrong place. */
static void repeat(struct frame_stream *stream)
{
	if (!stream->pcb || !stream->pcb->unacked)
		return;
	stream->pcb->nrtx = 0;
	tcp_rexmit_rto(stream->pcb);
}

static void mtu_take(struct frame_stream *stream)
{
	u16_t mtu = mtu_of(stream);

	stream->netif.mtu = mtu;
	if (stream->pcb && mtu > HEADERS_LEN &&
	    stream->pcb->mss > mtu - HEADERS_LEN)
		stream->pcb->mss = (u16_t)(mtu - HEADERS_LEN);
}

/* Since when does the peer owe us an answer? */
static bool is_unanswered(struct frame_stream *stream, uint64_t now_ns)
{
	const struct tcp_pcb *pcb = stream->pcb;

	if (!pcb || !pcb->unacked || pcb->lastack != stream->answered) {
		stream->answered = pcb ? pcb->lastack : 0;
		stream->answered_ns = now_ns;
	}
	return now_ns - stream->answered_ns > PATIENCE_NS;
}

void frame_stream_stack_follow(struct frame_stream *stream)
{
	uint64_t now_ns = clock_monotonic_ns();
	int changes = frame_link_follow(&stream->link);

	stream->followed_ns = now_ns;
	if (changes < 0)
		return;
	if (changes & FRAME_LINK_MTU)
		mtu_take(stream);
	if (changes & FRAME_LINK_SOURCE &&
	    stream->link.address.source.s_addr != stream->link.source.s_addr)
		log_warning("%s: the route to the exchange has "
			    "another source now: this connection keeps its own",
			    stream->port->name);
	if (changes & (FRAME_LINK_NEXT_HOP | FRAME_LINK_REACHABLE))
		repeat(stream);
	else if (is_unanswered(stream, now_ns))
		frame_link_ask(&stream->link);
}

/* For loops that wait. */
void frame_stream_stack_follow_due(struct frame_stream *stream)
{
	if (clock_monotonic_ns() - stream->followed_ns > FOLLOW_NS)
		frame_stream_stack_follow(stream);
}

/*
 * Beginning and end.
 */

static void lwip_start(void)
{
	/* Its thread is never started: whoever polls the rings runs it. */
	lwip_init();
}

int frame_stream_stack_open(struct frame_stream *stream)
{
	ip4_addr_t address, mask, gateway;

	pthread_once(&lwip_once, lwip_start);
	ip4_addr_set_u32(&address, stream->link.source.s_addr);
	ip4_addr_set_u32(&mask, UINT32_MAX);
	ip4_addr_set_zero(&gateway);
	if (!netif_add(&stream->netif, &address, &mask, &gateway, stream,
		       netif_prepare, ip4_input))
		return -ENOMEM;
	netif_set_link_up(&stream->netif);
	netif_set_up(&stream->netif);
	stream->listener.frame = on_frame;
	stream->listener.idle = on_idle;
	stream->port->listener = &stream->listener;
	return 0;
}

void frame_stream_stack_close(struct frame_stream *stream)
{
	if (stream->pcb) {
		/* Silently: what there was to say has been said. */
		tcp_abandon(stream->pcb, 0);
	}
	if (stream->received)
		pbuf_free(stream->received);
	stream->received = NULL;
	stream->port->listener = NULL;
	netif_remove(&stream->netif);
}

#endif
