/* SPDX-License-Identifier: MIT */
#include "report/advise.h"

#include <errno.h>
#include <glob.h>
#include <math.h>
#include <string.h>

#include "base/json_get.h"
#include "base/log.h"
#include "base/mem.h"
#include "report/tables_figure.h"
#include "stats/signed_rank.h"
#include "stats/verdict.h"

#define WHY_MAX	 256
#define LARGE	 16384 /* bytes of a message, for throughput */
#define NEAR	 (ADVISE_HOST | ADVISE_RACK | ADVISE_DATACENTER)
#define ANYWHERE (NEAR | ADVISE_FAR)
#define TWO_ENDS (ADVISE_ORDERS | ADVISE_SERVERS)

/* In order of what each asks of who builds it: kernel before bypass, sleeping
 * before a CPU that spins. */
static const struct candidate {
	const char *name, *measure;
	const char *bytes; /* the measure of its throughput; NULL: none */
	unsigned int purposes, places;
	bool encrypted, reliable, standard;
} candidates[] = {
	{ "TCP with binary messages", "raw", "tcp-bulk", TWO_ENDS, ANYWHERE,
	  false, true, false },
	{ "WebSocket", "ws", "ws-bulk", TWO_ENDS, ANYWHERE, false, true, true },
	{ "FIX over TCP", "fix-sleep", NULL, ADVISE_ORDERS, ANYWHERE, false,
	  true, true },
	{ "TLS 1.3 with binary messages", "tls", "wss-bulk", TWO_ENDS, ANYWHERE,
	  true, true, false },
	{ "WebSocket in TLS 1.3", "wss", "wss-bulk", TWO_ENDS, ANYWHERE, true,
	  true, true },
	{ "UDP", "udp", "udp-bulk", ADVISE_SERVERS, ANYWHERE, false, false,
	  true },
	{ "UDP multicast", "multicast", "multicast-bulk", ADVISE_DATA, NEAR,
	  false, false, true },
	{ "a blocking receive", "block", NULL, ADVISE_DATA | ADVISE_TICK, NEAR,
	  false, false, true },
	{ "TCP with binary messages, spinning", "raw-spin", "tcp-bulk",
	  TWO_ENDS, ANYWHERE, false, true, false },
	{ "FIX over TCP, spinning", "fix", NULL, ADVISE_ORDERS, ANYWHERE, false,
	  true, true },
	{ "TLS 1.3 with binary messages, spinning", "tls-spin", NULL, TWO_ENDS,
	  ANYWHERE, true, true, false },
	{ "UDP, spinning", "udp-spin", "udp-bulk", ADVISE_SERVERS, ANYWHERE,
	  false, false, true },
	{ "a spinning receive", "spin", NULL, ADVISE_DATA | ADVISE_TICK, NEAR,
	  false, false, true },
	{ "shared memory", "shm", "shm", ADVISE_SERVERS, ADVISE_HOST, false,
	  true, false },
	{ "kernel bypass by AF_XDP", "bypass", NULL,
	  ADVISE_DATA | ADVISE_TICK | ADVISE_ORDERS, NEAR, false, true, false },
	{ "kernel bypass by DPDK", "dpdk", NULL,
	  ADVISE_DATA | ADVISE_TICK | ADVISE_ORDERS, NEAR, false, true, false },
	{ "RDMA", "rdma", "rdma", TWO_ENDS, NEAR, false, true, false },
};

/* Why it is none for this wish; NULL: it may be one. */
static const char *unfit(const struct candidate *one,
			 const struct advise_wish *wish)
{
	if (!(one->places & wish->place))
		return "does not reach so far";
	if (wish->encrypted && !one->encrypted)
		return "is not encrypted";
	if (wish->reliable && (!one->reliable || wish->purpose == ADVISE_DATA))
		return "does not bring back what was lost (of market data: "
		       "t2t-trader --recover)";
	if (wish->standard && !one->standard)
		return "is no protocol that others speak";
	return NULL;
}

struct figure {
	double value, low, high; /* NAN: not measured */
	bool interval;
};

static int figure_of(double *values, unsigned int count, struct figure *figure)
{
	int err;

	*figure = (struct figure){ NAN, NAN, NAN, false };
	if (count == 0)
		return 0;
	err = signed_rank_interval(values, count, VERDICT_ALPHA, &figure->value,
				   &figure->low, &figure->high);
	figure->interval = isfinite(figure->low) && isfinite(figure->high);
	return err;
}

