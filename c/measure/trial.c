/* SPDX-License-Identifier: MIT */
#include "measure/trial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "measure/counters.h"
#include "measure/lateness.h"
#include "measure/loop_back.h"
#include "measure/process.h"
#include "net/namespace.h"

#define EXCHANGE_INTERFACE "exchange0"
#define TRADER_INTERFACE   "trader0"
#define EXCHANGE_ADDRESS   "10.77.0.1"
#define TRADER_ADDRESS	   "10.77.0.2"
#define ORDER_PORT	   "9012"

#define START_MS 15000 /* for a program to be ready */
#define END_MS	 10000 /* for a program to end */
#define KNOBS_MS 30000 /* for a command before or after */

#define ARGUMENTS_MAX 64

static const char *const role_names[TRIAL_ROLES] = { "exchange", "wiretap",
						     "trader" };

/* What a trial leaves in its folder; the logs first, by role. */
enum trial_file {
	FILE_EXCHANGE_LOG,
	FILE_WIRETAP_LOG,
	FILE_TRADER_LOG,
	FILE_CAPTURE,
	FILE_LATENCIES,
	FILE_SAMPLES,
	FILE_SENDS,
	FILE_ANALYSIS,
	FILE_ANALYSIS_LOG,
	FILE_TRADER_JSON,
	FILE_EXCHANGE_OUT,
	FILE_LOOP_LOG,
	FILE_KNOBS,
	FILE_KNOBS_LOG,
	FILE_AFTER_LOG,
	FILE_COUNTERS_BEFORE,
	FILE_COUNTERS_AFTER,
	FILE_FOUND,
	FILES,
};

static const char *const file_names[FILES] = {
	[FILE_EXCHANGE_LOG] = "exchange.log",
	[FILE_WIRETAP_LOG] = "wiretap.log",
	[FILE_TRADER_LOG] = "trader.log",
	[FILE_CAPTURE] = "capture.pcapng",
	[FILE_LATENCIES] = "latencies.csv",
	[FILE_SAMPLES] = "samples.csv",
	[FILE_SENDS] = "sends.csv",
	[FILE_ANALYSIS] = "analysis.json",
	[FILE_ANALYSIS_LOG] = "analysis.log",
	[FILE_TRADER_JSON] = "trader.json",
	[FILE_EXCHANGE_OUT] = "exchange.out",
	[FILE_LOOP_LOG] = "tc.log",
	[FILE_KNOBS] = "knobs.json",
	[FILE_KNOBS_LOG] = "knobs.log",
	[FILE_AFTER_LOG] = "knobs-after.log",
	[FILE_COUNTERS_BEFORE] = "counters-before.txt",
	[FILE_COUNTERS_AFTER] = "counters-after.txt",
	[FILE_FOUND] = "found.json",
};

struct trial {
	const struct trial_config *config;
	int exchange_space; /* namespaces */
	int trader_space;
	struct process process[TRIAL_ROLES];
	/* PROGRAMS/t2t-NAME, by role */
	char program[TRIAL_ROLES][PATH_MAX];
	char path[FILES][PATH_MAX];
};

/* What the program said last, so that nobody has to look for the file. */
static void show_tail(const struct trial *trial, enum trial_role role)
{
	char text[2048];
	const char *const argv[] = { "tail", "-n", "5", trial->path[role],
				     NULL };

	if (process_output(argv, text, sizeof(text)) == 0 && *text)
		log_error("the end of %s:\n%s", trial->path[role], text);
}

static int fail(const struct trial *trial, enum trial_role role,
		const char *what, int err)
{
	if (err == -EINTR)
		return err;
	if (err >= 0)
		log_error("%s %s: exit code %d", role_names[role], what, err);
	else
		log_error("%s %s: %s", role_names[role], what, log_reason(err));
	show_tail(trial, role);
	return err < 0 ? err : -EIO;
}

static int spaces_open(struct trial *trial)
{
	struct namespace_end exchange, trader;
	int err;

	trial->exchange_space = trial->trader_space = -1;
	err = namespace_open(&trial->exchange_space);
	if (!err)
		err = namespace_open(&trial->trader_space);
	if (err)
		return err;
	exchange = (struct namespace_end){ .fd = trial->exchange_space,
					   .name = EXCHANGE_INTERFACE,
					   .prefix_len = 24 };
	trader = (struct namespace_end){ .fd = trial->trader_space,
					 .name = TRADER_INTERFACE,
					 .prefix_len = 24 };
	inet_pton(AF_INET, EXCHANGE_ADDRESS, &exchange.address);
	inet_pton(AF_INET, TRADER_ADDRESS, &trader.address);
	return namespace_veth(&exchange, &trader);
}

