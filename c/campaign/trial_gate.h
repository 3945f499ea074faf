/* SPDX-License-Identifier: MIT */
/*
 * Was the machine fit while a trial ran? A gate that looked at what a trial
 * measured, or at what its arm does to the machine, would choose between arms:
 * blocks in which the one that shows it was disturbed would go, and those in
 * which the other one was would stay. So it asks what no arm has a part in:
 *
 * canary	a fixed system call, before and after the pass, the slower one:
 *		no program of the trial runs then
 * gap		the longest time that the clock was out of sight, there
 * steal	the share of the pass that the hypervisor took of a CPU on which
 *		the trader does not run: one that spins is stolen from more
 *		often than one that sleeps
 * lateness	of the exchange's datagrams, p99: an open loop, the same one
 *		for all arms
 * psi		the share of the pass in which a task waited for a CPU of the
 *		machine. Only where it is asked for: who spins makes others
 *		wait where one that sleeps does not, so it may choose
 *
 * What an arm's own settings add to these is taken off first: each reading is
 * told by how much it exceeds the least of its arm so far. It fails where that
 * is by more than a bound above the upper quartile of all arms' trials so far,
 * be they put aside or not. (Held against a quartile of its own, which chance
 * puts higher for one arm than for another, each arm would be let pass by a
 * rule of its own, and where a quarter of trials is disturbed one campaign in
 * nine would make a verdict of it.) Before each arm has TRIAL_GATE_PAST trials
 * nothing fails. So a machine that is always busy passes, and one that becomes
 * so for a while does not.
 *
 * What fails takes its whole block along, so that arms stay balanced, and how
 * many of the failures are of which arm is told and tested (report/gated.h).
 * Never asked, though recorded, are involuntary switches and interrupts, which
 * an arm makes itself, and the frequency, which an arm may be about.
 */
#ifndef CAMPAIGN_TRIAL_GATE_H
#define CAMPAIGN_TRIAL_GATE_H

#include <jansson.h>
#include <stdbool.h>

#include "campaign/trial_config.h"

#define TRIAL_GATE_PAST	       4
#define TRIAL_GATE_ARMS_MAX    16
#define TRIAL_GATE_REPEATS_MAX 1000
#define TRIAL_GATE_TEXT_MAX    128

enum trial_gate_criterion {
	TRIAL_GATE_CANARY,
	TRIAL_GATE_GAP,
	TRIAL_GATE_STEAL,
	TRIAL_GATE_PSI,
	TRIAL_GATE_LATENESS,
	TRIAL_GATE_CRITERIA
};

struct trial_gate {
	bool off;
	/* Shares, or ns; of the canary the share of what is usual. INFINITY:
	 * not asked. */
	double bounds[TRIAL_GATE_CRITERIA];
	int repeats; /* blocks run again, at most; -1: an eighth and one */
};

/* Of one trial, by its places as they stand in its fingerprint; NAN: not
 * read. */
struct trial_readings {
	unsigned int arm;
	double value[TRIAL_ROLES][TRIAL_GATE_CRITERIA];
};

/* What is usual: canary:30%,gap:2ms,steal:5%,lateness:1ms. */
struct trial_gate trial_gate_default(void);

/*
 * "off", or what goes over the gate as it is: CRITERION:BOUND, in % or ms,
 * CRITERION:off, and repeats:N, with commas between. 0, or -EINVAL with *why
 * set to the reason.
 */
int trial_gate_parse(const char *text, struct trial_gate *gate,
		     const char **why);

/* As it is parsed, without repeats. Returns text. */
const char *trial_gate_format(const struct trial_gate *gate,
			      char text[static TRIAL_GATE_TEXT_MAX]);

/* trial: as of trial.json. */
void trial_gate_read(const json_t *trial, unsigned int arm,
		     struct trial_readings *readings);

/* Have there been enough of each arm to know what is usual? */
bool trial_gate_can_tell(const struct trial_readings *past, size_t count,
			 unsigned int arm_count);

/* Why the trial is not fit, by the readings of the count before it: a new list
 * of strings, empty if it is or nothing can be told; NULL when memory ran
 * out. */
json_t *trial_gate_reasons(const struct trial_gate *gate, const json_t *trial,
			   unsigned int arm, const struct trial_readings *past,
			   size_t count, unsigned int arm_count);

#endif
