/* SPDX-License-Identifier: MIT */
/* What it costs that lost datagrams can be had again: the trader, for each that
 * comes in order; and the feed, while somebody asks for all of it. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/address.h"
#include "net/process.h"
#include "net/socket.h"
#include "tests/bench/support/bench.h"
#include "tests/bench/support/link.h"
#include "trader/recovery.h"
#include "wire/retransmit.h"

#define HEADERS	      4096
#define PASSES	      2000
#define TAG	      0x5a5
#define NS_MOST	      5.0
#define PER_S	      100000 /* requests */
#define SECONDS	      2
#define RETRANSMITTER "10.77.0.1:9013"
#define TOLD	      "later than intended by p50 "

/* Processor time: whoever else runs meanwhile is not in it. */
static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void headers_make(struct market_data_header *headers, uint32_t first)
{
	for (uint32_t i = 0; i < HEADERS; i++)
		headers[i] = (struct market_data_header){
			.sequence = first + i,
			.flags = market_data_tag_flags(TAG)
		};
}

/* How many were in order. */
__attribute__((noinline)) static size_t by_session(
	struct session *session, const struct market_data_header *headers)
{
	size_t taken = 0;

	for (size_t i = 0; i < HEADERS; i++)
		taken += session_take(session, &headers[i]) == SESSION_IN_ORDER;
	return taken;
}

__attribute__((noinline)) static size_t by_recovery(
	struct recovery *recovery, const struct market_data_header *headers)
{
	size_t taken = 0;

	for (size_t i = 0; i < HEADERS; i++)
		taken += recovery_look(recovery, &headers[i], 0) ==
			 RECOVERY_APPLY;
	return taken;
}

/* Both take the same datagrams, in turns; ns for each. */
static int round_in_order(double *session_ns, double *recovery_ns)
{
	static struct market_data_header headers[HEADERS];
	const struct recovery_config config = { .lines = 1,
						.requests = true,
						.give_up_ns = 20000000,
						.again_ns = 1000000 };
	double start_ns, spent_ns[2] = { 0 };
	struct recovery_datagram first;
	struct recovery recovery;
	struct session session;
	size_t taken = 0;

	if (recovery_open(&recovery, &config) < 0)
		return -ENOMEM;
	recovery_begin(&recovery, TAG);
	session_begin(&session, TAG, 0);
	/* The first is no datagram like others. */
	headers_make(headers, 0);
	first = (struct recovery_datagram){ .header = headers[0] };
	recovery_take(&recovery, &first, 1);
	session_take(&session, &headers[0]);
	for (uint32_t i = 0; i < PASSES; i++) {
		headers_make(headers, 1 + i * HEADERS);
		start_ns = cpu_ns();
		taken += by_session(&session, headers);
		spent_ns[0] += cpu_ns() - start_ns;
		start_ns = cpu_ns();
		taken += by_recovery(&recovery, headers);
		spent_ns[1] += cpu_ns() - start_ns;
	}
	recovery_close(&recovery);
	*session_ns = spent_ns[0] / PASSES / HEADERS;
	*recovery_ns = spent_ns[1] / PASSES / HEADERS;
	return taken == 2 * (size_t)PASSES * HEADERS ? 0 : -EIO;
}

static int in_order(struct bench *bench)
{
	double session[BENCH_ROUNDS_MAX], recovery[BENCH_ROUNDS_MAX];
	double more[BENCH_ROUNDS_MAX];

	for (size_t i = 0; i < bench->rounds; i++) {
		int err = round_in_order(&session[i], &recovery[i]);

		if (err)
			return err;
		more[i] = recovery[i] - session[i];
	}
	bench_figure(bench, "a datagram in order, by recovery", "ns", recovery,
		     "by the session alone", session, bench->rounds,
		     BENCH_NO_BOUND, 0);
	bench_figure(bench, "what recovery adds to it", "ns", more, NULL, NULL,
		     bench->rounds, BENCH_AT_MOST, NS_MOST);
	return 0;
}