static void trial_name(struct trial *trial, const struct trial_config *config,
		       const char *folder)
{
	memset(trial, 0, sizeof(*trial));
	trial->config = config;
	for (int i = 0; i < FILES; i++)
		snprintf(trial->path[i], sizeof(trial->path[i]), "%s/%s",
			 folder, file_names[i]);
	for (int i = 0; i < TRIAL_ROLES; i++)
		snprintf(trial->program[i], sizeof(trial->program[i]),
			 "%s/t2t-%s", config->programs, role_names[i]);
}

static int trial_open(struct trial *trial, const struct trial_config *config,
		      const char *folder)
{
	int err;

	trial_name(trial, config, folder);
	if (mkdir(folder, 0777) < 0 && errno != EEXIST) {
		err = -errno;
		log_error("cannot make %s: %s", folder, log_reason(err));
		return err;
	}
	err = spaces_open(trial);
	if (err) {
		namespace_close(&trial->trader_space);
		namespace_close(&trial->exchange_space);
	}
	return err;
}

/* The namespaces and the veth go with their last process. */
static void trial_close(struct trial *trial)
{
	for (int i = TRIAL_ROLES - 1; i >= 0; i--)
		process_stop(&trial->process[i], SIGTERM, END_MS);
	namespace_close(&trial->trader_space);
	namespace_close(&trial->exchange_space);
}

static int start(struct trial *trial, enum trial_role role,
		 const char *const *argv, const char *out)
{
	struct process_place place = {
		.namespace = role == TRIAL_TRADER ? trial->trader_space
						  : trial->exchange_space,
		.cpu = trial->config->cpu[role],
		.out = out,
		.err = trial->path[role],
	};

	return process_start(&trial->process[role], argv, &place);
}

static int wiretap_start(struct trial *trial)
{
	const char *const argv[] = { trial->program[TRIAL_WIRETAP],
				     "--interface",
				     EXCHANGE_INTERFACE,
				     "--write",
				     trial->path[FILE_CAPTURE],
				     NULL };
	int err = start(trial, TRIAL_WIRETAP, argv, NULL);

	if (!err)
		err = process_wait_text(&trial->process[TRIAL_WIRETAP],
					trial->path[FILE_WIRETAP_LOG],
					"capturing on", START_MS,
					trial->config->stop);
	return err ? fail(trial, TRIAL_WIRETAP, "did not start", err) : 0;
}

/* The arm's own arguments come last, and so win. */
static int arguments_join(const char *argv[static ARGUMENTS_MAX],
			  const char *const *more)
{
	size_t n = 0;

	while (argv[n])
		n++;
	while (more && *more) {
		if (n == ARGUMENTS_MAX - 1)
			return -E2BIG;
		argv[n++] = *more++;
	}
	argv[n] = NULL;
	return 0;
}

static int exchange_start(struct trial *trial, const struct arm *arm)
{
	const struct trial_config *config = trial->config;
	const char *argv[ARGUMENTS_MAX] = { trial->program[TRIAL_EXCHANGE],
					    "--feed",
					    config->feed,
					    "--listen",
					    EXCHANGE_ADDRESS ":" ORDER_PORT,
					    "--interface",
					    EXCHANGE_INTERFACE,
					    "--group",
					    config->group,
					    "--pace",
					    config->pace,
					    "--send-times",
					    trial->path[FILE_SENDS] };
	const char *out = trial->path[FILE_EXCHANGE_OUT];
	int err;

	err = arguments_join(argv, arm->exchange);
	if (!err)
		err = start(trial, TRIAL_EXCHANGE, argv, out);
	if (!err)
		err = process_wait_text(&trial->process[TRIAL_EXCHANGE], out,
					"state INIT", START_MS, config->stop);
	return err ? fail(trial, TRIAL_EXCHANGE, "did not start", err) : 0;
}

