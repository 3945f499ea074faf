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

int retransmit_server_open(struct retransmit_server *server,
			   const struct retransmit_config *config)
{
	char text[ADDRESS_TEXT_MAX];
	int err;

	*server = (struct retransmit_server){ .fd = -1 };
	if (config->off)
		return 0;
	err = retransmitter_open(&server->retransmitter, config->memory);
	if (err) {
		log_error("--retransmit-memory: %s", log_strerror(err));
		return err;
	}
	server->fd =
		socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->fd < 0 ||
	    bind(server->fd, (const struct sockaddr *)&config->listen,
		 sizeof(config->listen)) < 0) {
		err = -errno;
		log_error("--retransmit: %s: %s",
			  address_format(&config->listen, text),
			  log_strerror(err));
		retransmit_server_close(server);
	}
	return err;
}

void retransmit_server_close(struct retransmit_server *server)
{
	if (server->fd >= 0)
		close(server->fd);
	server->fd = -1;
	retransmitter_close(&server->retransmitter);
}

void retransmit_server_begin(struct retransmit_server *server, uint16_t tag,
			     struct in_addr trader)
{
	if (server->fd < 0)
		return;
	retransmitter_begin(&server->retransmitter, tag, trader.s_addr);
	server->sent = server->dropped = 0;
	server->overrun_before = socket_drops(server->fd);
}

void retransmit_server_end(struct retransmit_server *server)
{
	retransmitter_end(&server->retransmitter);
}

uint64_t retransmit_server_overrun(const struct retransmit_server *server)
{
	return server->fd < 0
		       ? 0
		       : socket_drops(server->fd) - server->overrun_before;
}

struct pollfd retransmit_server_poll(const struct retransmit_server *server,
				     uint64_t now_ns)
{
	return (struct pollfd){
		.fd = now_ns < server->rest_ns ? -1 : server->fd,
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
static unsigned int requests_read(struct retransmit_server *server,
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
	n = recvmmsg(server->fd, messages, most, MSG_DONTWAIT, NULL);
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

	if (sendto(server->fd, answer->bytes, answer->len, MSG_DONTWAIT,
		   (const struct sockaddr *)&to, sizeof(to)) < 0)
		server->dropped++;
	else
		server->sent++;
}

void retransmit_server_turn(struct retransmit_server *server, bool readable,
			    uint64_t now_ns, uint64_t feed_ns)
{
	const bool quiet = feed_ns > now_ns && feed_ns - now_ns > QUIET_NS;
	const unsigned int most = quiet ? PORTION : PORTION_SMALL;
	const struct retransmitter_answer *answer = NULL;
	unsigned int came = 0, sent = 0;

	if (server->fd < 0 || now_ns < server->rest_ns)
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
	if (readable)
		came = requests_read(server, most);
	while (sent < most &&
	       (!quiet || clock_monotonic_ns() < feed_ns - QUIET_NS / 2) &&
	       (answer = retransmitter_next(&server->retransmitter, now_ns))) {
		answer_send(server, answer);
		sent++;
	}
	server->last_ns = clock_monotonic_ns();
	server->rest_ns = came || sent ? server->last_ns + REST_NS : 0;
}
