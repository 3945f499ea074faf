/* SPDX-License-Identifier: MIT */
#include "receive/receive_socket.h"

#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "net/interface.h"
#include "net/network_error.h"
#include "net/socket.h"

_Static_assert(offsetof(struct receive_socket, interface.receive) == 0,
	       "the core hands out the address of the whole struct");

const struct option_row receive_socket_options[] = {
	RECEIVE_SOCKET_ROWS,
	RECEIVE_SOCKET_BUSY_ROWS,
	RECEIVE_SOCKET_TUNING_ROWS,
	OPTION_END,
};

int receive_socket_slots(struct receive_socket *rx, unsigned int slot_count)
{
	int err = mem_arena_open(&rx->arena, slot_count * sizeof(*rx->slots),
				 false);

	if (err)
		return err;
	rx->slots = rx->arena.base;
	for (unsigned int i = 0; i < slot_count; i++) {
		struct receive_socket_slot *slot = &rx->slots[i];

		slot->bytes = (struct iovec){ .iov_base = slot->data,
					      .iov_len = sizeof(slot->data) };
		slot->message = (struct msghdr){ .msg_iov = &slot->bytes,
						 .msg_iovlen = 1,
						 .msg_control = slot->control };
	}
	return 0;
}

void receive_socket_buffer_check(const struct receive_socket *rx,
				 unsigned int had)
{
	if (had < rx->rcvbuf)
		log_warning("--receive %s: rcvbuf: requested %llu bytes, got "
			    "%u: net.core.rmem_max is less",
			    rx->interface.receive.ops->entry.name,
			    (unsigned long long)rx->rcvbuf, had);
}

int receive_socket_open(struct receive_socket *rx, unsigned int slot_count)
{
	const struct receive_config *config = &rx->interface.receive.config;
	unsigned int buffer_bytes = (unsigned int)rx->rcvbuf;
	struct interface interface;
	char what[64];
	int err;

	err = interface_find(config->interface, &interface);
	if (err) {
		log_error("--receive %s: interface '%s': %s",
			  rx->interface.receive.ops->entry.name,
			  config->interface, log_strerror(err));
		return err;
	}
	err = receive_socket_slots(rx, slot_count);
	if (err)
		return err;
	rx->fd = socket_multicast_receiver_of(config->source, &config->group,
					      &interface, &buffer_bytes);
	if (rx->fd < 0) {
		err = rx->fd;
		goto close_arena;
	}
	receive_socket_buffer_check(rx, buffer_bytes);
	err = socket_receive_stamps(rx->fd, rx->timestamps);
	if (err)
		goto close_fd;
	snprintf(what, sizeof(what), "--receive %s",
		 rx->interface.receive.ops->entry.name);
	err = socket_options_apply(rx->fd, &rx->tuning, what);
	if (err)
		goto close_fd;
	return 0;
close_fd:
	close(rx->fd);
close_arena:
	mem_arena_close(&rx->arena);
	return err;
}

/* A socket outlives what happens to its interface. */
int errno_is_transient(int err)
{
	switch (network_error(err)) {
	case NETWORK_BUSY:
	case NETWORK_DOWN:
		return 0;
	case NETWORK_GONE:
	case NETWORK_STANDS:
		break;
	}
	return err;
}

int receive_socket_descriptor(struct receive *receive)
{
	return container_of(receive, struct receive_socket, interface.receive)
		->fd;
}

uint64_t receive_socket_drops(struct receive *receive)
{
	return socket_drops(
		container_of(receive, struct receive_socket, interface.receive)
			->fd);
}

void receive_socket_close(struct receive *receive)
{
	struct receive_socket *rx =
		container_of(receive, struct receive_socket, interface.receive);

	if (rx->oversized)
		log_warning("--receive %s: skipped %llu datagrams longer than "
			    "%d bytes",
			    receive->ops->entry.name,
			    (unsigned long long)rx->oversized,
			    RECEIVE_SOCKET_DATAGRAM_MAX);
	close(rx->fd);
	mem_arena_close(&rx->arena);
}