static int trader_start(struct trial *trial, const struct arm *arm)
{
	const struct trial_config *config = trial->config;
	const char *program =
		arm->program ? arm->program : trial->program[TRIAL_TRADER];
	const char *argv[ARGUMENTS_MAX] = { program,
					    "--connect",
					    EXCHANGE_ADDRESS ":" ORDER_PORT,
					    "--interface",
					    TRADER_INTERFACE,
					    "--group",
					    config->group,
					    "--receive",
					    arm->receive,
					    "--threshold-usd",
					    config->threshold_usd,
					    "--aggress",
					    config->aggress,
					    "--samples",
					    trial->path[FILE_SAMPLES],
					    "--json" };
	int err = arguments_join(argv, arm->trader);

	if (!err)
		err = start(trial, TRIAL_TRADER, argv,
			    trial->path[FILE_TRADER_JSON]);
	return err ? fail(trial, TRIAL_TRADER, "did not start", err) : 0;
}

/* A command in the trader's namespace, run to its end. */
static int command_run(const struct trial *trial, const char *const *argv,
		       enum trial_file out, enum trial_file log)
{
	const struct process_place place = { .namespace = trial->trader_space,
					     .cpu = -1,
					     .out = trial->path[out],
					     .err = trial->path[log] };
	struct process process = { 0 };
	char text[2048];
	const char *const tail[] = { "tail", "-n", "5", trial->path[log],
				     NULL };
	int code = process_start(&process, argv, &place);

	if (!code)
		code = process_wait(&process, KNOBS_MS, NULL);
	if (!code)
		return 0;
	process_stop(&process, SIGTERM, KNOBS_MS);
	if (process_output(tail, text, sizeof(text)) != 0)
		*text = '\0';
	log_error("%s: exit code %d\n%s", argv[0], code, text);
	return code < 0 ? code : -EIO;
}

/* Pins, as the kernel has them while the programs run. A pin without effect
 * would spoil the trial: -EIO, logged. */
static int found_cpus(struct trial *trial, json_t *found)
{
	int err = 0;

	for (int i = 0; i < TRIAL_ROLES; i++) {
		char cpus[64] = "", wanted[16];

		if (process_cpus(&trial->process[i], cpus, sizeof(cpus)) < 0)
			continue; /* it has ended: whoever waits for it says */
		json_object_set_new(found, role_names[i], json_string(cpus));
		snprintf(wanted, sizeof(wanted), "%d", trial->config->cpu[i]);
		if (trial->config->cpu[i] >= 0 && strcmp(cpus, wanted) != 0) {
			log_error("%s runs on CPUs %s, not on %s as asked",
				  role_names[i], cpus, wanted);
			err = -EIO;
		}
	}
	return err;
}

static int json_from_file(const char *path, json_t **value)
{
	json_error_t error;

	*value = json_load_file(path, 0, &error);
	if (*value)
		return 0;
	log_error("%s: line %d: %s", path, error.line, error.text);
	return -EIO;
}

static json_t *found_memory(const struct trial *trial)
{
	json_t *found = json_object();

	for (int i = 0; i < TRIAL_ROLES; i++)
		json_object_set_new(
			found, role_names[i],
			json_integer(trial->process[i].max_rss_kib));
	return found;
}

/* The oracle is a program of its own: whoever doubts it runs it again. */
static int analyse(struct trial *trial, bool back_to_back, json_t **analysis)
{
	const struct trial_config *config = trial->config;
	struct process process = { 0 };
	struct process_place place = {
		.namespace = -1,
		.cpu = -1,
		.out = trial->path[FILE_ANALYSIS],
		.err = trial->path[FILE_ANALYSIS_LOG],
	};
	const char *argv[] = { trial->program[TRIAL_WIRETAP],
			       "--read",
			       trial->path[FILE_CAPTURE],
			       "--json",
			       "--group",
			       config->group,
			       "--threshold-usd",
			       config->threshold_usd,
			       "--aggress",
			       config->aggress,
			       "--samples",
			       trial->path[FILE_LATENCIES],
			       config->warm_up ? "--warm-up" : NULL,
			       config->warm_up,
			       NULL };
	int code;

	*analysis = NULL;
	if (back_to_back) {
		argv[10] = "--back-to-back";
		argv[11] = NULL;
	}
	code = process_start(&process, argv, &place);
	if (code < 0)
		return code;
	code = process_wait(&process, -1, config->stop);
	if (code == -EINTR) {
		process_stop(&process, SIGTERM, END_MS);
		return code;
	}
	/* 1 with an answer: the capture can't be judged. */
	if (code == 1) {
		*analysis = json_load_file(place.out, 0, NULL);
		if (json_is_null(json_object_get(*analysis, "correct"))) {
			log_warning("this trial is void: %s",
				    json_string_value(json_object_get(
					    *analysis, "reason")));
			return 0;
		}
		json_decref(*analysis);
		*analysis = NULL;
	}
	if (code != 0) {
		log_error("%s --read: exit code %d, see %s",
			  trial->program[TRIAL_WIRETAP], code, place.err);
		return -EIO;
	}
	return json_from_file(place.out, analysis);
}

