/* SPDX-License-Identifier: MIT */
#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/address.h"
#include "net/frame_port.h"
#include "net/socket_setting.h"

#define RETRY_MS 50

int socket_option(int fd, int level, int option, int wanted, int *found)
{
	socklen_t len = sizeof(*found);

	if (setsockopt(fd, level, option, &wanted, sizeof(wanted)) < 0)
		return -errno;
	if (getsockopt(fd, level, option, found, &len) < 0)
		return -errno;
	return 0;
}

int socket_settings_apply(int fd, const struct socket_setting *settings,
			  size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct socket_setting *setting = &settings[i];
		int found, err;

		err = socket_option(fd, setting->level, setting->option,
				    setting->wanted, &found);
		if (err) {
			log_error("can't set %s to %d: %s", setting->name,
				  setting->wanted, log_strerror(err));
			return err;
		}
		if (found != setting->wanted) {
			log_error("%s: requested %d, got %d", setting->name,
				  setting->wanted, found);
			return -ERANGE;
		}
	}
	return 0;
}

int socket_fault(const char *what, const struct sockaddr_in *address)
{
	char text[ADDRESS_TEXT_MAX];
	int err = -errno;

	log_error("can't %s %s: %s", what, address_format(address, text),
		  log_strerror(err));
	return err;
}

int socket_open(int type)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		fd = -errno;
		log_error("can't open a socket: %s", log_strerror(fd));
	}
	return fd;
}

int socket_listen(const struct sockaddr_in *address, int backlog)
{
	static const struct socket_setting settings[] = {
		{ SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR" },
	};
	int fd, err;

	fd = socket_open(SOCK_STREAM | SOCK_NONBLOCK);
	if (fd < 0)
		return fd;
	err = socket_settings_apply(fd, settings, ARRAY_SIZE(settings));
	if (err)
		goto close_fd;
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
		err = socket_fault("bind", address);
		goto close_fd;
	}
	if (listen(fd, backlog) < 0) {
		err = socket_fault("listen on", address);
		goto close_fd;
	}
	return fd;
close_fd:
	close(fd);
	return err;
}

static int no_delay(int fd)
{
	static const struct socket_setting settings[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY" },
	};

	return socket_settings_apply(fd, settings, ARRAY_SIZE(settings));
}

int socket_accept(int listener, struct sockaddr_in *peer)
{
	socklen_t len = sizeof(*peer);
	int fd, err;

	fd = accept4(listener, (struct sockaddr *)peer, &len,
		     SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		switch (errno) {
		case EAGAIN:
		/* Of the connection that was given up, not of the listener:
		 * accept(2), "Error handling". */
		case EINTR:
		case ECONNABORTED:
		case EPROTO:
		case ENOPROTOOPT:
		case EHOSTDOWN:
		case EHOSTUNREACH:
		case ENONET:
		case ENETDOWN:
		case ENETUNREACH:
		case EPERM:
			return -EAGAIN;
		}
		err = -errno;
		log_error("can't accept a connection: %s", log_strerror(err));
		return err;
	}
	err = no_delay(fd);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/* May the peer be there a moment later? */
static bool passes(int err)
{
	switch (-err) {
	case ECONNREFUSED:
	case ECONNRESET:
	case ECONNABORTED:
	case ENOTCONN:
	case ENETUNREACH:
	case ENETDOWN:
	case EHOSTUNREACH:
	case EHOSTDOWN:
	case ETIMEDOUT:
	case EADDRNOTAVAIL:
	case EAGAIN:
		return true;
	}
	return false;
}

/* Is there a peer, and another than this socket? On one host, a port that
 * nobody listens on can be the one that the kernel chose for us: TCP then
 * connects the socket to itself. 0 or a negative errno: -ENOTCONN for a
 * connection that ended before it was looked at, getpeername(2). */
static int peer_look(int fd)
{
	struct sockaddr_in own = { 0 }, peer = { 0 };
	socklen_t own_len = sizeof(own), peer_len = sizeof(peer);

	if (getsockname(fd, (struct sockaddr *)&own, &own_len) < 0 ||
	    getpeername(fd, (struct sockaddr *)&peer, &peer_len) < 0)
		return -errno;
	return own.sin_port == peer.sin_port &&
			       own.sin_addr.s_addr == peer.sin_addr.s_addr
		       ? -ECONNREFUSED
		       : 0;
}

static unsigned int left_ms(uint64_t deadline_ns)
{
	uint64_t now_ns = clock_monotonic_ns();

	return now_ns < deadline_ns
		       ? (unsigned int)((deadline_ns - now_ns) / 1000000)
		       : 0;
}

/* Wait at most RETRY_MS, however the deadline lies; fd may be -1. */
static int pause_poll(struct frame_port *carrier, int fd, uint64_t deadline_ns)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	unsigned int ms = left_ms(deadline_ns);

	return frame_port_poll(carrier, &ready, ms < RETRY_MS ? ms : RETRY_MS);
}

