/* SPDX-License-Identifier: MIT */
/* The wiretap end to end: what it captures and says of a right trader, of
 * wrong ones, and of files and disks that fail. */
#include "tests/support/oracle.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/choice.h"

static struct lab lab;
static struct program wiretap, exchange;
static char feed[PATH_MAX];

static int clean(void **state)
{
	(void)state;
	program_end(&wiretap);
	program_end(&exchange);
	return 0;
}

static const char *sample(void)
{
	if (!*feed)
		lab_generated(&lab, "sample.csv.gz", "300000", "0.02", "5",
			      feed);
	return feed;
}

static json_int_t count(const struct oracle_run *run, const char *name)
{
	return oracle_count(run->analysis, name);
}

static void sums_hold(const struct oracle_run *run)
{
	assert_int_equal(count(run, "triggers"), count(run, "matched") +
							 count(run, "missing") +
							 count(run, "wrong"));
	assert_int_equal(count(run, "orders"), count(run, "matched") +
						       count(run, "wrong") +
						       count(run, "extra"));
}

/* Each receive path with one of the transports, in turn. */
static const char *transport_of(const char *path)
{
	size_t at = 0, transports = 0;

	while (choice_transport[transports])
		transports++;
	while (choice_receive[at] != path)
		at++;
	return choice_transport[at % transports];
}

/* A ring of v2 takes half a page for each packet: with room for the whole
 * feed, should the trader not run meanwhile. */
static const char *with_room(const char *receive)
{
	return strcmp(receive, "packet:ring=v2") == 0
		       ? "packet:ring=v2,blocks=256"
		       : receive;
}

static void right_trader(void **state)
{
	static const char *const members[] = { "min", "p50",   "p90",
					       "p99", "p99_9", "max" };
	struct oracle_run run = { .feed = sample(),
				  .pace = "rate:20000",
				  .receive = with_room(*state),
				  .transport = transport_of(*state) };
	const json_t *latency;
	json_int_t least = 1;

	choice_receive_needed(*state);
	choice_transport_needed(run.transport);
	oracle_run(&lab, &run);
	sums_hold(&run);
	assert_true(count(&run, "triggers") > 100);
	assert_int_equal(count(&run, "matched"), count(&run, "triggers"));
	assert_int_equal(count(&run, "missing"), 0);
	assert_int_equal(count(&run, "extra"), 0);
	assert_int_equal(count(&run, "wrong"), 0);
	assert_int_equal(count(&run, "gaps"), 0);
	assert_int_equal(count(&run, "packets"),
			 oracle_count(json_object_get(run.trader, "counters"),
				      "packets"));
	latency = json_object_get(run.analysis, "wire_to_wire_ns");
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		/* Ten orders lie beyond p90, and no further. */
		if (strncmp(members[i], "p99", 3) == 0) {
			assert_true(json_is_null(
				json_object_get(latency, members[i])));
			continue;
		}
		assert_true(oracle_count(latency, members[i]) >= least);
		least = oracle_count(latency, members[i]);
	}
	oracle_free(&run);
}

static void aggress_same(void **state)
{
	struct oracle_run run = { .feed = sample(),
				  .pace = "rate:20000",
				  .aggress = "same" };

	(void)state;
	oracle_run(&lab, &run);
	assert_true(count(&run, "matched") > 100);
	assert_int_equal(count(&run, "matched"), count(&run, "triggers"));
	oracle_free(&run);
}

/* Whoever judges must be able to condemn. */
static void lazy_trader(void **state)
{
	struct oracle_run run = { .feed = sample(),
				  .pace = "rate:20000",
				  .threshold_usd = "2000000",
				  .judge_threshold_usd = "1000000" };

	(void)state;
	oracle_run(&lab, &run);
	sums_hold(&run);
	assert_true(count(&run, "missing") > 0);
	assert_true(json_is_false(json_object_get(run.analysis, "correct")));
	oracle_free(&run);
}

