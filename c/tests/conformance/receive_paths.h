/* SPDX-License-Identifier: MIT */
/*
 * A suite that is asked of every receive path: the list of paths with their
 * variants, what is common in asking, and the table of cases made into tests.
 * Included by each suite's own file, once.
 */
#ifndef TESTS_CONFORMANCE_RECEIVE_PATHS_H
#define TESTS_CONFORMANCE_RECEIVE_PATHS_H

#include "tests/conformance/receive_rig.h"
#include "tests/support/rdma_device.h"

#include "base/clock.h"
#include "base/log.h"

#define RING_SLOTS 4096

#define WAIT_NS (40 * CLOCK_NS_PER_S) /* until it has failed */

extern const struct receive_ops receive_spin_ops;
/* Paths that are other ones with these options, and do all again with them. */
static const struct variant {
	const char *path, *options;
} variants[] = {
	{ "shm", "wait=futex" },
	{ "mmsg", "batch=1" },
	{ "mmsg", "wait=sleep" },
	{ "packet", "ring=v2" },
	{ "packet", "ring=v3" },
	{ "xdp", "mode=generic" },
	{ "xdp", "wakeup=off" },
	{ "xdp", "busy_poll=20" },
	{ "dpdk", "device=af_xdp" },
	{ "uring", "mode=single" },
	{ "uring", "mode=single,wait=sleep" },
	{ "uring", "mode=single,sqpoll=on" },
	{ "uring", "wait=sleep" },
	{ "uring", "wait=sleep,napi=50" },
	{ "uring", "sqpoll=on,sq_idle=1" },
	{ "uring", "sqpoll=on,wait=sleep,sq_cpu=0" },
	{ "uring", "coop_taskrun=on,buffers=8" },
	{ "uring", "registered_file=off,single_issuer=off,defer_taskrun=off" },
};

static const char *variant = ""; /* of the test that runs */

static inline bool has_option(const struct receive_ops *ops, const char *name)
{
	for (const struct option_row *row = ops->entry.options;
	     row && row->name; row++)
		if (!strcmp(row->name, name))
			return true;
	return false;
}

/* Room enough on a machine that is busy, where a path has little by itself. */
static const char *roomy(const struct receive_ops *ops, const char *options)
{
	return has_option(ops, "descriptors") && !strstr(options, "descriptors")
		       ? "descriptors=4096"
		       : "";
}

static struct receive *path_open(const struct receive_ops *ops,
				 const char *options)
{
	struct receive *rx = NULL;
	char text[160];

	/* Some ask for a plain neighbour. */
	const char *own = ops == &receive_spin_ops ? "" : variant;

	const char *room = roomy(ops, options);

	snprintf(text, sizeof(text), "%s:%s%s%s%s%s", ops->entry.name, own,
		 *own && *options ? "," : "", options,
		 *room && (*own || *options) ? "," : "", room);
	assert_int_equal(receive_open(text, &rig.config, &rx), 0);
	assert_non_null(rx);
	return rx;
}

static void packet_check(const struct packet *packet, size_t len,
			 uint32_t number)
{
	uint8_t data[4096];

	payload_fill(data, len, number);
	assert_int_equal(packet->len, len);
	assert_memory_equal(packet->data, data, len);
}

/* The next packets, whichever they are: at least one, unless it takes too
 * long. */
static int packets_take(struct receive *rx, struct packet *packets,
			unsigned int max, uint64_t wait_ns)
{
	uint64_t deadline = clock_monotonic_ns() + wait_ns;
	int n;

	do {
		n = receive_poll(rx, packets, max);
		assert_true(n >= 0 && n <= (int)max);
	} while (!n && clock_monotonic_ns() < deadline);
	return n;
}

/* The next packet is this one. */
static inline void packet_expect(struct receive *rx, size_t len,
				 uint32_t number)
{
	struct packet packet;

	assert_int_equal(packets_take(rx, &packet, 1, WAIT_NS), 1);
	packet_check(&packet, len, number);
}

