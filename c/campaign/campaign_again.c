/* SPDX-License-Identifier: MIT */
#include "campaign/campaign_again.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json_get.h"
#include "base/log.h"
#include "campaign/trial_files.h"
#include "report/results.h"

struct aside {
	const struct campaign_config *config;
	char (*folders)[PATH_MAX];
	json_t *trials[CAMPAIGN_ARMS_MAX];
	unsigned int count;
	bool marked[CAMPAIGN_ARMS_MAX]; /* they are why */
};

static bool mark_void(struct aside *aside)
{
	bool any = false;

	for (unsigned int i = 0; i < aside->count; i++) {
		aside->marked[i] = json_is_null(json_object_get(
			json_object_get(aside->trials[i], "analysis"),
			"correct"));
		any |= aside->marked[i];
	}
	return any;
}

static bool mark_unfit(struct aside *aside, unsigned int block)
{
	bool any = false;

	for (unsigned int i = 0; i < aside->count; i++) {
		const json_t *trial = aside->trials[i], *reason;
		const json_t *gate = json_object_get(trial, "gate");
		size_t n;

		aside->marked[i] = json_is_false(json_object_get(gate, "fit"));
		any |= aside->marked[i];
		json_array_foreach(json_object_get(gate, "reasons"), n, reason)
		{
			log_warning("block %u fails the gate: %s: %s",
				    block + 1, json_get_text(trial, "name", ""),
				    json_string_value(reason));
		}
	}
	return any;
}

/* -EEXIST when that was done often enough. */
static int trial_move(const struct campaign_config *config, const char *folder,
		      const char *where)
{
	const char *name = strrchr(folder, '/') + 1;
	char path[PATH_MAX];
	int err;

	if (snprintf(path, sizeof(path), "%s/%s", config->folder, where) >=
	    PATH_MAX)
		return -ENAMETOOLONG;
	err = trial_folder_make(path);
	for (unsigned int k = 1; k < CAMPAIGN_BLOCK_TRIES && !err; k++) {
		if (snprintf(path, sizeof(path), "%s/%s/%s.%u", config->folder,
			     where, name, k) >= PATH_MAX)
			return -ENAMETOOLONG;
		if (access(path, F_OK) == 0)
			continue;
		if (rename(folder, path) == 0)
			return 0;
		err = -errno;
		log_error("can't move %s to %s: %s", folder, path,
			  log_strerror(err));
	}
	return err ? err : -EEXIST;
}

/* Those that are why come last: cut off in between, the block is put aside
 * when the campaign goes on. */
static int aside_move(const struct aside *aside, const char *where)
{
	int err = 0;

	for (int why = 0; why < 2; why++)
		for (unsigned int i = 0; i < aside->count && !err; i++)
			if (aside->marked[i] == (bool)why)
				err = trial_move(aside->config,
						 aside->folders[i], where);
	return err;
}

static int void_again(struct aside *aside, unsigned int block)
{
	int err = aside_move(aside, "void");

	if (err == -EEXIST) {
		log_warning("block %u can't be judged, in %d tries: it counts "
			    "for nothing",
			    block + 1, CAMPAIGN_BLOCK_TRIES);
		return 0;
	}
	if (err)
		return err;
	log_warning("block %u can't be judged: it is made again", block + 1);
	return 1;
}

static int unfit_again(struct campaign_gate *gate, struct aside *aside,
		       unsigned int block, bool late)
{
	const unsigned int most = campaign_gate_repeats(gate, block);
	int err = late || gate->repeated >= most
			  ? -EEXIST
			  : aside_move(aside, RESULTS_GATED);

	if (err == -EEXIST) {
		log_warning("block %u counts all the same: no more may be run "
			    "again (%u of %u were)",
			    block + 1, gate->repeated, most);
		return 0;
	}
	if (err)
		return err;
	gate->repeated++;
	log_warning("block %u is run again (%u of at most %u)", block + 1,
		    gate->repeated, gate->repeats);
	return 1;
}

int campaign_again(struct campaign_gate *gate, unsigned int block,
		   char (*folders)[PATH_MAX], unsigned int count, bool late)
{
	struct aside aside = { .config = gate->config,
			       .folders = folders,
			       .count = count };
	int again = 0;

	for (unsigned int i = 0; i < count; i++)
		aside.trials[i] = results_part(folders[i], "trial.json");
	if (mark_void(&aside))
		again = void_again(&aside, block);
	else if (mark_unfit(&aside, block))
		again = unfit_again(gate, &aside, block, late);
	for (unsigned int i = 0; i < count; i++)
		json_decref(aside.trials[i]);
	return again;
}