/* Frames that the kernel dropped at the tap, as the wiretap told; -1 when it
 * did not. */
static long long tap_dropped(const struct trial *trial)
{
	FILE *file = fopen(trial->path[FILE_WIRETAP_LOG], "re");
	long long dropped = -1;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		const char *found = strstr(line, " frames captured, ");

		if (found)
			sscanf(found, " frames captured, %lld dropped",
			       &dropped);
	}
	if (file)
		fclose(file);
	return dropped;
}

/* What the tap missed the oracle takes for the trader's fault, or overlooks:
 * such a trial can't be judged. */
static void tap_judge(const struct trial *trial, json_t *analysis)
{
	long long dropped = tap_dropped(trial);
	json_t *reason;

	json_object_set_new(analysis, "tap_dropped", json_integer(dropped));
	if (dropped == 0)
		return;
	reason = dropped < 0 ? json_string("the wiretap did not say whether it "
					   "missed frames")
			     : json_sprintf("the wiretap missed %lld frames",
					    dropped);
	json_object_set_new(analysis, "correct", json_null());
	json_object_set_new(analysis, "reason", reason);
}

/* Adds to moved the names of knobs that read otherwise after the pass; none
 * where nobody read them then, as older results have it. */
static void moved_add(const json_t *before, json_t *after, json_t *moved)
{
	const json_t *value;
	const char *name;

	if (!after)
		return;
	json_object_foreach(
		(json_t *)(uintptr_t)before, name,
		value) if (!json_equal(value, json_object_get(after, name)))
		json_array_append_new(moved, json_string(name));
}

/* A knob that somebody else turned underway: the arm was not what its name
 * says. t2t-run's own trials have one machine, those of a playbook several. */
static void knobs_judge(const struct trial *trial, const json_t *knobs,
			json_t *analysis)
{
	const json_t *turned = json_object_get(knobs, "turned"), *machine;
	json_t *after = json_load_file(trial->path[FILE_AFTER_LOG], 0, NULL);
	json_t *moved = json_array();
	size_t i;

	if (after)
		moved_add(json_object_get(knobs, "found"),
			  json_object_get(after, "found"), moved);
	json_array_foreach(turned, i, machine)
		moved_add(json_object_get(machine, "found"),
			  json_object_get(machine, "after"), moved);
	for (i = 0; i < json_array_size(moved); i++)
		log_warning("%s was turned by somebody else while the trial "
			    "ran: it does not count",
			    json_string_value(json_array_get(moved, i)));
	if (json_array_size(moved) > 0) {
		json_object_set(analysis, "knobs_moved", moved);
		json_object_set_new(analysis, "correct", json_null());
		json_object_set_new(analysis, "reason",
				    json_string("somebody else turned a knob "
						"while it ran"));
	}
	json_decref(moved);
	json_decref(after);
}

/* The trader leaves at the end of the feed; then the tap is emptied. */
static int run_to_the_end(struct trial *trial)
{
	int code = process_wait(&trial->process[TRIAL_TRADER], -1,
				trial->config->stop);

	if (code != 0)
		return fail(trial, TRIAL_TRADER, "failed", code);
	code = process_stop(&trial->process[TRIAL_EXCHANGE], SIGTERM, END_MS);
	if (code != 0)
		return fail(trial, TRIAL_EXCHANGE, "failed", code);
	code = process_stop(&trial->process[TRIAL_WIRETAP], SIGINT, END_MS);
	if (code != 0)
		return fail(trial, TRIAL_WIRETAP, "failed", code);
	return 0;
}

/* What was seen while it ran, for trial_judge(), which may come later. */
static int found_save(const struct trial *trial, json_t *found)
{
	int err = 0;

	json_object_set_new(found, "max_rss_kib", found_memory(trial));
	if (json_dump_file(found, trial->path[FILE_FOUND], JSON_INDENT(2)) < 0)
		err = errno ? -errno : -EIO;
	if (err)
		log_error("cannot write %s: %s", trial->path[FILE_FOUND],
			  log_reason(err));
	return err;
}

