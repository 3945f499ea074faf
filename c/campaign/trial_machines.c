/* SPDX-License-Identifier: MIT */
#include "campaign/trial_machines.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/json_get.h"
#include "base/log.h"

#define START_MS 60000 /* for a program to be ready, on a busy machine */
#define END_MS	 10000 /* for a program to end */
#define KNOBS_MS 30000 /* for a command that turns knobs, or puts them back */

/* An agent of our own programs. It opens the namespace's descriptor while we
 * hold it, and keeps it. */
static int agent_start(struct trial_machines *machines, struct machine *machine,
		       const char *name, const char *folder, int space)
{
	char program[PATH_MAX], namespace[64];
	const char *const argv[] = { program,	    "--folder", folder,
				     "--namespace", namespace,	NULL };

	snprintf(program, sizeof(program), "%s/t2t-agent",
		 machines->config->programs);
	snprintf(namespace, sizeof(namespace), "/proc/%d/fd/%d", (int)getpid(),
		 space);
	return machine_open(machine, name, argv, machines->config->stop);
}

int trial_machines_open(struct trial_machines *machines,
			const struct trial_config *config,
			const struct trial_files *files, const char *folder,
			int exchange_space, int trader_space)
{
	int err;

	*machines = (struct trial_machines){ .config = config,
					     .files = files,
					     .exchange.lines.fd = -1,
					     .trader.lines.fd = -1 };

	err = agent_start(machines, &machines->exchange, "the exchange", folder,
			  exchange_space);
	return err ? err
		   : agent_start(machines, &machines->trader, "the trader",
				 folder, trader_space);
}

int trial_machines_close(struct trial_machines *machines)
{
	int err = machine_close(&machines->trader);
	int other = machine_close(&machines->exchange);

	return err ? err : other;
}

/* The wiretap stands outside of the trader's machine. */
static struct machine *machine_of(struct trial_machines *machines,
				  enum trial_role role)
{
	return role == TRIAL_TRADER ? &machines->trader : &machines->exchange;
}

/*
 * Programs.
 */

/* argv as JSON: a new reference. */
static json_t *strings(const char *const *argv)
{
	json_t *list = json_array();

	for (; *argv; argv++)
		json_array_append_new(list, json_string(*argv));
	return list;
}

/* By its name in the trial's folder; NULL stays NULL. */
static const char *file_name(const char *path)
{
	return path ? strrchr(path, '/') + 1 : NULL;
}

/* A request about a program: a new reference. */
static json_t *request_of(const char *what, enum trial_role role)
{
	return json_pack("{s:s,s:s}", "do", what, "name",
			 trial_role_names[role]);
}

int trial_program_start(struct trial_machines *machines, enum trial_role role,
			const char *const *argv, const char *out)
{
	json_t *request = request_of("start", role);
	int cpu = machines->config->cpu[role];

	json_object_set_new(request, "argv", strings(argv));
	json_object_set_new(
		request, "err",
		json_string(file_name(machines->files->path[role])));
	if (out)
		json_object_set_new(request, "out",
				    json_string(file_name(out)));
	if (cpu >= 0)
		json_object_set_new(request, "cpu", json_integer(cpu));
	return machine_ask(machine_of(machines, role), request, START_MS, NULL);
}

int trial_program_await(struct trial_machines *machines, enum trial_role role,
			const char *file, const char *text)
{
	json_t *request = request_of("await", role);

	json_object_set_new(request, "file", json_string(file_name(file)));
	json_object_set_new(request, "text", json_string(text));
	return machine_ask(machine_of(machines, role), request, START_MS, NULL);
}

int trial_program_end(struct trial_machines *machines, enum trial_role role,
		      int signal)
{
	json_t *request = request_of("end", role), *answer;
	int code;

	if (signal)
		json_object_set_new(request, "signal", json_integer(signal));
	code = machine_ask(machine_of(machines, role), request,
			   signal ? END_MS : -1, &answer);
	if (code)
		return code;
	machines->max_rss_kib[role] =
		(long)json_get_integer(answer, "max_rss_kib");
	code = (int)json_get_integer(answer, "code");
	json_decref(answer);
	return code;
}

