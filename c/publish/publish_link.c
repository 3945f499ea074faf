/* SPDX-License-Identifier: MIT */
#include "publish/publish_link.h"

#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/network_error.h"

static const char *link_name(const struct publish_link *link)
{
	return link->config.interface ? link->interface.name
				      : "the way to the group";
}

static int path_open(struct publish_link *link)
{
	return publish_path_open(link->text, &link->config, &link->path);
}

static int interface_follow(struct publish_link *link)
{
	int err = follower_open(&link->follower, link->interface.name,
				(struct in_addr){ 0 });

	if (err)
		log_error("%s can't be followed: %s", link_name(link),
			  log_strerror(err));
	return err;
}

int publish_link_open(struct publish_link *link, const char *text,
		      const struct publish_path_config *config)
{
	int err;

	/* Of no interface nobody tells: the way is thought to be there. */
	*link = (struct publish_link){
		.text = text,
		.config = *config,
		.follower = { .fd = -1, .running = true },
	};
	if (config->interface) {
		link->interface = *config->interface;
		link->config.interface = &link->interface;
	}
	err = path_open(link);
	if (link->path && config->interface && !link->path->ops->in_memory)
		err = interface_follow(link);
	if (err)
		publish_link_close(link);
	return err;
}

void publish_link_close(struct publish_link *link)
{
	publish_path_close(link->path);
	link->path = NULL;
	follower_close(&link->follower);
}

void publish_link_follow(struct publish_link *link)
{
	if (link->follower.fd >= 0)
		follower_follow(&link->follower);
}

static void down_note(struct publish_link *link, int err)
{
	if (link->down_since_ns)
		return;
	link->down_since_ns = clock_monotonic_ns();
	link->downs++;
	log_warning("%s: nothing can be sent: %s; waiting for it",
		    link_name(link), log_strerror(err));
}

static void up_note(struct publish_link *link)
{
	uint64_t ns = clock_monotonic_ns() - link->down_since_ns;

	link->down_ns += ns;
	link->down_since_ns = 0;
	log_warning("%s: sends again after %.3f s", link_name(link),
		    (double)ns / 1e9);
}

/* The interface of that name, where it is another one than before, has come
 * up and has an address if the other one had: the path is opened on it. */
static int anew_open(struct publish_link *link)
{
	struct interface found;
	int err;

	if (!link->config.interface ||
	    interface_find(link->interface.name, &found) < 0 || !found.up ||
	    (link->path && found.index == link->interface.index) ||
	    (link->interface.address.s_addr && !found.address.s_addr))
		return -ENETDOWN;
	publish_path_close(link->path);
	link->path = NULL;
	link->interface = found;
	err = path_open(link);
	/* It may be on its way out again. */
	return err && !network_error_passes(err) ? err : -ENETDOWN;
}

__attribute__((cold, noinline)) static int fault(struct publish_link *link,
						 int err)
{
	switch (network_error(err)) {
	case NETWORK_BUSY:
		return err == -ENOMEM ? -ENOBUFS : err;
	case NETWORK_DOWN:
	case NETWORK_GONE:
		down_note(link, err);
		publish_link_follow(link);
		return anew_open(link);
	case NETWORK_STANDS:
		break;
	}
	return err;
}

int publish_link_send(struct publish_link *link, const struct iovec *datagrams,
		      unsigned int count)
{
	int n = -ENETDOWN;

	if (__builtin_expect(link->path && link->follower.running, 1))
		n = publish_path_send(link->path, datagrams, count);
	if (__builtin_expect(n < 0, 0))
		return fault(link, n);
	if (__builtin_expect(link->down_since_ns > 0, 0))
		up_note(link);
	return n;
}