static int programs_run(struct trial *trial, const struct arm *arm)
{
	const struct trial_config *config = trial->config;
	json_t *found, *cpus;
	int err = wiretap_start(trial);

	if (!err)
		err = exchange_start(trial, arm);
	if (!err)
		err = trader_start(trial, arm);
	if (err)
		return err;
	/* Once it has connected all three are up and pinned. */
	process_wait_text(&trial->process[TRIAL_TRADER],
			  trial->path[FILE_EXCHANGE_OUT], "state HANDSHAKE",
			  START_MS, config->stop);
	cpus = json_object();
	err = found_cpus(trial, cpus);
	found = json_pack("{s:o}", "cpus", cpus);
	if (!err)
		err = run_to_the_end(trial);
	if (!err)
		err = found_save(trial, found);
	json_decref(found);
	return err;
}

int trial_judge(const struct trial_config *config, const char *folder,
		json_t **result)
{
	json_t *analysis = NULL, *trader = NULL, *lateness = NULL;
	json_t *found, *knobs;
	struct trial trial;
	int err;

	trial_name(&trial, config, folder);
	err = analyse(&trial, false, &analysis);
	if (!err)
		tap_judge(&trial, analysis);
	if (!err)
		err = json_from_file(trial.path[FILE_TRADER_JSON], &trader);
	if (!err)
		err = lateness_of(trial.path[FILE_SENDS],
				  trial.path[FILE_LATENCIES], &lateness);
	if (!err) {
		found = json_load_file(trial.path[FILE_FOUND], 0, NULL);
		knobs = json_load_file(trial.path[FILE_KNOBS], 0, NULL);
		if (!found)
			found = json_object();
		knobs_judge(&trial, knobs, analysis);
		if (knobs)
			json_object_set_new(found, "knobs", knobs);
		*result =
			json_pack("{s:O,s:O,s:o,s:O,s:o}", "analysis", analysis,
				  "trader", trader, "found", found, "lateness",
				  lateness, "counters",
				  counters_of(trial.path[FILE_COUNTERS_BEFORE],
					      trial.path[FILE_COUNTERS_AFTER]));
		if (!*result)
			err = -ENOMEM;
	}
	json_decref(lateness);
	json_decref(trader);
	json_decref(analysis);
	return err;
}

int trial_run(const struct trial_config *config, const struct arm *arm,
	      const char *folder, json_t **result)
{
	struct trial trial;
	int err = trial_open(&trial, config, folder);

	if (err)
		return err;
	if (arm->before)
		err = command_run(&trial, arm->before, FILE_KNOBS,
				  FILE_KNOBS_LOG);
	if (!err)
		err = counters_take(trial.trader_space, TRADER_INTERFACE,
				    trial.path[FILE_COUNTERS_BEFORE]);
	if (!err)
		err = programs_run(&trial, arm);
	if (!err)
		err = counters_take(trial.trader_space, TRADER_INTERFACE,
				    trial.path[FILE_COUNTERS_AFTER]);
	/* However it went, and even if before had come half way. */
	if (arm->after) {
		int undone = command_run(&trial, arm->after, FILE_AFTER_LOG,
					 FILE_AFTER_LOG);

		err = err ? err : undone;
	}
	trial_close(&trial);
	return err ? err : trial_judge(config, folder, result);
}

static int wire_loop(const struct trial *trial)
{
	const struct trial_wire wire = {
		.near_space = trial->exchange_space,
		.far_space = trial->trader_space,
		.near = EXCHANGE_INTERFACE,
		.far = TRADER_INTERFACE,
	};

	if (trial->config->reflector)
		return trial->config->reflector(&wire);
	return loop_back_make(trial->trader_space, TRADER_INTERFACE,
			      trial->path[FILE_LOOP_LOG]);
}

int trial_back_to_back(const struct trial_config *config, const char *folder,
		       json_t **result)
{
	struct trial trial;
	int err = trial_open(&trial, config, folder);

	if (err)
		return err;
	err = wire_loop(&trial);
	if (!err)
		err = wiretap_start(&trial);
	if (!err)
		err = loop_back_send(trial.exchange_space, EXCHANGE_INTERFACE,
				     config->cpu[TRIAL_EXCHANGE], config->group,
				     config->stop);
	if (!err) {
		int code = process_stop(&trial.process[TRIAL_WIRETAP], SIGINT,
					END_MS);

		if (code)
			err = fail(&trial, TRIAL_WIRETAP, "failed", code);
	}
	trial_close(&trial);
	return err ? err : analyse(&trial, true, result);
}
