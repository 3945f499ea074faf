/* SPDX-License-Identifier: MIT */
#include "exchange/retransmit_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/address.h"
#include "net/socket.h"

#define NS_PER_US 1000
/* After a look nothing is looked at for so long: a flood wakes the loop no more
 * often. */
#define REST_NS (50 * NS_PER_US)
/* What the feed has due sooner than this is not made to wait. */
#define QUIET_NS (100 * NS_PER_US)
/* But where that never ends, a small portion is had so often. */
#define STARVED_NS (250 * NS_PER_US)

enum {
	PORTION = 64, /* requests read, and answers sent, in a look */
	PORTION_SMALL = 4,
};

static int request_socket(const struct sockaddr_in *listen, bool again)
{
	const int on = 1, kind = SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
	int err, fd = socket(AF_INET, kind, 0);

	if (fd < 0)
		return -errno;
	if ((!again ||
	     setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0) &&
	    bind(fd, (const struct sockaddr *)listen, sizeof(*listen)) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int retransmit_server_open(struct retransmit_server *server,
			   const struct retransmit_config *config)
{
	char text[ADDRESS_TEXT_MAX];
	int err, fd;

	*server = (struct retransmit_server){ .listen = config->listen,
					      .fd = { -1, -1 } };
	if (config->off)
		return 0;
	err = retransmitter_open(&server->retransmitter, config->memory);
	if (err) {
		log_error("--retransmit-memory: %s", log_strerror(err));
		return err;
	}
	fd = request_socket(&config->listen, false);
	if (fd < 0) {
		log_error("--retransmit: %s: %s",
			  address_format(&config->listen, text),
			  log_strerror(fd));
		retransmit_server_close(server);
		return fd;
	}
	server->fd[RETRANSMITTER_OTHERS] = fd;
	return 0;
}

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void retransmit_server_close(struct retransmit_server *server)
{
	for (unsigned int i = 0; i < RETRANSMIT_FDS; i++)
		fd_close(&server->fd[i]);
	retransmitter_close(&server->retransmitter);
}

/* Of the same address and port, connected: the kernel then gives it what comes
 * from there (udp(7)). The port may be had twice but now: a second exchange is
 * refused it. Nobody's being there costs the trader its precedence in the
 * kernel alone. */
static int own_open(const struct retransmit_server *server,
		    const struct sockaddr_in *trader)
{
	const int others = server->fd[RETRANSMITTER_OTHERS];
	int err = 0, fd, twice = 1;

	setsockopt(others, SOL_SOCKET, SO_REUSEADDR, &twice, sizeof(twice));
	fd = request_socket(&server->listen, true);
	twice = 0;
	setsockopt(others, SOL_SOCKET, SO_REUSEADDR, &twice, sizeof(twice));
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &twice, sizeof(twice));
		if (connect(fd, (const struct sockaddr *)trader,
			    sizeof(*trader)) == 0)
			return fd;
		err = -errno;
		close(fd);
	}
	log_warning("--retransmit: no socket for the trader alone: %s",
		    log_strerror(fd < 0 ? fd : err));
	return -1;
}

void retransmit_server_begin(struct retransmit_server *server,
			     const struct sockaddr_in *trader)
{
	const struct retransmitter_peer peer = { trader->sin_addr.s_addr,
						 trader->sin_port };
	const int others = server->fd[RETRANSMITTER_OTHERS];

	if (others < 0)
		return;
	retransmitter_begin(&server->retransmitter,
			    market_data_session_tag(ntohs(trader->sin_port)),
			    &peer);
	server->sent = server->dropped = server->overrun_own = 0;
	server->overrun_before = socket_drops(others);
	if (trader->sin_port)
		server->fd[RETRANSMITTER_OWN] = own_open(server, trader);
}

void retransmit_server_end(struct retransmit_server *server)
{
	int *own = &server->fd[RETRANSMITTER_OWN];

	retransmitter_end(&server->retransmitter);
	if (*own >= 0)
		server->overrun_own = socket_drops(*own);
	fd_close(own);
}

