/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "channel/transport.h"
#include "channel/transport_ops.h"
#include "net/socket.h"

extern const struct transport_ops transport_null_ops;
extern const struct transport_ops transport_send_ops;
extern const struct transport_ops transport_uring_ops;
extern const struct transport_ops transport_zerocopy_ops;
extern const struct transport_ops transport_bypass_ops;

static const struct transport_ops *const kinds[] = {
	&transport_null_ops,	 &transport_send_ops,	&transport_uring_ops,
	&transport_zerocopy_ops, &transport_bypass_ops,
};

static const struct transport_ops *kind_find(const char *name, size_t len)
{
	char known[256];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strlen(kinds[i]->name) == len &&
		    !memcmp(kinds[i]->name, name, len))
			return kinds[i];
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && n < sizeof(known); i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s",
				      i ? ", " : "", kinds[i]->name);
	log_error("--transport: unknown kind '%.*s'; known: %s", (int)len, name,
		  known);
	return NULL;
}

/* NULL, or why this build or this host can't run it. */
static const char *kind_fault(const struct transport_ops *ops)
{
	const char *why = "this host can't run it";

	if (ops->absent)
		return ops->absent;
	return ops->probe && ops->probe(&why) < 0 ? why : NULL;
}

/* Found, allocated, its options read; not open. 0 or a negative errno,
 * logged. */
static int kind_make(const char *text, struct transport **transport)
{
	size_t len = strcspn(text, ":");
	const struct transport_ops *ops = kind_find(text, len);
	const char *fault = ops ? kind_fault(ops) : NULL;
	struct transport *new;
	char what[64];
	int err;

	*transport = NULL;
	if (!ops)
		return -EINVAL;
	snprintf(what, sizeof(what), "--transport %s", ops->name);
	if (fault) {
		log_error("%s: %s", what, fault);
		return -EOPNOTSUPP;
	}
	new = calloc(1, ops->size);
	if (!new)
		return -ENOMEM;
	new->ops = ops;
	new->fd = -1;
	err = option_parse_list(ops->options, text + len + (text[len] == ':'),
				what, new, &new->text);
	if (err) {
		free(new->text);
		free(new);
		return err;
	}
	*transport = new;
	return 0;
}

static void kind_free(struct transport **transport)
{
	free((*transport)->text);
	free(*transport);
	*transport = NULL;
}

int transport_open(const char *text, int fd, struct transport **transport)
{
	int err = kind_make(text, transport);
	struct transport *new = *transport;

	if (err)
		return err;
	new->fd = fd;
	if (new->ops->connect) {
		log_error("--transport %s: makes its connection itself",
			  new->ops->name);
		err = -EOPNOTSUPP;
	} else if (new->ops->open) {
		err = new->ops->open(new);
	}
	if (err)
		kind_free(transport);
	return err;
}

static int socket_open(struct transport *transport,
		       const struct transport_config *config)
{
	int err;

	transport->fd =
		socket_connect(&config->peer, config->timeout_ms, config->stop);
	if (transport->fd < 0)
		return transport->fd;
	err = socket_keepalive(transport->fd, 10, 2, 3);
	if (!err && transport->ops->open)
		err = transport->ops->open(transport);
	if (err)
		close(transport->fd);
	return err;
}

int transport_connect(const char *text, const struct transport_config *config,
		      struct transport **transport)
{
	int err = kind_make(text, transport);
	struct transport *new = *transport;

	if (err)
		return err;
	err = new->ops->connect ? new->ops->connect(new, config)
				: socket_open(new, config);
	if (err)
		kind_free(transport);
	else
		new->connected = true;
	return err;
}

int transport_alive(struct transport *transport)
{
	char bytes[512];
	ssize_t n;

	if (transport->ops->alive)
		return transport->ops->alive(transport);
	if (transport->fd < 0)
		return 0;
	/* The peer sends nothing: what can be read is its end. Bytes that come
	 * all the same are taken, since they would hide it. */
	n = recv(transport->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return 0;
	return n == 0 ? -EPIPE : -errno;
}

uint16_t transport_port(const struct transport *transport)
{
	struct sockaddr_in own = { 0 };
	socklen_t len = sizeof(own);

	if (transport->ops->port)
		return transport->ops->port(transport);
	if (transport->fd < 0 ||
	    getsockname(transport->fd, (struct sockaddr *)&own, &len) < 0)
		return 0;
	return ntohs(own.sin_port);
}

void transport_close(struct transport *transport)
{
	if (!transport)
		return;
	if (transport->ops->close)
		transport->ops->close(transport);
	if (transport->connected && transport->fd >= 0)
		close(transport->fd);
	free(transport->text);
	free(transport);
}

const char *transport_name(const struct transport *transport)
{
	return transport->ops->name;
}

void transport_print_list(FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *fault = kind_fault(kinds[i]);

		fprintf(out, "%-8s  %s%s%s\n", kinds[i]->name, kinds[i]->help,
			fault ? ": " : "", fault ? fault : "");
		option_print_rows(out, kinds[i]->options, "          ");
	}
}

const struct transport_ops *transport_kind(unsigned int i)
{
	return i < ARRAY_SIZE(kinds) ? kinds[i] : NULL;
}
