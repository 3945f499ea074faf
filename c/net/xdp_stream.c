/* SPDX-License-Identifier: MIT */
#include "net/xdp_stream.h"

#include <errno.h>

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF) && defined(HAVE_LWIP)

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
/* After the system's: it takes what they have defined. */
#include <lwip/init.h>
#include <lwip/ip4.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/address.h"
#include "net/xdp_link.h"
#include "wire/datagram.h"

#define ETHERNET_LEN	XDP_LINK_HEADER_LEN
#define HEADERS_LEN	40 /* IPv4, TCP */
#define NS_PER_MS	UINT64_C(1000000)
#define AGAIN_NS	(50 * NS_PER_MS) /* after a refusal */
#define LAST_WORDS_NS	(2 * CLOCK_NS_PER_S)
#define HURRIED_NS	(300 * NS_PER_MS) /* after a signal */
#define FAREWELL_NS	(100 * NS_PER_MS)
#define FOLLOW_NS	(10 * NS_PER_MS)  /* while we wait for the peer */
#define PATIENCE_NS	(200 * NS_PER_MS) /* unanswered: is it elsewhere? */
#define KEEPALIVE_IDLE	10000 /* ms; as our kernel sockets have it */
#define KEEPALIVE_EVERY 2000
#define KEEPALIVE_COUNT 3
#define REPEATS_MAX	4 /* of a segment without an answer: some 15 s */

struct xdp_stream {
	struct xdp_socket *xs;
	struct tcp_pcb *pcb; /* NULL once lwIP has freed it */
	int error;	     /* what the connection ended with */
	bool connected;
	struct xdp_link link;
	struct xdp_socket_listener listener;
	struct netif netif;
	struct xdp_program_flow flow;
	int port_fd; /* holds the port */
	const volatile int *stop;
	uint64_t sent, acknowledged; /* bytes */
	uint64_t followed_ns;
	uint32_t answered;    /* the peer's last number, as last seen */
	uint64_t answered_ns; /* and when it was the first time */
};

static pthread_once_t lwip_once = PTHREAD_ONCE_INIT;

const char *xdp_stream_absent(void)
{
	return NULL;
}

/*
 * lwIP's lower end: packets out, segments in.
 */

static err_t packet_output(struct netif *netif, struct pbuf *packet,
			   const ip4_addr_t *next_hop)
{
	struct xdp_stream *stream = netif->state;
	uint8_t *frame = xdp_socket_frame(stream->xs);
	size_t len = ETHERNET_LEN + (size_t)packet->tot_len;

	(void)next_hop;
	/* As a full queue of a NIC: TCP sends it again. */
	if (!frame || len > XDP_SOCKET_FRAME_MAX)
		return ERR_BUF;
	memcpy(frame, stream->link.header, ETHERNET_LEN);
	pbuf_copy_partial(packet, frame + ETHERNET_LEN, packet->tot_len, 0);
	xdp_socket_send(stream->xs, (uint32_t)len);
	return ERR_OK;
}