static void eager_trader(void **state)
{
	struct oracle_run run = { .feed = sample(),
				  .pace = "rate:20000",
				  .threshold_usd = "50000",
				  .judge_threshold_usd = "1000000" };

	(void)state;
	oracle_run(&lab, &run);
	sums_hold(&run);
	assert_true(count(&run, "extra") > 0);
	assert_true(json_is_false(json_object_get(run.analysis, "correct")));
	oracle_free(&run);
}

static void confused_trader(void **state)
{
	/* Not faster: its answer to an update of the bid is what the next one
	 * of the ask calls for, should it come as late as that. */
	struct oracle_run run = { .feed = sample(),
				  .pace = "rate:2000",
				  .aggress = "same",
				  .judge_aggress = "opposite" };

	(void)state;
	oracle_run(&lab, &run);
	sums_hold(&run);
	assert_true(count(&run, "wrong") > 0);
	assert_true(count(&run, "matched") < count(&run, "triggers") / 4);
	assert_true(json_is_false(json_object_get(run.analysis, "correct")));
	oracle_free(&run);
}

static void no_trader(void **state)
{
	char capture[PATH_MAX];
	json_t *analysis;
	int client;

	(void)state;
	lab_wiretap(&lab, &wiretap, lab_path(&lab, "none.pcapng", capture));
	lab_exchange(&lab, &exchange, sample(), "--pace", "rate:20000", NULL);
	client = lab_connect();
	lab_says(&exchange, "end of the feed");
	order_client_close(client);
	lab_line(&exchange, "state INIT");
	assert_int_equal(program_stop(&wiretap, SIGINT, LAB_SOON_MS), 0);
	analysis = oracle_judge(capture, NULL, NULL, NULL);
	assert_int_equal(oracle_count(analysis, "orders"), 0);
	assert_true(oracle_count(analysis, "triggers") > 100);
	assert_int_equal(oracle_count(analysis, "missing"),
			 oracle_count(analysis, "triggers"));
	json_decref(analysis);
}

static void real_time(void **state)
{
	char capture[PATH_MAX];
	const char *path = lab_path(&lab, "fifo.pcapng", capture);
	struct sched_param one = { .sched_priority = 1 };

	(void)state;
	if (sched_setscheduler(0, SCHED_FIFO, &one) < 0)
		lab_skip("SCHED_FIFO is not allowed here");
	one.sched_priority = 0;
	assert_int_equal(sched_setscheduler(0, SCHED_OTHER, &one), 0);
	lab_start(&wiretap, lab.exchange, "t2t-wiretap", "--interface",
		  LAB_EXCHANGE_INTERFACE, "--fifo", "1", "--write", path, NULL);
	lab_says(&wiretap, "capturing on");
	assert_int_equal(sched_getscheduler(wiretap.pid), SCHED_FIFO);
	assert_int_equal(program_stop(&wiretap, SIGINT, LAB_SOON_MS), 0);
}

static void is_pcapng(void **state)
{
	struct oracle_run run = { .feed = sample(), .pace = "rate:20000" };
	char command[3 * PATH_MAX], copy[PATH_MAX];
	json_t *analysis;

	(void)state;
	oracle_run(&lab, &run);
	if (system("command -v capinfos editcap >/dev/null") != 0) {
		oracle_free(&run);
		lab_skip("Wireshark's capinfos and editcap are not installed");
	}
	snprintf(command, sizeof(command),
		 "capinfos -t %s | grep -qi pcapng && "
		 "capinfos %s | grep -qi nanosec",
		 run.capture, run.capture);
	assert_int_equal(system(command), 0);
	/* The same verdict on the same capture in other clothes. */
	snprintf(command, sizeof(command), "editcap -F nsecpcap %s %s",
		 run.capture, lab_path(&lab, "copy.pcap", copy));
	assert_int_equal(system(command), 0);
	analysis = oracle_judge(copy, NULL, NULL, NULL);
	assert_int_equal(oracle_count(analysis, "matched"),
			 count(&run, "matched"));
	assert_true(
		json_equal(json_object_get(analysis, "wire_to_wire_ns"),
			   json_object_get(run.analysis, "wire_to_wire_ns")));
	json_decref(analysis);
	oracle_free(&run);
}

