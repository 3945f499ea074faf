/* SPDX-License-Identifier: MIT */
/* A campaign's report, made anew from its raw files. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/log.h"
#include "base/option.h"
#include "report/advise.h"
#include "report/beside.h"
#include "report/checklist.h"
#include "report/export.h"
#include "report/fleet.h"
#include "report/gate.h"
#include "report/history.h"
#include "report/html.h"
#include "report/markdown.h"
#include "report/output.h"
#include "report/page_trials.h"
#include "report/power_report.h"
#include "report/schema.h"
#include "report/summary.h"
#include "report/tables.h"
#include "report/text.h"

#define EXIT_GATE 3

struct config {
	const char *result;
	const char *html;
	const char *compare;
	const char *files;
	const char *markdown;
	const char *fail_if;
	const char *advise;
	const char *checklist;
	struct gate gate; /* by fail_if */
	bool json;
	bool history;
};

static const struct option_row rows[] = {
	{ .name = "result",
	  .metavar = "FOLDER",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, result),
	  .help = "results of t2t-run, of an experiment, of a fleet or of\n"
		  "t2t-tables; the option's name may be left out when it\n"
		  "comes first" },
	{ .name = "html",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, html),
	  .help = "write the report there as one self-contained page" },
	{ .name = "files",
	  .metavar = "FOLDER",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, files),
	  .help = "write summary.json, trials.csv, junit.xml and an .hgrm of\n"
		  "each arm into that folder, which must exist; of a fleet\n"
		  "or of t2t-tables summary.json alone" },
	{ .name = "markdown",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, markdown),
	  .help = "write verdicts and a table there, for a pull request" },
	{ .name = "fail-if",
	  .metavar = "slower:PERCENT",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, fail_if),
	  .help = "exit status 3, and a failure in junit.xml, where an arm\n"
		  "is slower by so much or more, and where nothing can be\n"
		  "said of it: wrong orders, nothing judged, too few blocks;\n"
		  "what is undecided (~) passes" },
	{ .name = "advise",
	  .metavar = "WHAT",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, advise),
	  .help = "pick a connection type by a result of t2t-tables, or by\n"
		  "the newest one of make tables: what for (order entry,\n"
		  "market data, tick to trade, between servers), how far\n"
		  "(same host, same rack, same datacenter, other\n"
		  "datacenter), p99 under 20 us, at least 100 MB/s,\n"
		  "encrypted, reliable, standard; commas between. Exit\n"
		  "status 1 where none is shown to do" },
	{ .name = "checklist",
	  .metavar = "FOLDER",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, checklist),
	  .help = "of ten known measures: what the newest result of each\n"
		  "one's experiment says, of those in this folder" },
	{ .name = "json",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct config, json),
	  .help = "print the summary as JSON instead of the tables" },
	{ .name = "history",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct config, history),
	  .help = "show what changed over all results in FOLDER and below,\n"
		  "those of the same machine, kernel, place and load together\n"
		  "whatever the programs' version; with --html and --json" },
	{ .name = "compare",
	  .metavar = "FOLDER",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, compare),
	  .help = "set these results beside it; refused where accelerator or\n"
		  "schema differ" },
	OPTION_END,
};

static const struct option_program program = {
	.name = "t2t-report",
	.summary = "make a campaign's report from its raw files",
	.synopsis = "FOLDER [OPTION...]",
	.description =
		"Reads manifest, trials and raw latencies of a results\n"
		"folder, checks them, works out every figure and verdict\n"
		"again, and shows them as text, JSON or a page. What is\n"
		"half-written or of another schema version is refused.\n\n"
		"Of a fleet (a folder with fleet.json, and a campaign's\n"
		"result in cells/NAME each) every cell is shown by itself\n"
		"and all are merged with the machine as a factor; a cell\n"
		"that is dead, void or of another campaign is named, and\n"
		"the others are merged. Of what make power counted: how\n"
		"often verdicts were right, and the curve of it.\n\n"
		"Of a result of t2t-tables (a folder with tables.json) it\n"
		"makes the tables of connection types: each claim, what was\n"
		"measured, and whether that is in, below or above it.",
	.exit_and_output =
		"Tables, or one JSON object, on stdout. Exit status 1\n"
		"when the results can't be used, and when a cell of a\n"
		"fleet is not in the merged figures; 3 by --fail-if.",
	.rows = rows,
};

struct report {
	struct results results;
	json_t *summary;
};

