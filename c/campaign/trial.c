/* SPDX-License-Identifier: MIT */
#include "campaign/trial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/log.h"
#include "campaign/counters.h"
#include "campaign/loop_back.h"
#include "campaign/trial_files.h"
#include "campaign/trial_judge.h"
#include "campaign/trial_machines.h"
#include "net/namespace.h"
#include "net/process.h"

#define EXCHANGE_INTERFACE "exchange0"
#define TRADER_INTERFACE   "trader0"
#define EXCHANGE_ADDRESS   "10.77.0.1"
#define TRADER_ADDRESS	   "10.77.0.2"
#define ORDER_PORT	   "9012"

#define ARGUMENTS_MAX 64

struct trial {
	const struct trial_config *config;
	int exchange_space; /* namespaces */
	int trader_space;
	struct trial_machines machines;
	/* PROGRAMS/t2t-NAME, by role */
	char program[TRIAL_ROLES][PATH_MAX];
	struct trial_files files;
};

/* What the program said last, so that nobody has to look for the file. */
static void show_tail(const struct trial *trial, enum trial_role role)
{
	char text[2048];
	const char *const argv[] = { "tail", "-n", "5", trial->files.path[role],
				     NULL };

	if (process_output(argv, text, sizeof(text)) == 0 && *text)
		log_error("the end of %s:\n%s", trial->files.path[role], text);
}

static int fail(const struct trial *trial, enum trial_role role,
		const char *what, int err)
{
	/* Of an agent that is gone the reason has been told. */
	if (err == -EINTR || err == -EPIPE)
		return err;
	if (err >= 0)
		log_error("%s %s: exit code %d", trial_role_names[role], what,
			  err);
	else
		log_error("%s %s: %s", trial_role_names[role], what,
			  log_strerror(err));
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
	trial_files_name(&trial->files, folder);
	for (int i = 0; i < TRIAL_ROLES; i++)
		snprintf(trial->program[i], sizeof(trial->program[i]),
			 "%s/t2t-%s", config->programs, trial_role_names[i]);
}

/* The namespaces and the veth go with their last process, and that with its
 * agent. 0 or a negative errno, logged. */
static int trial_close(struct trial *trial)
{
	int err = trial_machines_close(&trial->machines);

	namespace_close(&trial->trader_space);
	namespace_close(&trial->exchange_space);
	return err;
}

static int trial_open(struct trial *trial, const struct trial_config *config,
		      const char *folder)
{
	int err;

	trial_name(trial, config, folder);
	if (mkdir(folder, 0777) < 0 && errno != EEXIST) {
		err = -errno;
		log_error("can't make %s: %s", folder, log_strerror(err));
		return err;
	}
	err = spaces_open(trial);
	if (err) {
		namespace_close(&trial->trader_space);
		namespace_close(&trial->exchange_space);
		return err;
	}
	err = trial_machines_open(&trial->machines, config, &trial->files,
				  folder, trial->exchange_space,
				  trial->trader_space);
	if (err)
		trial_close(trial);
	return err;
}

/* And wait until the text stands in the file. 0 or a negative errno, logged. */
static int start(struct trial *trial, enum trial_role role,
		 const char *const *argv, const char *out, const char *ready)
{
	const char *file = out ? out : trial->files.path[role];
	int err = trial_program_start(&trial->machines, role, argv, out);

	if (!err && ready)
		err = trial_program_await(&trial->machines, role, file, ready);
	return err ? fail(trial, role, "did not start", err) : 0;
}

static int wiretap_start(struct trial *trial)
{
	const char *const argv[] = { trial->program[TRIAL_WIRETAP],
				     "--interface",
				     EXCHANGE_INTERFACE,
				     "--write",
				     trial->files.path[TRIAL_FILE_CAPTURE],
				     NULL };

	return start(trial, TRIAL_WIRETAP, argv, NULL, "capturing on");
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
	const char *argv[ARGUMENTS_MAX] = {
		trial->program[TRIAL_EXCHANGE],
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
		trial->files.path[TRIAL_FILE_SENDS],
		"--sessions",
		trial->files.path[TRIAL_FILE_SESSIONS]
	};
	const char *out = trial->files.path[TRIAL_FILE_EXCHANGE_OUT];
	int err;

	err = arguments_join(argv, arm->exchange);
	return err ? fail(trial, TRIAL_EXCHANGE, "did not start", err)
		   : start(trial, TRIAL_EXCHANGE, argv, out, "state INIT");
}