static void text_of(const struct figure *figure, enum claim_unit unit,
		    char text[static WHY_MAX])
{
	char value[CLAIM_VALUE_MAX], low[CLAIM_VALUE_MAX];
	char high[CLAIM_VALUE_MAX];

	claim_format(unit, figure->value, value);
	if (figure->interval)
		snprintf(text, WHY_MAX, "%s (95 %% CI %s to %s)", value,
			 claim_format(unit, figure->low, low),
			 claim_format(unit, figure->high, high));
	else
		snprintf(text, WHY_MAX, "%s, of too few rounds for an interval",
			 value);
}

/* One bound; why: what was measured. A bound holds where all of the interval
 * does. */
static bool bound_holds(const struct figure *figure, enum claim_unit unit,
			double bound, bool above, const char *what, char *why)
{
	char text[WHY_MAX], limit[CLAIM_VALUE_MAX];
	/* Without an interval its ends are infinite. */
	const bool holds = above ? figure->low >= bound : figure->high < bound;

	text_of(figure, unit, text);
	snprintf(why + strlen(why), WHY_MAX - strlen(why), "%s%s %s",
		 *why ? "; " : "", what, text);
	if (bound > 0 && !holds)
		snprintf(why + strlen(why), WHY_MAX - strlen(why),
			 ": not shown to be %s %s",
			 above ? "at least" : "under",
			 claim_format(unit, bound, limit));
	return bound <= 0 || holds;
}

struct answer {
	double ns; /* NAN: not measured */
	bool holds, measured;
	char why[WHY_MAX];
};

static int latency_judge(const struct tables_raw *raw,
			 const struct advise_wish *wish,
			 const struct measure *measure, struct answer *answer)
{
	double values[TABLES_ROUNDS_MAX];
	struct figure figure;
	unsigned int count = tables_figure_percentile(raw, measure,
						      wish->percentile, values);
	char what[64];
	int err = figure_of(values, count, &figure);

	answer->ns = figure.value;
	if (err || !isfinite(figure.value)) {
		snprintf(answer->why, WHY_MAX,
			 "too few messages in each round for its %s",
			 wish->percentile);
		return err;
	}
	snprintf(what, sizeof(what), "%s %s", wish->percentile,
		 measure->kind == MEASURE_ARM ? "wire to wire" : "one way");
	answer->measured = true;
	answer->holds = bound_holds(&figure, CLAIM_NS, wish->under_ns, false,
				    what, answer->why);
	return 0;
}

static int bytes_judge(const struct tables_raw *raw,
		       const struct advise_wish *wish, const char *name,
		       struct answer *answer)
{
	const struct measure *measure = measure_find(name);
	double values[TABLES_ROUNDS_MAX];
	struct figure figure;
	unsigned int count = 0;
	int err;

	if (measure)
		count = tables_figure_values(raw, measure, FIGURE_BYTES, LARGE,
					     values);
	err = figure_of(values, count, &figure);
	if (err || !isfinite(figure.value)) {
		answer->measured = answer->holds = false;
		snprintf(answer->why, WHY_MAX,
			 "its throughput was not "
			 "measured");
		return err;
	}
	answer->holds &=
		bound_holds(&figure, CLAIM_BYTES_PER_S, wish->bytes_per_s, true,
			    "throughput", answer->why);
	return 0;
}

static int candidate_judge(const struct tables_raw *raw,
			   const struct advise_wish *wish,
			   const struct candidate *one, struct answer *answer)
{
	const struct measure *measure = measure_find(one->measure);
	const char *why = unfit(one, wish), *lack;
	int err;

	*answer = (struct answer){ .ns = NAN };
	if (why) {
		/* What can't be one is none that was not measured. */
		answer->measured = true;
		snprintf(answer->why, WHY_MAX, "%s", why);
		return 0;
	}
	lack = tables_raw_absent(raw, measure);
	if (lack) {
		snprintf(answer->why, WHY_MAX, "%s", lack);
		return 0;
	}
	err = latency_judge(raw, wish, measure, answer);
	if (!err && answer->measured && wish->bytes_per_s > 0)
		err = bytes_judge(raw, wish, one->bytes, answer);
	return err;
}

