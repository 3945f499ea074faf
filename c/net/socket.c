/* SPDX-License-Identifier: MIT */
#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
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

#define RETRY_MS 50

/* Of options whose value is what was asked for, or else a failure. */
struct setting {
	int level;
	int option;
	int wanted;
	const char *name;
};

int socket_option(int fd, int level, int option, int wanted, int *found)
{
	socklen_t len = sizeof(*found);

	if (setsockopt(fd, level, option, &wanted, sizeof(wanted)) < 0)
		return -errno;
	if (getsockopt(fd, level, option, found, &len) < 0)
		return -errno;
	return 0;
}

static int settings_apply(int fd, const struct setting *settings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct setting *setting = &settings[i];
		int found, err;

		err = socket_option(fd, setting->level, setting->option,
				    setting->wanted, &found);
		if (err) {
			log_error("can't set %s to %d: %s", setting->name,
				  setting->wanted, log_reason(err));
			return err;
		}
		if (found != setting->wanted) {
			log_error("can't set %s to %d: the kernel made it %d",
				  setting->name, setting->wanted, found);
			return -ERANGE;
		}
	}
	return 0;
}

/* Logs errno as "can't WHAT ADDRESS:PORT: reason" and returns it negative. */
static int fault(const char *what, const struct sockaddr_in *address)
{
	char text[ADDRESS_TEXT_MAX];
	int err = -errno;

	log_error("can't %s %s: %s", what, address_format(address, text),
		  log_reason(err));
	return err;
}

static int socket_open(int type)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		fd = -errno;
		log_error("can't open a socket: %s", log_reason(fd));
	}
	return fd;
}

int socket_listen(const struct sockaddr_in *address, int backlog)
{
	static const struct setting settings[] = {
		{ SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR" },
	};
	int fd, err;

	fd = socket_open(SOCK_STREAM | SOCK_NONBLOCK);
	if (fd < 0)
		return fd;
	err = settings_apply(fd, settings, ARRAY_SIZE(settings));
	if (err)
		goto close_fd;
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
		err = fault("bind", address);
		goto close_fd;
	}
	if (listen(fd, backlog) < 0) {
		err = fault("listen on", address);
		goto close_fd;
	}
	return fd;
close_fd:
	close(fd);
	return err;
}

static int no_delay(int fd)
{
	static const struct setting settings[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY" },
	};

	return settings_apply(fd, settings, ARRAY_SIZE(settings));
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
		log_error("can't accept a connection: %s", log_reason(err));
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

/* On one host, a port that nobody listens on can be the one that the kernel
 * chose for us: TCP then connects the socket to itself. */
static bool is_itself(int fd)
{
	struct sockaddr_in own, peer;
	socklen_t own_len = sizeof(own), peer_len = sizeof(peer);

	return getsockname(fd, (struct sockaddr *)&own, &own_len) == 0 &&
	       getpeername(fd, (struct sockaddr *)&peer, &peer_len) == 0 &&
	       own.sin_port == peer.sin_port &&
	       own.sin_addr.s_addr == peer.sin_addr.s_addr;
}

static unsigned int left_ms(uint64_t deadline_ns)
{
	uint64_t now_ns = clock_monotonic_ns();

	return now_ns < deadline_ns
		       ? (unsigned int)((deadline_ns - now_ns) / 1000000)
		       : 0;
}

/* Wait at most RETRY_MS, however the deadline lies; fd may be -1. */
static int pause_poll(int fd, uint64_t deadline_ns)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	unsigned int ms = left_ms(deadline_ns);

	return poll(&ready, 1, (int)(ms < RETRY_MS ? ms : RETRY_MS));
}

/* Non-blocking, since connect(2) would wait for minutes, deaf to the stop. */
static int try_connect(int fd, const struct sockaddr_in *peer,
		       uint64_t deadline_ns, const volatile int *stop)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (connect(fd, (const struct sockaddr *)peer, sizeof(*peer)) < 0) {
		if (errno != EINPROGRESS && errno != EINTR)
			return -errno;
		while (pause_poll(fd, deadline_ns) <= 0) {
			if (stop && *stop)
				return -EINTR;
			if (!left_ms(deadline_ns))
				return -ETIMEDOUT;
		}
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -errno;
	if (!err && is_itself(fd))
		err = ECONNREFUSED;
	return -err;
}

static int connected_finish(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0) {
		int err = -errno;

		log_error("can't make a socket blocking: %s", log_reason(err));
		return err;
	}
	return no_delay(fd);
}

int socket_connect(const struct sockaddr_in *peer, unsigned int timeout_ms,
		   const volatile int *stop)
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
		err = try_connect(fd, peer, deadline_ns, stop);
		if (!err)
			break;
		close(fd);
		if (err == -EINTR)
			return err;
		if (!passes(err) || !left_ms(deadline_ns))
			goto failed;
		pause_poll(-1, deadline_ns);
	}
	err = connected_finish(fd);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
failed:
	log_error("can't connect to %s within %u ms: %s",
		  address_format(peer, text), timeout_ms, log_reason(err));
	return err;
}

int socket_keepalive(int fd, unsigned int idle_s, unsigned int interval_s,
		     unsigned int count)
{
	const uint64_t patience_ms =
		((uint64_t)idle_s + (uint64_t)interval_s * count) * 1000;
	const struct setting settings[] = {
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

	return settings_apply(fd, settings, ARRAY_SIZE(settings));
}

/* IP_MULTICAST_IF reads back as an address, not as an index. */
static int multicast_interface(int fd, const struct interface *interface)
{
	struct ip_mreqn request = { .imr_address = interface->address,
				    .imr_ifindex = (int)interface->index };
	struct sockaddr_in own = { .sin_family = AF_INET,
				   .sin_addr = interface->address };
	struct in_addr found;
	socklen_t len = sizeof(found);
	int err = 0;

	if (bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0)
		return fault("bind", &own);
	if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &request,
		       sizeof(request)) < 0 ||
	    getsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &found, &len) < 0)
		err = -errno;
	else if (found.s_addr != interface->address.s_addr)
		err = -ERANGE;
	if (err)
		log_error("can't send multicast through %s: "
			  "IP_MULTICAST_IF: %s",
			  interface->name, log_reason(err));
	return err;
}

