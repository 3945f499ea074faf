/* SPDX-License-Identifier: MIT */
#include "campaign/trial_machines.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/json_get.h"
#include "base/log.h"
#include "base/mem.h"
#include "campaign/string_lists.h"

#define STANDBY_MS 60000   /* to be told of a program, not to start it */
#define GUESTS_MS  1800000 /* for guests to start, where CPUs are emulated */

void trial_machines_init(struct trial_machines *machines,
			 const struct trial_config *config,
			 const struct campaign_guests *guests)
{
	*machines =
		(struct trial_machines){ .config = config, .guests = guests };
	for (size_t i = 0; i < ARRAY_SIZE(machines->open); i++)
		machines->open[i].lines.fd = -1;
}

/* The files that a machine needs beside the programs. */
static int files_bring(struct machine *machine, const char *const *bring)
{
	int err = 0;

	for (; bring && bring[0] && !err; bring += 2)
		err = machine_put(machine, bring[0], bring[1]);
	return err;
}

/* All that a machine gets once its agent is there. */
static int machine_prepare(struct machine *machine,
			   const struct trial_machine *wanted)
{
	int err = files_bring(machine, wanted->bring);

	if (!err && wanted->standby)
		err = machine_ask(machine,
				  json_pack("{s:s,s:o}", "do", "standby",
					    "argv",
					    trial_strings(wanted->standby)),
				  STANDBY_MS, NULL);
	return err;
}

struct machine *trial_machines_at(struct trial_machines *machines,
				  unsigned int index)
{
	const struct trial_machine *wanted = &machines->site->machines[index];
	struct machine *machine = &machines->open[index];
	const struct machine_command command = {
		.argv = wanted->connect,
		.password = wanted->wants_password
				    ? json_get_text(machines->config->passwords,
						    wanted->name, "")
				    : NULL,
	};

	if (machine->lines.fd >= 0)
		return machine;
	if (machine_open(machine, wanted->name, &command,
			 machines->config->stop) < 0)
		return NULL;
	machine->beside = machines->open;
	machine->beside_count = machines->site->machine_count;
	if (machine_prepare(machine, wanted) == 0)
		return machine;
	machine_close(machine);
	return NULL;
}

int trial_machines_ask(struct trial_machines *machines, unsigned int index,
		       json_t *request, int timeout_ms, json_t **answer)
{
	struct machine *machine = trial_machines_at(machines, index);

	if (machine)
		return machine_ask(machine, request, timeout_ms, answer);
	json_decref(request);
	if (answer)
		*answer = NULL;
	return machines->config->stop && *machines->config->stop ? -EINTR
								 : -EPIPE;
}

json_t *trial_strings(const char *const *argv)
{
	json_t *list = json_array();

	for (; *argv; argv++)
		json_array_append_new(list, json_string(*argv));
	return list;
}

int trial_command_judge(const char *name, const json_t *answer)
{
	int code = (int)json_get_integer(answer, "code");

	if (!code)
		return 0;
	if (code < 0)
		log_error("%s: %s", name, log_strerror(code));
	else
		log_error("%s: exit code %d\n%s%s", name, code,
			  json_get_text(answer, "out", ""),
			  json_get_text(answer, "err", ""));
	return code < 0 ? code : -EIO;
}

int trial_machines_run(struct trial_machines *machines, unsigned int index,
		       json_t *argv, int timeout_ms)
{
	const char *name = json_string_value(json_array_get(argv, 0));
	json_t *answer;
	int err = trial_machines_ask(
		machines, index,
		json_pack("{s:s,s:O}", "do", "run", "argv", argv), timeout_ms,
		&answer);

	if (!err)
		err = trial_command_judge(name, answer);
	json_decref(answer);
	json_decref(argv);
	return err;
}

/* All but one; none to be spared: TRIAL_MACHINES_MAX. */
static int agents_close(struct trial_machines *machines, unsigned int spared)
{
	int err = 0;

	for (size_t i = ARRAY_SIZE(machines->open); i-- > 0;) {
		int other = i == spared ? 0 : machine_close(&machines->open[i]);

		err = err ? err : other;
	}
	return err;
}

/* All agents but that of the machine which starts them end first, since a
 * guest that is started anew takes its agent with it. */
static int guests_start(struct trial_machines *machines,
			const char *const *guests)
{
	const char *const *command = guests ? guests : machines->guests->back;
	const unsigned int host = machines->guests->machine;
	int err = agents_close(machines, machines->open[host].lost
						 ? TRIAL_MACHINES_MAX
						 : host);

	/* However far it comes, it is to be put back. */
	if (guests)
		machines->guests_now = guests;
	/* They are put back all the more when a machine was lost. */
	if (!err || !guests)
		err = trial_machines_run(machines, host, trial_strings(command),
					 GUESTS_MS);
	if (!err)
		machines->guests_now = guests;
	return err;
}

int trial_machines_settle(struct trial_machines *machines,
			  const struct trial_site *site,
			  const char *const *guests)
{
	machines->site = site;
	return string_lists_same(guests, machines->guests_now)
		       ? 0
		       : guests_start(machines, guests);
}

int trial_machines_close(struct trial_machines *machines)
{
	bool stopped = machines->config->stop && *machines->config->stop;
	int err = 0, other;

	/* Who is to stop soon leaves them to `make restore`. */
	if (machines->guests_now && !stopped)
		err = guests_start(machines, NULL);
	else if (machines->guests_now)
		log_warning("the guests are left as the last trial had them: "
			    "`make restore` puts them back");
	other = agents_close(machines, TRIAL_MACHINES_MAX);
	json_decref(machines->turned);
	machines->turned = NULL;
	return err ? err : other;
}

void trial_machines_path(const struct trial_machines *machines,
			 enum trial_role role, enum trial_file file,
			 char path[static PATH_MAX])
{
	const struct trial_machine *there =
		&machines->site->machines[machines->site->seats[role].machine];

	snprintf(path, PATH_MAX, "%s/%s", there->folder,
		 trial_file_names[file]);
}
