/* SPDX-License-Identifier: MIT */
#include "campaign/trial_fingerprint.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json_get.h"
#include "base/log.h"
#include "campaign/arm_told.h"

#define ASK_MS 60000 /* on a busy machine */

/* The first of "0,2-3"; -1 of "". */
static int cpu_of(const char *cpus)
{
	return *cpus >= '0' && *cpus <= '9' ? atoi(cpus) : -1;
}

/* A trader that is told to pins itself. */
static const char *cpus_of(const struct trial_machines *machines,
			   const struct arm *arm, enum trial_role role)
{
	const char *cpus = machines->site->seats[role].cpus;

	return role == TRIAL_TRADER ? arm_told(arm->trader, "--cpu", cpus)
				    : cpus;
}

static void places_set(struct trial_fingerprint *print,
		       const struct trial_machines *machines,
		       const struct arm *arm)
{
	*print = (struct trial_fingerprint){ 0 };
	for (enum trial_role role = 0; role < TRIAL_ROLES; role++) {
		const struct trial_place wanted = {
			.machine = machines->site->seats[role].machine,
			.cpu = cpu_of(cpus_of(machines, arm, role)),
		};
		unsigned int i = 0;

		while (i < print->count &&
		       (print->places[i].machine != wanted.machine ||
			print->places[i].cpu != wanted.cpu))
			i++;
		if (i == print->count)
			print->places[print->count++] = wanted;
		print->places[i].roles |= 1U << role;
	}
}

static int ask(struct trial_machines *machines, const struct trial_place *place,
	       const char *what, json_t **answer)
{
	json_t *request = json_pack("{s:s}", "do", what);
	int err;

	if (place->cpu >= 0)
		json_object_set_new(request, "cpu", json_integer(place->cpu));
	err = trial_machines_ask(machines, place->machine, request, ASK_MS,
				 answer);
	/* Of an agent that is gone the reason has been told. */
	if (err && err != -EINTR && err != -EPIPE)
		log_error("%s of CPU %d: %s", what, place->cpu,
			  log_strerror(err));
	return err;
}

int trial_fingerprint_begin(struct trial_fingerprint *print,
			    struct trial_machines *machines,
			    const struct arm *arm)
{
	int err = 0;

	places_set(print, machines, arm);
	for (unsigned int i = 0; i < print->count && !err; i++)
		err = ask(machines, &print->places[i], "canary",
			  &print->places[i].canary[0]);
	for (unsigned int i = 0; i < print->count && !err; i++)
		err = ask(machines, &print->places[i], "look",
			  &print->places[i].look[0]);
	return err;
}

static json_t *member(const json_t *answer, const char *key)
{
	json_t *value = json_object_get(answer, key);

	return value ? json_incref(value) : json_null();
}

static json_t *both(json_t *const answers[static 2], const char *key)
{
	return json_pack("[o,o]", member(answers[0], key),
			 member(answers[1], key));
}

/* By how much a count rose; NAN where there is none. */
static double rise(json_t *const looks[static 2], const char *key)
{
	if (!json_is_integer(json_object_get(looks[0], key)) ||
	    !json_is_integer(json_object_get(looks[1], key)))
		return NAN;
	return (double)(json_get_integer(looks[1], key) -
			json_get_integer(looks[0], key));
}

static json_t *roles_json(unsigned int roles)
{
	json_t *names = json_array();

	for (enum trial_role role = 0; role < TRIAL_ROLES; role++)
		if (roles & 1U << role)
			json_array_append_new(
				names, json_string(trial_role_names[role]));
	return names;
}

json_t *trial_place_json(const struct trial_place *place)
{
	const double seconds =
		rise(place->look, "at_ns") / (double)CLOCK_NS_PER_S;

	return json_pack(
		"{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "roles",
		roles_json(place->roles), "cpu",
		place->cpu < 0 ? json_null() : json_integer(place->cpu),
		"canary_ns", both(place->canary, "call_ns"), "gap_ns",
		both(place->canary, "gap_ns"), "mhz", both(place->look, "mhz"),
		"seconds", json_real_or_null(seconds), "steal",
		json_real_or_null(rise(place->look, "stolen_ticks") /
				  rise(place->look, "ticks")),
		"psi",
		json_real_or_null(rise(place->look, "waited_us") / 1e6 /
				  seconds),
		"interrupts",
		json_real_or_null(rise(place->look, "interrupts")));
}

int trial_fingerprint_end(struct trial_fingerprint *print,
			  struct trial_machines *machines, json_t *found)
{
	json_t *all = json_array();
	int err = 0;

	for (unsigned int i = 0; i < print->count && !err; i++)
		err = ask(machines, &print->places[i], "look",
			  &print->places[i].look[1]);
	for (unsigned int i = 0; i < print->count && !err; i++)
		err = ask(machines, &print->places[i], "canary",
			  &print->places[i].canary[1]);
	for (unsigned int i = 0; i < print->count && !err; i++)
		json_array_append_new(all, trial_place_json(&print->places[i]));
	json_object_set_new(found, "fingerprint", all);
	return err;
}

void trial_fingerprint_close(struct trial_fingerprint *print)
{
	for (unsigned int i = 0; i < print->count; i++)
		for (int j = 0; j < 2; j++) {
			json_decref(print->places[i].canary[j]);
			json_decref(print->places[i].look[j]);
		}
	print->count = 0;
}