static int pin_check(const struct trial_machines *machines,
		     enum trial_role role, const char *found)
{
	char wanted[16];

	snprintf(wanted, sizeof(wanted), "%d", machines->config->cpu[role]);
	if (machines->config->cpu[role] < 0 || strcmp(found, wanted) == 0)
		return 0;
	log_error("%s: requested CPUs %s, got %s", trial_role_names[role],
		  wanted, found);
	return -EIO;
}

int trial_programs_cpus(struct trial_machines *machines, json_t *found)
{
	int err = 0;

	for (enum trial_role i = 0; i < TRIAL_ROLES && !err; i++) {
		json_t *answer;

		err = machine_ask(machine_of(machines, i),
				  request_of("cpus", i), START_MS, &answer);
		if (err == -ESRCH) {
			err = 0; /* ended: whoever waits for it says why */
			continue;
		}
		if (err)
			break;
		json_object_set(found, trial_role_names[i],
				json_object_get(answer, "cpus"));
		err = pin_check(machines, i, json_get_text(answer, "cpus", ""));
		json_decref(answer);
	}
	return err;
}

json_t *trial_programs_memory(const struct trial_machines *machines)
{
	json_t *found = json_object();

	for (int i = 0; i < TRIAL_ROLES; i++)
		json_object_set_new(found, trial_role_names[i],
				    json_integer(machines->max_rss_kib[i]));
	return found;
}

/*
 * Knobs.
 */

/* 0 or a negative errno, logged. */
static int text_save(const char *path, const char *text)
{
	struct atomic_file whole;
	int err = atomic_file_open(&whole, path);

	if (err)
		return err;
	/* A write that fails shows in the close, with its reason. */
	fputs(text, whole.file);
	return atomic_file_close(&whole, 0);
}

/* 0, or a negative errno of a command that failed, logged. */
static int command_judge(const char *name, const json_t *answer)
{
	int code = (int)json_get_integer(answer, "code");

	if (!code)
		return 0;
	if (code < 0)
		log_error("%s: %s", name, log_strerror(code));
	else
		log_error("%s: exit code %d\n%s", name, code,
			  json_get_text(answer, "err", ""));
	return code < 0 ? code : -EIO;
}

int trial_knobs_turn(struct trial_machines *machines, const struct arm *arm)
{
	const struct trial_files *files = machines->files;
	json_t *request, *answer;
	int err;

	if (!arm->before)
		return 0;
	request = json_pack("{s:s,s:o}", "do", arm->after ? "turn" : "run",
			    "argv", strings(arm->before));
	if (arm->after)
		json_object_set_new(request, "restore", strings(arm->after));
	err = machine_ask(&machines->trader, request, KNOBS_MS, &answer);
	if (err)
		return err;
	err = text_save(files->path[TRIAL_FILE_KNOBS],
			json_get_text(answer, "out", ""));
	if (!err)
		err = text_save(files->path[TRIAL_FILE_KNOBS_LOG],
				json_get_text(answer, "err", ""));
	if (!err)
		err = command_judge(arm->before[0], answer);
	json_decref(answer);
	return err;
}

int trial_knobs_restore(struct trial_machines *machines, const struct arm *arm)
{
	const json_t *command;
	json_t *answer;
	int err;

	if (!arm->before || !arm->after)
		return 0;
	err = machine_ask(&machines->trader,
			  json_pack("{s:s}", "do", "restore"), KNOBS_MS,
			  &answer);
	if (err)
		return err;
	/* None: what was to be turned never was. */
	command = json_array_get(json_object_get(answer, "commands"), 0);
	if (command)
		err = text_save(machines->files->path[TRIAL_FILE_AFTER_LOG],
				json_get_text(command, "out", ""));
	if (command && !err)
		err = command_judge(arm->after[0], command);
	json_decref(answer);
	return err;
}
