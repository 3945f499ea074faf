/* SPDX-License-Identifier: MIT */
#include "net/zerocopy.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"
#include "net/socket.h"
#include "net/zerocopy_ops.h"

const char *const zerocopy_how_names[] = { "msg_zerocopy", "send_zc", NULL };

static int message_open(struct zerocopy *zerocopy, const char *what)
{
	int found, err = socket_option(zerocopy->fd, SOL_SOCKET, SO_ZEROCOPY, 1,
				       &found);

	if (err)
		log_error("%s: SO_ZEROCOPY: %s", what, log_strerror(err));
	return err;
}

/* Sends first..last are done with. */
static void slots_free(struct zerocopy *zerocopy, uint32_t first, uint32_t last)
{
	for (uint32_t i = first; i != last + 1; i++) {
		bool *busy = &zerocopy->busy[i % ZEROCOPY_SLOTS];

		zerocopy->under_way -= *busy;
		*busy = false;
	}
}

static void message_read(struct zerocopy *zerocopy, struct msghdr *message)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(message);
	struct sock_extended_err error;

	for (; control; control = CMSG_NXTHDR(message, control)) {
		if (control->cmsg_level != IPPROTO_IP ||
		    control->cmsg_type != IP_RECVERR ||
		    control->cmsg_len < CMSG_LEN(sizeof(error)))
			continue;
		memcpy(&error, CMSG_DATA(control), sizeof(error));
		if (error.ee_origin != SO_EE_ORIGIN_ZEROCOPY ||
		    error.ee_data - error.ee_info >= ZEROCOPY_SLOTS)
			continue;
		if (error.ee_code & SO_EE_CODE_ZEROCOPY_COPIED)
			zerocopy->copied += error.ee_data - error.ee_info + 1;
		slots_free(zerocopy, error.ee_info, error.ee_data);
	}
}

/* Empty the error queue. Returns how many messages there were. */
static unsigned int messages_reap(struct zerocopy *zerocopy)
{
	_Alignas(struct cmsghdr) uint8_t control[128];
	struct msghdr message = { .msg_control = control };
	unsigned int n = 0;

	for (;; n++) {
		message.msg_controllen = sizeof(control);
		if (recvmsg(zerocopy->fd, &message,
			    MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return n;
		message_read(zerocopy, &message);
	}
}

static ssize_t message_send(struct zerocopy *zerocopy, uint8_t *copy,
			    size_t len, int flags)
{
	ssize_t sent = send(zerocopy->fd, copy, len, flags | MSG_ZEROCOPY);

	if (sent < 0)
		return -errno;
	/* Of nothing there is no completion, and no number. */
	if (sent > 0) {
		zerocopy->busy[zerocopy->next % ZEROCOPY_SLOTS] = true;
		zerocopy->next++;
		zerocopy->under_way++;
	}
	return sent;
}

static int message_wait(struct zerocopy *zerocopy, int timeout_ms)
{
	/* POLLERR, for the error queue too, needs no asking for. */
	struct pollfd queue = { .fd = zerocopy->fd };
	int error = 0;
	socklen_t len = sizeof(error);

	if (poll(&queue, 1, timeout_ms) <= 0 || messages_reap(zerocopy) > 0)
		return 0;
	if (getsockopt(zerocopy->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return -errno;
	if (error)
		return -error;
	return queue.revents & POLLHUP ? -EPIPE : 0;
}

static const struct zerocopy_ops messages = {
	.open = message_open,
	.send = message_send,
	.reap = messages_reap,
	.wait = message_wait,
};

int zerocopy_open(struct zerocopy *zerocopy, int fd,
		  const struct zerocopy_choice *choice, const char *what)
{
	int err;

	memset(zerocopy, 0, sizeof(*zerocopy));
	zerocopy->ops =
		choice->how == ZEROCOPY_RING ? &zerocopy_ring : &messages;
	zerocopy->registered_buffer = choice->registered_buffer;
	zerocopy->fd = fd;
	err = mem_arena_open(&zerocopy->arena,
			     ZEROCOPY_SLOTS * ZEROCOPY_SLOT_LEN, false);
	if (err)
		return err;
	err = zerocopy->ops->open(zerocopy, what);
	if (err)
		mem_arena_close(&zerocopy->arena);
	return err;
}

/* What is under way has its own hold on the pages. */
void zerocopy_close(struct zerocopy *zerocopy)
{
	if (zerocopy->ops->close)
		zerocopy->ops->close(zerocopy);
	mem_arena_close(&zerocopy->arena);
}

ssize_t zerocopy_send(struct zerocopy *zerocopy, const uint8_t *bytes,
		      size_t len, int flags)
{
	unsigned int slot = zerocopy->next % ZEROCOPY_SLOTS;
	uint8_t *copy =
		(uint8_t *)zerocopy->arena.base + slot * ZEROCOPY_SLOT_LEN;

	if (zerocopy->busy[slot]) {
		zerocopy->ops->reap(zerocopy);
		if (zerocopy->busy[slot])
			return -ENOBUFS;
	}
	len = len < ZEROCOPY_SLOT_LEN ? len : ZEROCOPY_SLOT_LEN;
	memcpy(copy, bytes, len);
	return zerocopy->ops->send(zerocopy, copy, len, flags);
}

int zerocopy_wait(struct zerocopy *zerocopy, int timeout_ms)
{
	if (zerocopy->ops->reap(zerocopy) > 0)
		return 0;
	if (!zerocopy->under_way)
		return -ENOBUFS;
	return zerocopy->ops->wait(zerocopy, timeout_ms);
}
