/* SPDX-License-Identifier: MIT */
#include "campaign/trial_programs.h"

#include <errno.h>

#include "base/cpu.h"
#include "base/json_get.h"
#include "base/log.h"
#include "base/mem.h"

#define START_MS 60000 /* for a program to be ready, on a busy machine */
#define END_MS	 10000 /* for a program to end */
#define MEET_MS	 500   /* how often we look whether a program has ended */

static unsigned int seat_of(const struct trial_machines *machines,
			    enum trial_role role)
{
	return machines->site->seats[role].machine;
}

/* A request about a program: a new reference. */
static json_t *request_of(const char *what, enum trial_role role)
{
	return json_pack("{s:s,s:s}", "do", what, "name",
			 trial_role_names[role]);
}

/* argv on the seat's CPUs: a new reference. */
static json_t *pinned(const struct trial_seat *seat, const char *const *argv)
{
	json_t *list = json_array(), *command = trial_strings(argv);

	if (*seat->cpus) {
		json_array_append_new(list, json_string("taskset"));
		json_array_append_new(list, json_string("-c"));
		json_array_append_new(list, json_string(seat->cpus));
	}
	json_array_extend(list, command);
	json_decref(command);
	return list;
}

/* What each program leaves on its machine. */
static const struct {
	enum trial_role role;
	enum trial_file file;
} left[] = {
	{ TRIAL_EXCHANGE, TRIAL_FILE_EXCHANGE_LOG },
	{ TRIAL_EXCHANGE, TRIAL_FILE_EXCHANGE_OUT },
	{ TRIAL_EXCHANGE, TRIAL_FILE_SENDS },
	{ TRIAL_EXCHANGE, TRIAL_FILE_SESSIONS },
	{ TRIAL_WIRETAP, TRIAL_FILE_WIRETAP_LOG },
	{ TRIAL_WIRETAP, TRIAL_FILE_CAPTURE },
	{ TRIAL_TRADER, TRIAL_FILE_TRADER_LOG },
	{ TRIAL_TRADER, TRIAL_FILE_TRADER_JSON },
	{ TRIAL_TRADER, TRIAL_FILE_SAMPLES },
};

static json_t *files_of(enum trial_role role)
{
	json_t *names = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(left); i++)
		if (left[i].role == role)
			json_array_append_new(
				names,
				json_string(trial_file_names[left[i].file]));
	return names;
}

int trial_program_start(struct trial_machines *machines, enum trial_role role,
			const char *const *argv, enum trial_file out)
{
	const struct trial_seat *seat = &machines->site->seats[role];
	json_t *request = request_of("start", role);

	json_object_set_new(request, "argv", pinned(seat, argv));
	json_object_set_new(request, "writes", files_of(role));
	json_object_set_new(request, "err",
			    json_string(trial_file_names[role]));
	if (out < TRIAL_FILES)
		json_object_set_new(request, "out",
				    json_string(trial_file_names[out]));
	return trial_machines_ask(machines, seat->machine, request, START_MS,
				  NULL);
}

static int await(struct trial_machines *machines, enum trial_role role,
		 enum trial_file file, const char *text, int timeout_ms)
{
	json_t *request = request_of("await", role);

	json_object_set_new(request, "file",
			    json_string(trial_file_names[file]));
	json_object_set_new(request, "text", json_string(text));
	return trial_machines_ask(machines, seat_of(machines, role), request,
				  timeout_ms, NULL);
}

int trial_program_await(struct trial_machines *machines, enum trial_role role,
			enum trial_file file, const char *text)
{
	return await(machines, role, file, text, START_MS);
}

/* The exchange says so; a trader that has ended won't come. */
void trial_programs_meet(struct trial_machines *machines)
{
	int err;

	for (int ms = 0; ms < START_MS; ms += MEET_MS) {
		err = await(machines, TRIAL_EXCHANGE, TRIAL_FILE_EXCHANGE_OUT,
			    "state HANDSHAKE", MEET_MS);
		if (err != -ETIMEDOUT)
			return;
		err = trial_machines_ask(
			machines, seat_of(machines, TRIAL_TRADER),
			request_of("cpus", TRIAL_TRADER), START_MS, NULL);
		if (err)
			return;
	}
}

int trial_program_end(struct trial_machines *machines, enum trial_role role,
		      int signal)
{
	json_t *request = request_of("end", role), *answer;
	int code;

	if (signal)
		json_object_set_new(request, "signal", json_integer(signal));
	code = trial_machines_ask(machines, seat_of(machines, role), request,
				  signal ? END_MS : machines->site->timeout_ms,
				  &answer);
	if (code)
		return code;
	machines->max_rss_kib[role] =
		(long)json_get_integer(answer, "max_rss_kib");
	machines->involuntary_switches[role] =
		(long)json_get_integer(answer, "involuntary_switches");
	code = (int)json_get_integer(answer, "code");
	json_decref(answer);
	return code;
}

static int pin_check(const struct trial_machines *machines,
		     enum trial_role role, const char *found)
{
	const char *wanted = machines->site->seats[role].cpus;

	if (!*wanted || cpu_text_equal(wanted, found))
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

		err = trial_machines_ask(machines, seat_of(machines, i),
					 request_of("cpus", i), START_MS,
					 &answer);
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

void trial_programs_used(const struct trial_machines *machines, json_t *found)
{
	json_t *memory = json_object(), *switches = json_object();

	for (int i = 0; i < TRIAL_ROLES; i++) {
		json_object_set_new(memory, trial_role_names[i],
				    json_integer(machines->max_rss_kib[i]));
		json_object_set_new(
			switches, trial_role_names[i],
			json_integer(machines->involuntary_switches[i]));
	}
	json_object_set_new(found, "max_rss_kib", memory);
	json_object_set_new(found, "involuntary_switches", switches);
}

int trial_command_run(struct trial_machines *machines, enum trial_role role,
		      const char *const *argv, int timeout_ms)
{
	const struct trial_seat *seat = &machines->site->seats[role];

	return trial_machines_run(machines, seat->machine, pinned(seat, argv),
				  timeout_ms);
}

/*
 * What a trial leaves.
 */

int trial_counters_take(struct trial_machines *machines, const char *path)
{
	const char *const argv[] = {
		"sh", "-c",
		"cat /proc/net/snmp /proc/net/netstat /proc/net/dev; "
		"ethtool -S \"$0\" 2>/dev/null; true",
		machines->site->seats[TRIAL_TRADER].interface, NULL
	};
	json_t *answer;
	int err = trial_machines_ask(machines, seat_of(machines, TRIAL_TRADER),
				     json_pack("{s:s,s:o}", "do", "run", "argv",
					       trial_strings(argv)),
				     START_MS, &answer);

	if (!err)
		err = trial_command_judge("the counters", answer);
	if (!err)
		err = trial_text_save(path, json_get_text(answer, "out", ""));
	json_decref(answer);
	return err;
}

int trial_file_take(struct trial_machines *machines, enum trial_role role,
		    enum trial_file file, const struct trial_files *files)
{
	struct machine *machine =
		trial_machines_at(machines, seat_of(machines, role));

	return machine ? machine_take(machine, trial_file_names[file],
				      files->path[file])
		       : -EPIPE;
}

int trial_files_take(struct trial_machines *machines,
		     const struct trial_files *files)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(left) && !err; i++)
		err = trial_file_take(machines, left[i].role, left[i].file,
				      files);
	return err;
}
