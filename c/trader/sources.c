/* SPDX-License-Identifier: MIT */
#include "trader/sources.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/syscall.h"
#include "net/address.h"

/* Refused where a second one can't be had: before it is a matter of luck what
 * the first one tells of it. */
static int exclusive_check(const struct receive *first,
			   const struct receive_config *second)
{
	if (!(first->caps & RECEIVE_EXCLUSIVE) ||
	    strcmp(first->config.interface, second->interface) != 0)
		return 0;
	log_error("--receive %s: takes %s for one line alone: two lines need "
		  "two interfaces (--interface X,Y), or another path",
		  receive_name(first), second->interface);
	return -EINVAL;
}

int sources_open(struct sources *sources, const char *path,
		 const struct receive_config *line, unsigned int lines)
{
	int err = 0;

	memset(sources, 0, sizeof(*sources));
	sources->answers = -1;
	for (unsigned int i = 0; i < lines && !err; i++) {
		if (i > 0)
			err = exclusive_check(sources->line[0], &line[i]);
		if (!err)
			err = receive_open(path, &line[i], &sources->line[i]);
		if (err)
			break;
		sources->lines++;
		if (sources->line[i]->caps & RECEIVE_SLEEPS)
			sources->sleeps = true;
	}
	if (err)
		sources_close(sources);
	return err;
}

static void answers_close(struct sources *sources)
{
	if (sources->answers >= 0)
		close(sources->answers);
	sources->answers = -1;
}

static int own_bind(int fd, const struct sockaddr_in *own)
{
	struct sockaddr_in any = *own;

	if (bind(fd, (const struct sockaddr *)own, sizeof(*own)) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return -errno;
	log_warning("UDP port %u, the order connection's, is taken: what is "
		    "missing is asked for from another one, whom the exchange "
		    "serves last and whose notices no oracle believes",
		    ntohs(own->sin_port));
	any.sin_port = 0;
	return bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 ? -errno
									: 0;
}

int sources_answers_open(struct sources *sources, const struct sockaddr_in *own,
			 const struct sockaddr_in *retransmitter)
{
	const int kind = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	char text[ADDRESS_TEXT_MAX];
	int err, fd;

	answers_close(sources);
	sources->asked = *retransmitter;
	fd = socket(AF_INET, kind, 0);
	err = fd < 0 ? -errno : own_bind(fd, own);
	if (!err && connect(fd, (const struct sockaddr *)retransmitter,
			    sizeof(*retransmitter)) < 0)
		err = -errno;
	if (!err) {
		sources->answers = fd;
		return 0;
	}
	log_error("--recover-from %s: %s", address_format(retransmitter, text),
		  log_strerror(err));
	if (fd >= 0)
		close(fd);
	return err;
}

void sources_close(struct sources *sources)
{
	for (unsigned int i = 0; i < MARKET_DATA_LINES_MAX; i++)
		receive_close(sources->line[i]);
	answers_close(sources);
	memset(sources, 0, sizeof(*sources));
	sources->answers = -1;
}

/* A line's descriptor, and -1 with its bit where it need not be waited for. */
static int line_descriptor(struct sources *sources, unsigned int i, int *ready)
{
	int fd = receive_descriptor(sources->line[i]);

	if (fd >= 0)
		return fd;
	/* What broke is met again by its poll, which says so. */
	*ready |= 1 << i;
	return -1;
}

int sources_wait(struct sources *sources, bool answers, uint64_t timeout_ns)
{
	struct pollfd wait[MARKET_DATA_LINES_MAX + 1];
	struct timespec timeout = { 0 };
	unsigned int n;
	int ready = 0;

	for (n = 0; n < sources->lines; n++)
		wait[n] = (struct pollfd){
			.fd = line_descriptor(sources, n, &ready),
			.events = POLLIN,
		};
	if (answers)
		wait[n++] = (struct pollfd){ .fd = sources->answers,
					     .events = POLLIN };
	if (!ready)
		timeout.tv_nsec =
			(long)clock_sooner(timeout_ns, SOURCES_WAIT_NS);
	if (ppoll(wait, n, &timeout, NULL) < 0)
		return errno == EINTR ? ready : -errno;
	/* An error is for the poll to meet. */
	for (unsigned int i = 0; i < n; i++)
		if (wait[i].revents)
			ready |= i < sources->lines ? 1 << i
						    : (int)SOURCES_ANSWERS;
	return ready;
}

__attribute__((cold, noinline)) static void unreachable(struct sources *sources,
							int err)
{
	char text[ADDRESS_TEXT_MAX];

	if (sources->unreachable_told)
		return;
	sources->unreachable_told = true;
	log_warning("the retransmitter at %s is not there: %s; what is missing "
		    "is asked for again, and else given up (--recover-from)",
		    address_format(&sources->asked, text), log_strerror(err));
}

bool sources_answer(struct sources *sources, struct packet *packet)
{
	for (;;) {
		const ssize_t len = syscall_recv(
			sources->answers, sources->answer,
			sizeof(sources->answer), MSG_DONTWAIT | MSG_TRUNC);

		if (len == -EAGAIN || len == -EINTR)
			return false;
		if (len < 0) {
			unreachable(sources, (int)len);
			return false;
		}
		if ((size_t)len > sizeof(sources->answer)) {
			sources->unwelcome++;
			continue;
		}
		*packet = (struct packet){ .data = sources->answer,
					   .len = (uint32_t)len };
		return true;
	}
}

void sources_ask(struct sources *sources,
		 const struct retransmit_request *request)
{
	uint8_t bytes[RETRANSMIT_REQUEST_LEN];
	ssize_t sent;

	retransmit_request_write(bytes, request);
	sent = syscall_send(sources->answers, bytes, sizeof(bytes),
			    MSG_DONTWAIT | MSG_NOSIGNAL);
	/* What an earlier one met is told now: ip(7). */
	if (sent == -ECONNREFUSED) {
		unreachable(sources, (int)sent);
		sent = syscall_send(sources->answers, bytes, sizeof(bytes),
				    MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	if (sent < 0) {
		sources->unsent++;
		unreachable(sources, (int)sent);
	} else if (request->count) {
		sources->requests++;
	}
}

uint64_t sources_drops(struct sources *sources)
{
	uint64_t drops = 0;

	for (unsigned int i = 0; i < sources->lines; i++)
		drops += receive_drops(sources->line[i]);
	return drops;
}

uint64_t sources_strangers(const struct sources *sources)
{
	uint64_t strangers = 0;

	for (unsigned int i = 0; i < sources->lines; i++)
		strangers += receive_strangers(sources->line[i]);
	return strangers;
}

int sources_alive(struct sources *sources, unsigned int *gone)
{
	int err = 0;

	for (*gone = 0; *gone < sources->lines; (*gone)++) {
		err = receive_alive(sources->line[*gone]);
		if (err)
			break;
	}
	return err;
}