/* Non-blocking, since connect(2) would wait for minutes, deaf to the stop. */
static int try_connect(int fd, const struct sockaddr_in *peer,
		       uint64_t deadline_ns, const volatile int *stop,
		       struct frame_port *carrier)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (connect(fd, (const struct sockaddr *)peer, sizeof(*peer)) < 0) {
		if (errno != EINPROGRESS && errno != EINTR)
			return -errno;
		while (pause_poll(carrier, fd, deadline_ns) <= 0) {
			if (stop && *stop)
				return -EINTR;
			if (!left_ms(deadline_ns))
				return -ETIMEDOUT;
		}
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -errno;
	return err ? -err : peer_look(fd);
}

static int connected_finish(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0) {
		int err = -errno;

		log_error("can't make a socket blocking: %s",
			  log_strerror(err));
		return err;
	}
	return no_delay(fd);
}

int socket_connect_by(const struct sockaddr_in *peer, unsigned int timeout_ms,
		      const volatile int *stop, struct frame_port *carrier)
{
	uint64_t deadline_ns =
		clock_monotonic_ns() + timeout_ms * UINT64_C(1000000);
	char text[ADDRESS_TEXT_MAX];
	int fd, err;

	for (;;) {
		if (stop && *stop)
			return -EINTR;
		fd = socket_open(SOCK_STREAM | SOCK_NONBLOCK);
		if (fd < 0)
			return fd;
		err = try_connect(fd, peer, deadline_ns, stop, carrier);
		if (!err)
			break;
		close(fd);
		if (err == -EINTR)
			return err;
		if (!passes(err) || !left_ms(deadline_ns))
			goto failed;
		pause_poll(carrier, -1, deadline_ns);
	}
	err = connected_finish(fd);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
failed:
	log_error("can't connect to %s within %u ms: %s",
		  address_format(peer, text), timeout_ms, log_strerror(err));
	return err;
}

int socket_connect(const struct sockaddr_in *peer, unsigned int timeout_ms,
		   const volatile int *stop)
{
	return socket_connect_by(peer, timeout_ms, stop, NULL);
}

int socket_keepalive(int fd, unsigned int idle_s, unsigned int interval_s,
		     unsigned int count)
{
	const uint64_t patience_ms =
		((uint64_t)idle_s + (uint64_t)interval_s * count) * 1000;
	const struct socket_setting settings[] = {
		/* For what was sent and is not acknowledged. */
		{ IPPROTO_TCP, TCP_USER_TIMEOUT,
		  patience_ms < INT_MAX ? (int)patience_ms : INT_MAX,
		  "TCP_USER_TIMEOUT" },
		{ IPPROTO_TCP, TCP_KEEPIDLE, (int)idle_s, "TCP_KEEPIDLE" },
		{ IPPROTO_TCP, TCP_KEEPINTVL, (int)interval_s,
		  "TCP_KEEPINTVL" },
		{ IPPROTO_TCP, TCP_KEEPCNT, (int)count, "TCP_KEEPCNT" },
		{ SOL_SOCKET, SO_KEEPALIVE, 1, "SO_KEEPALIVE" },
	};

	return socket_settings_apply(fd, settings, ARRAY_SIZE(settings));
}

int socket_receive_buffer(int fd, unsigned int *buffer_bytes)
{
	int wanted = *buffer_bytes < INT_MAX ? (int)*buffer_bytes : INT_MAX;
	int found;
	socklen_t len = sizeof(found);

	/* Past rmem_max, which needs CAP_NET_ADMIN. */
	if ((setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted,
			sizeof(wanted)) < 0 &&
	     setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof(wanted)) <
		     0) ||
	    getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &found, &len) < 0) {
		int err = -errno;

		log_error("can't set SO_RCVBUF to %d: %s", wanted,
			  log_strerror(err));
		return err;
	}
	*buffer_bytes = (unsigned int)found / 2;
	return 0;
}

int socket_receive_stamps(int fd, bool on)
{
	const struct socket_setting settings[] = {
		{ SOL_SOCKET, SO_TIMESTAMPNS, on, "SO_TIMESTAMPNS" },
	};

	return socket_settings_apply(fd, settings, ARRAY_SIZE(settings));
}

uint64_t socket_message_stamp_search(const struct msghdr *message)
{
	/* CMSG_NXTHDR() wants one that is not const. */
	struct msghdr copy = *message;
	struct cmsghdr *control;
	struct timespec stamp;

	for (control = CMSG_FIRSTHDR(&copy); control;
	     control = CMSG_NXTHDR(&copy, control)) {
		if (!socket_control_is_stamp(control))
			continue;
		memcpy(&stamp, CMSG_DATA(control), sizeof(stamp));
		return clock_from_timespec(stamp);
	}
	return 0;
}

uint64_t socket_drops(int fd)
{
	uint32_t memory[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(memory);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &len) < 0)
		return 0;
	return memory[SK_MEMINFO_DROPS];
}
