/* SPDX-License-Identifier: MIT */
#include "net/xdp_stream.h"

#include <errno.h>

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF) && defined(HAVE_LWIP)

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
/* Before lwIP: it takes what the system has defined. */
#include <net/if_arp.h>
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
#include "wire/datagram.h"

#define ETHERNET_LEN	14
#define DISCARD_PORT	9
#define NS_PER_MS	UINT64_C(1000000)
#define AGAIN_NS	(50 * NS_PER_MS) /* after a refusal */
#define LAST_WORDS_NS	(2 * CLOCK_NS_PER_S)
#define FAREWELL_NS	(100 * NS_PER_MS)
#define KEEPALIVE_IDLE	10000 /* ms; as our kernel sockets have it */
#define KEEPALIVE_EVERY 2000
#define KEEPALIVE_COUNT 3
#define REPEATS_MAX	4 /* of a segment without an answer: some 15 s */

struct xdp_stream {
	struct xdp_socket *xs;
	struct tcp_pcb *pcb; /* NULL once lwIP has freed it */
	int error;	     /* what the connection ended with */
	bool connected;
	uint8_t ethernet[ETHERNET_LEN]; /* of each frame that leaves */
	struct xdp_socket_listener listener;
	struct netif netif;
	struct xdp_program_flow flow;
	int port_fd; /* holds the port */
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
	memcpy(frame, stream->ethernet, ETHERNET_LEN);
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

static err_t netif_prepare(struct netif *netif)
{
	const struct xdp_stream *stream = netif->state;

	netif->name[0] = 'x';
	netif->name[1] = 'd';
	netif->mtu = (u16_t)stream->xs->interface.mtu;
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

static int pcb_open(struct xdp_stream *stream)
{
	const ip_addr_t local =
		IPADDR4_INIT(stream->flow.destination.sin_addr.s_addr);
	const ip_addr_t peer =
		IPADDR4_INIT(stream->flow.source.sin_addr.s_addr);
	struct tcp_pcb *pcb = tcp_new();

	if (!pcb)
		return -ENOMEM;
	stream->pcb = pcb;
	stream->error = 0;
	tcp_arg(pcb, stream);
	tcp_err(pcb, on_error);
	tcp_recv(pcb, on_received);
	tcp_nagle_disable(pcb);
	ip_set_option(pcb, SOF_KEEPALIVE);
	ip_set_option(pcb, SOF_REUSEADDR); /* a try before this one */
	pcb->keep_idle = KEEPALIVE_IDLE;
	pcb->keep_intvl = KEEPALIVE_EVERY;
	pcb->keep_cnt = KEEPALIVE_COUNT;
	tcp_bind_netif(pcb, &stream->netif);
	if (tcp_bind(pcb, &local, ntohs(stream->flow.destination.sin_port)) ==
		    ERR_OK &&
	    tcp_connect(pcb, &peer, ntohs(stream->flow.source.sin_port),
			on_connected) == ERR_OK)
		return 0;
	tcp_abort(pcb); /* calls on_error() */
	return -EADDRINUSE;
}

/*
 * Connecting.
 */

static bool is_stopped(const volatile int *stop)
{
	return stop && *stop;
}

/* The kernel knows its neighbours; it is made to ask for one by a datagram
 * that nobody takes. -EAGAIN: not known yet. */
static int neighbour_find(int fd, const struct xdp_socket *xs,
			  const struct sockaddr_in *peer,
			  uint8_t ethernet[static 6])
{
	struct sockaddr_in discard = *peer;
	struct arpreq request = { .arp_flags = 0 };

	memcpy(&request.arp_pa, peer, sizeof(*peer));
	((struct sockaddr_in *)(void *)&request.arp_pa)->sin_port = 0;
	memcpy(request.arp_dev, xs->interface.name, sizeof(xs->interface.name));
	if (ioctl(fd, SIOCGARP, &request) == 0 && request.arp_flags & ATF_COM) {
		memcpy(ethernet, request.arp_ha.sa_data, 6);
		return 0;
	}
	discard.sin_port = htons(DISCARD_PORT);
	sendto(fd, "", 0, MSG_DONTWAIT | MSG_DONTROUTE, (void *)&discard,
	       sizeof(discard));
	return -EAGAIN;
}

static int ethernet_prepare(struct xdp_stream *stream,
			    const struct sockaddr_in *peer,
			    uint64_t deadline_ns, const volatile int *stop)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	const uint8_t type[] = { 0x08, 0x00 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	while ((err = neighbour_find(fd, stream->xs, peer, stream->ethernet)) &&
	       !is_stopped(stop) && clock_monotonic_ns() < deadline_ns)
		nanosleep(&pause, NULL);
	close(fd);
	memcpy(stream->ethernet + 6, stream->xs->interface.ethernet, 6);
	memcpy(stream->ethernet + 12, type, sizeof(type));
	if (!err)
		return 0;
	return is_stopped(stop) ? -EINTR : -EHOSTUNREACH;
}

/* A port that the kernel gives to no one else, for it is bound. */
static int port_hold(struct xdp_stream *stream)
{
	struct sockaddr_in own = {
		.sin_family = AF_INET,
		.sin_addr = stream->xs->interface.address,
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
	ip4_addr_set_u32(&address, stream->xs->interface.address.s_addr);
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
	int err = ethernet_prepare(stream, peer, deadline_ns, stop);

	if (!err)
		err = port_hold(stream);
	if (err)
		return err;
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
	err = xs->interface.address.s_addr
		      ? stream_open(new, peer, deadline_ns, stop)
		      : -EADDRNOTAVAIL;
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

int xdp_stream_alive(const struct xdp_stream *stream)
{
	if (stream->error)
		return stream->error;
	return stream->pcb->nrtx > REPEATS_MAX ? -ETIMEDOUT : 0;
}

/* lwIP has no room: take in what the peer acknowledges. */
__attribute__((cold, noinline)) static int room_wait(struct xdp_stream *stream)
{
	int err = xdp_socket_scan(stream->xs);

	sys_check_timeouts();
	return err ? err : xdp_stream_alive(stream);
}

int xdp_stream_send(struct xdp_stream *stream, const uint8_t *bytes, size_t len)
{
	int err = stream->error;

	while (len > 0 && !err) {
		u16_t room = tcp_sndbuf(stream->pcb);
		u16_t part = len < room ? (u16_t)len : room;

		if (__builtin_expect(
			    !part || tcp_write(stream->pcb, bytes, part,
					       TCP_WRITE_FLAG_COPY) != ERR_OK,
			    0)) {
			err = room_wait(stream);
			continue;
		}
		tcp_output(stream->pcb);
		bytes += part;
		len -= part;
	}
	return err;
}

/* Run the stack until it is so, or the connection is over, or it is late. */
static void settle(struct xdp_stream *stream,
		   bool (*is_so)(const struct xdp_stream *stream),
		   uint64_t wait_ns)
{
	uint64_t deadline_ns = clock_monotonic_ns() + wait_ns;

	while (stream->pcb && !is_so(stream) &&
	       clock_monotonic_ns() < deadline_ns) {
		if (xdp_socket_scan(stream->xs) < 0)
			return;
		sys_check_timeouts();
	}
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
		settle(stream, is_acknowledged, LAST_WORDS_NS);
		settle(stream, is_closed, FAREWELL_NS);
	}
	stack_close(stream);
	xdp_socket_flow_remove(stream->xs, &stream->flow);
	close(stream->port_fd);
	free(stream);
}

#else

const char *xdp_stream_absent(void)
{
	return "built without libxdp or lwIP";
}

#endif
