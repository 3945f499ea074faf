/* SPDX-License-Identifier: MIT */
#include "campaign/trial_knobs.h"

#include <errno.h>
#include <stdlib.h>

#include "base/json_get.h"
#include "base/log.h"

#define KNOBS_MS 60000 /* for a command that turns knobs, or puts them back */

static json_t *turn_request(const struct trial_turn *turn)
{
	json_t *request =
		json_pack("{s:s,s:o}", "do", turn->restore ? "turn" : "run",
			  "argv", trial_strings(turn->turn));

	if (turn->restore)
		json_object_set_new(request, "restore",
				    trial_strings(turn->restore));
	return request;
}

/* What a command said of the knobs: a new reference; null of none. */
static json_t *said(const json_t *answer)
{
	json_t *found = json_loads(json_get_text(answer, "out", ""), 0, NULL);

	return found ? found : json_null();
}

static void turned_add(struct trial_machines *machines,
		       const struct trial_turn *turn, const json_t *answer)
{
	json_t *found = said(answer);

	json_array_append_new(machines->turned,
			      json_pack("{s:s,s:O*,s:O*}", "where", turn->where,
					"set", json_object_get(found, "set"),
					"found",
					json_object_get(found, "found")));
	json_decref(found);
}

int trial_knobs_turn(struct trial_machines *machines, const struct arm *arm,
		     const struct trial_files *files)
{
	int err = 0;

	json_decref(machines->turned);
	machines->turned = json_array();
	for (unsigned int i = 0; i < arm->turn_count && !err; i++) {
		const struct trial_turn *turn = &arm->turns[i];
		json_t *answer;

		err = trial_machines_ask(machines, turn->machine,
					 turn_request(turn), KNOBS_MS, &answer);
		if (err)
			break;
		turned_add(machines, turn, answer);
		err = trial_text_save(files->path[TRIAL_FILE_KNOBS_LOG],
				      json_get_text(answer, "err", ""));
		if (!err)
			err = trial_command_judge(turn->turn[0], answer);
		json_decref(answer);
	}
	return err;
}

/* Of one machine; what it said, of the knobs as the trial left them. */
static int turn_restore(struct trial_machines *machines,
			const struct trial_turn *turn, json_t **after)
{
	const json_t *command;
	json_t *answer;
	int err = trial_machines_ask(machines, turn->machine,
				     json_pack("{s:s}", "do", "restore"),
				     KNOBS_MS, &answer);

	*after = json_null();
	if (err)
		return err;
	/* None: what was to be turned never was. */
	command = json_array_get(json_object_get(answer, "commands"), 0);
	if (command) {
		*after = said(command);
		err = trial_command_judge(turn->restore[0], command);
	}
	json_decref(answer);
	return err;
}

/* The guests as the lab wrote them down, and what was turned. */
static int knobs_save(const struct trial_machines *machines,
		      const struct trial_files *files)
{
	const char *path = machines->guests ? machines->guests->found : NULL;
	json_t *report = path ? json_load_file(path, 0, NULL) : NULL;
	json_t *all = json_pack("{s:O,s:O*}", "turned", machines->turned,
				"guests", report);
	char *text = json_dumps(all, JSON_INDENT(2));
	int err = text ? trial_text_save(files->path[TRIAL_FILE_KNOBS], text)
		       : -ENOMEM;

	free(text);
	json_decref(all);
	json_decref(report);
	return err;
}

int trial_knobs_restore(struct trial_machines *machines, const struct arm *arm,
			const struct trial_files *files)
{
	int err = 0;

	/* All of them, whatever becomes of one. */
	for (unsigned int i = arm->turn_count; i-- > 0;) {
		json_t *after, *turned = json_array_get(machines->turned, i);
		int one =
			arm->turns[i].restore
				? turn_restore(machines, &arm->turns[i], &after)
				: 0;

		err = err ? err : one;
		if (!arm->turns[i].restore)
			continue;
		if (turned && json_object_get(after, "found"))
			json_object_set(turned, "after",
					json_object_get(after, "found"));
		json_decref(after);
	}
	if (!err && (arm->turn_count > 0 || machines->guests))
		err = knobs_save(machines, files);
	return err;
}

/*
 * The wire looped back.
 */

int trial_loop_begin(struct trial_machines *machines)
{
	const struct trial_turn *loop = &machines->site->loop;
	json_t *answer;
	int err = trial_machines_ask(machines, loop->machine,
				     turn_request(loop), KNOBS_MS, &answer);

	if (err)
		return err;
	if (json_get_integer(answer, "code") != 0) {
		log_warning("the tap's own bias is not measured: the wire "
			    "can't be looped: %s",
			    json_get_text(answer, "err", ""));
		err = -EOPNOTSUPP;
	}
	json_decref(answer);
	return err;
}

int trial_loop_end(struct trial_machines *machines)
{
	const struct trial_turn *loop = &machines->site->loop;
	json_t *after = NULL;
	int err = loop->restore ? turn_restore(machines, loop, &after) : 0;

	json_decref(after);
	return err;
}

int trial_loop_clear(struct trial_machines *machines)
{
	const struct trial_turn *loop = &machines->site->loop;

	return loop->restore ? trial_machines_run(machines, loop->machine,
						  trial_strings(loop->restore),
						  KNOBS_MS)
			     : 0;
}