/* Hold an order connection, and ask for all that there is, again and again. */
static int far_ask(const struct bench *bench, void *all, int report)
{
	struct sockaddr_in orders, retransmitter, own;
	socklen_t len = sizeof(own);
	const char *why;
	uint64_t begin_ns;
	int connection, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)bench;
	(void)all;
	address_parse("10.77.0.1:9012", &orders, &why);
	address_parse(RETRANSMITTER, &retransmitter, &why);
	connection = socket_connect(&orders, 5000, NULL);
	if (fd < 0 || connection < 0 ||
	    getsockname(connection, (struct sockaddr *)&own, &len) < 0 ||
	    connect(fd, (struct sockaddr *)&retransmitter,
		    sizeof(retransmitter)) < 0 ||
	    link_report_send(report, 1) < 0)
		return -EIO;
	begin_ns = clock_monotonic_ns();
	for (uint64_t i = 0;; i++) {
		const struct retransmit_request everything = {
			.first = (uint32_t)i % 1000,
			.count = UINT16_MAX,
			.flags = market_data_tag_flags(
				market_data_session_tag(ntohs(own.sin_port))),
		};
		uint8_t bytes[RETRANSMIT_REQUEST_LEN];

		while ((clock_monotonic_ns() - begin_ns) / 1000 * PER_S /
			       1000000 <
		       i)
			usleep(500);
		retransmit_request_write(bytes, &everything);
		send(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	}
}

/* Where the exchange answers at another port: requests take what the machine
 * takes for them, and concern nobody. */
static int near_ignore(const struct bench *bench, void *all, int report)
{
	struct sockaddr_in own;
	const char *why;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)bench;
	(void)all;
	address_parse(RETRANSMITTER, &own, &why);
	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0 ||
	    link_report_send(report, 1) < 0)
		return -EIO;
	return pause();
}

/* Of the only session in the exchange's log; < 0: there is none. */
static double late_read(const char *path)
{
	FILE *file = fopen(path, "re");
	double late_us = -1;
	char line[1024];

	while (file && fgets(line, sizeof(line), file)) {
		const char *found = strstr(line, TOLD);

		if (found && sscanf(found + strlen(TOLD), "%lf", &late_us) != 1)
			late_us = -1;
	}
	if (file)
		fclose(file);
	return late_us;
}

/* p50, us, of a session that lasts SECONDS, beside requests at PER_S: to the
 * exchange, or to nobody. */
static double late_us(const struct bench *bench, bool answers)
{
	char path[PATH_MAX], out[PATH_MAX], log[PATH_MAX];
	const char *const argv[] = { bench_program(bench, "t2t-exchange", path),
				     "--feed",
				     bench->feed,
				     "--listen",
				     "10.77.0.1:9012",
				     "--interface",
				     "near0",
				     "--loop",
				     "--pace",
				     "rate:1000",
				     "--retransmit",
				     answers ? RETRANSMITTER : "10.77.0.1:9014",
				     NULL };
	struct process exchange = { 0 };
	struct process_place place = { .cpu = bench->trial.cpu[TRIAL_EXCHANGE],
				       .out = out,
				       .err = log };
	struct link link;
	pid_t ignoring = 0;
	double late = -1;

	snprintf(out, sizeof(out), "%s/late.out", bench->folder);
	snprintf(log, sizeof(log), "%s/late.log", bench->folder);
	unlink(log);
	if (link_open(&link, bench) < 0)
		goto close_link;
	place.namespace = link.space[0];
	if (process_start(&exchange, argv, &place) < 0)
		goto close_link;
	if (!answers)
		link_child_start(link.space[0], -1, &ignoring, near_ignore,
				 bench, NULL);
	if (process_wait_text(&exchange, out, "state INIT", 10000, NULL) == 0 &&
	    link_child_start(link.space[1], bench->trial.cpu[TRIAL_TRADER],
			     &link.client, far_ask, bench, NULL) > 0) {
		sleep(SECONDS);
		link_child_end(&link.client);
		process_wait_text(&exchange, log, TOLD, 10000, NULL);
	}
	process_stop(&exchange, SIGTERM, 10000);
	late = late_read(log);
close_link:
	link_child_end(&ignoring);
	link_close(&link);
	return late;
}

static int beside_requests(struct bench *bench)
{
	double asked[BENCH_ROUNDS_MAX], ignored[BENCH_ROUNDS_MAX];

	for (size_t i = 0; i < bench->rounds; i++) {
		ignored[i] = late_us(bench, false);
		asked[i] = late_us(bench, true);
		if (ignored[i] < 0 || asked[i] < 0)
			return -EIO;
	}
	bench_figure(bench, "feed's lateness, 100,000 requests/s: p50", "us",
		     asked, "as many to nobody", ignored, bench->rounds,
		     BENCH_AT_MOST, 1.5);
	return 0;
}

int bench_recovery(struct bench *bench)
{
	int err = in_order(bench);

	return err ? err : beside_requests(bench);
}