enum where { NETWORK = 1, MEMORY = 2, SHARED = 4 };

struct test_case {
	const char *name;
	void (*run)(const struct receive_ops *ops);
	unsigned int where;
	const char *option; /* only for paths that have it */
};

struct test {
	char name[128];
	const struct receive_ops *ops;
	const char *variant;
	const struct test_case *test_case; /* NULL: skipped, see name */
};

static void test_run(void **state)
{
	const struct test *test = *state;

	if (!test->test_case)
		skip();
	variant = test->variant;
	rig_mend();
	if (test->ops->caps & RECEIVE_SHARED)
		ring_open(RING_SLOTS);
	test->test_case->run(test->ops);
	ring_close();
}

/* Why a path can't be tested; NULL when it can. */
static const char *path_fault(const struct receive_ops *ops)
{
	if (ops->entry.unavailable_reason)
		return ops->entry.unavailable_reason;
	if (rdma_device_is_wanted(&ops->entry))
		return RDMA_DEVICE_FAULT;
	if (!(ops->caps & (RECEIVE_MEMORY | RECEIVE_SHARED)) && rig.fault)
		return rig.fault;
	return registry_unavailable(&ops->entry);
}

static size_t path_list(struct test *tests, const struct receive_ops *ops,
			const char *options, const struct test_case *cases,
			size_t case_count)
{
	unsigned int where = ops->caps & RECEIVE_MEMORY	  ? MEMORY
			     : ops->caps & RECEIVE_SHARED ? SHARED
							  : NETWORK;
	const char *fault = path_fault(ops);
	size_t n = 0;

	if (fault) {
		tests->ops = ops;
		snprintf(tests->name, sizeof(tests->name), "%s: %s",
			 ops->entry.name, fault);
		return 1;
	}
	for (size_t i = 0; i < case_count; i++) {
		if (!(cases[i].where & where) ||
		    (cases[i].option && !has_option(ops, cases[i].option)))
			continue;
		tests[n].ops = ops;
		tests[n].variant = options;
		tests[n].test_case = &cases[i];
		snprintf(tests[n].name, sizeof(tests[n].name), "%s%s%s: %s",
			 ops->entry.name, *options ? ":" : "", options,
			 cases[i].name);
		n++;
	}
	return n;
}

/* A path, then its variants. */
static size_t variants_list(struct test *tests, const struct receive_ops *ops,
			    const struct test_case *cases, size_t case_count)
{
	size_t n = path_list(tests, ops, "", cases, case_count);

	for (size_t i = 0; i < ARRAY_SIZE(variants); i++)
		if (!strcmp(variants[i].path, ops->entry.name))
			n += path_list(tests + n, ops, variants[i].options,
				       cases, case_count);
	return n;
}

/* Ask each path all of the cases; the number of those that failed. */
static int paths_test(const char *suite, const struct test_case *cases,
		      size_t case_count, CMFixtureFunction setup,
		      CMFixtureFunction teardown)
{
	struct CMUnitTest *unit_tests;
	struct test *tests;
	size_t paths = 0, most, n = 0;
	int failed = 1;

	while (receive_path((unsigned int)paths))
		paths++;
	most = (paths + ARRAY_SIZE(variants)) * case_count;
	tests = calloc(most, sizeof(*tests));
	unit_tests = calloc(most, sizeof(*unit_tests));
	if (!tests || !unit_tests)
		goto free_tests;
	for (unsigned int i = 0; i < paths; i++)
		n += variants_list(tests + n, receive_path(i), cases,
				   case_count);
	for (size_t i = 0; i < n; i++)
		unit_tests[i] =
			(struct CMUnitTest){ .name = tests[i].name,
					     .test_func = test_run,
					     .initial_state = &tests[i] };
	failed = _cmocka_run_group_tests(suite, unit_tests, n, setup, teardown);
free_tests:
	free(unit_tests);
	free(tests);
	return failed;
}

#endif
