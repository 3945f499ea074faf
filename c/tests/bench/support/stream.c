/* SPDX-License-Identifier: MIT */
/* What does not need the trader: the feed's way to packets, the rate at which
 * the exchange sends, and the time of a decision. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/log.h"
#include "net/address.h"
#include "net/capture_file.h"
#include "net/namespace.h"
#include "net/process.h"
#include "net/socket.h"
#include "tests/bench/support/bench.h"
#include "tests/bench/support/link.h"
#include "wire/frame.h"
#include "wire/market_data.h"

#define BURST 64

int bench_feed(struct bench *bench)
{
	double ours[BENCH_ROUNDS_MAX], zcat[BENCH_ROUNDS_MAX];
	char path[PATH_MAX];
	const char *const format[] = { bench_program(bench, "tests/bench/feed",
						     path),
				       bench->feed, NULL };
	const char *const inflate[] = { "zcat", bench->feed, NULL };

	for (size_t i = 0; i < bench->rounds; i++) {
		ours[i] = bench_seconds(format) * 1e3;
		zcat[i] = bench_seconds(inflate) * 1e3;
		if (ours[i] < 0 || zcat[i] < 0)
			return -EIO;
	}
	bench_figure(bench, "gzip feed to packets, null sink", "ms", ours,
		     "zcat to /dev/null", zcat, bench->rounds, BENCH_AT_MOST,
		     1.5);
	return 0;
}

int bench_decide(struct bench *bench)
{
	char path[PATH_MAX], text[65536];
	const char *const argv[] = { bench_program(bench, "tests/bench/decide",
						   path),
				     "--feed", bench->feed, "--json", NULL };
	json_t *result;
	double p50;

	if (process_output(argv, text, sizeof(text)) != 0)
		return -EIO;
	result = json_loads(text, 0, NULL);
	if (!json_is_number(json_object_get(result, "p50_ns"))) {
		json_decref(result);
		return -EIO;
	}
	p50 = json_number_value(json_object_get(result, "p50_ns"));
	json_decref(result);
	bench_figure(bench, "decode, book, rule, encode: p50 a packet", "ns",
		     &p50, NULL, NULL, 1, BENCH_AT_MOST, 150);
	return 0;
}

/* The capture's market data in memory, ready for sendmmsg. */
struct datagrams {
	struct mmsghdr *message;
	struct iovec *bytes;
	uint8_t *memory;
	size_t count;
};

static int datagrams_load(struct datagrams *all, const char *path,
			  uint16_t port)
{
	const size_t room = 1 << 20;
	struct capture_frame captured;
	struct capture_file *file;
	struct frame frame;
	size_t used = 0;
	int err = capture_file_open(path, &file);

	if (err)
		return err;
	memset(all, 0, sizeof(*all));
	all->message = calloc(room, sizeof(*all->message));
	all->bytes = calloc(room, sizeof(*all->bytes));
	all->memory = malloc(room * 64);
	while (all->memory && all->bytes && all->message && all->count < room &&
	       (err = capture_file_next(file, &captured)) == 1) {
		struct iovec *bytes = &all->bytes[all->count];

		if (frame_decode(captured.link, captured.bytes,
				 captured.captured_len, &frame) != FRAME_OK ||
		    frame.protocol != FRAME_UDP ||
		    frame.destination_port != port ||
		    used + frame.payload_len > room * 64)
			continue;
		bytes->iov_base = all->memory + used;
		bytes->iov_len = frame.payload_len;
		memcpy(bytes->iov_base, frame.payload, frame.payload_len);
		used += frame.payload_len;
		all->message[all->count].msg_hdr.msg_iov = bytes;
		all->message[all->count++].msg_hdr.msg_iovlen = 1;
	}
	capture_file_close(file);
	return all->count ? 0 : -ENODATA;
}

static void datagrams_free(struct datagrams *all)
{
	free(all->message);
	free(all->bytes);
	free(all->memory);
}