static void on_frame(struct xdp_socket_listener *listener, uint8_t *bytes,
		     uint32_t len)
{
	struct xdp_stream *stream =
		container_of(listener, struct xdp_stream, listener);
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

static void on_idle(struct xdp_socket_listener *listener)
{
	(void)listener;
	sys_check_timeouts();
}

static u16_t mtu_of(const struct xdp_stream *stream)
{
	unsigned int mtu = stream->link.follower.interface.mtu;

	return (u16_t)(mtu < UINT16_MAX ? mtu : UINT16_MAX);
}

static err_t netif_prepare(struct netif *netif)
{
	const struct xdp_stream *stream = netif->state;

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
	struct xdp_stream *stream = context;

	(void)pcb, (void)result;
	stream->connected = true;
	return ERR_OK;
}

static err_t on_received(void *context, struct tcp_pcb *pcb, struct pbuf *bytes,
			 err_t result)
{
	struct xdp_stream *stream = context;

	(void)result;
	if (!bytes) {
		stream->error = -EPIPE;
		return ERR_OK;
	}
	tcp_recved(pcb, bytes->tot_len);
	pbuf_free(bytes);
	return ERR_OK;
}

static err_t on_acknowledged(void *context, struct tcp_pcb *pcb, u16_t len)
{
	struct xdp_stream *stream = context;

	(void)pcb;
	stream->acknowledged += len;
	return ERR_OK;
}

/* The pcb is gone when this is called. */
static void on_error(void *context, err_t result)
{
	struct xdp_stream *stream = context;

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
static int connect_unpredictably(struct xdp_stream *stream)
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

static int pcb_open(struct xdp_stream *stream)
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
 * Following the kernel.
 */

/* Send again what has had no answer: it went to the wrong place. */
static void repeat(struct xdp_stream *stream)
{
	if (!stream->pcb || !stream->pcb->unacked)
		return;
	stream->pcb->nrtx = 0;
	tcp_rexmit_rto(stream->pcb);
}

static void mtu_take(struct xdp_stream *stream)
{
	u16_t mtu = mtu_of(stream);

	stream->netif.mtu = mtu;
	if (stream->pcb && mtu > HEADERS_LEN &&
	    stream->pcb->mss > mtu - HEADERS_LEN)
		stream->pcb->mss = (u16_t)(mtu - HEADERS_LEN);
}

/* Since when does the peer owe us an answer? */
static bool is_unanswered(struct xdp_stream *stream, uint64_t now_ns)
{
	const struct tcp_pcb *pcb = stream->pcb;

	if (!pcb || !pcb->unacked || pcb->lastack != stream->answered) {
		stream->answered = pcb ? pcb->lastack : 0;
		stream->answered_ns = now_ns;
	}
	return now_ns - stream->answered_ns > PATIENCE_NS;
}

static void follow(struct xdp_stream *stream)
{
	const struct follower *follower = &stream->link.follower;
	const bool ran = follower->running;
	uint64_t now_ns = clock_monotonic_ns();
	int changes = xdp_link_follow(&stream->link);

	stream->followed_ns = now_ns;
	if (changes < 0)
		return;
	if (changes & FOLLOWER_LINK)
		mtu_take(stream);
	if (changes & FOLLOWER_ROUTE && follower->routed &&
	    follower->source.s_addr != stream->link.source.s_addr)
		log_warning("%s: the kernel's route to the exchange has "
			    "another source now: this connection keeps its own",
			    follower->interface.name);
	if (changes & FOLLOWER_NEIGHBOUR || (follower->running && !ran))
		repeat(stream);
	else if (is_unanswered(stream, now_ns))
		xdp_link_ask(&stream->link);
}

/* For loops that wait. */
static void follow_now_and_then(struct xdp_stream *stream)
{
	if (clock_monotonic_ns() - stream->followed_ns > FOLLOW_NS)
		follow(stream);
}

/*
 * Connecting.
 */

static bool is_stopped(const volatile int *stop)
{
	return stop && *stop;
}

/* A port that the kernel gives to no one else, for it is bound. */
static int port_hold(struct xdp_stream *stream)
{
	struct sockaddr_in own = {
		.sin_family = AF_INET,
		.sin_addr = stream->link.source,
	};
	socklen_t len = sizeof(own);
	int err;

	stream->port_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (stream->port_fd < 0)
		return -errno;
	if (bind(stream->port_fd, (void *)&own, sizeof(own)) == 0 &&
	    getsockname(stream->port_fd, (void *)&own, &len) == 0) {
		stream->flow.destination = own;
		return 0;
	}
	err = -errno;
	close(stream->port_fd);
	return err;
}

/* One try after the other. */
static int handshake(struct xdp_stream *stream, uint64_t deadline_ns,
		     const volatile int *stop)
{
	uint64_t now_ns = clock_monotonic_ns(), again_ns = now_ns;
	int err, refusal = -ETIMEDOUT;

	while (!stream->connected) {
		if (is_stopped(stop))
			return -EINTR;
		if (now_ns >= deadline_ns)
			return refusal;
		if (!stream->pcb && now_ns >= again_ns) {
			again_ns = now_ns + AGAIN_NS;
			err = pcb_open(stream);
			if (err)
				return err;
		}
		err = xdp_socket_scan(stream->xs);
		if (err)
			return err;
		sys_check_timeouts();
		follow_now_and_then(stream);
		if (stream->error)
			refusal = stream->error;
		now_ns = clock_monotonic_ns();
	}
	return 0;
}

static void lwip_start(void)
{
	/* Its thread is never started: whoever polls the rings runs it. */
	lwip_init();
}

static int stack_open(struct xdp_stream *stream)
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
	stream->xs->listener = &stream->listener;
	return 0;
}

static void stack_close(struct xdp_stream *stream)
{
	if (stream->pcb) {
		/* Silently: what there was to say has been said. */
		tcp_abandon(stream->pcb, 0);
	}
	stream->xs->listener = NULL;
	netif_remove(&stream->netif);
}

static int stream_open(struct xdp_stream *stream,
		       const struct sockaddr_in *peer, uint64_t deadline_ns,
		       const volatile int *stop)
{
	int err = xdp_link_open(&stream->link, stream->xs, peer->sin_addr,
				deadline_ns, stop);

	if (err)
		return err;
	err = port_hold(stream);
	if (err)
		goto close_link;
	stream->flow.protocol = IPPROTO_TCP;
	stream->flow.source = *peer;
	err = xdp_socket_flow_add(stream->xs, &stream->flow);
	if (err)
		goto close_port;
	err = stack_open(stream);
	if (err)
		goto remove_flow;
	err = handshake(stream, deadline_ns, stop);
	if (!err)
		return 0;
	stack_close(stream);
remove_flow:
	xdp_socket_flow_remove(stream->xs, &stream->flow);
close_port:
	close(stream->port_fd);
close_link:
	xdp_link_close(&stream->link);
	return err;
}

int xdp_stream_connect(struct xdp_socket *xs, const struct sockaddr_in *peer,
		       unsigned int timeout_ms, const volatile int *stop,
		       struct xdp_stream **stream)
{
	uint64_t deadline_ns = clock_monotonic_ns() + timeout_ms * NS_PER_MS;
	struct xdp_stream *new = calloc(1, sizeof(*new));
	char text[ADDRESS_TEXT_MAX];
	int err;

	*stream = NULL;
	if (!new)
		return -ENOMEM;
	new->xs = xs;
	new->stop = stop;
	err = stream_open(new, peer, deadline_ns, stop);
	if (!err) {
		*stream = new;
		return 0;
	}
	free(new);
	if (err != -EINTR)
		log_error("cannot connect to %s past the kernel, on %s: %s%s",
			  address_format(peer, text), xs->interface.name,
			  log_reason(err),
			  err == -EHOSTUNREACH ? ": it must be on the same link"
					       : "");
	return err;
}

/*
 * Using it.
 */

int xdp_stream_alive(struct xdp_stream *stream)
{
	if (stream->error)
		return stream->error;
	follow(stream);
	return stream->error || stream->pcb->nrtx > REPEATS_MAX ? -ETIMEDOUT
								: 0;
}

/* lwIP takes all of them or none. */
static bool bytes_take(struct xdp_stream *stream, const uint8_t *bytes,
		       size_t len)
{
	if (len > tcp_sndbuf(stream->pcb) ||
	    tcp_write(stream->pcb, bytes, (u16_t)len, TCP_WRITE_FLAG_COPY) !=
		    ERR_OK)
		return false;
	stream->sent += len;
	tcp_output(stream->pcb);
	return true;
}

uint16_t xdp_stream_port(const struct xdp_stream *stream)
{
	return ntohs(stream->flow.destination.sin_port);
}

/* lwIP has no room: take in what the peer acknowledges. */
__attribute__((cold, noinline)) static ssize_t room_make(
	struct xdp_stream *stream, const uint8_t *bytes, size_t len)
{
	int err = xdp_stream_wait(stream, 0);

	if (err)
		return err;
	return bytes_take(stream, bytes, len) ? (ssize_t)len : 0;
}

ssize_t xdp_stream_send(struct xdp_stream *stream, const uint8_t *bytes,
			size_t len)
{
	if (__builtin_expect(stream->error, 0))
		return stream->error;
	if (len > XDP_STREAM_SEND_MAX)
		len = XDP_STREAM_SEND_MAX;
	if (__builtin_expect(!bytes_take(stream, bytes, len), 0))
		return room_make(stream, bytes, len);
	return (ssize_t)len;
}

/* Run the stack until it is so, or the connection is over, or it is late. */
static int settle(struct xdp_stream *stream,
		  bool (*is_so)(const struct xdp_stream *stream),
		  uint64_t wait_ns)
{
	uint64_t deadline_ns = clock_monotonic_ns() + wait_ns;
	int err;

	do {
		err = xdp_socket_scan(stream->xs);
		if (err < 0)
			return err;
		sys_check_timeouts();
		follow_now_and_then(stream);
	} while (stream->pcb && !is_so(stream) &&
		 clock_monotonic_ns() < deadline_ns);
	return stream->error;
}

static bool has_room(const struct xdp_stream *stream)
{
	return tcp_sndbuf(stream->pcb) >= XDP_STREAM_SEND_MAX &&
	       stream->pcb->snd_queuelen < TCP_SND_QUEUELEN / 2;
}

int xdp_stream_wait(struct xdp_stream *stream, unsigned int timeout_ms)
{
	return settle(stream, has_room, timeout_ms * NS_PER_MS);
}

uint64_t xdp_stream_unacknowledged(const struct xdp_stream *stream)
{
	return stream->sent - stream->acknowledged;
}

/* All that was sent is acknowledged, the end with it. */
static bool is_acknowledged(const struct xdp_stream *stream)
{
	return !stream->pcb->unsent && !stream->pcb->unacked;
}

static bool is_closed(const struct xdp_stream *stream)
{
	return stream->error;
}

void xdp_stream_close(struct xdp_stream *stream)
{
	if (!stream)
		return;
	if (stream->pcb) {
		tcp_shutdown(stream->pcb, 0, 1);
		settle(stream, is_acknowledged,
		       is_stopped(stream->stop) ? HURRIED_NS : LAST_WORDS_NS);
		settle(stream, is_closed, FAREWELL_NS);
	}
	stack_close(stream);
	xdp_socket_flow_remove(stream->xs, &stream->flow);
	close(stream->port_fd);
	xdp_link_close(&stream->link);
	free(stream);
}

#else

const char *xdp_stream_absent(void)
{
	return "built without libxdp or lwIP";
}

#endif
