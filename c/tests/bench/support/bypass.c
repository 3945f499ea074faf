/* SPDX-License-Identifier: MIT */
/*
 * A whole trade past the kernel, wire to wire: beside the kernel's way, and
 * beside the floor, a program in the driver that sends each frame back as it
 * came (XDP_TX).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/namespace.h"
#include "tests/bench/support/bench.h"

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)

#include <linux/bpf.h>
#include <linux/if_link.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "net/interface.h"

/* return action; */
static int program_load(enum xdp_action action)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K,
		  .dst_reg = BPF_REG_0,
		  .imm = action },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "t2t_floor", "Dual MIT/GPL",
			       code, ARRAY_SIZE(code), NULL);

	return fd < 0 ? -errno : fd;
}

/* In the interface's namespace. Not by a link: it goes with the interface. */
static int program_attach(const char *name, enum xdp_action action)
{
	struct interface interface;
	int program = program_load(action), err;

	if (program < 0)
		return program;
	err = interface_find(name, &interface);
	if (!err && bpf_xdp_attach((int)interface.index, program,
				   XDP_FLAGS_DRV_MODE, NULL) < 0)
		err = -errno;
	close(program);
	return err;
}

static int attach_there(int space, const char *name, enum xdp_action action)
{
	int here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int err = here < 0 ? -errno : namespace_enter(space);

	if (!err) {
		err = program_attach(name, action);
		if (namespace_enter(here) < 0)
			abort(); /* all that follows would be elsewhere */
	}
	if (here >= 0)
		close(here);
	return err;
}

static int reflector_make(const struct trial_wire *wire)
{
	int err = attach_there(wire->far_space, wire->far, XDP_TX);

	/* A veth end takes what XDP sends only if it has a program itself. */
	if (!err)
		err = attach_there(wire->near_space, wire->near, XDP_PASS);
	if (err)
		log_warning("no XDP_TX on a veth here: %s", log_strerror(err));
	return err;
}

#else

static int reflector_make(const struct trial_wire *wire)
{
	(void)wire;
	return -EOPNOTSUPP;
}

#endif

/* < 0 when nothing came back. */
static double p50_of(const json_t *analysis)
{
	const json_t *all = json_object_get(analysis, "back_to_back_ns");

	if (json_integer_value(json_object_get(all, "count")) == 0)
		return -1;
	return (double)json_integer_value(json_object_get(all, "p50")) / 1e3;
}

static double floor_p50(struct bench *bench, size_t round)
{
	struct trial_config trial = bench->trial;
	char folder[PATH_MAX];
	json_t *analysis;
	double p50;

	trial.reflector = reflector_make;
	snprintf(folder, sizeof(folder), "%s/floor-%zu", bench->folder, round);
	if (trial_back_to_back(&trial, NULL, NULL, folder, &analysis) < 0)
		return -1;
	p50 = p50_of(analysis);
	json_decref(analysis);
	return p50;
}

int bench_bypass(struct bench *bench)
{
	static const char *const past[] = { "--transport", "bypass", NULL };
	static const struct arm spin = { .name = "kernel", .receive = "spin" };
	static const struct arm bypass = { .name = "bypass",
					   .receive = "xdp",
					   .trader = past };
	static const struct arm xdp = { .name = "xdp", .receive = "xdp" };
	double ours[BENCH_ROUNDS_MAX], kernel[BENCH_ROUNDS_MAX];
	double sends[BENCH_ROUNDS_MAX], least[BENCH_ROUNDS_MAX];
	const size_t rounds = bench_wire_rounds(bench);
	char feed[PATH_MAX];
	struct bench mine = *bench;
	int err = bench_short_feed(bench, feed);

	if (err)
		return err;
	mine.trial.feed = feed;
	for (size_t i = 0; i < rounds; i++) {
		kernel[i] = bench_trial(&mine, &spin, i);
		ours[i] = bench_trial(&mine, &bypass, i);
		sends[i] = bench_trial(&mine, &xdp, i);
		least[i] = floor_p50(&mine, i);
		if (kernel[i] < 0 || ours[i] < 0 || sends[i] < 0 ||
		    least[i] < 0)
			return -EIO;
	}
	bench_figure(bench, "xdp + bypass, wire to wire p50", "us", ours,
		     "spin + send", kernel, rounds, BENCH_AT_MOST, 1.0);
	bench_figure(bench, "xdp + send, wire to wire p50", "us", sends,
		     "spin + send", kernel, rounds, BENCH_NO_BOUND, 0);
	bench_figure(bench, "xdp + bypass, wire to wire p50", "us", ours,
		     "the floor, XDP_TX", least, rounds, BENCH_NO_BOUND, 0);
	return 0;
}
