/* SPDX-License-Identifier: MIT */
/*
 * Sockets with every option explicit: set, then read back, since the kernel
 * clamps silently. All return 0 (or a descriptor) or a negative errno; the
 * cause is logged once, here. Descriptors are close-on-exec.
 */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "net/interface.h"

struct frame_port;

/* A listener on exactly this address. SO_REUSEADDR, non-blocking. */
int socket_listen(const struct sockaddr_in *address, int backlog);

/* Accept, non-blocking, with TCP_NODELAY. -EAGAIN (silent) when nobody
 * waits. */
int socket_accept(int listener, struct sockaddr_in *peer);

/* Connect a blocking TCP socket with TCP_NODELAY; tries again while the peer
 * refuses or can't be reached, each 50 ms, until timeout_ms have passed, or
 * until *stop is set (stop may be NULL): then -EINTR, silent. */
int socket_connect(const struct sockaddr_in *peer, unsigned int timeout_ms,
		   const volatile int *stop);

/* The same, where carrier (net/frame_port.h) carries the kernel's frames; NULL:
 * they need none. */
int socket_connect_by(const struct sockaddr_in *peer, unsigned int timeout_ms,
		      const volatile int *stop, struct frame_port *carrier);

/* Notice a dead peer: probes after idle_s, then every interval_s, given up
 * after count; and as long for bytes that it does not take. tcp(7). */
int socket_keepalive(int fd, unsigned int idle_s, unsigned int interval_s,
		     unsigned int count);

/*
 * A UDP socket that sends to the group through this interface (NULL: as the
 * routing table says), connected, so that send(2) suffices. TTL 1 stays on
 * the link. Non-blocking.
 */
int socket_multicast_sender(const struct sockaddr_in *group,
			    const struct interface *interface,
			    unsigned int ttl);

/*
 * A UDP socket that receives the group on this interface alone: bound to the
 * group's address and port, joined with the interface's index,
 * IP_MULTICAST_ALL off, SO_REUSEADDR so that two traders run on one host.
 * *buffer_bytes: as socket_receive_buffer() has it. Blocking: pass
 * MSG_DONTWAIT, or set O_NONBLOCK. ip(7), socket(7).
 */
int socket_multicast_receiver(const struct sockaddr_in *group,
			      const struct interface *interface,
			      unsigned int *buffer_bytes);

/* The same of one sender alone (a source-specific join): the kernel takes
 * nothing of others off the group for this socket. source 0.0.0.0: anyone. */
int socket_multicast_receiver_of(struct in_addr source,
				 const struct sockaddr_in *group,
				 const struct interface *interface,
				 unsigned int *buffer_bytes);

/*
 * A UDP socket that nothing is received by and that holds no memory: its
 * socket_drops() is how many datagrams to the group, on this interface, were
 * not the source's, whether the stack delivered them to anyone or not.
 */
int socket_multicast_strangers(struct in_addr source,
			       const struct sockaddr_in *group,
			       const struct interface *interface);

/* *buffer_bytes: what is asked of SO_RCVBUF in; what was had out (the kernel's
 * doubling taken off). SO_RCVBUFFORCE is tried first. */
int socket_receive_buffer(int fd, unsigned int *buffer_bytes);

/* Kernel receive stamps, software, in each message's control data
 * (SO_TIMESTAMPNS). */
int socket_receive_stamps(int fd, bool on);

/* A socket option by number, set and read back: *found is what it is now.
 * Returns the negative errno silently; the caller knows its name. */
int socket_option(int fd, int level, int option, int wanted, int *found);

static inline bool socket_control_is_stamp(const struct cmsghdr *control)
{
	return control->cmsg_level == SOL_SOCKET &&
	       control->cmsg_type == SCM_TIMESTAMPNS &&
	       control->cmsg_len >= CMSG_LEN(sizeof(struct timespec));
}

/* The stamp behind other control data, ns since 1970; 0: none. */
uint64_t socket_message_stamp_search(const struct msghdr *message);

/* HOT. The stamp in a message's control data, ns since 1970; 0: none. It comes
 * first where nothing else was asked for. */
static inline uint64_t socket_message_stamp(const struct msghdr *message)
{
	const struct cmsghdr *first = CMSG_FIRSTHDR(message);
	struct timespec stamp;

	if (__builtin_expect(!first, 0))
		return 0;
	if (__builtin_expect(!socket_control_is_stamp(first), 0))
		return socket_message_stamp_search(message);
	memcpy(&stamp, CMSG_DATA(first), sizeof(stamp));
	return clock_from_timespec(stamp);
}

/* Datagrams that the kernel dropped for want of buffer on this socket, since
 * it was opened (SO_MEMINFO's SK_MEMINFO_DROPS). 0 where it does not tell. */
uint64_t socket_drops(int fd);

#endif
