/* SPDX-License-Identifier: MIT */
/*
 * What the CPUs of a trial were like: by their canaries (agent/canary.h) just
 * before and after its programs run, and by what the kernel has counted
 * (agent/cpu_look.h) in between. A CPU that two programs share is asked once.
 */
#ifndef CAMPAIGN_TRIAL_FINGERPRINT_H
#define CAMPAIGN_TRIAL_FINGERPRINT_H

#include "campaign/arm.h"
#include "campaign/trial_machines.h"

struct trial_place {
	unsigned int machine, roles; /* roles: a bit each */
	int cpu;		     /* -1: not pinned */
	json_t *canary[2], *look[2]; /* before and after */
};

struct trial_fingerprint {
	struct trial_place places[TRIAL_ROLES];
	unsigned int count;
};

/*
 * found: gets "fingerprint", of each place: "roles", a list; "cpu", null if not
 * pinned; of before and after, lists of two, "canary_ns" (of a system call),
 * "gap_ns" (the longest) and "mhz"; over the pass, "seconds", "steal" and "psi"
 * (shares, 0 to 1), and "interrupts". What a machine lacks is null. 0 or as
 * machine_ask(), logged. Both may follow each other once.
 */
int trial_fingerprint_begin(struct trial_fingerprint *print,
			    struct trial_machines *machines,
			    const struct arm *arm);
int trial_fingerprint_end(struct trial_fingerprint *print,
			  struct trial_machines *machines, json_t *found);

/* Also after an error of begin. */
void trial_fingerprint_close(struct trial_fingerprint *print);

/* The same of one place, by two answers of each kind: a new reference. */
json_t *trial_place_json(const struct trial_place *place);

#endif
