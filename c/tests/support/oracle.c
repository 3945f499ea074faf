/* SPDX-License-Identifier: MIT */
#include "tests/support/oracle.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/sanitizer.h"

/* So that a busy machine gives nothing up. */
#define RECOVER_MS "5000"

#define REGION_SIZE (128 << 20)

json_t *oracle_json(const struct program *program)
{
	json_error_t error;
	json_t *object =
		json_loads(program->text[PROGRAM_OUT].bytes, 0, &error);

	if (!object) {
		program_show(program);
		fail_msg("no JSON: line %d: %s", error.line, error.text);
	}
	return object;
}

void oracle_is_right(const json_t *analysis)
{
	if (json_is_true(json_object_get(analysis, "correct")))
		return;
	json_dumpf(analysis, stderr, JSON_INDENT(2));
	fputc('\n', stderr);
	fail_msg("the oracle does not say that all is right");
}

json_int_t oracle_count(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value))
		fail_msg("no count \"%s\"", name);
	return json_integer_value(value);
}

/* Where the last run's key log is. */
static char last_keys[PATH_MAX];

static bool is_encrypted(const char *channel)
{
	return channel && !strncmp(channel, "tls", 3);
}

static json_t *judge(const char *capture, const char *channel,
		     const char *threshold_usd, const char *aggress,
		     const char *recover)
{
	struct program wiretap = { 0 };
	json_t *analysis;
	int code = lab_call(
		&wiretap, -1, "t2t-wiretap", "--read", capture, "--json",
		"--channel", channel ? channel : "raw", "--threshold-usd",
		threshold_usd ? threshold_usd : "1000000", "--aggress",
		aggress ? aggress : "opposite", "--recover-ms", RECOVER_MS,
		is_encrypted(channel) ? "--keys" : "--recover",
		is_encrypted(channel) ? last_keys : "none",
		recover ? "--recover" : NULL, recover, NULL);

	analysis = oracle_json(&wiretap);
	/* 1: it can't be judged. */
	if (code != json_is_null(json_object_get(analysis, "correct"))) {
		program_show(&wiretap);
		fail_msg("t2t-wiretap --read: exit code %d", code);
	}
	program_end(&wiretap);
	return analysis;
}

json_t *oracle_judge(const char *capture, const char *channel,
		     const char *threshold_usd, const char *aggress)
{
	return judge(capture, channel, threshold_usd, aggress, NULL);
}

static const char *either(const char *wanted, const char *otherwise)
{
	return wanted ? wanted : otherwise;
}

static void ended_well(struct program *program, const char *name, int code)
{
	if (code == 0)
		return;
	program_show(program);
	fail_msg("%s: exit code %d", name, code);
}

/* Both say that it is right, or both that it is not; whose fault each one is
 * that they may see otherwise. What is void to the first is not compared. */
static void counts_agree(const json_t *first, const json_t *second)
{
	static const char *const names[] = { "triggers", "orders", "matched",
					     "missing",	 "extra",  "wrong" };
	const bool right = json_is_true(json_object_get(first, "correct"));
	json_int_t faults = 0;

	if (json_is_null(json_object_get(first, "correct")))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const json_int_t one = oracle_count(first, names[i]),
				 other = oracle_count(second, names[i]);

		faults += i < 3 ? 0 : other;
		if (one != other && (right || i < 2))
			fail_msg("%s: %" JSON_INTEGER_FORMAT
				 ", by the second oracle %" JSON_INTEGER_FORMAT,
				 names[i], one, other);
	}
	assert_int_equal(right, faults == 0);
	assert_int_equal(oracle_count(second, "unlike"), 0);
}

/* Of another make: c/verify. The sanitizers' builds make the same captures. */
static void second_oracle_agrees(const struct oracle_run *run,
				 const char *threshold_usd, const char *aggress)
{
	const char *channel = either(run->channel, "raw");
	char command[3 * PATH_MAX];
	json_t *counts;
	FILE *output;

	if (SANITIZED || system("command -v python3 >/dev/null") != 0)
		return;
	snprintf(
		command, sizeof(command),
		"python3 -B verify/verify.py '%s' --json --feed '%s' "
		"--channel '%s' --keys '%s' --threshold-usd %s --aggress %s %s",
		run->capture, run->feed, channel, run->keys, threshold_usd,
		aggress, run->recover ? "--recover" : "");
	output = popen(command, "re");
	assert_non_null(output);
	counts = json_loadf(output, 0, NULL);
	pclose(output);
	assert_non_null(counts);
	counts_agree(run->analysis, counts);
	json_decref(counts);
}

/* What the programs are told of rings. */
struct ring_texts {
	char tap[64], send[200], receive[200], take[200], transport[240];
	char region[PATH_MAX];
};

static bool is_ring(const char *choice)
{
	return strncmp(choice, "shm", 3) == 0;
}

/* Behind a text that has options already. */
static void options_add(char *text, size_t size, const char *choice)
{
	const size_t len = strlen(text);

	if (choice[3])
		snprintf(text + len, size - len, ",%s", choice + 4);
}

