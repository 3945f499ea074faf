/* SPDX-License-Identifier: MIT */
#include "campaign/trial_keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "campaign/arm_told.h"
#include "campaign/trial_programs.h"

#define REMOVE_MS 60000 /* on a busy machine */

/* The two whose orders are encrypted. */
static const enum trial_role ends[] = { TRIAL_EXCHANGE, TRIAL_TRADER };

static const char *channel_of(const struct arm *arm, enum trial_role role)
{
	return arm_told(role == TRIAL_EXCHANGE ? arm->exchange : arm->trader,
			"--channel", CHANNEL_DEFAULT);
}

/* The other one's stay away. */
static void files_of(enum trial_role role, enum tls_keys_file files[static 3])
{
	files[0] = TLS_KEYS_CA;
	files[1] = role == TRIAL_EXCHANGE ? TLS_KEYS_EXCHANGE : TLS_KEYS_TRADER;
	files[2] = role == TRIAL_EXCHANGE ? TLS_KEYS_EXCHANGE_KEY
					  : TLS_KEYS_TRADER_KEY;
}

/*
 * Of machines: in the folder of the agent where the role's program runs.
 */

/* What the agent has to do at its end, or when it is told to put back; now, it
 * takes away what an earlier one has left. */
static int removal_owe(struct trial_machines *machines, enum trial_role role)
{
	const struct trial_seat *seat = &machines->site->seats[role];
	const char *folder = machines->site->machines[seat->machine].folder;
	char paths[TLS_KEYS_FILES][PATH_MAX];
	const char *argv[TLS_KEYS_FILES + 3] = { "rm", "-f" };
	json_t *answer;
	int err;

	for (int i = 0; i < TLS_KEYS_FILES; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder,
			 tls_keys_files[i]);
		argv[i + 2] = paths[i];
	}
	err = trial_machines_ask(machines, seat->machine,
				 json_pack("{s:s,s:o,s:o}", "do", "turn",
					   "argv", trial_strings(argv),
					   "restore", trial_strings(argv)),
				 REMOVE_MS, &answer);
	if (!err)
		err = trial_command_judge("rm", answer);
	json_decref(answer);
	return err;
}

static int keys_bring(const struct trial_keys *keys,
		      struct trial_machines *machines, enum trial_role role)
{
	const unsigned int there = machines->site->seats[role].machine;
	enum tls_keys_file files[3];
	char path[64];
	int err = removal_owe(machines, role);

	files_of(role, files);
	for (size_t i = 0; i < ARRAY_SIZE(files) && !err; i++) {
		struct machine *machine = trial_machines_at(machines, there);

		snprintf(path, sizeof(path), "/proc/self/fd/%d",
			 keys->fds[files[i]]);
		err = machine ? machine_put(machine, path,
					    tls_keys_files[files[i]])
			      : -EPIPE;
	}
	return err;
}

static int brought_name(struct trial_keys *keys, const struct trial_site *site,
			const char *channel, enum trial_role role)
{
	const unsigned int there = site->seats[role].machine;

	return channel_text_add(channel, "--channel", "folder",
				site->machines[there].folder, keys->text[role]);
}

/*
 * Of namespaces, whose programs open this process's own.
 */

int trial_keys_name(const int fds[static TLS_KEYS_FILES], enum trial_role role,
		    const char *channel, char text[static CHANNEL_TEXT_MAX])
{
	static const char *const options[] = { "ca", "cert", "key" };
	char path[64], before[CHANNEL_TEXT_MAX];
	enum tls_keys_file files[3];
	int err = 0;

	files_of(role, files);
	for (size_t i = 0; i < ARRAY_SIZE(files) && !err; i++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(),
			 fds[files[i]]);
		err = channel_text_add(channel, "--channel", options[i], path,
				       text);
		snprintf(before, sizeof(before), "%s", text);
		channel = before;
	}
	return err;
}

int trial_keys_open(struct trial_keys *keys, struct trial_machines *machines,
		    const struct arm *arm)
{
	const struct tls_keys_config config = { .host = "exchange", .days = 1 };
	int err;

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		keys->wanted |= channel_is_encrypted(channel_of(arm, ends[i]));
	if (!keys->wanted)
		return 0;
	err = tls_keys_hold(&config, keys->fds);
	/* Namespaces have the files of this machine. */
	keys->brought = !err && arm->site;
	for (size_t i = 0; i < ARRAY_SIZE(ends) && !err; i++) {
		const enum trial_role role = ends[i];
		const char *channel = channel_of(arm, role);

		if (keys->brought)
			err = keys_bring(keys, machines, role);
		if (!err)
			err = keys->brought ? brought_name(keys, machines->site,
							   channel, role)
					    : trial_keys_name(keys->fds, role,
							      channel,
							      keys->text[role]);
	}
	return err;
}

/* What has been brought goes by what is owed; that it was not done the agent
 * has logged. */
void trial_keys_close(struct trial_keys *keys, struct trial_machines *machines)
{
	for (size_t i = 0; i < ARRAY_SIZE(ends) && keys->brought; i++)
		trial_machines_ask(
			machines, machines->site->seats[ends[i]].machine,
			json_pack("{s:s}", "do", "restore"), REMOVE_MS, NULL);
	if (keys->wanted)
		tls_keys_drop(keys->fds);
}

int trial_keys_take(const struct trial_keys *keys,
		    struct trial_machines *machines,
		    const struct trial_files *files)
{
	const char *path = files->path[TRIAL_FILE_KEYS];
	/* It is there with this mode before there is anything in it. */
	const mode_t mask = umask(077);
	int err = !keys->wanted ? 0
				: trial_file_take(machines, TRIAL_EXCHANGE,
						  TRIAL_FILE_KEYS, files);

	umask(mask);
	if (!err && keys->wanted && chmod(path, 0600) < 0)
		err = -errno;
	return err;
}
