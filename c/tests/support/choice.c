/* SPDX-License-Identifier: MIT */
#include "tests/support/choice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/transport_ops.h"
#include "receive/receive_ops.h"
#include "send/send_path_ops.h"

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

void choice_receive_needed(const char *text)
{
	const char *why = "this host can't run it";
	const struct receive_ops *ops;

	for (unsigned int i = 0; (ops = receive_path(i)); i++) {
		if (!is_of(text, ops->name))
			continue;
		if (ops->absent)
			lab_skip(ops->absent);
		if (ops->probe && ops->probe(NULL, &why) < 0)
			lab_skip(why);
		return;
	}
	fail_msg("there is no receive path '%s'", text);
}

void choice_transport_needed(const char *text)
{
	const char *why = "this host can't run it";
	const struct transport_ops *ops;

	for (unsigned int i = 0; (ops = transport_kind(i)); i++) {
		if (!is_of(text, ops->name))
			continue;
		if (ops->absent)
			lab_skip(ops->absent);
		if (ops->probe && ops->probe(&why) < 0)
			lab_skip(why);
		/* The other way goes by io_uring. */
		if (strstr(text, "how=send_zc"))
			choice_transport_needed("uring");
		return;
	}
	fail_msg("there is no transport '%s'", text);
}

void choice_send_needed(const char *text)
{
	const char *why = "this host can't run it";
	const struct send_path_ops *ops;

	for (unsigned int i = 0; (ops = send_path_kind(i)); i++) {
		if (!is_of(text, ops->name))
			continue;
		if (ops->absent)
			lab_skip(ops->absent);
		if (ops->probe && ops->probe(&why) < 0)
			lab_skip(why);
		if (strstr(text, "how=send_zc"))
			choice_send_needed("uring");
		return;
	}
	fail_msg("there is no send path '%s'", text);
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

void choice_lists_are_whole(void **state)
{
	const struct transport_ops *transport;
	const struct send_path_ops *send;
	const struct receive_ops *receive;

	(void)state;
	for (unsigned int i = 0; (receive = receive_path(i)); i++)
		if (!(receive->caps & RECEIVE_MEMORY))
			is_listed(receive->name, choice_receive);
	for (unsigned int i = 0; (transport = transport_kind(i)); i++)
		if (!is_of("null", transport->name) &&
		    !is_of("bypass", transport->name))
			is_listed(transport->name, choice_transport);
	for (unsigned int i = 0; (send = send_path_kind(i)); i++)
		if (!is_of("null", send->name))
			is_listed(send->name, choice_send);
}
