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
#include "order/tls_keys.h"

#define REMOVE_MS 60000 /* on a busy machine */

/* The two whose orders are encrypted. */
static const enum trial_role ends[] = { TRIAL_EXCHANGE, TRIAL_TRADER };

static const char *channel_of(const struct arm *arm, enum trial_role role)
{
	return arm_told(role == TRIAL_EXCHANGE ? arm->exchange : arm->trader,
			"--channel", CHANNEL_DEFAULT);
}

static int folder_make(struct trial_keys *keys)
{
	const struct tls_keys_config config = { .folder = keys->folder,
						.host = "exchange",
						.days = 1 };
	int err;

	snprintf(keys->folder, sizeof(keys->folder), "%s/t2t-keys-XXXXXX",
		 P_tmpdir);
	if (mkdtemp(keys->folder))
		return tls_keys_make(&config);
	err = -errno;
	log_error("%s: %s", keys->folder, log_strerror(err));
	keys->folder[0] = '\0';
	return err;
}

/* To the folder of the agent where the role's program runs. */
static int keys_bring(const struct trial_keys *keys,
		      struct trial_machines *machines, enum trial_role role)
{
	struct machine *machine = trial_machines_at(
		machines, machines->site->seats[role].machine);
	/* The other one's stay away. */
	const enum tls_keys_file wanted[] = {
		TLS_KEYS_CA,
		role == TRIAL_EXCHANGE ? TLS_KEYS_EXCHANGE : TLS_KEYS_TRADER,
		role == TRIAL_EXCHANGE ? TLS_KEYS_EXCHANGE_KEY
				       : TLS_KEYS_TRADER_KEY,
	};
	char path[PATH_MAX + 16];
	int err = machine ? 0 : -EPIPE;

	for (size_t i = 0; i < ARRAY_SIZE(wanted) && !err; i++) {
		const char *name = tls_keys_files[wanted[i]];

		snprintf(path, sizeof(path), "%s/%s", keys->folder, name);
		err = machine_put(machine, path, name);
	}
	return err;
}

int trial_keys_open(struct trial_keys *keys, struct trial_machines *machines,
		    const struct arm *arm)
{
	const struct trial_site *site = machines->site;
	int err = 0;

	*keys = (struct trial_keys){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		keys->wanted |= channel_is_encrypted(channel_of(arm, ends[i]));
	if (!keys->wanted)
		return 0;
	err = folder_make(keys);
	/* Namespaces have the files of this machine. */
	keys->brought = arm->site != NULL;
	for (size_t i = 0; i < ARRAY_SIZE(ends) && !err; i++) {
		const enum trial_role role = ends[i];
		const char *folder = keys->folder;

		if (keys->brought) {
			folder = site->machines[site->seats[role].machine]
					 .folder;
			err = keys_bring(keys, machines, role);
		}
		if (!err)
			err = channel_text_add(channel_of(arm, role),
					       "--channel", "folder", folder,
					       keys->text[role]);
	}
	return err;
}

/* What has been brought goes by a command there; that it is not done was
 * logged. */
static void keys_remove(struct trial_machines *machines, enum trial_role role)
{
	const struct trial_seat *seat = &machines->site->seats[role];
	const char *folder = machines->site->machines[seat->machine].folder;
	char paths[TLS_KEYS_FILES][PATH_MAX];
	const char *argv[TLS_KEYS_FILES + 3] = { "rm", "-f" };

	for (int i = 0; i < TLS_KEYS_FILES; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder,
			 tls_keys_files[i]);
		argv[i + 2] = paths[i];
	}
	trial_machines_run(machines, seat->machine, trial_strings(argv),
			   REMOVE_MS);
}

void trial_keys_close(struct trial_keys *keys, struct trial_machines *machines)
{
	char path[PATH_MAX + 16];

	for (size_t i = 0; i < ARRAY_SIZE(ends) && keys->brought; i++)
		keys_remove(machines, ends[i]);
	if (!*keys->folder)
		return;
	for (int i = 0; i < TLS_KEYS_FILES; i++) {
		snprintf(path, sizeof(path), "%s/%s", keys->folder,
			 tls_keys_files[i]);
		unlink(path);
	}
	rmdir(keys->folder);
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
