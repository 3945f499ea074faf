/* SPDX-License-Identifier: MIT */
#include "campaign/trial.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/log.h"
#include "campaign/arm_build.h"
#include "campaign/trial_files.h"
#include "campaign/trial_fingerprint.h"
#include "campaign/trial_judge.h"
#include "campaign/trial_keys.h"
#include "campaign/trial_knobs.h"
#include "campaign/trial_programs.h"
#include "campaign/trial_rdma.h"
#include "campaign/trial_ring.h"
#include "campaign/trial_spaces.h"
#include "net/process.h"

#define ARGUMENTS_MAX 64
#define FRAMES_MS     600000 /* for all of them */
#define PADDING	      "T2T_PADDING="

/* Where a trial is to run: machines whose agents stand; site NULL: two
 * namespaces of its own. */
struct trial_standing {
	struct trial_machines *machines;
	const struct trial_site *site;
	const char *const *guests;
};

struct trial {
	const struct trial_config *config;
	struct trial_spaces spaces; /* where there are no machines */
	struct trial_machines own;  /* of those spaces */
	struct trial_machines *machines;
	/* PROGRAMS/t2t-NAME on its machine, by role */
	char program[TRIAL_ROLES][PATH_MAX];
	struct trial_files files;
	struct trial_keys keys;
	struct trial_ring ring;
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
	if (trial->machines != &trial->own)
		trial_file_take(trial->machines, role, (enum trial_file)role,
				&trial->files);
	show_tail(trial, role);
	return err < 0 ? err : -EIO;
}

/* The namespaces and the veth go with their last process, and that with its
 * agent; what stands for all trials stays. 0 or a negative errno, logged. */
static int trial_close(struct trial *trial)
{
	int err = 0;

	if (trial->machines == &trial->own)
		err = trial_machines_close(&trial->own);
	trial_spaces_close(&trial->spaces);
	return err;
}

/* On the machines, where site says so; otherwise in namespaces of its own. */
static int trial_open(struct trial *trial, const struct trial_config *config,
		      const struct trial_standing *standing, const char *folder)
{
	const struct trial_site *site = standing->site;
	int err;

	memset(trial, 0, sizeof(*trial));
	trial->config = config;
	trial->spaces.exchange = trial->spaces.trader = -1;
	trial->machines = site ? standing->machines : &trial->own;
	trial_machines_init(&trial->own, config, NULL);
	trial_files_name(&trial->files, folder);
	err = trial_folder_make(folder);
	if (!err && !site) {
		err = trial_spaces_open(&trial->spaces, config, folder);
		site = &trial->spaces.site;
	}
	if (!err)
		err = trial_machines_settle(trial->machines, site,
					    standing->guests);
	if (err) {
		trial_close(trial);
		return err;
	}
	for (int i = 0; i < TRIAL_ROLES; i++)
		snprintf(trial->program[i], sizeof(trial->program[i]),
			 "%s/t2t-%s", site->seats[i].programs,
			 trial_role_names[i]);
	return 0;
}

/*
 * Programs.
 */

/* And wait until the text stands in what it says. 0 or a negative errno,
 * logged. */
static int start(struct trial *trial, enum trial_role role,
		 const char *const *argv, enum trial_file out,
		 const char *ready)
{
	int err = trial_program_start(trial->machines, role, argv, out);

	if (!err && ready)
		err = trial_program_await(
			trial->machines, role,
			out < TRIAL_FILES ? out : (enum trial_file)role, ready);
	return err ? fail(trial, role, "did not start", err) : 0;
}