static int report_load(struct report *report, const char *folder)
{
	int err = results_open(&report->results, folder, false);

	if (err)
		return err;
	err = summary_make(&report->results, &report->summary);
	if (err)
		results_close(&report->results);
	return err;
}

static void report_free(struct report *report)
{
	json_decref(report->summary);
	results_close(&report->results);
}

static int page_write(const char *path, const struct report *report)
{
	struct atomic_file whole;
	char links[PATH_MAX];
	int err = atomic_file_open(&whole, path);

	if (err)
		return err;
	err = html_write(
		whole.file, &report->results, report->summary,
		page_trials_links(path, report->results.folder, links));
	return atomic_file_close(&whole, err);
}

static int markdown_save(const char *path, const struct report *report,
			 const struct gate *gate)
{
	struct atomic_file whole;
	int err = atomic_file_open(&whole, path);

	if (err)
		return err;
	markdown_write(whole.file, report->summary, report->results.manifest,
		       gate);
	return atomic_file_close(&whole, 0);
}

static const char *accelerator(const struct report *report)
{
	return json_string_value(
		json_object_get(report->summary, "accelerator"));
}

static int comparable(const struct report *one, const struct report *two)
{
	if (!strcmp(accelerator(one), accelerator(two)))
		return 0;
	log_error("%s and %s are not comparable: accelerators %s and %s",
		  one->results.folder, two->results.folder, accelerator(one),
		  accelerator(two));
	return -EINVAL;
}

/* One JSON object, also of two. */
static int json_print(const struct report *one, const struct report *two)
{
	if (two && json_object_set_new(one->summary, "beside",
				       json_pack("{s:s,s:O}", "folder",
						 two->results.folder, "arms",
						 json_object_get(two->summary,
								 "arms"))) < 0)
		return -ENOMEM;
	output_json(stdout, one->summary);
	return 0;
}

/* other: what --compare names, or NULL. EXIT_GATE: all is shown, and --fail-if
 * fails. */
static int report_show(const struct config *config, const struct report *report,
		       const struct report *other)
{
	int err = schema_check(schema_summary, report->summary, config->result);

	if (!err && config->files)
		err = export_all(config->files, &report->results,
				 report->summary, &config->gate);
	if (!err && config->html)
		err = page_write(config->html, report);
	if (!err && config->markdown)
		err = markdown_save(config->markdown, report, &config->gate);
	if (!err && config->json)
		err = json_print(report, other);
	if (err)
		return err;
	if (!config->json)
		report_print(stdout, report->summary, report->results.manifest,
			     isatty(STDOUT_FILENO));
	if (!config->json && other)
		beside_print(&report->results, report->summary, &other->results,
			     other->summary);
	err = output_check();
	if (!err && gate_failures(&config->gate, report->summary) > 0)
		err = EXIT_GATE;
	return err;
}

static int summary_save(const char *folder, const json_t *summary)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/summary.json", folder);
	return output_write(path, output_json, summary);
}

static int history_show(const struct config *config)
{
	json_t *history;
	int err;

	if (config->markdown || config->fail_if || config->compare ||
	    config->files) {
		log_error("--markdown, --fail-if, --compare and --files: not "
			  "with --history");
		return -EINVAL;
	}
	err = history_load(config->result, &history);
	if (err)
		return err;
	if (config->html)
		err = output_write(config->html, history_page, history);
	if (!err && config->json)
		output_json(stdout, history);
	else if (!err)
		history_print(stdout, history, isatty(STDOUT_FILENO));
	if (!err)
		err = output_check();
	json_decref(history);
	return err;
}

/* -ENODATA: all is shown, but not all cells are in it. */
static int fleet_make(const struct config *config)
{
	json_t *summary;
	int err;

	if (config->markdown || config->fail_if) {
		log_error("--markdown and --fail-if: not of a fleet, as %s is",
			  config->result);
		return -EINVAL;
	}
	if (config->compare) {
		log_error("--compare: %s is a fleet's: compare its cells",
			  config->result);
		return -EINVAL;
	}
	err = fleet_load(config->result, &summary);
	if (!err && config->files)
		err = summary_save(config->files, summary);
	if (!err && config->html)
		err = output_write(config->html, fleet_page, summary);
	if (!err && config->json)
		output_json(stdout, summary);
	else if (!err)
		fleet_print(stdout, summary, isatty(STDOUT_FILENO));
	if (!err)
		err = output_check();
	if (!err && !fleet_is_whole(summary))
		err = -ENODATA;
	json_decref(summary);
	return err;
}