static void bad_files(void **state)
{
	struct oracle_run run = { .feed = sample(), .pace = "rate:20000" };
	char path[PATH_MAX];
	const char *const bad[] = { "/nonexistent/a.pcapng", lab.folder, path };

	(void)state;
	feed_file_raw(lab_path(&lab, "junk.pcapng", path), "no capture", 10);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(lab_call(&wiretap, -1, "t2t-wiretap", "--read",
					  bad[i], "--json", NULL),
				 1);
		lab_says(&wiretap, bad[i]);
	}
	/* Of a cut one, what could be read is shown, and that it is cut. */
	oracle_run(&lab, &run);
	feed_file_truncate(run.capture, 500);
	assert_int_equal(lab_call(&wiretap, -1, "t2t-wiretap", "--read",
				  run.capture, "--json", NULL),
			 1);
	lab_says(&wiretap, run.capture);
	oracle_free(&run);
}

static void bad_places(void **state)
{
	char path[PATH_MAX];

	(void)state;
	assert_int_equal(lab_call(&wiretap, lab.exchange, "t2t-wiretap",
				  "--interface", "nowhere7", "--write",
				  lab_path(&lab, "x.pcapng", path), NULL),
			 1);
	lab_says(&wiretap, "nowhere7");
	assert_int_equal(lab_call(&wiretap, lab.exchange, "t2t-wiretap",
				  "--interface", LAB_EXCHANGE_INTERFACE,
				  "--write", "/nonexistent/x.pcapng", NULL),
			 1);
	lab_says(&wiretap, "/nonexistent/x.pcapng");
	assert_int_equal(lab_call(&wiretap, lab.exchange, "t2t-wiretap", NULL),
			 2);
	assert_int_equal(lab_call(&wiretap, lab.exchange, "t2t-wiretap",
				  "--interface", LAB_EXCHANGE_INTERFACE, NULL),
			 2);
	assert_int_equal(lab_call(&wiretap, lab.exchange, "t2t-wiretap",
				  "--read", path, "--write", path, NULL),
			 2);
}

static void disk_full(void **state)
{
	char folder[PATH_MAX], path[PATH_MAX];
	int client;

	(void)state;
	lab_path(&lab, "small", folder);
	assert_int_equal(mkdir(folder, 0755), 0);
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", folder, "tmpfs", 0, "size=256k") < 0)
		lab_skip("mounting a small tmpfs is not permitted here");
	lab_path(&lab, "small/x.pcapng", path);
	lab_wiretap(&lab, &wiretap, path);
	lab_exchange(&lab, &exchange, sample(), "--pace", "rate:20000", NULL);
	client = lab_connect();
	lab_says(&exchange, "end of the feed");
	order_client_close(client);
	/* It ends by itself and says what it lacks. */
	assert_int_equal(program_wait(&wiretap, LAB_SOON_MS), 1);
	lab_says(&wiretap, path);
	lab_says(&wiretap, "No space left");
	program_end(&wiretap);
	umount(folder);
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("A.16 the same with --aggress same", aggress_same, clean),
	LAB_TEST("oracle: a trader that is too lazy is found out", lazy_trader,
		 clean),
	LAB_TEST("oracle: a trader that is too eager is found out",
		 eager_trader, clean),
	LAB_TEST("oracle: a trader on the wrong side is found out",
		 confused_trader, clean),
	LAB_TEST("oracle: no trader at all is found out", no_trader, clean),
	LAB_TEST("wiretap: Wireshark knows the capture; so do we its copies",
		 is_pcapng, clean),
	LAB_TEST("wiretap: captures with real-time priority", real_time, clean),
	LAB_TEST("bad input: captures that are missing, cut or none", bad_files,
		 clean),
	LAB_TEST("bad input: interfaces and files that are not there",
		 bad_places, clean),
	LAB_TEST("bad input: a full disk ends the capture with 1, named",
		 disk_full, clean),
};

int main(int argc, char **argv)
{
	static struct CMUnitTest all[60];
	size_t n = ARRAY_SIZE(tests);

	memcpy(all, tests, sizeof(tests));
	n += choice_tests(all + n, "A.16 every trigger is answered rightly",
			  right_trader, clean, choice_receive);
	return lab_run(&lab, "wiretap", all, n, argc, argv);
}
