/* SPDX-License-Identifier: MIT */
/* The lab with no VM: exchange, wiretap and trader in two namespaces. */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/log.h"
#include "base/option.h"
#include "campaign/arm_judged.h"
#include "campaign/arm_text.h"
#include "campaign/campaign.h"
#include "campaign/campaign_gate.h"
#include "campaign/campaign_looks.h"
#include "campaign/campaign_manifest.h"
#include "campaign/campaign_order.h"
#include "campaign/campaign_plan.h"
#include "campaign/launch.h"
#include "campaign/local_cpus.h"
#include "campaign/trial_measure.h"
#include "exchange/pace.h"
#include "net/address.h"
#include "net/namespace.h"
#include "net/process.h"
#include "report/output.h"
#include "report/text.h"
#include "trader/strategy.h"

struct config {
	const char *feed;
	const char *arms;
	const char *peer;
	const char *builds;
	uint64_t blocks;
	const char *until;
	const char *gate;
	const char *verdict;
	const char *judge;
	const char *measure;
	uint64_t seed;
	const char *pace;
	const char *threshold_usd;
	unsigned int aggress;
	const char *group;
	const char *cpus;
	const char *output;
	const char *campaign;
	const char *order;
	bool resume;
	bool passwords;
	bool json;
};

static const struct option_row rows[] = {
	{ .name = "feed",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, feed),
	  .help = "gzip market data, as t2t-exchange takes it" },
	{ .name = "arms",
	  .metavar = "'PATH PATH...'",
	  .def = "block spin",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, arms),
	  .help = "receive paths to set side by side, as t2t-trader\n"
		  "--receive takes them, each with a + and its --transport\n"
		  "if that is not send, separated by blanks; the first is\n"
		  "what the others are compared with, and runs twice in each\n"
		  "block (@again): the campaign's own noise. PATH@handicap=NS\n"
		  "slows that trader down, to see whether it is found" },
	{ .name = "trader",
	  .metavar = "PATH=PROGRAM",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, peer),
	  .help = "run this program in the place of t2t-trader, with its\n"
		  "arguments, for arms of the receive path PATH, which may\n"
		  "be the program's own" },
	{ .name = "builds",
	  .metavar = "'NAME=FOLDER NAME=FOLDER...'",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, builds),
	  .help = "code against code: arms PATH@build=NAME are run by a\n"
		  "t2t-trader of that folder; of several, the same linked in\n"
		  "several orders, each trial draws one (make compare)" },
	{ .name = "blocks",
	  .metavar = "N",
	  .def = "8",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = CAMPAIGN_BLOCKS_MAX,
	  .offset = offsetof(struct config, blocks),
	  .help = "rounds; each runs every arm once, in a balanced order;\n"
		  "fewer than 6 can decide nothing" },
	{ .name = "verdict",
	  .metavar = "WHAT",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, verdict),
	  .help = "each: each arm against the first (if nothing is said);\n"
		  "best: which one is the best, or a group that can't be\n"
		  "told apart within --until equivalent:PERCENT (3): who is\n"
		  "slower runs no more; none: figures alone, of however few\n"
		  "blocks" },
	{ .name = "until",
	  .metavar = "WHAT[,WHAT]",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, until),
	  .help = "end before all blocks are done: decided, once each arm\n"
		  "is faster or slower; equivalent:PERCENT, or so near the\n"
		  "baseline; SECONDS, once that time has passed. At some\n"
		  "blocks it looks, and the looks share the error" },
	{ .name = "gate",
	  .metavar = "NAME:BOUND[,NAME:BOUND]",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, gate),
	  .help = "a block with a trial whose machine was not as it\n"
		  "usually is of that arm is run again: by how much more\n"
		  "canary:30%, gap:2ms, steal:5%, lateness:1ms, and psi:N%\n"
		  "where it is said; NAME:off; repeats:N blocks at most, an\n"
		  "eighth and one if nothing is said. off: whatever the\n"
		  "machine was like" },
	{ .name = "judge",
	  .metavar = "PERCENTILE",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, judge),
	  .help = "p50 (if nothing is said), or of the tail p99, p99.9 or\n"
		  "p99.99: of all orders of an arm, in 16 blocks or more" },
	{ .name = "measure",
	  .metavar = "WHAT",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, measure),
	  .help = "orders, wire to wire (if nothing is said); or logon[:N],\n"
		  "of N sessions one after the other in each trial (100):\n"
		  "from the trader's SYN to its session's first market data;\n"
		  "each session has all of the feed: a short one will do" },
	{ .name = "seed",
	  .metavar = "N",
	  .def = "0",
	  .type = OPTION_UNSIGNED,
	  .offset = offsetof(struct config, seed),
	  .help = "of that order; 0: drawn, and recorded" },
	{ .name = "pace",
	  .metavar = "PACE",
	  .def = "rate:20000",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, pace),
	  .help = "of the exchange: max, rate:N, burst:COUNT@N, poisson:N,\n"
		  "file[:SPEED]" },
	{ .name = "threshold-usd",
	  .metavar = "USD",
	  .def = STRATEGY_THRESHOLD_USD,
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, threshold_usd),
	  .help = "an update larger than this is answered by an order" },
	{ .name = "aggress",
	  .metavar = "SIDE",
	  .def = "opposite",
	  .type = OPTION_CHOICE,
	  .choices = strategy_aggress_names,
	  .offset = offsetof(struct config, aggress),
	  .help = "which side an order takes, as t2t-trader has it" },
	{ .name = "group",
	  .metavar = "ADDR:PORT",
	  .def = "239.255.0.1:12345",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, group),
	  .help = "multicast group of the market data" },
	{ .name = "cpus",
	  .metavar = "E,W,T",
	  .def = "auto",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, cpus),
	  .help = "CPUs of exchange, wiretap and trader; auto: the trader\n"
		  "has one of its own if there are two; none: not pinned;\n"
		  "of a plan for machines it says itself" },
	{ .name = "output",
	  .metavar = "FOLDER",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, output),
	  .help = "new folder for manifest, summary, captures and raw\n"
		  "samples" },
	{ .name = "campaign",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, campaign),
	  .help = "a plan made from ansible/experiments/: it says all but\n"
		  "CPUs and output, and arms may differ in anything" },
	{ .name = "order",
	  .metavar = "ARMS,BLOCKS,SEED",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, order),
	  .help = "run nothing: print as JSON in which order the arms of\n"
		  "each block run, with how many blocks a verdict needs" },
	{ .name = "resume",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct config, resume),
	  .help = "go on with a campaign in output that was cut off, with\n"
		  "the same plan: trials that are whole are kept" },
	{ .name = "passwords",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct config, passwords),
	  .help = "read a JSON object from stdin: by the name of one of the\n"
		  "campaign's machines, what its sudo wants" },
	{ .name = "json",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct config, json),
	  .help = "print the summary as JSON instead of the tables" },
	OPTION_END,
};

