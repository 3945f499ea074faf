/* SPDX-License-Identifier: MIT */
/*
 * What the paths over a kernel socket share: a joined UDP socket, and slots
 * that datagrams are received into. A path's struct begins with a struct
 * receive_socket, so that receive_socket_options serves it as it is.
 */
#ifndef RECEIVE_RECEIVE_SOCKET_H
#define RECEIVE_RECEIVE_SOCKET_H

#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>

#include "base/syscall.h"
#include "net/socket.h"
#include "net/socket_options.h"
#include "receive/receive_interface.h"

/* The longest datagram that is delivered. One that is longer (IP fragments
 * only: the MTU is 1500) is skipped and counted. */
#define RECEIVE_SOCKET_DATAGRAM_MAX 2048

struct receive_socket_slot {
	struct msghdr message;
	struct iovec bytes;
	_Alignas(struct cmsghdr)
		uint8_t control[CMSG_SPACE(sizeof(struct timespec))];
	_Alignas(64) uint8_t data[RECEIVE_SOCKET_DATAGRAM_MAX];
};

struct receive_socket {
	struct receive_interface interface;
	uint64_t rcvbuf; /* bytes asked for */
	bool timestamps;
	struct socket_options tuning;
	int fd;
	struct mem_arena arena;
	struct receive_socket_slot *slots;
	uint64_t oversized; /* longer than RECEIVE_SOCKET_DATAGRAM_MAX */
};

/* rcvbuf, timestamps, and what experiments turn. The rows alone are for paths
 * with more of them, or with their own for busy polling; the tuning is done by
 * receive_socket_open(). */
extern const struct option_row receive_socket_options[];
#define RECEIVE_SOCKET_ROWS                                             \
	{ .name = "rcvbuf",                                             \
	  .metavar = "BYTES",                                           \
	  .def = "4m",                                                  \
	  .type = OPTION_UNSIGNED,                                      \
	  .min = 4096,                                                  \
	  .max = UINT64_C(1) << 30,                                     \
	  .offset = offsetof(struct receive_socket, rcvbuf),            \
	  .help = "the socket's receive buffer (SO_RCVBUF)" },          \
	{                                                               \
		.name = "timestamps", .metavar = "on|off", .def = "on", \
		.type = OPTION_FLAG,                                    \
		.offset = offsetof(struct receive_socket, timestamps),  \
		.help = "the kernel's receive stamps (SO_TIMESTAMPNS)"  \
	}

#define RECEIVE_SOCKET_ROW(...) \
	SOCKET_OPTION(struct receive_socket, tuning, __VA_ARGS__)
#define RECEIVE_SOCKET_TUNING_ROWS SOCKET_OPTIONS_ANY(RECEIVE_SOCKET_ROW)
#define RECEIVE_SOCKET_BUSY_ROWS   SOCKET_OPTIONS_BUSY(RECEIVE_SOCKET_ROW)

/* The slots alone, for paths with a socket of another kind: 0 or -ENOMEM. */
int receive_socket_slots(struct receive_socket *rx, unsigned int slot_count);

/* Warns when the receive buffer is less than rcvbuf asks for. */
void receive_socket_buffer_check(const struct receive_socket *rx,
				 unsigned int had);

/* Open, bind and join, with that many slots. 0 or a negative errno, logged;
 * gives everything back on failure. */
int receive_socket_open(struct receive_socket *rx, unsigned int slot_count);

/* HOT. What poll() makes of a negative errno: 0 for one that passes (a signal,
 * the interface went down), else itself. */
int errno_is_transient(int err);

/*
 * HOT. Receive one datagram into a slot, by recvmsg(2), or recv(2) without
 * time stamps. 1 with the packet; 0 when there was none, it was too long, a
 * signal came, or the network is out of order just now (the interface went
 * down: it may come up again); else a negative errno. flags: MSG_DONTWAIT.
 * Inline for the reason that base/syscall.h gives.
 */
static inline int receive_socket_take(struct receive_socket *rx,
				      struct receive_socket_slot *slot,
				      int flags, struct packet *packet)
{
	ssize_t len;

	/* MSG_TRUNC makes the kernel tell the datagram's own length. */
	if (__builtin_expect(rx->timestamps, 1)) {
		slot->message.msg_controllen = sizeof(slot->control);
		len = syscall_recvmsg(rx->fd, &slot->message,
				      flags | MSG_TRUNC);
	} else {
		len = syscall_recv(rx->fd, slot->data, sizeof(slot->data),
				   flags | MSG_TRUNC);
	}
	if (__builtin_expect(len < 0, 0))
		return errno_is_transient((int)len);
	if (__builtin_expect((size_t)len > sizeof(slot->data), 0)) {
		rx->oversized++;
		return 0;
	}
	packet->data = slot->data;
	packet->len = (uint32_t)len;
	packet->kernel_ns = __builtin_expect(rx->timestamps, 1)
				    ? socket_message_stamp(&slot->message)
				    : 0;
	return 1;
}

/* As descriptor(), drops() and close() of struct receive_ops. */
int receive_socket_descriptor(struct receive *receive);
uint64_t receive_socket_drops(struct receive *receive);
void receive_socket_close(struct receive *receive);

#endif
