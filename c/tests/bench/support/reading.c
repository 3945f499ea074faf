/* SPDX-License-Identifier: MIT */
/* What it takes to read a capture and judge it, beside libpcap's own reading of
 * the file, which any reader of captures has to pay for; and in how much
 * memory, whatever the file's size. */
#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/log.h"
#include "net/process.h"
#include "tests/bench/support/bench.h"
#include "tests/support/capture_maker.h"

#define FILE_LEN   (INT64_C(200) << 20)
#define SMALL_LEN  (INT64_C(2) << 20)
#define ORDER_EACH 500 /* datagrams */
#define TIMES_MOST 2.5
#define PEAK_MOST  8.0 /* MiB */
#define GROWS_MOST 2.0

/* One session of so many bytes; every so many datagrams call for an order,
 * which follows. */
static int capture_write(struct capture_maker *maker, int64_t len)
{
	struct stat facts;
	unsigned int n = 0;

	capture_maker_open(maker, FRAME_LINK_ETHERNET);
	capture_maker_connect(maker);
	capture_maker_level(maker, MARKET_DATA_SNAPSHOT, MARKET_DATA_ASK, 50001,
			    1);
	do {
		for (; n % ORDER_EACH != ORDER_EACH - 1; n++)
			capture_maker_level(maker, 0, MARKET_DATA_BID,
					    49000 + n % 100, 1 + n % 7);
		n++;
		capture_maker_level(maker, 0, MARKET_DATA_BID, 49500, 30);
		capture_maker_order(maker, ORDER_BUY, 50001);
		capture_maker_acknowledge(maker, maker->client_next);
		capture_maker_level(maker, 0, MARKET_DATA_BID, 49500, 0);
		capture_maker_flush(maker);
		if (stat(maker->path, &facts) < 0)
			return -errno;
	} while (facts.st_size < len);
	capture_maker_packet(maker, MARKET_DATA_END_OF_FEED, NULL, 0);
	capture_maker_disconnect(maker);
	capture_maker_flush(maker);
	return 0;
}

/* Processor time, s: whoever else runs meanwhile is in no ratio of it. */
static double cpu_seconds(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Seconds, or -1; *frames: how many. */
static double libpcap_seconds(const char *path, uint64_t *frames)
{
	double begin = cpu_seconds(RUSAGE_SELF);
	char why[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const u_char *bytes;
	pcap_t *file = pcap_open_offline_with_tstamp_precision(
		path, PCAP_TSTAMP_PRECISION_NANO, why);

	if (!file) {
		log_error("%s: %s", path, why);
		return -1;
	}
	for (*frames = 0; pcap_next_ex(file, &header, &bytes) == 1; ++*frames)
		;
	pcap_close(file);
	return cpu_seconds(RUSAGE_SELF) - begin;
}

/* Of what time(1) has written; 0: nothing is there. */
static double peak_read(const char *path)
{
	FILE *file = fopen(path, "re");
	double kib = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%lf", &kib) != 1)
		kib = 0;
	fclose(file);
	return kib / 1024;
}

/* Seconds, or -1; *peak_mib: the most memory that it had. time(1) stands
 * between: what the parent has when it forks counts as the child's, and this
 * program has more than the one that is measured. getrusage(2), ru_maxrss. */
static double judge_seconds(const struct bench *bench, const char *path,
			    double *peak_mib)
{
	const struct process_place place = { .namespace = -1, .cpu = -1 };
	char program[PATH_MAX], peak[PATH_MAX];
	const char *const argv[] = {
		"time",	  "-f", "%M",
		"-o",	  peak, bench_program(bench, "t2t-wiretap", program),
		"--read", path, "--json",
		NULL
	};
	double begin = cpu_seconds(RUSAGE_CHILDREN);
	struct process process;

	snprintf(peak, sizeof(peak), "%s/peak", bench->folder);
	/* 1: it could not be judged. */
	if (process_start(&process, argv, &place) < 0 ||
	    process_wait(&process, -1, NULL) != 0)
		return -1;
	*peak_mib = peak_read(peak);
	if (*peak_mib > 0)
		return cpu_seconds(RUSAGE_CHILDREN) - begin;
	log_error("%s: no memory was told: is time(1) installed?", peak);
	return -1;
}

static int reading_rounds(struct bench *bench, const char *path,
			  const char *small)
{
	double ours[BENCH_ROUNDS_MAX], bases[BENCH_ROUNDS_MAX];
	double peaks[BENCH_ROUNDS_MAX], small_peaks[BENCH_ROUNDS_MAX];
	uint64_t frames = 0;

	for (size_t i = 0; i < bench->rounds; i++) {
		bases[i] = libpcap_seconds(path, &frames);
		ours[i] = judge_seconds(bench, path, &peaks[i]);
		if (bases[i] < 0 || ours[i] < 0 ||
		    judge_seconds(bench, small, &small_peaks[i]) < 0)
			return -EIO;
	}
	bench_figure(bench, "a capture of 200 MiB judged, CPU time", "s", ours,
		     "libpcap's reading of it", bases, bench->rounds,
		     BENCH_AT_MOST, TIMES_MOST);
	bench_note(bench, "%llu frames", (unsigned long long)frames);
	bench_figure(bench, "the memory that it takes", "MiB", peaks, NULL,
		     NULL, bench->rounds, BENCH_AT_MOST, PEAK_MOST);
	bench_figure(bench, "the same beside a hundredth of it", "MiB", peaks,
		     "2 MiB", small_peaks, bench->rounds, BENCH_AT_MOST,
		     GROWS_MOST);
	return 0;
}

int bench_reading(struct bench *bench)
{
	struct capture_maker large, small;
	int err = capture_write(&large, FILE_LEN);

	if (!err)
		err = capture_write(&small, SMALL_LEN);
	else
		small = large;
	if (!err)
		err = reading_rounds(bench, large.path, small.path);
	if (small.file != large.file)
		capture_maker_close(&small);
	capture_maker_close(&large);
	return err;
}