static const struct option_program program = {
	.name = "t2t-run",
	.summary = "measure receive paths side by side in two namespaces",
	.description =
		"Joins two fresh network namespaces by a veth pair, runs\n"
		"t2t-exchange and t2t-wiretap in the one and t2t-trader in\n"
		"the other, once for each receive path in each of several\n"
		"blocks, lets the oracle judge every order, and prints wire\n"
		"to wire latency with every parameter.\n\n"
		"Namespaces and processes vanish with this program, however\n"
		"it ends. Needs root, or a kernel that lets users make\n"
		"namespaces.",
	.exit_and_output =
		"Tables, or one JSON object, on stdout; progress on stderr.\n"
		"Exit status 1 also when an arm's orders were not all right.",
	.rows = rows,
};

static int campaign_check(const struct campaign_config *campaign)
{
	const struct trial_config *trial = &campaign->trial;
	struct sockaddr_in group;
	struct pace_config pace;
	const char *why = "";
	int64_t usd;

	for (unsigned int i = 0; i < campaign->arm_count; i++)
		if (arm_text_check(&campaign->arms[i]) < 0 ||
		    arm_judged_check(&campaign->arms[i]) < 0)
			return -EINVAL;
	if (access(trial->feed, R_OK) < 0) {
		log_error("--feed %s: %s", trial->feed, log_strerror(-errno));
		return -EINVAL;
	}
	if (decimal_parse(trial->threshold_usd, strlen(trial->threshold_usd),
			  &usd) < 0 ||
	    usd < 0) {
		log_error("--threshold-usd: '%s' is not an amount",
			  trial->threshold_usd);
		return -EINVAL;
	}
	if (address_parse_group(trial->group, &group, &why) < 0) {
		log_error("--group: '%s': %s", trial->group, why);
		return -EINVAL;
	}
	if (pace_parse(trial->pace, &pace, &why) < 0) {
		log_error("--pace: '%s': %s", trial->pace, why);
		return -EINVAL;
	}
	return 0;
}

static int folder_check(const struct config *config,
			const struct campaign_config *campaign)
{
	if (!config->output) {
		log_error("--output is required");
		return -EINVAL;
	}
	if (config->resume && !config->campaign) {
		log_error("--resume needs --campaign");
		return -EINVAL;
	}
	if (access(config->output, F_OK) != 0)
		return 0;
	if (!config->resume) {
		log_error("--output %s: exists already; results are not "
			  "overwritten",
			  config->output);
		return -EINVAL;
	}
	if (campaign_manifest_is_of(config->output, campaign))
		return 0;
	log_error("--resume: %s was begun with another plan", config->output);
	return -EINVAL;
}

/* From the command line alone, or from the plan. */
static int campaign_make(const struct config *config, char *arms,
			 const struct arm_build *builds,
			 struct arm_text texts[static CAMPAIGN_ARMS_MAX],
			 struct campaign_config *campaign)
{
	const struct arm_programs programs = { config->peer, builds };