static int power_make(const struct config *config)
{
	json_t *power;
	int err;

	if (config->markdown || config->fail_if || config->compare ||
	    config->files) {
		log_error("%s is of make power: it has --html and --json alone",
			  config->result);
		return -EINVAL;
	}
	err = power_report_load(config->result, &power);
	if (!err && config->html)
		err = output_write(config->html, power_report_page, power);
	if (!err && config->json) {
		output_json(stdout, power);
	} else if (!err) {
		power_report_print(stdout, power);
	}
	json_decref(power);
	return err ? err : output_check();
}

/* Of a result of t2t-tables. */
static int tables_report(const struct config *config)
{
	json_t *summary;
	int err;

	if (config->fail_if || config->compare) {
		log_error("--fail-if and --compare: not of a result of "
			  "t2t-tables, as %s is",
			  config->result);
		return -EINVAL;
	}
	err = tables_load(config->result, &summary);
	if (err)
		return err;
	if (config->files)
		err = summary_save(config->files, summary);
	if (!err && config->html)
		err = output_write(config->html, tables_page, summary);
	if (!err && config->markdown)
		err = output_write(config->markdown, tables_markdown, summary);
	if (!err && config->json)
		output_json(stdout, summary);
	else if (!err)
		tables_print(stdout, summary);
	json_decref(summary);
	return err ? err : output_check();
}

static int checklist(const struct config *config)
{
	json_t *list;
	int err = checklist_make(config->checklist, &list);

	if (err)
		return err;
	if (config->markdown)
		err = output_write(config->markdown, checklist_markdown, list);
	if (!err && config->json)
		output_json(stdout, list);
	else if (!err)
		checklist_print(stdout, list);
	json_decref(list);
	return err ? err : output_check();
}

/* -ENODATA: none is shown to do. */
static int advise(const struct config *config)
{
	json_t *advice;
	int err = advise_load(config->result, config->advise, &advice);

	if (err)
		return err;
	if (config->json)
		output_json(stdout, advice);
	else
		advise_print(stdout, advice);
	err = json_is_null(json_object_get(advice, "pick")) ? -ENODATA : 0;
	json_decref(advice);
	return err ? err : output_check();
}

/* What can't be read or compared is refused before anything is written. */
static int report_make(const struct config *config)
{
	struct report report, other;
	int err = report_load(&report, config->result);

	if (err)
		return err;
	if (!config->compare) {
		err = report_show(config, &report, NULL);
		goto free_report;
	}
	err = report_load(&other, config->compare);
	if (err)
		goto free_report;
	err = comparable(&report, &other);
	if (!err)
		err = report_show(config, &report, &other);
	report_free(&other);
free_report:
	report_free(&report);
	return err;
}

/* FOLDER alone, in front, is --result FOLDER. */
static char **arguments(int *argc, char **argv)
{
	static char name[] = "--result";
	char **all = calloc((size_t)*argc + 2, sizeof(*all));
	int n = 0;

	for (int i = 0; i < *argc && all; i++) {
		if (i == 1 && argv[i][0] != '-')
			all[n++] = name;
		all[n++] = argv[i];
	}
	*argc = n;
	return all;
}

/* An exit code. */
static int make(struct config *config)
{
	const char *why;
	int err;

	if (config->fail_if &&
	    gate_parse(config->fail_if, &config->gate, &why) < 0) {
		log_error("--fail-if: '%s': %s", config->fail_if, why);
		return 2;
	}
	if (config->checklist)
		return checklist(config) < 0;
	if (config->advise) {
		err = advise(config);
		return err == -EINVAL ? 2 : err < 0;
	}
	if (!config->result) {
		log_error("--result is required");
		return 2;
	}
	if (config->history)
		err = history_show(config);
	else if (tables_is(config->result))
		err = tables_report(config);
	else if (fleet_is(config->result))
		err = fleet_make(config);
	else if (power_report_is(config->result))
		err = power_make(config);
	else
		err = report_make(config);
	return err < 0 ? 1 : err;
}

int main(int argc, char **argv)
{
	struct config config = { 0 };
	enum option_result result;
	int code;

	argv = arguments(&argc, argv);
	if (!argv)
		return 1;
	result = option_parse_arguments(&program, argc, argv, &config);
	code = result == OPTION_RUN ? make(&config) : (int)result;
	free(argv);
	return code;
}
