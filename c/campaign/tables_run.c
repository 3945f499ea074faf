/* SPDX-License-Identifier: MIT */
#include "campaign/tables_run.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/json_get.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "campaign/cpu_contention.h"
#include "campaign/provenance.h"
#include "campaign/tables_absent.h"
#include "campaign/tables_campaigns.h"
#include "campaign/tables_echo.h"
#include "campaign/tables_operations.h"
#include "net/namespace.h"
#include "order/tls_keys.h"
#include "report/measures.h"

#define PLACE	     "two network namespaces of one machine, a veth pair"
#define MEASURES_MAX 64
#define ROUNDS_MAX   500 /* as report/tables_raw.h reads */

struct run {
	const struct tables_config *config;
	json_t *manifest, *absent;
	struct tables_site site;
	uint64_t seed;
	uint64_t begin_ns;
	struct cpu_contention begin_busy;
};

/*
 * Files.
 */

static int json_save(const char *folder, const char *name, const json_t *json)
{
	struct atomic_file whole;
	char path[PATH_MAX];
	int err;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	err = atomic_file_open(&whole, path);
	if (err)
		return err;
	json_dumpf(json, whole.file, JSON_INDENT(2));
	fputc('\n', whole.file);
	return atomic_file_close(&whole, 0);
}

static int folder_make(const char *path)
{
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return 0;
	log_error("%s: %s", path, log_strerror(-errno));
	return -errno;
}

static json_t *now_json(void)
{
	time_t now = time(NULL);
	char text[32];
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	return json_string(text);
}

/* Who else wanted the CPUs; of one that was cut off the worse of its parts. */
static void contention_note(struct run *run)
{
	const json_t *earlier = json_object_get(run->manifest, "machine");
	struct cpu_contention now = run->begin_busy;
	double others;

	cpu_contention_take(&now);
	others = cpu_contention_others(&run->begin_busy, &now);
	if (json_is_object(earlier) &&
	    json_get_number(earlier, "others_cpus") > others)
		return;
	json_object_set_new(
		run->manifest, "machine",
		json_pack("{s:f,s:f,s:f}", "others_cpus", others, "stolen_cpus",
			  cpu_contention_stolen(&run->begin_busy, &now),
			  "seconds",
			  (double)(clock_monotonic_ns() - run->begin_ns) /
				  1e9));
}

static int manifest_save(struct run *run, const char *state)
{
	json_object_set_new(run->manifest, "state", json_string(state));
	json_object_set_new(run->manifest, "ended", now_json());
	return json_save(run->config->folder, MEASURES_FILE, run->manifest);
}

/* What a resumed one must have alike. */
static json_t *parameters(const struct tables_config *config)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:s}", "messages",
			 (json_int_t)config->messages, "handshakes",
			 (json_int_t)config->handshakes, "blocks",
			 (json_int_t)config->blocks, "seed",
			 (json_int_t)config->seed, "feed", config->feed);
}

static int resume_check(struct run *run)
{
	json_t *wanted = parameters(run->config), *found;
	char path[PATH_MAX];
	bool alike;

	snprintf(path, sizeof(path), "%s/" MEASURES_FILE, run->config->folder);
	found = json_load_file(path, 0, NULL);
	/* A seed that was drawn is kept. */
	if (run->config->seed == 0)
		json_object_set(
			wanted, "seed",
			json_object_get(json_object_get(found, "parameters"),
					"seed"));
	alike = json_equal(json_object_get(found, "parameters"), wanted);
	if (alike) {
		run->manifest = json_incref(found);
		run->seed = (uint64_t)json_get_integer(found, "seed");
	} else {
		log_error("--resume: %s was begun with other parameters, or is "
			  "no result of t2t-tables",
			  run->config->folder);
	}
	json_decref(found);
	json_decref(wanted);
	return alike ? 0 : -EINVAL;
}

