/* SPDX-License-Identifier: MIT */
/*
 * Packets a second that each receive path takes with none lost, on one CPU;
 * sender and the kernel's receive work (veth: it is done where is sent) on
 * another. The highest rate of a search that halves, for each round anew. What
 * the sender does where nobody listens is beside them: a path near it keeps up
 * with all that this machine can send.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "net/namespace.h"
#include "tests/bench/support/bench.h"
#include "tests/bench/support/paths.h"

#define TRY_NS	 (CLOCK_NS_PER_S / 5)
#define QUIET_NS (CLOCK_NS_PER_S / 20) /* no more will come */
#define STEPS	 7
#define ROUNDS	 5
#define RATE_MAX 4e6
#define BURST	 16
#define PATHS	 16

struct stream {
	const struct paths_rig *rig;
	double rate; /* packets a second */
	unsigned int cpu;
	size_t sent;
	uint64_t took_ns;
	atomic_bool done;
};

/* At that rate, or as fast as it goes. */
static void *stream_send(void *context)
{
	struct stream *stream = context;
	uint64_t begin, now;

	cpu_pin(stream->cpu);
	begin = now = clock_monotonic_ns();
	while (now - begin < TRY_NS) {
		double due = (double)(now - begin) * stream->rate / 1e9;

		if ((double)stream->sent + BURST <= due)
			stream->sent += paths_rig_send(stream->rig,
						       stream->sent, BURST);
		now = clock_monotonic_ns();
	}
	stream->took_ns = now - begin;
	atomic_store(&stream->done, true);
	return NULL;
}

/* Packets a second that went. */
static double stream_rate(const struct stream *stream)
{
	return (double)stream->sent * 1e9 / (double)stream->took_ns;
}

static size_t stream_take(struct receive *receive, struct stream *stream)
{
	struct packet packets[RECEIVE_BURST_MAX];
	uint64_t last = clock_monotonic_ns(), now = last;
	size_t taken = 0;

	while (!atomic_load(&stream->done) || now - last < QUIET_NS) {
		int n = receive_poll(receive, packets, RECEIVE_BURST_MAX);

		now = clock_monotonic_ns();
		if (n <= 0)
			continue;
		taken += (size_t)n;
		last = now;
	}
	return taken;
}

/* One try: packets a second that went; 0: some were lost; < 0: it failed. */
static double rate_try(struct paths_rig *rig, const char *path, double rate,
		       unsigned int cpu)
{
	struct stream stream = { .rig = rig, .rate = rate, .cpu = cpu };
	struct receive *receive;
	pthread_t thread;
	size_t taken;

	if (receive_open(path, &rig->config, &receive) < 0)
		return -1;
	if (pthread_create(&thread, NULL, stream_send, &stream) != 0) {
		receive_close(receive);
		return -1;
	}
	taken = stream_take(receive, &stream);
	pthread_join(thread, NULL);
	receive_close(receive);
	if (taken < stream.sent)
		return 0;
	return stream_rate(&stream);
}

static double rate_find(struct paths_rig *rig, const char *path,
			unsigned int cpu)
{
	double best = 0, low = 0, high = RATE_MAX, rate = RATE_MAX;

	for (int i = 0; i < STEPS; i++) {
		double went = rate_try(rig, path, rate, cpu);

		if (went < 0)
			return went;
		if (went > best)
			best = went;
		if (went > 0)
			low = rate;
		else
			high = rate;
		/* The sender itself can't do more. */
		if (went > 0 && went < 0.9 * rate)
			break;
		rate = (low + high) / 2;
	}
	return best;
}

struct search {
	struct paths_rig *rig;
	size_t rounds;
	unsigned int cpus[2];  /* of sender and receiver */
	double sender[ROUNDS]; /* the most that is sent where nobody listens */
	double found[PATHS][ROUNDS];
};

static double sender_most(const struct search *search)
{
	struct stream stream = { .rig = search->rig,
				 .rate = RATE_MAX,
				 .cpu = search->cpus[0] };
	pthread_t thread;

	if (pthread_create(&thread, NULL, stream_send, &stream) != 0)
		return -1;
	pthread_join(thread, NULL);
	return stream_rate(&stream);
}

/* A thread of its own, since it stays on its CPU. */
static void *search_run(void *context)
{
	struct search *search = context;

	cpu_pin(search->cpus[1]);
	namespace_enter(search->rig->near);
	for (size_t round = 0; round < search->rounds; round++) {
		search->sender[round] = sender_most(search) / 1e3;
		for (size_t i = 0; paths_texts[i]; i++)
			if (!paths_fault(paths_texts[i]))
				search->found[i][round] =
					rate_find(search->rig, paths_texts[i],
						  search->cpus[0]) /
					1e3;
	}
	return NULL;
}

int bench_packets(struct bench *bench)
{
	static struct search search;
	struct paths_rig rig;
	pthread_t thread;
	int err;

	if (cpu_list(search.cpus, 2) < 2) {
		bench_note(bench, "packets a second: skipped: one CPU alone");
		return 0;
	}
	err = paths_rig_open(&rig);
	if (err)
		return err;
	search.rig = &rig;
	search.rounds = bench_rounds_of(bench, ROUNDS);
	err = -pthread_create(&thread, NULL, search_run, &search);
	if (!err)
		pthread_join(thread, NULL);
	if (!err)
		bench_figure(bench, "packets sent where nobody listens", "k/s",
			     search.sender, NULL, NULL, search.rounds,
			     BENCH_NO_BOUND, 0);
	for (size_t i = 0; paths_texts[i] && !err; i++) {
		const char *fault = paths_fault(paths_texts[i]);
		char name[64];

		snprintf(name, sizeof(name), "packets without loss: %s",
			 paths_texts[i]);
		if (fault)
			bench_note(bench, "%s: skipped: %s", name, fault);
		else
			bench_figure(bench, name, "k/s", search.found[i],
				     "block", search.found[0], search.rounds,
				     BENCH_NO_BOUND, 0);
	}
	paths_rig_close(&rig);
	return err;
}