static void place_tell(const struct tables_raw *raw,
		       const struct advise_wish *wish, json_t *missing)
{
	const char *place = json_get_text(raw->manifest, "place", "");

	if (wish->place != ADVISE_HOST)
		json_array_append_new(
			missing,
			json_sprintf("a NIC, a cable and a switch: measured in "
				     "%s; they add to each figure: t2t-echo "
				     "between the two machines says how much",
				     place));
	if (wish->place == ADVISE_FAR)
		json_array_append_new(
			missing, json_string("the distance: light in glass "
					     "takes 5 us a kilometre"));
}

/* Is this one better than the pick so far? */
static bool is_better(const struct advise_wish *wish,
		      const struct answer *answer, double best_ns)
{
	if (!answer->holds)
		return false;
	return isnan(best_ns) || (wish->under_ns <= 0 && answer->ns < best_ns);
}

int advise_make(const struct tables_raw *raw, const struct advise_wish *wish,
		json_t **advice)
{
	json_t *reasons = json_array(), *missing = json_array();
	const char *pick = NULL;
	double best_ns = NAN;

	place_tell(raw, wish, missing);
	for (size_t i = 0; i < ARRAY_SIZE(candidates); i++) {
		const struct candidate *one = &candidates[i];
		struct answer answer;
		int err;

		if (!(one->purposes & wish->purpose))
			continue;
		err = candidate_judge(raw, wish, one, &answer);
		if (err) {
			json_decref(reasons);
			json_decref(missing);
			return err;
		}
		if (!answer.measured)
			json_array_append_new(
				missing,
				json_sprintf("%s: %s", one->name, answer.why));
		if (is_better(wish, &answer, best_ns)) {
			pick = one->name;
			best_ns = answer.ns;
		}
		json_array_append_new(reasons, json_pack("{s:s,s:b,s:s}",
							 "name", one->name,
							 "holds", answer.holds,
							 "why", answer.why));
	}
	*advice = json_pack("{s:s,s:s?,s:o,s:o}", "schema", "t2t-advice/1",
			    "pick", pick, "reasons", reasons, "not_measured",
			    missing);
	return *advice ? 0 : -ENOMEM;
}

void advise_print(FILE *out, const json_t *advice)
{
	const json_t *one;
	size_t i;

	fprintf(out, "%s\n",
		json_get_text(
			advice, "pick",
			"none: nothing that was measured is shown to do"));
	json_array_foreach(json_object_get(advice, "reasons"), i, one) fprintf(
		out, "  %s %-38s %s\n",
		json_is_true(json_object_get(one, "holds")) ? "+" : "-",
		json_get_text(one, "name", ""), json_get_text(one, "why", ""));
	json_array_foreach(json_object_get(advice, "not_measured"), i, one)
		fprintf(out, "%s%s\n", i ? "              " : "not measured: ",
			json_string_value(one));
	fprintf(out, "results    %s/\n", json_get_text(advice, "result", ""));
}

static int newest(char path[static PATH_MAX])
{
	glob_t found;
	int err = -ENOENT;

	if (glob("results/tables-*/" MEASURES_FILE, 0, NULL, &found) == 0) {
		/* Their names are times; glob(3) sorts them. */
		for (size_t i = found.gl_pathc; err && i-- > 0;) {
			json_t *json =
				json_load_file(found.gl_pathv[i], 0, NULL);

			if (!strcmp(json_get_text(json, "state", ""),
				    "complete")) {
				snprintf(path, PATH_MAX, "%.*s",
					 (int)(strlen(found.gl_pathv[i]) -
					       strlen("/" MEASURES_FILE)),
					 found.gl_pathv[i]);
				err = 0;
			}
			json_decref(json);
		}
		globfree(&found);
	}
	if (err)
		log_error("--advise: no result of make tables in results/: run "
			  "it, or name one");
	return err;
}

int advise_load(const char *folder, const char *text, json_t **advice)
{
	struct advise_wish wish;
	struct tables_raw raw;
	char path[PATH_MAX], fault[ADVISE_FAULT_MAX];
	int err;

	if (advise_parse(text, &wish, fault) < 0) {
		log_error("--advise: %s", fault);
		return -EINVAL;
	}
	if (!folder) {
		err = newest(path);
		if (err)
			return err;
		folder = path;
	}
	err = tables_raw_open(&raw, folder);
	if (err)
		return err;
	err = advise_make(&raw, &wish, advice);
	tables_raw_close(&raw);
	if (!err)
		json_object_set_new(*advice, "result", json_string(folder));
	return err;
}