static const struct trial_seat *seat(const struct trial *trial,
				     enum trial_role role)
{
	return &trial->machines->site->seats[role];
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

static int wiretap_start(struct trial *trial)
{
	char capture[PATH_MAX];
	const char *argv[ARGUMENTS_MAX] = {
		trial->program[TRIAL_WIRETAP], "--interface",
		seat(trial, TRIAL_WIRETAP)->interface, "--write", capture
	};
	const char *const ring[] = { "--ring", trial->ring.tap,
				     trial->ring.region ? "--region" : NULL,
				     trial->ring.region, NULL };
	int err = arguments_join(argv, seat(trial, TRIAL_WIRETAP)->more);

	if (!err && (trial->ring.data || trial->ring.orders))
		err = arguments_join(argv, ring);

	trial_machines_path(trial->machines, TRIAL_WIRETAP, TRIAL_FILE_CAPTURE,
			    capture);
	return err ? fail(trial, TRIAL_WIRETAP, "did not start", err)
		   : start(trial, TRIAL_WIRETAP, argv, TRIAL_FILES,
			   "capturing on");
}

static int exchange_start(struct trial *trial, const struct arm *arm)
{
	const struct trial_site *site = trial->machines->site;
	char sends[PATH_MAX], sessions[PATH_MAX], log[PATH_MAX];
	const char *const keys[] = { "--channel",
				     trial->keys.text[TRIAL_EXCHANGE], "--keys",
				     log, NULL };
	/* The next session comes at once. */
	const char *const queue[] = { "--on-second-client", "queue", NULL };
	const char *const data[] = { "--send", trial->ring.send, NULL };
	const char *const orders[] = { "--transport", trial->ring.take, NULL };
	const char *rdma[TRIAL_RDMA_ARGUMENTS];
	const char *argv[ARGUMENTS_MAX] = {
		trial->program[TRIAL_EXCHANGE],
		"--feed",
		site->feed,
		"--listen",
		site->listen,
		"--interface",
		seat(trial, TRIAL_EXCHANGE)->interface,
		"--group",
		trial->config->group,
		"--pace",
		trial->config->pace,
		"--send-times",
		sends,
		"--sessions",
		sessions
	};
	int err = arguments_join(argv, seat(trial, TRIAL_EXCHANGE)->more);

	trial_machines_path(trial->machines, TRIAL_EXCHANGE, TRIAL_FILE_SENDS,
			    sends);
	trial_machines_path(trial->machines, TRIAL_EXCHANGE,
			    TRIAL_FILE_SESSIONS, sessions);
	trial_machines_path(trial->machines, TRIAL_EXCHANGE, TRIAL_FILE_KEYS,
			    log);
	if (!err)
		err = arguments_join(argv, arm->exchange);
	if (!err && trial->config->sessions)
		err = arguments_join(argv, queue);
	if (!err && trial->keys.wanted)
		err = arguments_join(argv, keys);
	if (!err && trial->ring.data)
		err = arguments_join(argv, data);
	if (!err && trial->ring.orders)
		err = arguments_join(argv, orders);
	trial_rdma_exchange(arm, rdma);
	if (!err)
		err = arguments_join(argv, rdma);
	return err ? fail(trial, TRIAL_EXCHANGE, "did not start", err)
		   : start(trial, TRIAL_EXCHANGE, argv, TRIAL_FILE_EXCHANGE_OUT,
			   "state INIT");
}

static int trader_start(struct trial *trial, const struct arm *arm)
{
	const struct trial_config *config = trial->config;
	char samples[PATH_MAX], padding[sizeof(PADDING) + ARM_BUILD_PADDING];
	const char *const keys[] = { "--channel",
				     trial->keys.text[TRIAL_TRADER], NULL };
	const char *const sessions[] = { "--sessions", config->sessions, NULL };
	const char *const orders[] = { "--transport", trial->ring.transport,
				       NULL };
	const char *program =
		arm->program ? arm->program : trial->program[TRIAL_TRADER];
	const char *argv[ARGUMENTS_MAX] = {
		"env",
		padding,
		program,
		"--connect",
		trial->machines->site->listen,
		"--interface",
		seat(trial, TRIAL_TRADER)->interface,
		"--group",
		config->group,
		"--receive",
		trial->ring.data ? trial->ring.receive : arm->receive,
		"--threshold-usd",
		config->threshold_usd,
		"--aggress",
		config->aggress,
		"--samples",
		samples,
		"--json"
	};
	int err = arguments_join(argv, seat(trial, TRIAL_TRADER)->more);

	trial_machines_path(trial->machines, TRIAL_TRADER, TRIAL_FILE_SAMPLES,
			    samples);
	if (!err)
		err = arguments_join(argv, arm->trader);
	if (!err && config->sessions)
		err = arguments_join(argv, sessions);
	if (!err && trial->keys.wanted)
		err = arguments_join(argv, keys);
	if (!err && trial->ring.orders)
		err = arguments_join(argv, orders);
	memset(padding, 'x', sizeof(padding));
	memcpy(padding, PADDING, strlen(PADDING));
	padding[strlen(PADDING) + arm->padding] = '\0';
	return err ? fail(trial, TRIAL_TRADER, "did not start", err)
		   : start(trial, TRIAL_TRADER, argv + (arm->padding ? 0 : 2),
			   TRIAL_FILE_TRADER_JSON, NULL);
}

/* The trader leaves at the end of the feed; then the tap is emptied. */
static int run_to_the_end(struct trial *trial)
{
	int code = trial_program_end(trial->machines, TRIAL_TRADER, 0);

	if (code != 0)
		return fail(trial, TRIAL_TRADER, "failed", code);
	code = trial_program_end(trial->machines, TRIAL_EXCHANGE, SIGTERM);
	if (code != 0)
		return fail(trial, TRIAL_EXCHANGE, "failed", code);
	code = trial_program_end(trial->machines, TRIAL_WIRETAP, SIGINT);
	if (code != 0)
		return fail(trial, TRIAL_WIRETAP, "failed", code);
	return 0;
}

/* What was seen while it ran, for trial_judge(), which may come later. */
static int found_save(const struct trial *trial, json_t *found)
{
	struct atomic_file whole;
	int err;

	trial_programs_used(trial->machines, found);
	err = atomic_file_open(&whole, trial->files.path[TRIAL_FILE_FOUND]);
	if (err)
		return err;
	/* A write that fails shows in the close, with its reason. */
	json_dumpf(found, whole.file, JSON_INDENT(2));
	return atomic_file_close(&whole, 0);
}

static int programs_run(struct trial *trial, const struct arm *arm,
			json_t *found)
{
	json_t *cpus;
	int err = wiretap_start(trial);

	if (!err)
		err = exchange_start(trial, arm);
	if (!err)
		err = trader_start(trial, arm);
	if (err)
		return err;
	/* Once it has connected all three are up and pinned. */
	trial_programs_meet(trial->machines);
	cpus = json_object();
	err = trial_programs_cpus(trial->machines, cpus);
	json_object_set_new(found, "cpus", cpus);
	return err ? err : run_to_the_end(trial);
}

/* And what its CPUs were like, before and after. */
static int programs_watch(struct trial *trial, const struct arm *arm)
{
	json_t *found = json_object();
	struct trial_fingerprint print;
	int err = trial_fingerprint_begin(&print, trial->machines, arm);

	if (!err)
		err = programs_run(trial, arm, found);
	if (!err)
		err = trial_fingerprint_end(&print, trial->machines, found);
	if (!err)
		err = found_save(trial, found);
	trial_fingerprint_close(&print);
	json_decref(found);
	return err;
}

/* On the machines, with its knobs turned. */
static int pass(struct trial *trial, const struct arm *arm)
{
	const struct trial_site *site = trial->machines->site;
	const struct trial_files *files = &trial->files;
	int err = trial_keys_open(&trial->keys, trial->machines, arm);

	if (!err)
		err = trial_knobs_turn(trial->machines, arm, files);
	if (!err)
		err = trial_counters_take(
			trial->machines,
			files->path[TRIAL_FILE_COUNTERS_BEFORE]);
	trial_ring_name(
		&trial->ring, arm,
		site->machines[site->seats[TRIAL_TRADER].machine].folder);
	if (!err)
		err = programs_watch(trial, arm);
	if (!err)
		err = trial_counters_take(
			trial->machines,
			files->path[TRIAL_FILE_COUNTERS_AFTER]);
	return err;
}

int trial_run(const struct trial_config *config,
	      struct trial_machines *machines, const struct arm *arm,
	      const char *folder, json_t **result)
{
	const struct trial_standing standing = { .machines = machines,
						 .site = arm->site,
						 .guests = arm->guests };
	struct trial trial;
	int err = trial_open(&trial, config, &standing, folder), other;

	if (err)
		return err;
	err = pass(&trial, arm);
	other = trial_knobs_restore(trial.machines, arm, &trial.files);
	err = err ? err : other;
	if (!err && arm->site)
		err = trial_files_take(trial.machines, &trial.files);
	if (!err && arm->site)
		err = trial_keys_take(&trial.keys, trial.machines,
				      &trial.files);
	trial_keys_close(&trial.keys, trial.machines);
	other = trial_close(&trial);
	err = err ? err : other;
	return err ? err : trial_judge(config, arm, folder, result);
}

static int wire_loop(const struct trial *trial)
{
	const struct trial_wire wire = {
		.near_space = trial->spaces.exchange,
		.far_space = trial->spaces.trader,
		.near = TRIAL_SPACES_EXCHANGE,
		.far = TRIAL_SPACES_TRADER,
	};

	return trial->config->reflector ? trial->config->reflector(&wire)
					: trial_loop_begin(trial->machines);
}

static int frames_run(struct trial *trial)
{
	const struct trial_site *site = trial->machines->site;
	char program[PATH_MAX];
	const char *const argv[] = { program,
				     "--interface",
				     seat(trial, TRIAL_EXCHANGE)->interface,
				     "--group",
				     trial->config->group,
				     "--frames",
				     site->frames,
				     "--rate",
				     site->frames_rate,
				     NULL };

	snprintf(program, sizeof(program), "%s/t2t-frames",
		 seat(trial, TRIAL_EXCHANGE)->programs);
	return trial_command_run(trial->machines, TRIAL_EXCHANGE, argv,
				 FRAMES_MS);
}

/* Frames to and fro, and the capture of them. */
static int frames_pass(struct trial *trial)
{
	int err = wiretap_start(trial), code;

	if (!err)
		err = frames_run(trial);
	if (err)
		return err;
	code = trial_program_end(trial->machines, TRIAL_WIRETAP, SIGINT);
	return code ? fail(trial, TRIAL_WIRETAP, "failed", code) : 0;
}

int trial_back_to_back(const struct trial_config *config,
		       struct trial_machines *machines,
		       const struct trial_site *site, const char *folder,
		       json_t **result)
{
	const struct trial_standing standing = { .machines = machines,
						 .site = site };
	struct trial trial;
	int err = trial_open(&trial, config, &standing, folder), other;

	if (err)
		return err;
	err = wire_loop(&trial);
	if (!err)
		err = frames_pass(&trial);
	other = config->reflector ? 0 : trial_loop_end(trial.machines);
	err = err ? err : other;
	if (!err && site)
		err = trial_file_take(trial.machines, TRIAL_WIRETAP,
				      TRIAL_FILE_CAPTURE, &trial.files);
	trial_close(&trial);
	return err ? err
		   : trial_judge_capture(config, &trial.files, NULL, result);
}
