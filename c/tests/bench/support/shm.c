/* SPDX-License-Identifier: MIT */
/*
 * There and back between two CPUs: 36 bytes through a ring of --send shm and
 * its --receive shm each way, and an order's 13 over --transport shm, beside
 * the least that there is, two cache lines on which either end spins for the
 * other's number. The other end is a process of its own; they take turns.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/log.h"
#include "net/shm_readers.h"
#include "order/order_end.h"
#include "order/transport_ops.h"
#include "publish/publish_path_ops.h"
#include "receive/receive_ops.h"
#include "stats/percentile.h"
#include "tests/bench/support/bench.h"

#define ROUNDS	11
#define TURNS	1000 /* of each, a round */
#define TRIPS	10   /* a turn: some microseconds */
#define BOUND	1.5
#define MESSAGE 36
#define THERE	"shm:path=@t2t-bench-there"
#define BACK	"shm:path=@t2t-bench-back"
#define ORDERS	"shm:wait=spin,path=@t2t-bench-orders"
#define ORDER	13

/* It is nobody's here. */
#define BENCH_GROUP                                              \
	{                                                        \
		.sin_family = AF_INET, .sin_port = htons(12345), \
		.sin_addr.s_addr = htonl(0xefff0001)             \
	}

/* Each on a line of its own, and its neighbour's prefetched one empty. */
struct lines {
	alignas(128) _Atomic uint64_t there;
	alignas(128) _Atomic uint64_t back;
	alignas(128) _Atomic int stands; /* the other end, or its errno */
};

struct ends {
	struct lines *lines;
	struct publish_path *out;
	struct receive *in;
	struct transport *orders;
	struct order_end *end; /* of the other process */
};

static int ring_out(const char *text, struct publish_path **out)
{
	const struct publish_path_config config = {
		.group = BENCH_GROUP,
	};

	return publish_path_open(text, &config, out);
}

static int ring_in(const char *text, struct receive **in)
{
	const struct receive_config config = {
		.group = BENCH_GROUP,
	};

	return receive_open(text, &config, in);
}

static const struct sockaddr_in exchange = { .sin_family = AF_INET,
					     .sin_port = 1 };

/* The other end of orders, once this one has come. 0 or a negative errno. */
static int orders_accept(struct ends *ends)
{
	int err;

	do
		err = transport_accept(ends->orders, &ends->end);
	while (err == -EAGAIN);
	while (!err && (err = order_end_greet(ends->end)) == 0)
		;
	return err < 0 ? err : 0;
}

static int orders_connect(struct transport **orders)
{
	const struct transport_config config = { .peer = exchange,
						 .timeout_ms = 5000 };

	return transport_connect(ORDERS, &config, orders);
}

static int orders_listen(struct transport **orders)
{
	const struct transport_place place = { .address = exchange };

	return transport_listen(ORDERS, &place, orders);
}

/*
 * The other end answers all, for ever.
 */

static void order_answer(struct order_end *end)
{
	uint8_t bytes[SHM_RING_MESSAGE_MAX];
	ssize_t n = end->ops->receive(end, bytes, sizeof(bytes));

	if (n > 0)
		end->ops->send(end, bytes, (size_t)n);
}

static void other_run(struct ends *ends)
{
	uint8_t bytes[MESSAGE] = { 0 };
	const struct iovec datagram = { bytes, sizeof(bytes) };
	struct lines *lines = ends->lines;
	uint64_t seen = 0;
	struct packet packet;

	for (;;) {
		const uint64_t there = atomic_load_explicit(
			&lines->there, memory_order_acquire);

		if (there != seen) {
			seen = there;
			atomic_store_explicit(&lines->back, there,
					      memory_order_release);
		}
		order_answer(ends->end);
		if (receive_poll(ends->in, &packet, 1) != 1)
			continue;
		memcpy(bytes, packet.data, sizeof(bytes));
		publish_path_send(ends->out, &datagram, 1);
	}
}

static void other_start(struct ends *ends)
{
	int err = cpu_pin(1);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!err)
		err = ring_in(THERE, &ends->in);
	if (!err)
		err = ring_out(BACK, &ends->out);
	if (!err)
		err = orders_listen(&ends->orders);
	atomic_store(&ends->lines->stands, err ? err : 1);
	if (!err)
		err = orders_accept(ends);
	if (!err)
		other_run(ends);
	_exit(1);
}

/*
 * This end: ns of TRIPS trips.
 */

