/* SPDX-License-Identifier: MIT */
/* The feed generator: what its file is worth on the wire. */
#include "tests/support/oracle.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct lab lab;
static struct program generator, exchange;
static struct listener listener;

static int clean(void **state)
{
	(void)state;
	program_end(&generator);
	program_end(&exchange);
	listener_close(&listener);
	return 0;
}

/* Generate into the lab's folder. */
static const char *generate(const char *name, const char *bytes,
			    const char *seed, const char *triggers,
			    char path[static PATH_MAX])
{
	int code = lab_call(&generator, -1, "t2t-feedgen", "--bytes", bytes,
			    "--seed", seed, "--triggers", triggers, "--output",
			    lab_path(&lab, name, path), NULL);

	if (code != 0)
		program_show(&generator);
	assert_int_equal(code, 0);
	return path;
}

static bool same_bytes(const char *a, const char *b)
{
	char command[2 * PATH_MAX + 32];

	snprintf(command, sizeof(command), "cmp -s %s %s", a, b);
	return system(command) == 0;
}

/* Bytes of all datagrams but the end of the feed; the largest of them. */
static size_t bytes_published(const char *feed, size_t *largest)
{
	size_t end, sum = 0;
	int client;

	*largest = 0;
	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	lab_exchange(&lab, &exchange, feed, "--pace", "rate:100000", NULL);
	client = lab_connect();
	end = listener_hear_flag(&listener, MARKET_DATA_END_OF_FEED,
				 LAB_SOON_MS);
	assert_true(end != SIZE_MAX);
	for (size_t i = 0; i < end; i++) {
		assert_int_equal(listener.datagrams[i].header.sequence, i);
		sum += listener.datagrams[i].len;
		if (listener.datagrams[i].len > *largest)
			*largest = listener.datagrams[i].len;
	}
	order_client_close(client);
	lab_line(&exchange, "state INIT");
	assert_false(program_says(&exchange, PROGRAM_ERR, "is bad", 0));
	clean(NULL);
	return sum;
}

static void size(void **state)
{
	static const char *const sizes[] = { "1000000", "100000", "12345" };
	char path[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t wanted = strtoul(sizes[i], NULL, 10), largest;
		size_t sum = bytes_published(
			generate("size.gz", sizes[i], "1", "0.01", path),
			&largest);

		print_message("# --bytes %s: %zu\n", sizes[i], sum);
		assert_in_range(sum, wanted - largest, wanted + largest);
	}
}

static void defaults(void **state)
{
	char path[PATH_MAX];
	size_t largest, sum;

	(void)state;
	assert_int_equal(lab_call(&generator, -1, "t2t-feedgen", "--output",
				  lab_path(&lab, "default.gz", path), NULL),
			 0);
	sum = bytes_published(path, &largest);
	assert_in_range(sum, 1000000 - largest, 1000000 + largest);
}

static void same_seed(void **state)
{
	char a[PATH_MAX], b[PATH_MAX], c[PATH_MAX];

	(void)state;
	generate("a.gz", "300000", "7", "0.01", a);
	sleep(1); /* a time of day in the file would show */
	generate("b.gz", "300000", "7", "0.01", b);
	generate("c.gz", "300000", "8", "0.01", c);
	assert_true(same_bytes(a, b));
	assert_false(same_bytes(a, c));
}

/* The share asked for, as the oracle finds it; and the trader agrees. */
static void share_is(const char *share, const char *seed)
{
	struct oracle_run run = { .pace = "rate:20000" };
	char path[PATH_MAX];
	double wanted, found;

	run.feed = generate("share.gz", "360000", seed, share, path);
	oracle_run(&lab, &run);
	wanted = strtod(share, NULL);
	found = (double)oracle_count(run.analysis, "triggers") /
		(double)(oracle_count(run.analysis, "packets") -
			 oracle_count(run.analysis, "snapshots"));
	print_message("# --triggers %s: %.5f\n", share, found);
	assert_true(found >= 0.9 * wanted && found <= 1.1 * wanted);
	assert_int_equal(
		oracle_count(run.analysis, "triggers"),
		lab_number(generator.text[PROGRAM_OUT].bytes, "triggers"));
	assert_int_equal(oracle_count(run.analysis, "matched"),
			 oracle_count(run.analysis, "triggers"));
	assert_int_equal(oracle_count(run.analysis, "missing"), 0);
	assert_int_equal(oracle_count(run.analysis, "extra"), 0);
	assert_int_equal(oracle_count(run.analysis, "wrong"), 0);
	assert_int_equal(oracle_count(run.analysis, "gaps"), 0);
	oracle_free(&run);
}

static void share(void **state)
{
	(void)state;
	share_is("0.01", "1");
	share_is("0.2", "2");
	share_is("0", "3");
}

static void nowhere(void **state)
{
	char path[PATH_MAX];
	struct stat status;

	(void)state;
	assert_int_equal(lab_call(&generator, -1, "t2t-feedgen", "--output",
				  "/nonexistent/feed.gz", NULL),
			 1);
	lab_says(&generator, "/nonexistent/feed.gz");
	assert_int_equal(lab_call(&generator, -1, "t2t-feedgen", "--output",
				  lab_path(&lab, "", path), NULL),
			 1);
	assert_int_equal(lab_call(&generator, -1, "t2t-feedgen", "--bytes",
				  "many", "--output",
				  lab_path(&lab, "none.gz", path), NULL),
			 2);
	lab_says(&generator, "--bytes");
	assert_int_equal(lab_call(&generator, -1, "t2t-feedgen", "--triggers",
				  "1.5", "--output", path, NULL),
			 2);
	lab_says(&generator, "--triggers");
	assert_int_equal(lab_call(&generator, -1, "t2t-feedgen", NULL), 2);
	lab_says(&generator, "--output");
	assert_int_equal(stat(path, &status), -1);
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("A.19 the size asked for, give or take one packet", size,
		 clean),
	LAB_TEST("A.19 by default 1,000,000 bytes", defaults, clean),
	LAB_TEST("A.19 the same seed makes the same bytes, another others",
		 same_seed, clean),
	LAB_TEST("A.19 the share of triggers is settable, and the oracle finds "
		 "them all answered",
		 share, clean),
	LAB_TEST("A.19 bad usage and files that can't be written", nowhere,
		 clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "feedgen", tests, ARRAY_SIZE(tests), argc, argv);
}