static int near_send(const struct bench *bench, void *datagrams, int report)
{
	struct datagrams *all = datagrams;
	struct sockaddr_in group;
	struct interface interface;
	const char *why;
	uint64_t begin;
	size_t sent = 0;
	int fd, n;

	if (address_parse_group(bench->trial.group, &group, &why) < 0 ||
	    interface_find("near0", &interface) < 0)
		return -EINVAL;
	fd = socket_multicast_sender(&group, &interface, 1);
	if (fd < 0)
		return fd;
	begin = clock_monotonic_ns();
	while (sent < all->count) {
		size_t left = all->count - sent;

		n = sendmmsg(fd, all->message + sent,
			     left < BURST ? (unsigned int)left : BURST, 0);
		if (n > 0)
			sent += (size_t)n;
		else if (errno != EAGAIN && errno != ENOBUFS)
			return -errno;
	}
	return link_report_send(
		report, (double)all->count /
				((double)(clock_monotonic_ns() - begin) / 1e9));
}

static double bare_rate(const struct bench *bench, struct datagrams *all)
{
	struct link link;
	pid_t sender = 0;
	double rate = -1;

	if (link_open(&link, bench) == 0)
		rate = link_child_start(link.space[0],
					bench->trial.cpu[TRIAL_EXCHANGE],
					&sender, near_send, bench, all);
	if (sender > 0)
		waitpid(sender, NULL, 0);
	link_close(&link);
	return rate;
}

/* "... 812345 packets/s ..." in what the exchange says of a session. */
static double rate_read(const char *path)
{
	FILE *file = fopen(path, "re");
	double rate = -1;
	char line[1024];

	while (file && fgets(line, sizeof(line), file)) {
		char *found = strstr(line, " packets/s");

		if (!found)
			continue;
		while (found > line && found[-1] != ' ')
			found--;
		rate = strtod(found, NULL);
	}
	if (file)
		fclose(file);
	return rate;
}

/* The exchange at full speed, from its first packet to its last. */
static double exchange_rate(const struct bench *bench)
{
	char path[PATH_MAX], out[PATH_MAX], log[PATH_MAX], cpu[16];
	const char *const argv[] = { bench_program(bench, "t2t-exchange", path),
				     "--feed",
				     bench->feed,
				     "--listen",
				     "10.77.0.1:9012",
				     "--interface",
				     "near0",
				     "--pace",
				     "max",
				     NULL };
	struct process exchange = { 0 };
	struct process_place place = { .cpu = -1, .out = out, .err = log };
	struct link link;
	double rate = -1;

	snprintf(cpu, sizeof(cpu), "%d", bench->trial.cpu[TRIAL_EXCHANGE]);
	snprintf(out, sizeof(out), "%s/rate.out", bench->folder);
	snprintf(log, sizeof(log), "%s/rate.log", bench->folder);
	unlink(log);
	if (link_open(&link, bench) < 0)
		goto close_link;
	place.namespace = link.space[0];
	if (process_start(&exchange, argv, &place) < 0)
		goto close_link;
	if (process_wait_text(&exchange, out, "state INIT", 10000, NULL) == 0 &&
	    link_child_start(link.space[1], -1, &link.client, link_far_connect,
			     bench, NULL) > 0 &&
	    process_wait_text(&exchange, log, "end of the feed", 60000, NULL) ==
		    0) {
		link_child_end(&link.client);
		process_wait_text(&exchange, log, "packets/s", 10000, NULL);
	}
	process_stop(&exchange, SIGTERM, 10000);
	rate = rate_read(log);
close_link:
	link_close(&link);
	return rate;
}

int bench_send(struct bench *bench)
{
	double ours[BENCH_ROUNDS_MAX], bare[BENCH_ROUNDS_MAX];
	struct datagrams all = { 0 };
	struct sockaddr_in group;
	const char *why;
	int err = bench_capture(bench);

	if (err)
		return err;
	address_parse_group(bench->trial.group, &group, &why);
	err = datagrams_load(&all, bench->capture, ntohs(group.sin_port));
	for (size_t i = 0; !err && i < bench->rounds; i++) {
		ours[i] = exchange_rate(bench) / 1e3;
		bare[i] = bare_rate(bench, &all) / 1e3;
		if (ours[i] <= 0 || bare[i] <= 0)
			err = -EIO;
	}
	if (!err)
		bench_figure(bench, "exchange's send rate, pace max", "k/s",
			     ours, "a bare sendmmsg loop", bare, bench->rounds,
			     BENCH_AT_LEAST, 0.9);
	datagrams_free(&all);
	return err;
}