static uint64_t trips_of_lines(struct ends *ends)
{
	struct lines *lines = ends->lines;
	const uint64_t first = atomic_load(&lines->back) + 1;
	const uint64_t start_ns = clock_monotonic_ns();

	for (uint64_t i = first; i < first + TRIPS; i++) {
		atomic_store_explicit(&lines->there, i, memory_order_release);
		while (atomic_load_explicit(&lines->back,
					    memory_order_acquire) != i)
			;
	}
	return clock_monotonic_ns() - start_ns;
}

static uint64_t trips_of_rings(struct ends *ends)
{
	uint8_t bytes[MESSAGE] = { 0 };
	const struct iovec datagram = { bytes, sizeof(bytes) };
	const uint64_t start_ns = clock_monotonic_ns();
	struct packet packet;

	for (int i = 0; i < TRIPS; i++) {
		publish_path_send(ends->out, &datagram, 1);
		while (receive_poll(ends->in, &packet, 1) != 1)
			;
	}
	return clock_monotonic_ns() - start_ns;
}

static uint64_t trips_of_orders(struct ends *ends)
{
	uint8_t order[ORDER] = { 0 }, bytes[SHM_RING_MESSAGE_MAX];
	const uint64_t start_ns = clock_monotonic_ns();
	struct transport *orders = ends->orders;

	for (int i = 0; i < TRIPS; i++) {
		transport_send(orders, order, sizeof(order));
		while (orders->ops->receive(orders, bytes, sizeof(bytes)) !=
		       ORDER)
			;
	}
	return clock_monotonic_ns() - start_ns;
}

/* Where others want the CPUs, too, most turns are spent waiting for the other
 * end to be run at all: of both the time that one in ten stays below. */
static double undisturbed(uint64_t *turns)
{
	percentile_sort(turns, TURNS);
	return (double)percentile_of(turns, TURNS, 10) / TRIPS;
}

/* What goes there and back, in ns. */
struct trips {
	double rings, orders, lines;
};

static struct trips round_run(struct ends *ends)
{
	static uint64_t rings[TURNS], orders[TURNS], lines[TURNS];

	for (int i = 0; i < TURNS; i++) {
		lines[i] = trips_of_lines(ends);
		rings[i] = trips_of_rings(ends);
		orders[i] = trips_of_orders(ends);
	}
	return (struct trips){ undisturbed(rings), undisturbed(orders),
			       undisturbed(lines) };
}

static void rounds_run(struct bench *bench, struct ends *ends)
{
	static double rings[ROUNDS], orders[ROUNDS], lines[ROUNDS];
	const size_t rounds = bench_rounds_of(bench, ROUNDS);

	for (size_t i = 0; i < rounds; i++) {
		const struct trips trips = round_run(ends);

		rings[i] = trips.rings;
		orders[i] = trips.orders;
		lines[i] = trips.lines;
	}
	bench_figure(bench, "36 bytes over shm, there and back", "ns", rings,
		     "two cache lines, spinning", lines, rounds, BENCH_AT_MOST,
		     BOUND);
	bench_figure(bench, "an order over --transport shm, there and back",
		     "ns", orders, "two cache lines, spinning", lines, rounds,
		     BENCH_AT_MOST, BOUND);
}

static int this_run(struct bench *bench, struct ends *ends)
{
	int stands, err = cpu_pin(0);

	while (!(stands = atomic_load(&ends->lines->stands)))
		sched_yield();
	if (!err && stands < 0)
		err = stands;
	if (!err)
		err = ring_in(BACK, &ends->in);
	if (err)
		return err;
	err = orders_connect(&ends->orders);
	if (!err)
		rounds_run(bench, ends);
	transport_close(ends->orders);
	receive_close(ends->in);
	return err;
}

int bench_shm(struct bench *bench)
{
	struct ends ends = { .lines = NULL };
	cpu_set_t before;
	pid_t other;
	int err;

	sched_getaffinity(0, sizeof(before), &before);
	if (CPU_COUNT(&before) < 2) {
		bench_note(bench, "shm: needs two CPUs");
		return 0;
	}
	ends.lines = mmap(NULL, sizeof(*ends.lines), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ends.lines == MAP_FAILED)
		return -errno;
	err = ring_out(THERE, &ends.out);
	if (err)
		goto unmap;
	other = fork();
	if (other == 0)
		other_start(&ends);
	err = other < 0 ? -errno : this_run(bench, &ends);
	if (other > 0) {
		kill(other, SIGKILL);
		waitpid(other, NULL, 0);
	}
	sched_setaffinity(0, sizeof(before), &before);
	publish_path_close(ends.out);
unmap:
	munmap(ends.lines, sizeof(*ends.lines));
	return err;
}