	if (config->campaign)
		return campaign_plan_read(config->campaign, campaign);
	if (!config->feed) {
		log_error("--feed is required");
		return -EINVAL;
	}
	if (arm_text_read(arms, &programs, campaign, texts) < 0)
		return -EINVAL;
	campaign->trial.feed = config->feed;
	campaign->trial.pace = config->pace;
	campaign->trial.threshold_usd = config->threshold_usd;
	campaign->trial.aggress = strategy_aggress_names[config->aggress];
	campaign->trial.group = config->group;
	campaign->blocks = (unsigned int)config->blocks;
	campaign->seed = config->seed ? config->seed : campaign_order_seed();
	campaign->place = "local";
	campaign->accelerator = "none";
	return 0;
}

static int measure_read(const struct config *config,
			struct campaign_config *campaign)
{
	const char *why;

	if (!config->measure ||
	    trial_measure_parse(config->measure, &campaign->trial, &why) == 0)
		return 0;
	log_error("--measure: '%s': %s", config->measure, why);
	return -EINVAL;
}

/* Not by arguments, which everybody can read. */
static int passwords_read(json_t **passwords)
{
	json_error_t error;

	*passwords = json_loadf(stdin, 0, &error);
	if (json_is_object(*passwords))
		return 0;
	log_error("--passwords: stdin: line %d: expected a JSON object",
		  error.line);
	return -EINVAL;
}

static bool all_correct(const json_t *summary)
{
	const json_t *arm;
	size_t i;

	json_array_foreach(json_object_get(summary, "arms"), i, arm) if (
		!json_is_true(json_object_get(arm, "correct"))) return false;
	return true;
}

static int result_print(const struct config *config, const json_t *summary)
{
	char path[PATH_MAX];
	json_t *manifest;

	if (config->json) {
		output_json(stdout, summary);
	} else {
		snprintf(path, sizeof(path), "%s/manifest.json",
			 config->output);
		manifest = json_load_file(path, 0, NULL);
		putchar('\n');
		report_print(stdout, summary, manifest, isatty(STDOUT_FILENO));
		printf("results    %s/\n", config->output);
		json_decref(manifest);
	}
	return output_check() == 0 && all_correct(summary) ? 0 : 1;
}

static int order_print(const char *text)
{
	unsigned int arm_count, blocks;
	const char *why;
	uint64_t seed;
	json_t *order;

	if (campaign_order_parse(text, &arm_count, &blocks, &seed, &why) < 0) {
		log_error("--order: '%s': %s", text, why);
		return 2;
	}
	order = campaign_order_json(arm_count, blocks, seed);
	json_dumpf(order, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(order);
	return output_check() < 0;
}

int main(int argc, char **argv)
{
	enum option_result result;
	struct campaign_config campaign = { .gate = trial_gate_default() };
	char folder[PATH_MAX], command[4096];
	struct arm_text texts[CAMPAIGN_ARMS_MAX] = { 0 };
	struct arm_build builds[ARM_BUILDS_MAX] = { 0 };
	struct config config = { 0 };
	json_t *summary = NULL, *passwords = NULL;
	char *arms = NULL;
	int code = 2, err;

	result = option_parse_arguments(&program, argc, argv, &config);
	if (result != OPTION_RUN)
		return (int)result;
	if (config.order)
		return order_print(config.order);
	launch_command_line(argc, argv, command, sizeof(command));
	arms = strdup(config.arms);
	if (!arms || arm_builds_read(config.builds, builds) < 0 ||
	    campaign_make(&config, arms, builds, texts, &campaign) < 0 ||
	    measure_read(&config, &campaign) < 0 ||
	    campaign_gate_read(config.gate, &campaign) < 0 ||
	    campaign_looks_read(config.until, config.verdict, config.judge,
				&campaign) < 0 ||
	    campaign_check(&campaign) < 0 ||
	    folder_check(&config, &campaign) < 0 ||
	    local_cpus_read(campaign.machine_count ? "none" : config.cpus,
			    campaign.trial.cpu) < 0)
		goto free_arms;

	code = 1;
	campaign.trial.stop = launch_signals();
	if (campaign.machine_count == 0 && namespace_need_root() < 0)
		goto free_arms;
	if (config.passwords && passwords_read(&passwords) < 0)
		goto free_arms;
	if (launch_programs(folder) < 0)
		goto free_arms;
	campaign.trial.programs = folder;
	campaign.trial.passwords = passwords;
	campaign.resume = config.resume;
	campaign.folder = config.output;
	campaign.command_line = command;
	campaign.progress = isatty(STDERR_FILENO);
	err = campaign_run(&campaign, &summary);
	if (err == -EINTR)
		log_error("interrupted; what was measured is in %s",
			  config.output);
	if (!err)
		code = result_print(&config, summary);
	launch_give_to_caller(config.output);
	json_decref(summary);
free_arms:
	json_decref(passwords);
	campaign_plan_free(&campaign);
	arm_builds_close(builds);
	free(arms);
	return code;
}