static int trader_start(struct trial *trial, const struct arm *arm)
{
	const struct trial_config *config = trial->config;
	const char *program =
		arm->program ? arm->program : trial->program[TRIAL_TRADER];
	const char *argv[ARGUMENTS_MAX] = {
		program,
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
		trial->files.path[TRIAL_FILE_SAMPLES],
		"--json"
	};
	int err = arguments_join(argv, arm->trader);

	return err ? fail(trial, TRIAL_TRADER, "did not start", err)
		   : start(trial, TRIAL_TRADER, argv,
			   trial->files.path[TRIAL_FILE_TRADER_JSON], NULL);
}

/* The trader leaves at the end of the feed; then the tap is emptied. */
static int run_to_the_end(struct trial *trial)
{
	int code = trial_program_end(&trial->machines, TRIAL_TRADER, 0);

	if (code != 0)
		return fail(trial, TRIAL_TRADER, "failed", code);
	code = trial_program_end(&trial->machines, TRIAL_EXCHANGE, SIGTERM);
	if (code != 0)
		return fail(trial, TRIAL_EXCHANGE, "failed", code);
	code = trial_program_end(&trial->machines, TRIAL_WIRETAP, SIGINT);
	if (code != 0)
		return fail(trial, TRIAL_WIRETAP, "failed", code);
	return 0;
}

/* What was seen while it ran, for trial_judge(), which may come later. */
static int found_save(const struct trial *trial, json_t *found)
{
	struct atomic_file whole;
	int err;

	json_object_set_new(found, "max_rss_kib",
			    trial_programs_memory(&trial->machines));
	err = atomic_file_open(&whole, trial->files.path[TRIAL_FILE_FOUND]);
	if (err)
		return err;
	/* A write that fails shows in the close, with its reason. */
	json_dumpf(found, whole.file, JSON_INDENT(2));
	return atomic_file_close(&whole, 0);
}

static int programs_run(struct trial *trial, const struct arm *arm)
{
	json_t *found, *cpus;
	int err = wiretap_start(trial);

	if (!err)
		err = exchange_start(trial, arm);
	if (!err)
		err = trader_start(trial, arm);
	if (err)
		return err;
	/* Once it has connected all three are up and pinned. */
	trial_program_await(&trial->machines, TRIAL_TRADER,
			    trial->files.path[TRIAL_FILE_EXCHANGE_OUT],
			    "state HANDSHAKE");
	cpus = json_object();
	err = trial_programs_cpus(&trial->machines, cpus);
	found = json_pack("{s:o}", "cpus", cpus);
	if (!err)
		err = run_to_the_end(trial);
	if (!err)
		err = found_save(trial, found);
	json_decref(found);
	return err;
}

int trial_run(const struct trial_config *config, const struct arm *arm,
	      const char *folder, json_t **result)
{
	struct trial trial;
	int err = trial_open(&trial, config, folder), restored, closed;

	if (err)
		return err;
	err = trial_knobs_turn(&trial.machines, arm);
	if (!err)
		err = counters_take(
			trial.trader_space, TRADER_INTERFACE,
			trial.files.path[TRIAL_FILE_COUNTERS_BEFORE]);
	if (!err)
		err = programs_run(&trial, arm);
	if (!err)
		err = counters_take(
			trial.trader_space, TRADER_INTERFACE,
			trial.files.path[TRIAL_FILE_COUNTERS_AFTER]);
	restored = trial_knobs_restore(&trial.machines, arm);
	closed = trial_close(&trial);
	if (!err)
		err = restored ? restored : closed;
	return err ? err : trial_judge(config, arm, folder, result);
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
			      trial->files.path[TRIAL_FILE_LOOP_LOG]);
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
		int code = trial_program_end(&trial.machines, TRIAL_WIRETAP,
					     SIGINT);

		if (code)
			err = fail(&trial, TRIAL_WIRETAP, "failed", code);
	}
	trial_close(&trial);
	return err ? err
		   : trial_judge_capture(config, &trial.files, NULL, result);
}
