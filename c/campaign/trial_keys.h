/* SPDX-License-Identifier: MIT */
/*
 * What an arm with --channel tls needs: certificates and keys, made for its
 * trial in memory and brought where its programs run; and the key log, which
 * stays beside the capture and is its owner's alone. Keys are gone with their
 * trial, also when its runner is killed: from memory then, and elsewhere by
 * what the agent there owes at its end.
 */
#ifndef CAMPAIGN_TRIAL_KEYS_H
#define CAMPAIGN_TRIAL_KEYS_H

#include <stdbool.h>

#include "campaign/trial_machines.h"
#include "order/channel.h"
#include "order/tls_keys.h"

struct trial_keys {
	bool wanted; /* by the arm */
	bool brought;
	int fds[TLS_KEYS_FILES];		  /* in memory; -1: none */
	char text[TRIAL_ROLES][CHANNEL_TEXT_MAX]; /* of --channel, with keys */
};

/* Make them, if the arm wants any, and bring them to its machines, unless those
 * are namespaces of this one. Before its knobs are turned: those are put back
 * first. 0 or a negative errno, logged; close() comes all the same. */
int trial_keys_open(struct trial_keys *keys, struct trial_machines *machines,
		    const struct arm *arm);
void trial_keys_close(struct trial_keys *keys, struct trial_machines *machines);

/* The channel, which is encrypted, with that end's of those that this process
 * holds: by the names under which others of its user open them. 0 or -EINVAL,
 * logged. */
int trial_keys_name(const int fds[static TLS_KEYS_FILES], enum trial_role role,
		    const char *channel, char text[static CHANNEL_TEXT_MAX]);

/* Take the key log from the exchange's machine. As above. */
int trial_keys_take(const struct trial_keys *keys,
		    struct trial_machines *machines,
		    const struct trial_files *files);

#endif
