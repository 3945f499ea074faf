/* SPDX-License-Identifier: MIT */
#include "tests/support/choice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "order/transport_ops.h"
#include "publish/publish_path_ops.h"
#include "receive/receive_ops.h"

const char *const choice_receive[] = { "block",
				       "epoll",
				       "spin",
				       "mmsg",
				       "busy",
				       "packet",
				       "packet:ring=v2",
				       "packet:ring=v3",
				       "uring",
				       "uring:wait=sleep",
				       "uring:mode=single",
				       "xdp",
				       "xdp:mode=generic",
				       "dpdk:descriptors=4096",
				       "dpdk:device=af_xdp,descriptors=8192",
				       NULL };

const char *const choice_transport[] = { "send",
					 "uring",
					 "uring:sqpoll=on",
					 "uring:registered_buffer=on",
					 "zerocopy",
					 "zerocopy:how=send_zc",
					 NULL };

const char *const choice_send[] = {
	"send",	       "sendmmsg",
	"zerocopy",    "zerocopy:how=send_zc",
	"packet",      "packet:qdisc_bypass=off",
	"packet_ring", "packet_ring:qdisc_bypass=off",
	"uring",       "xdp",
	NULL
};

static bool is_of(const char *text, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(text, name, len) &&
	       (text[len] == ':' || text[len] == '\0');
}

/* Skip where it can't run; some need another one, too. */
static void needed(const struct registry *registry, const char *text)
{
	const struct registry_entry *entry = registry_find(registry, text);

	if (!entry)
		fail_msg("there is no '%s' in %s", text, registry->option);
	if (registry_unavailable(entry))
		lab_skip(registry_unavailable(entry));
	/* The other way goes by io_uring. */
	if (strstr(text, "how=send_zc"))
		needed(registry, "uring");
}

void choice_receive_needed(const char *text)
{
	needed(&receive_paths, text);
}

void choice_transport_needed(const char *text)
{
	needed(&transports, text);
}

void choice_send_needed(const char *text)
{
	needed(&publish_paths, text);
}

size_t choice_tests(struct CMUnitTest *tests, const char *text,
		    CMUnitTestFunction function, CMFixtureFunction after,
		    const char *const *choices)
{
	size_t n = 0;

	for (; choices[n]; n++) {
		char *name = NULL;

		if (asprintf(&name, "%s: %s", text, choices[n]) < 0)
			abort();
		tests[n] = (struct CMUnitTest){
			.name = name,
			.test_func = function,
			.teardown_func = after,
			.initial_state = (void *)(uintptr_t)choices[n],
		};
	}
	return n;
}

static void is_listed(const char *name, const char *const *choices)
{
	while (*choices && !is_of(*choices, name))
		choices++;
	if (!*choices)
		fail_msg("'%s' is in no list of choices", name);
}

/* Rings in memory take both ends: network/shm; RDMA takes a device:
 * lab/rdma. */
void choice_lists_are_whole(void **state)
{
	const struct transport_ops *transport;
	const struct publish_path_ops *send;
	const struct receive_ops *receive;

	(void)state;
	for (unsigned int i = 0; (receive = receive_path(i)); i++)
		if (!(receive->caps & (RECEIVE_MEMORY | RECEIVE_SHARED)) &&
		    !is_of("rdma", receive->entry.name))
			is_listed(receive->entry.name, choice_receive);
	for (unsigned int i = 0; (transport = transport_kind(i)); i++)
		if (!is_of("null", transport->entry.name) &&
		    !is_of("bypass", transport->entry.name) &&
		    !is_of("shm", transport->entry.name) &&
		    !is_of("rdma", transport->entry.name))
			is_listed(transport->entry.name, choice_transport);
	for (unsigned int i = 0; (send = publish_path_kind(i)); i++)
		if (!is_of("null", send->entry.name) &&
		    !is_of("rdma", send->entry.name) && !send->in_memory)
			is_listed(send->entry.name, choice_send);
}