int socket_multicast_sender(const struct sockaddr_in *group,
			    const struct interface *interface, unsigned int ttl)
{
	const struct setting settings[] = {
		{ IPPROTO_IP, IP_MULTICAST_TTL, (int)ttl, "IP_MULTICAST_TTL" },
		{ IPPROTO_IP, IP_MULTICAST_LOOP, 1, "IP_MULTICAST_LOOP" },
	};
	int fd, err;

	fd = socket_open(SOCK_DGRAM | SOCK_NONBLOCK);
	if (fd < 0)
		return fd;
	err = settings_apply(fd, settings, ARRAY_SIZE(settings));
	if (err)
		goto close_fd;
	if (interface) {
		err = multicast_interface(fd, interface);
		if (err)
			goto close_fd;
	}
	if (connect(fd, (const struct sockaddr *)group, sizeof(*group)) < 0) {
		err = fault("send to", group);
		goto close_fd;
	}
	return fd;
close_fd:
	close(fd);
	return err;
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
			  log_reason(err));
		return err;
	}
	*buffer_bytes = (unsigned int)found / 2;
	return 0;
}

static const struct setting group_settings[] = {
	{ SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR" },
	{ IPPROTO_IP, IP_MULTICAST_ALL, 0, "IP_MULTICAST_ALL" },
};

static int join_fault(const struct sockaddr_in *group,
		      const struct interface *interface)
{
	char text[ADDRESS_TEXT_MAX];
	int err = -errno;

	log_error("can't join %s on %s: %s", address_format(group, text),
		  interface->name, log_reason(err));
	return err;
}

static int group_join(int fd, const struct sockaddr_in *group,
		      const struct interface *interface)
{
	struct ip_mreqn request = { .imr_multiaddr = group->sin_addr,
				    .imr_ifindex = (int)interface->index };

	if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request,
		       sizeof(request)) < 0)
		return join_fault(group, interface);
	return 0;
}

/* option: MCAST_JOIN_SOURCE_GROUP, MCAST_BLOCK_SOURCE. */
static int group_source(int fd, int option, struct in_addr source,
			const struct sockaddr_in *group,
			const struct interface *interface)
{
	const struct sockaddr_in from = { .sin_family = AF_INET,
					  .sin_addr = source };
	struct group_source_req request = { .gsr_interface = interface->index };

	memcpy(&request.gsr_group, group, sizeof(*group));
	memcpy(&request.gsr_source, &from, sizeof(from));
	if (setsockopt(fd, IPPROTO_IP, option, &request, sizeof(request)) < 0)
		return join_fault(group, interface);
	return 0;
}

int socket_multicast_receiver_of(struct in_addr source,
				 const struct sockaddr_in *group,
				 const struct interface *interface,
				 unsigned int *buffer_bytes)
{
	int fd, err;

	fd = socket_open(SOCK_DGRAM);
	if (fd < 0)
		return fd;
	err = settings_apply(fd, group_settings, ARRAY_SIZE(group_settings));
	if (err)
		goto close_fd;
	/* Before the first datagram can come. */
	err = socket_receive_buffer(fd, buffer_bytes);
	if (err)
		goto close_fd;
	if (bind(fd, (const struct sockaddr *)group, sizeof(*group)) < 0) {
		err = fault("bind", group);
		goto close_fd;
	}
	err = source.s_addr == INADDR_ANY
		      ? group_join(fd, group, interface)
		      : group_source(fd, MCAST_JOIN_SOURCE_GROUP, source, group,
				     interface);
	if (err)
		goto close_fd;
	return fd;
close_fd:
	close(fd);
	return err;
}

int socket_multicast_receiver(const struct sockaddr_in *group,
			      const struct interface *interface,
			      unsigned int *buffer_bytes)
{
	const struct in_addr anyone = { .s_addr = INADDR_ANY };

	return socket_multicast_receiver_of(anyone, group, interface,
					    buffer_bytes);
}

int socket_multicast_strangers(struct in_addr source,
			       const struct sockaddr_in *group,
			       const struct interface *interface)
{
	struct sock_filter nothing[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	const struct sock_fprog filter = { ARRAY_SIZE(nothing), nothing };
	int fd, err;

	fd = socket_open(SOCK_DGRAM);
	if (fd < 0)
		return fd;
	err = settings_apply(fd, group_settings, ARRAY_SIZE(group_settings));
	if (!err && setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
			       sizeof(filter)) < 0)
		err = fault("count strangers to", group);
	if (!err)
		err = group_join(fd, group, interface);
	if (!err)
		err = group_source(fd, MCAST_BLOCK_SOURCE, source, group,
				   interface);
	/* Last: until then the source's would count as a stranger's. */
	if (!err &&
	    bind(fd, (const struct sockaddr *)group, sizeof(*group)) < 0)
		err = fault("bind", group);
	if (!err)
		return fd;
	close(fd);
	return err;
}

int socket_receive_stamps(int fd, bool on)
{
	const struct setting settings[] = {
		{ SOL_SOCKET, SO_TIMESTAMPNS, on, "SO_TIMESTAMPNS" },
	};

	return settings_apply(fd, settings, ARRAY_SIZE(settings));
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
