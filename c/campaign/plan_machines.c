/* SPDX-License-Identifier: MIT */
#include "campaign/plan_machines.h"

#include <errno.h>
#include <string.h>

#include "base/json_get.h"
#include "base/log.h"
#include "base/mem.h"
#include "campaign/string_lists.h"
#include "campaign/trial_files.h"

#define TIMEOUT_S_MAX 1000000

int plan_fault(const char *path, const char *member, const char *wanted)
{
	log_error("--campaign %s: %s: expected %s", path, member, wanted);
	return -EINVAL;
}

int plan_list(const char *path, const json_t *object, const char *member,
	      struct campaign_config *config, const char *const **list)
{
	int err = string_lists_add(&config->lists,
				   json_object_get(object, member), list);

	return err == -EINVAL ? plan_fault(path, member, "a list of strings")
			      : err;
}

/* One that may not be empty. */
static int argv_read(const char *path, const json_t *object, const char *member,
		     struct campaign_config *config, const char *const **list)
{
	int err = plan_list(path, object, member, config, list);

	return err || *list ? err : plan_fault(path, member, "a command");
}

/* In namespaces there are two machines, which the plan does not tell of. */
static int machine_find(const char *path, const json_t *object,
			const struct campaign_config *config,
			unsigned int *index)
{
	static const char *const spaces[] = { "exchange", "trader" };
	const char *name = json_get_text(object, "machine", "");
	const unsigned int count = config->machine_count ? config->machine_count
							 : ARRAY_SIZE(spaces);

	for (*index = 0; *index < count; ++*index)
		if (!strcmp(name, config->machine_count
					  ? config->machines[*index].name
					  : spaces[*index]))
			return 0;
	return plan_fault(path, "machine", "the name of one of the machines");
}

static int machine_read(const char *path, const json_t *json,
			struct campaign_config *config,
			struct trial_machine *machine)
{
	size_t n = 0;
	int err;

	machine->name = json_get_text(json, "name", NULL);
	machine->folder = json_get_text(json, "folder", NULL);
	machine->wants_password =
		json_is_true(json_object_get(json, "password"));
	if (!machine->name || !machine->folder)
		return plan_fault(path, "machines",
				  "each with a name, folder "
				  "and connect");
	err = argv_read(path, json, "connect", config, &machine->connect);
	if (!err)
		err = plan_list(path, json, "bring", config, &machine->bring);
	if (!err)
		err = plan_list(path, json, "standby", config,
				&machine->standby);
	while (!err && machine->bring && machine->bring[n])
		n++;
	return !err && n % 2 ? plan_fault(path, "bring", "pairs of names")
			     : err;
}

static int seat_read(const char *path, const json_t *seats,
		     enum trial_role role, struct campaign_config *config,
		     struct trial_site *site)
{
	const json_t *json = json_object_get(seats, trial_role_names[role]);
	struct trial_seat *seat = &site->seats[role];
	int err;

	seat->programs = json_get_text(json, "programs", NULL);
	seat->interface = json_get_text(json, "interface", NULL);
	seat->cpus = json_get_text(json, "cpus", "");
	seat->region = json_get_text(json, "region", NULL);
	seat->address = json_get_text(json, "address", NULL);
	if (seat->region && !seat->address)
		return plan_fault(path, "seats", "an address beside a region");
	if (!seat->programs || !seat->interface)
		return plan_fault(path, "seats",
				  "each with a machine, "
				  "programs and interface");
	err = machine_find(path, json, config, &seat->machine);
	return err ? err : plan_list(path, json, "more", config, &seat->more);
}

static int seats_read(const char *path, const json_t *seats,
		      struct campaign_config *config, struct trial_site *site)
{
	const json_t *whole = json_object_get(config->plan, "site");
	const json_t *exchange = json_object_get(seats, "exchange");
	json_int_t timeout_s = json_get_integer(whole, "timeout_s");
	int err = 0;