static int manifest_begin(struct run *run)
{
	const struct tables_config *config = run->config;
	json_t *cpus = json_array();

	for (unsigned int i = 0; i < run->site.cpu_count; i++)
		json_array_append_new(cpus, json_integer(run->site.cpus[i]));
	run->manifest = json_pack(
		"{s:s,s:o,s:s,s:s,s:i,s:i,s:I,s:o,s:o,s:o,s:o}", "schema",
		MEASURES_SCHEMA, "started", now_json(), "place", PLACE,
		"command_line", config->command_line, "rounds", 0, "pairs",
		run->site.cpu_count ? (int)run->site.cpu_count : 1, "seed",
		(json_int_t)config->seed, "parameters", parameters(config),
		"cpus", cpus, "host", provenance_host(), "programs",
		provenance_programs(config->programs));
	return run->manifest ? 0 : -ENOMEM;
}

static bool is_absent(const struct run *run, const struct measure *measure)
{
	return json_object_get(run->absent, measure->name) != NULL;
}

/*
 * The place.
 */

static void cpus_choose(struct tables_site *site)
{
	unsigned int cpus[TABLES_CPUS_MAX];
	unsigned int n = cpu_list(cpus, TABLES_CPUS_MAX);

	site->cpu_count = n < TABLES_CPUS_MAX ? n : TABLES_CPUS_MAX;
	for (unsigned int i = 0; i < site->cpu_count; i++)
		site->cpus[i] = (int)cpus[i];
}

static int place_make(struct run *run)
{
	struct tables_site *site = &run->site;
	struct namespace_end server = { .name = TABLES_SERVER_INTERFACE,
					.prefix_len = 24 };
	struct namespace_end client = { .name = TABLES_CLIENT_INTERFACE,
					.prefix_len = 24 };
	int err = namespace_open(&site->server);

	if (!err)
		err = namespace_open(&site->client);
	if (err)
		return err;
	server.fd = site->server;
	client.fd = site->client;
	inet_pton(AF_INET, TABLES_SERVER_ADDRESS, &server.address);
	inet_pton(AF_INET, TABLES_CLIENT_ADDRESS, &client.address);
	return namespace_veth(&server, &client);
}

/* In memory: nothing is left of them, however this process ends. */
static int keys_make(struct run *run)
{
	const struct tls_keys_config config = { .host = "exchange", .days = 1 };

	if (is_absent(run, measure_find("tls")))
		return 0;
	return tls_keys_hold(&config, run->site.keys);
}

/*
 * Rounds.
 */

/* Those of a round, in an order of its own. */
static unsigned int order_draw(const struct run *run, unsigned int round,
			       const struct measure *order[MEASURES_MAX])
{
	uint64_t state = run->seed + round;
	unsigned int n = 0;

	for (const struct measure *one = measures; one->name; one++) {
		if ((one->kind == MEASURE_ECHO || one->kind == MEASURE_MANY) &&
		    !is_absent(run, one) && n < MEASURES_MAX)
			order[n++] = one;
	}
	for (unsigned int i = n; i > 1; i--) {
		unsigned int j = (unsigned int)random_below(&state, i);
		const struct measure *one = order[i - 1];

		order[i - 1] = order[j];
		order[j] = one;
	}
	return n;
}

static bool file_is_there(const struct run *run, const char *folder,
			  const struct measure *measure)
{
	const unsigned int last = run->site.cpu_count;
	char path[PATH_MAX + 80];

	if (measure->kind == MEASURE_MANY)
		snprintf(path, sizeof(path), "%s/%s.%u.json", folder,
			 measure->name, last ? last - 1 : 0);
	else
		snprintf(path, sizeof(path), "%s/%s.json", folder,
			 measure->name);
	return access(path, F_OK) == 0;
}

static void progress_show(const struct run *run, unsigned int round,
			  const char *name, unsigned int i, unsigned int count)
{
	if (run->config->progress)
		fprintf(stderr, "\r\033[Kround %u: %s (%u of %u, %.0f s)",
			round, name, i + 1, count,
			(double)(clock_monotonic_ns() - run->begin_ns) / 1e9);
}

