/* SPDX-License-Identifier: MIT */
#include "campaign/frames.h"

#include <errno.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/address.h"
#include "net/socket.h"
#include "wire/market_data.h"

static int sender_open(const char *interface_name, const char *group_text)
{
	struct sockaddr_in group;
	struct interface interface;
	const char *why;
	int err = address_parse_group(group_text, &group, &why);

	if (!err)
		err = interface_find(interface_name, &interface);
	if (err) {
		log_error("%s to %s: %s", interface_name, group_text,
			  log_strerror(err));
		return err;
	}
	return socket_multicast_sender(&group, &interface, 1);
}

static int all_send(int fd, const struct frames *frames)
{
	const struct market_data_message message = { .type = MARKET_DATA_UPDATE,
						     .side = MARKET_DATA_BID };
	struct market_data_header header = { .message_count = 1 };
	uint64_t due_ns = clock_monotonic_ns();
	uint8_t datagram[64];

	market_data_write(datagram, 0, &message);
	for (; header.sequence < frames->count; header.sequence++) {
		struct timespec due;

		if (frames->stop && *frames->stop)
			return -EINTR;
		due_ns += CLOCK_NS_PER_S / frames->rate;
		due.tv_sec = (time_t)(due_ns / CLOCK_NS_PER_S);
		due.tv_nsec = (long)(due_ns % CLOCK_NS_PER_S);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
		market_data_write_header(datagram, &header);
		if (send(fd, datagram, market_data_len(1), 0) < 0) {
			int err = -errno;

			log_error("can't send: %s", log_strerror(err));
			return err;
		}
	}
	return 0;
}

int frames_send(const struct frames *frames)
{
	int fd = sender_open(frames->interface, frames->group);
	int err;

	if (fd < 0)
		return fd;
	err = all_send(fd, frames);
	close(fd);
	return err;
}