	if (timeout_s < 0 || timeout_s > TIMEOUT_S_MAX)
		return plan_fault(path, "timeout_s", "0 (none) to 1000000");
	site->timeout_ms = timeout_s ? (int)timeout_s * 1000 : -1;
	site->machines = config->machines;
	site->machine_count = config->machine_count;
	site->listen = json_get_text(exchange, "listen", NULL);
	site->feed = json_get_text(exchange, "feed", NULL);
	if (!site->listen || !site->feed)
		return plan_fault(path, "seats",
				  "the exchange's with listen "
				  "and feed");
	for (int i = 0; i < TRIAL_ROLES && !err; i++)
		err = seat_read(path, seats, i, config, site);
	return err;
}

static int turn_read(const char *path, const json_t *json,
		     struct campaign_config *config, struct trial_turn *turn)
{
	int err = machine_find(path, json, config, &turn->machine);

	turn->where = json_get_text(json, "where", "trader");
	if (!err)
		err = argv_read(path, json, "turn", config, &turn->turn);
	return err ? err
		   : plan_list(path, json, "restore", config, &turn->restore);
}

static int bias_read(const char *path, const json_t *site,
		     struct campaign_config *config)
{
	const json_t *bias = json_object_get(site, "bias");

	config->site.frames = json_get_text(bias, "frames", NULL);
	config->site.frames_rate = json_get_text(bias, "rate", NULL);
	if (!config->site.frames || !config->site.frames_rate)
		return plan_fault(path, "bias", "frames and their rate");
	return turn_read(path, bias, config, &config->site.loop);
}

static int guests_read(const char *path, const json_t *site,
		       struct campaign_config *config)
{
	const json_t *guests = json_object_get(site, "guests");
	int err;

	if (!guests)
		return 0;
	config->guests.found = json_get_text(guests, "found", NULL);
	err = machine_find(path, guests, config, &config->guests.machine);
	return err ? err
		   : argv_read(path, guests, "back", config,
			       &config->guests.back);
}

int plan_machines_read(const char *path, const json_t *plan,
		       struct campaign_config *config)
{
	const json_t *site = json_object_get(plan, "site");
	const json_t *machines = json_object_get(site, "machines"), *machine;
	size_t i;
	int err = 0;

	if (!machines)
		return 0;
	if (json_array_size(machines) < 1 ||
	    json_array_size(machines) > TRIAL_MACHINES_MAX)
		return plan_fault(path, "machines", "a list of 1 to 4");
	json_array_foreach(machines, i, machine)
	{
		err = machine_read(path, machine, config, &config->machines[i]);
		if (err)
			return err;
	}
	config->machine_count = (unsigned int)i;
	err = seats_read(path, json_object_get(site, "seats"), config,
			 &config->site);
	if (!err)
		err = bias_read(path, site, config);
	return err ? err : guests_read(path, site, config);
}

int plan_machines_read_arm(const char *path, unsigned int number,
			   struct campaign_config *config)
{
	const json_t *site = json_object_get(config->plan, "site");
	const json_t *json =
		json_array_get(json_object_get(site, "arms"), number);
	const json_t *turns = json_object_get(json, "turns"), *turn;
	const json_t *seats = json_object_get(json, "seats");
	struct arm *arm = &config->arms[number];
	size_t i;
	int err = 0;

	if ((turns && !json_is_array(turns)) ||
	    json_array_size(turns) > TRIAL_MACHINES_MAX)
		return plan_fault(path, "turns", "a list of at most 4");
	json_array_foreach(turns, i, turn)
	{
		err = turn_read(path, turn, config, &arm->turns[i]);
		if (err)
			return err;
	}
	arm->turn_count = (unsigned int)i;
	if (config->machine_count == 0)
		return 0;
	arm->site = seats ? &config->arm_sites[number] : &config->site;
	if (seats)
		err = seats_read(path, seats, config,
				 &config->arm_sites[number]);
	if (!err)
		err = plan_list(path, json, "guests", config, &arm->guests);
	if (!err && arm->guests && !config->guests.back)
		err = plan_fault(path, "guests",
				 "a command that starts them "
				 "as they were");
	return err;
}
