/* SPDX-License-Identifier: MIT */
/*
 * What an arm with --channel tls needs: certificates and keys, made for its
 * trial in a folder that nobody else may look into, brought where its programs
 * run, and gone with it; and the key log, which stays beside the capture and is
 * its owner's alone.
 */
#ifndef CAMPAIGN_TRIAL_KEYS_H
#define CAMPAIGN_TRIAL_KEYS_H

#include <limits.h>
#include <stdbool.h>

#include "campaign/trial_machines.h"
#include "order/channel.h"

struct trial_keys {
	bool wanted; /* by the arm */
	bool brought;
	char folder[PATH_MAX];			  /* here; "": there is none */
	char text[TRIAL_ROLES][CHANNEL_TEXT_MAX]; /* of --channel, with keys */
};

/* Make them, if the arm wants any, and bring them to its machines, unless those
 * are namespaces of this one. 0 or a negative errno, logged; close() comes all
 * the same. */
int trial_keys_open(struct trial_keys *keys, struct trial_machines *machines,
		    const struct arm *arm);
void trial_keys_close(struct trial_keys *keys, struct trial_machines *machines);

/* Take the key log from the exchange's machine. As above. */
int trial_keys_take(const struct trial_keys *keys,
		    struct trial_machines *machines,
		    const struct trial_files *files);

#endif