uint64_t retransmit_server_overrun(const struct retransmit_server *server)
{
	const int others = server->fd[RETRANSMITTER_OTHERS];

	return others < 0 ? 0
			  : socket_drops(others) - server->overrun_before +
				    server->overrun_own;
}

void retransmit_server_poll(const struct retransmit_server *server,
			    uint64_t now_ns,
			    struct pollfd fds[static RETRANSMIT_FDS])
{
	for (unsigned int i = 0; i < RETRANSMIT_FDS; i++)
		fds[i] = (struct pollfd){
			.fd = now_ns < server->rest_ns ? -1 : server->fd[i],
			.events = POLLIN,
		};
}

uint64_t retransmit_server_due(const struct retransmit_server *server)
{
	uint64_t due_ns = retransmitter_due_ns(&server->retransmitter);

	if (due_ns < server->rest_ns)
		return server->rest_ns;
	return server->rest_ns ? server->rest_ns : due_ns;
}

/* One more byte than a request has: what is longer is seen to be. */
struct received {
	uint8_t bytes[RETRANSMIT_REQUEST_LEN + 1];
	struct sockaddr_in from;
};

/* How many came. */
static unsigned int requests_read(struct retransmit_server *server, int fd,
				  unsigned int most)
{
	static const struct sockaddr_in nobody;
	struct received received[PORTION];
	struct mmsghdr messages[PORTION];
	struct iovec into[PORTION];
	int n;

	for (unsigned int i = 0; i < most; i++) {
		received[i].from = nobody;
		into[i] = (struct iovec){ received[i].bytes,
					  sizeof(received[i].bytes) };
		messages[i].msg_hdr = (struct msghdr){
			.msg_name = &received[i].from,
			.msg_namelen = sizeof(received[i].from),
			.msg_iov = &into[i],
			.msg_iovlen = 1,
		};
	}
	n = recvmmsg(fd, messages, most, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		retransmitter_ask(&server->retransmitter, received[i].bytes,
				  messages[i].msg_len,
				  &(struct retransmitter_peer){
					  received[i].from.sin_addr.s_addr,
					  received[i].from.sin_port });
	return n > 0 ? (unsigned int)n : 0;
}

static void answer_send(struct retransmit_server *server,
			const struct retransmitter_answer *answer)
{
	const struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = answer->to.address,
		.sin_port = answer->to.port,
	};

	if (sendto(server->fd[RETRANSMITTER_OTHERS], answer->bytes, answer->len,
		   MSG_DONTWAIT, (const struct sockaddr *)&to, sizeof(to)) < 0)
		server->dropped++;
	else
		server->sent++;
}

void retransmit_server_turn(struct retransmit_server *server,
			    const struct pollfd *fds, uint64_t now_ns,
			    uint64_t feed_ns)
{
	const bool quiet = feed_ns > now_ns && feed_ns - now_ns > QUIET_NS;
	const unsigned int most = quiet ? PORTION : PORTION_SMALL;
	const struct retransmitter_answer *answer = NULL;
	bool readable = false;
	unsigned int came = 0, sent = 0;

	for (unsigned int i = 0; fds && i < RETRANSMIT_FDS; i++)
		readable |= fds[i].revents != 0;
	if (server->fd[RETRANSMITTER_OTHERS] < 0 || now_ns < server->rest_ns)
		return;
	if (!readable &&
	    retransmitter_due_ns(&server->retransmitter) > now_ns) {
		server->rest_ns = 0;
		return;
	}
	if (!quiet && now_ns - server->last_ns < STARVED_NS) {
		server->rest_ns = server->last_ns + STARVED_NS;
		return;
	}
	for (unsigned int i = 0; readable && i < RETRANSMIT_FDS; i++)
		if (fds[i].revents && came < most)
			came += requests_read(server, fds[i].fd, most - came);
	while (sent < most &&
	       (!quiet || clock_monotonic_ns() < feed_ns - QUIET_NS / 2) &&
	       (answer = retransmitter_next(&server->retransmitter, now_ns))) {
		answer_send(server, answer);
		sent++;
	}
	server->last_ns = clock_monotonic_ns();
	server->rest_ns = came || sent ? server->last_ns + REST_NS : 0;
}
