/* SPDX-License-Identifier: MIT */
#include "campaign/tables_campaigns.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json_get.h"
#include "base/log.h"
#include "net/process.h"
#include "report/measures.h"

#define PACE	 "rate:5000" /* held on two CPUs, one of which spins */
#define BASELINE "block"     /* of each campaign */

static bool is_absent(const json_t *absent, const struct measure *measure)
{
	return json_object_get(absent, measure->name) != NULL;
}

static bool campaign_is_whole(const char *path)
{
	char name[PATH_MAX + 16];
	json_t *manifest;
	bool whole;

	snprintf(name, sizeof(name), "%s/manifest.json", path);
	manifest = json_load_file(name, 0, NULL);
	whole = !strcmp(json_get_text(manifest, "state", ""), "complete");
	json_decref(manifest);
	return whole;
}

/* All arms of the campaign that can be had, behind the baseline. */
static void campaign_arms(const json_t *absent, const char *campaign,
			  char *text, size_t size)
{
	size_t n = (size_t)snprintf(text, size, "%s", BASELINE);

	for (const struct measure *one = measures; one->name; one++) {
		if (one->kind == MEASURE_ARM && !is_absent(absent, one) &&
		    !strcmp(one->campaign, campaign) &&
		    strcmp(one->arm, BASELINE) != 0 && n < size)
			n += (size_t)snprintf(text + n, size - n, " %s",
					      one->arm);
	}
}

static void campaign_absent(json_t *absent, const char *campaign,
			    const char *log, int code)
{
	char line[512], why[512];
	FILE *file = fopen(log, "re");

	snprintf(why, sizeof(why), "t2t-run ended with %d", code);
	while (file && fgets(line, sizeof(line), file)) {
		const char *said = strstr(line, "error: ");

		line[strcspn(line, "\n")] = '\0';
		if (said)
			snprintf(why, sizeof(why), "%s",
				 said + strlen("error: "));
	}
	if (file)
		fclose(file);
	log_warning("campaign %s: %s", campaign, why);
	for (const struct measure *one = measures; one->name; one++) {
		if (one->kind == MEASURE_ARM && !is_absent(absent, one) &&
		    !strcmp(one->campaign, campaign))
			json_object_set_new(absent, one->name,
					    json_string(why));
	}
}

/* Wrong orders are no failure here: the report says of which arm they are. */
static int campaign_measure(const struct tables_config *config, json_t *absent,
			    const char *campaign)
{
	char program[PATH_MAX], path[PATH_MAX], log[PATH_MAX], arms[512];
	char blocks[32], seed[32], ignored[1];
	const char *const again[] = { "rm", "-rf", "--", path, NULL };
	const char *const argv[] = {
		program, "--feed",    config->feed, "--arms", arms, "--blocks",
		blocks,	 "--verdict", "none",	    "--seed", seed, "--pace",
		PACE,	 "--output",  path,	    "--json", NULL
	};
	const struct process_place place = {
		.namespace = -1, .cpu = -1, .out = "/dev/null", .err = log
	};
	struct process process = { 0 };
	int code;

	snprintf(path, sizeof(path), "%s/campaigns/%s", config->folder,
		 campaign);
	snprintf(log, sizeof(log), "%s/campaigns/%s.log", config->folder,
		 campaign);
	if (campaign_is_whole(path))
		return 0;
	process_output(again, ignored, sizeof(ignored));
	snprintf(program, sizeof(program), "%s/t2t-run", config->programs);
	snprintf(blocks, sizeof(blocks), "%" PRIu64, config->blocks);
	snprintf(seed, sizeof(seed), "%" PRIu64, config->seed);
	campaign_arms(absent, campaign, arms, sizeof(arms));
	log_info("campaign %s: %s, %s blocks", campaign, arms, blocks);
	code = process_start(&process, argv, &place);
	if (code == 0)
		code = process_wait(&process, -1, config->stop);
	process_stop(&process, SIGTERM, 30000);
	if (code == -EINTR)
		return code;
	if (!campaign_is_whole(path))
		campaign_absent(absent, campaign, log, code);
	return 0;
}

static bool is_first_of_campaign(const json_t *absent,
				 const struct measure *measure)
{
	if (measure->kind != MEASURE_ARM || is_absent(absent, measure))
		return false;
	for (const struct measure *one = measures; one != measure; one++) {
		if (one->kind == MEASURE_ARM && !is_absent(absent, one) &&
		    !strcmp(one->campaign, measure->campaign))
			return false;
	}
	return true;
}

int tables_campaigns(const struct tables_config *config, json_t *absent)
{
	char path[PATH_MAX];
	int err;

	snprintf(path, sizeof(path), "%s/campaigns", config->folder);
	err = mkdir(path, 0777) == 0 || errno == EEXIST ? 0 : -errno;
	if (err)
		log_error("%s: %s", path, log_strerror(err));
	for (const struct measure *one = measures; !err && one->name; one++) {
		if (is_first_of_campaign(absent, one))
			err = campaign_measure(config, absent, one->campaign);
	}
	return err;
}