static int round_measure(struct run *run, unsigned int round)
{
	const struct measure *order[MEASURES_MAX];
	const unsigned int count = order_draw(run, round, order);
	char folder[PATH_MAX - 128], path[PATH_MAX];
	int err;

	snprintf(folder, sizeof(folder), "%s/rounds/%03u", run->config->folder,
		 round);
	err = folder_make(folder);
	for (unsigned int i = 0; !err && i < count; i++) {
		if (file_is_there(run, folder, order[i]))
			continue;
		progress_show(run, round, order[i]->name, i, count);
		err = tables_echo(&run->site, order[i], folder);
		if (!err && *run->config->stop)
			err = -EINTR;
	}
	if (run->config->progress)
		fputs("\r\033[K", stderr);
	snprintf(path, sizeof(path), "%s/" MEASURES_OPERATIONS ".json", folder);
	if (!err && access(path, F_OK) != 0) {
		json_t *all = json_pack("{s:s,s:o}", "schema", MEASURES_SCHEMA,
					"operations", tables_operations());

		err = json_save(folder, MEASURES_OPERATIONS ".json", all);
		json_decref(all);
	}
	return err;
}

static bool is_enough(const struct run *run, unsigned int rounds)
{
	const struct tables_config *config = run->config;
	const uint64_t passed_ns = clock_monotonic_ns() - run->begin_ns;

	if (rounds == 0)
		return false;
	if (config->rounds)
		return rounds >= config->rounds;
	if (rounds >= ROUNDS_MAX)
		return true;
	return passed_ns >= config->seconds * CLOCK_NS_PER_S *
				    (rounds < TABLES_RUN_ROUNDS_LEAST ? 2 : 1);
}

static int rounds_measure(struct run *run)
{
	unsigned int rounds = 0;
	char path[PATH_MAX];
	int err;

	snprintf(path, sizeof(path), "%s/rounds", run->config->folder);
	err = folder_make(path);
	while (!err && !is_enough(run, rounds)) {
		err = round_measure(run, rounds + 1);
		if (err)
			break;
		rounds++;
		json_object_set_new(run->manifest, "rounds",
				    json_integer(rounds));
		log_info("round %u is whole (%.0f s)", rounds,
			 (double)(clock_monotonic_ns() - run->begin_ns) / 1e9);
	}
	return err;
}

static int all_measure(struct run *run)
{
	int err = tables_absent_find(run->config, &run->absent);

	if (err)
		return err;
	json_object_set_new(run->manifest, "absent", run->absent);
	err = manifest_save(run, "running");
	if (!err)
		err = tables_campaigns(run->config, run->absent);
	if (!err)
		err = keys_make(run);
	if (!err)
		err = place_make(run);
	return err ? err : rounds_measure(run);
}

int tables_run(const struct tables_config *config)
{
	struct run run = { .config = config,
			   .seed = config->seed,
			   .site = { .programs = config->programs,
				     .server = -1,
				     .client = -1,
				     .keys = { -1, -1, -1, -1, -1 },
				     .messages = config->messages,
				     .handshakes = config->handshakes,
				     .stop = config->stop },
			   .begin_ns = clock_monotonic_ns() };
	int err, saved;

	cpu_contention_take(&run.begin_busy);
	cpus_choose(&run.site);
	err = config->resume ? resume_check(&run) : manifest_begin(&run);
	if (!err)
		err = folder_make(config->folder);
	if (err)
		goto free_manifest;
	err = all_measure(&run);
	contention_note(&run);
	saved = manifest_save(&run, !err	    ? "complete"
				    : err == -EINTR ? "interrupted"
						    : "failed");
	err = err ? err : saved;
	tls_keys_drop(run.site.keys);
	namespace_close(&run.site.client);
	namespace_close(&run.site.server);
free_manifest:
	json_decref(run.manifest);
	return err;
}