static void rings_name(const struct lab *lab, const char *receive,
		       const char *transport, struct ring_texts *texts)
{
	snprintf(texts->tap, sizeof(texts->tap), "%s/tap", lab->folder);
	snprintf(texts->send, sizeof(texts->send), "sendmmsg");
	snprintf(texts->receive, sizeof(texts->receive), "%s", receive);
	snprintf(texts->take, sizeof(texts->take), "send");
	snprintf(texts->transport, sizeof(texts->transport), "%s", transport);
	if (is_ring(receive)) {
		snprintf(texts->send, sizeof(texts->send),
			 "shm:slots=65536,path=%s/ring,tap=%s", lab->folder,
			 texts->tap);
		snprintf(texts->receive, sizeof(texts->receive),
			 "shm:path=%s/ring", lab->folder);
		options_add(texts->receive, sizeof(texts->receive), receive);
	}
	if (is_ring(transport)) {
		snprintf(texts->take, sizeof(texts->take), "shm:path=%s/orders",
			 lab->folder);
		options_add(texts->take, sizeof(texts->take), transport);
		snprintf(texts->transport, sizeof(texts->transport),
			 "shm:slots=16384,path=%s/orders,tap=%s", lab->folder,
			 texts->tap);
	}
}

/* The same in memory as guests share it. */
static void region_name(const struct lab *lab, const char *receive,
			const char *transport, struct ring_texts *texts)
{
	const char *region = lab_path(lab, "region", texts->region);
	int fd = open(region, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, REGION_SIZE), 0);
	close(fd);
	snprintf(texts->tap, sizeof(texts->tap), LAB_EXCHANGE_ADDRESS ":9016");
	if (is_ring(receive)) {
		snprintf(texts->send, sizeof(texts->send),
			 "shm:slots=16384,region=%s,path=" LAB_EXCHANGE_ADDRESS
			 ":9014,tap=%s",
			 region, texts->tap);
		snprintf(texts->receive, sizeof(texts->receive),
			 "shm:region=%s,path=" LAB_EXCHANGE_ADDRESS ":9014",
			 region);
	}
	if (is_ring(transport)) {
		snprintf(texts->take, sizeof(texts->take),
			 "shm:region=%s,path=" LAB_EXCHANGE_ADDRESS
			 ":9015,wait=spin",
			 region);
		snprintf(texts->transport, sizeof(texts->transport),
			 "shm:slots=16384,region=%s,path=" LAB_EXCHANGE_ADDRESS
			 ":9015,tap=%s",
			 region, texts->tap);
	}
}

void oracle_run(const struct lab *lab, struct oracle_run *run)
{
	struct program exchange = { 0 }, trader = { 0 }, wiretap = { 0 };
	const char *threshold = either(run->threshold_usd, "1000000");
	const char *aggress = either(run->aggress, "opposite");
	const char *receive = either(run->receive, "block");
	int timeout_ms = run->timeout_ms ? run->timeout_ms : LAB_SOON_MS;
	const char *transport = either(run->transport, "send");
	const bool ring = is_ring(receive) || is_ring(transport);
	struct ring_texts texts;

	rings_name(lab, receive, transport, &texts);
	if (run->region)
		region_name(lab, receive, transport, &texts);
	lab_path(lab, "capture.pcapng", run->capture);
	unlink(lab_path(lab, "keys.log", run->keys));
	strcpy(last_keys, run->keys);
	lab_start(&wiretap, lab->exchange, "t2t-wiretap", "--interface",
		  LAB_EXCHANGE_INTERFACE, "--write", run->capture,
		  ring ? "--ring" : NULL, texts.tap,
		  run->region ? "--region" : NULL, texts.region, NULL);
	lab_says(&wiretap, "capturing on");
	lab_exchange(lab, &exchange, run->feed, "--pace", run->pace, "--send",
		     texts.send, "--transport", texts.take, "--channel",
		     either(run->channel, "raw"),
		     is_encrypted(run->channel) ? "--keys" : "--ttl",
		     is_encrypted(run->channel) ? run->keys : "1",
		     "--on-second-client", run->sessions ? "queue" : "refuse",
		     run->recover ? "--lose=1%" : NULL, "--swap=0.1%",
		     "--duplicate=1%", NULL);
	lab_trader(lab, &trader, "--receive", texts.receive, "--transport",
		   texts.transport, "--channel", either(run->channel, "raw"),
		   "--threshold-usd", threshold, "--aggress", aggress, "--json",
		   "--recover-ms", RECOVER_MS, "--recover",
		   either(run->recover, "none"), "--sessions",
		   either(run->sessions, "1"), "--privileges",
		   run->sessions ? "keep" : "drop",
		   run->samples ? "--samples" : NULL, run->samples, NULL);
	ended_well(&trader, "t2t-trader", program_wait(&trader, timeout_ms));
	lab_line(&exchange, "state TRANSMIT");
	lab_line(&exchange, "state INIT");
	ended_well(&exchange, "t2t-exchange",
		   program_stop(&exchange, SIGTERM, LAB_SOON_MS));
	ended_well(&wiretap, "t2t-wiretap",
		   program_stop(&wiretap, SIGINT, LAB_SOON_MS));
	run->trader = oracle_json(&trader);
	program_end(&trader);
	program_end(&exchange);
	program_end(&wiretap);
	if (run->region)
		unlink(texts.region);
	threshold = either(run->judge_threshold_usd, threshold);
	aggress = either(run->judge_aggress, aggress);
	run->analysis = judge(run->capture, run->channel, threshold, aggress,
			      run->recover);
	second_oracle_agrees(run, threshold, aggress);
}

void oracle_free(struct oracle_run *run)
{
	json_decref(run->trader);
	json_decref(run->analysis);
	run->trader = run->analysis = NULL;
}
