/* SPDX-License-Identifier: MIT */
#include "wiretap/analysis_output.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stddef.h>

#include "base/decimal.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/address.h"
#include "stats/histogram.h"
#include "stats/percentile.h"
#include "wire/pcapng.h"
#include "wiretap/analysis_faults.h"
#include "wiretap/analysis_verdict.h"
#include "wiretap/pairing.h"

/* The counts, in the order of both outputs. */
static const struct count {
	const char *name; /* in JSON */
	const char *text; /* in the table; NULL: not in it */
	bool always;	  /* in the table, even when it is 0 */
	size_t offset;
} counts[] = {
#define COUNT(member, text, always)                              \
	{                                                        \
#member, text, always,                           \
			offsetof(struct analysis_result, member) \
	}
	COUNT(frames, "frames in the capture", true),
	COUNT(packets, "market data packets", true),
	COUNT(messages, "messages in them", true),
	COUNT(snapshots, "snapshot packets", true),
	COUNT(multi_message_packets, "packets of several messages", false),
	COUNT(end_of_feed, "ends of feed", false),
	COUNT(sessions, "sessions", true),
	COUNT(connections, "order connections", true),
	COUNT(gaps, "gaps", true),
	COUNT(lost_packets, "packets lost in gaps", false),
	COUNT(duplicates, "packets seen twice", false),
	COUNT(reordered, "packets that came late", false),
	COUNT(strangers, "packets of other senders", false),
	COUNT(foreign, "packets of other sessions", false),
	COUNT(doubted, "packets not believed", false),
	COUNT(bad_datagrams, "datagrams that are none", false),
	COUNT(bad_messages, "bad messages", false),
	COUNT(conflicting, "of those, with other bytes", false),
	COUNT(dropped, "frames dropped at the tap", false),
	COUNT(split_frames, "merged frames, taken apart", false),
	COUNT(merged_frames, "merged frames, of unknown size", false),
	COUNT(other_vlan_frames, "frames of other VLANs", false),
	COUNT(unstamped_frames, "frames without a time stamp", false),
	COUNT(mixed_clocks, "frames of another clock", false),
	COUNT(unsorted, "frames stamped far out of order", false),
	COUNT(fragments, "IP fragments, not looked into", false),
	COUNT(our_fragments, "of those, perhaps of this feed", false),
	COUNT(truncated_frames, "frames captured in part", false),
	COUNT(our_truncated_frames, "of those, perhaps of this feed", false),
	COUNT(malformed_frames, "malformed frames", false),
	COUNT(our_malformed_frames, "of those, perhaps of this feed", false),
	COUNT(unknown_link_frames, "frames of unknown link type", false),
	COUNT(stamps_backwards, "frames not in order of stamps", false),
	COUNT(retransmissions, "TCP segments seen twice", false),
	COUNT(out_of_order, "TCP segments out of order", false),
	COUNT(lost_order_bytes, "order bytes not captured", false),
	COUNT(partial_orders, "orders cut off", false),
	COUNT(unreadable_connections, "order connections unreadable", false),
	COUNT(shared_segments, "segments of several orders", false),
	COUNT(stray_orders, "orders of other connections", false),
	COUNT(no_opposite, "triggers without a level to hit", false),
	COUNT(triggers, "orders called for", true),
	COUNT(orders, "orders seen", true),
	COUNT(matched, "matched", true),
	COUNT(missing, "missing", true),
	COUNT(extra, "extra", true),
	COUNT(wrong, "wrong", true),
	COUNT(unjudged_triggers, "called for, not judged", false),
	COUNT(unjudged_orders, "seen, not judged", false),
	COUNT(ambiguous, "called for, like a near one", false),
	COUNT(ambiguous_faults, "faults among those", false),
	COUNT(first_stamp_ns, NULL, false),
	COUNT(last_stamp_ns, NULL, false),
#undef COUNT
};

static uint64_t count_of(const struct analysis_result *result,
			 const struct count *count)
{
	return *(const uint64_t *)(const void *)((const char *)result +
						 count->offset);
}

static json_t *summary_json(const struct latencies_summary *summary)
{
	json_t *root = json_object();
	uint64_t value;

	for (size_t i = 0; i < LATENCIES_COLUMNS; i++)
		json_object_set_new(root, latencies_columns[i].key,
				    latencies_shown(summary, i, &value)
					    ? json_integer((json_int_t)value)
					    : json_null());
	json_object_set_new(root, "count",
			    json_integer((json_int_t)summary->count));
	json_object_set_new(root, "kept_one_in",
			    json_integer((json_int_t)summary->stride));
	return root;
}

static const char *clock_name(uint32_t clock)
{
	return clock == PCAPNG_CLOCK_UNTOLD   ? "unknown"
	       : clock == PCAPNG_CLOCK_KERNEL ? "kernel"
	       : clock == PCAPNG_CLOCK_RING   ? "ring"
	       : clock == PCAPNG_CLOCK_REGION ? "region"
					      : "NIC";
}

/* Decimals as numbers, whole ones without a point. */
static json_t *decimal_json(int64_t nano)
{
	if (nano % DECIMAL_ONE == 0)
		return json_integer(nano / DECIMAL_ONE);
	return json_real((double)nano / DECIMAL_ONE);
}

static json_t *vlan_json(uint32_t vlan)
{
	if (vlan == ANALYSIS_VLAN_AUTO)
		return json_string("auto");
	if (vlan == 0)
		return json_string("none");
	return vlan >> 12 ? json_sprintf("%u.%u", vlan >> 12, vlan & 0xfff)
			  : json_sprintf("%u", vlan);
}

const char *const analysis_recover_names[] = { "none", "request", NULL };
const char *const analysis_measure_names[] = { "orders", "logon", NULL };

/* Only where the trader waits: what the oracle was told of it. */
static json_t *recover_json(const struct analysis_config *config)
{
	char group[ADDRESS_TEXT_MAX];

	if (!analysis_recovers(config))
		return NULL;
	return json_pack("{s:s, s:I, s:I, s:s?}", "recover",
			 analysis_recover_names[config->recover], "recover_ms",
			 (json_int_t)config->recover_ms, "retransmit_port",
			 (json_int_t)analysis_retransmit_port(config),
			 "group_b",
			 config->group[1].sin_port
				 ? address_format(&config->group[1], group)
				 : NULL);
}

static json_t *parameters_json(const struct analysis_config *config,
			       const char *file)
{
	const struct strategy_config *strategy = &config->strategy;
	char group[ADDRESS_TEXT_MAX];

	/* s*: a path that is no UTF-8 has no place in JSON and is left out. */
	return json_pack(
		"{s:o*, s:o, s:s, s:s, s:I, s:I, s:s, s:I, s:I, s:b, s:b, s:o,"
		" s:o*}",
		"file", json_string(file), "threshold_usd",
		decimal_json(strategy->threshold_usd), "aggress",
		strategy_aggress_names[strategy->aggress], "contract",
		strategy_contract_names[strategy->contract], "order_quantity",
		(json_int_t)strategy->quantity, "jump_max",
		(json_int_t)config->jump_max, "group",
		address_format(&config->group[0], group), "order_port",
		(json_int_t)config->order_port, "line_rate",
		(json_int_t)config->line_rate, "back_to_back",
		config->back_to_back, "impaired", config->impaired, "vlan",
		vlan_json(config->vlan), "recovery", recover_json(config));
}

static json_t *line_json(const struct recovery_line *line)
{
	return json_pack("{s:I, s:I, s:I}", "first", (json_int_t)line->first,
			 "late", (json_int_t)line->late, "missing",
			 (json_int_t)line->missing);
}

/* How what was missing was had. */
static json_t *recovery_json(const struct analysis_config *config,
			     const struct analysis_result *result)
{
	const struct recovery_counts *recovery = &result->recovery;
	const struct recovery_line *answers =
		&result->line[RECOVERY_RETRANSMITTED];
	json_t *lines = json_array();

	for (unsigned int i = 0; i < analysis_lines(config); i++)
		json_array_append_new(lines, line_json(&result->line[i]));
	return json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
		"s:{s:I, s:I, s:I, s:o}, s:o}",
		"missing", (json_int_t)recovery->missing, "filled",
		(json_int_t)recovery->filled, "recovered",
		(json_int_t)recovery->recovered, "given_up",
		(json_int_t)recovery->given_up, "too_late",
		(json_int_t)recovery->too_late, "raced",
		(json_int_t)recovery->raced, "requests",
		(json_int_t)recovery->requests, "requested",
		(json_int_t)recovery->requested, "answers_late",
		(json_int_t)answers->late, "notices",
		(json_int_t)result->notices, "beside",
		(json_int_t)result->beside, "unmeasured",
		(json_int_t)result->unmeasured, "fill_ns", "count",
		(json_int_t)recovery->fills, "p50",
		(json_int_t)histogram_half_ns(&recovery->fill,
					      recovery->fill_max_ns),
		"max", (json_int_t)recovery->fill_max_ns, "histogram",
		histogram_to_json(&recovery->fill), "lines", lines);
}

/* null where no orders are wrong, or nothing is known to be lacked. */
static json_t *rest_json(const struct analysis_rest *rest)
{
	if (rest->lacked == 0)
		return json_null();
	if (!rest->known)
		return json_pack("{s:I, s:n}", "packets",
				 (json_int_t)rest->lacked, "correct");
	return json_pack("{s:I, s:b, s:I, s:I, s:I, s:I, s:I}", "packets",
			 (json_int_t)rest->lacked, "correct",
			 rest->missing + rest->extra + rest->wrong == 0,
			 "triggers", (json_int_t)rest->triggers, "matched",
			 (json_int_t)rest->matched, "missing",
			 (json_int_t)rest->missing, "extra",
			 (json_int_t)rest->extra, "wrong",
			 (json_int_t)rest->wrong);
}

static json_t *result_json(const struct analysis_config *config,
			   const char *file,
			   const struct analysis_result *result, bool complete)
{
	char reason[ANALYSIS_REASON_MAX];
	enum analysis_verdict verdict =
		analysis_verdict(result, complete, reason);
	json_t *root = json_pack(
		"{s:s, s:o, s:s?, s:b, s:b}", "schema", ANALYSIS_OUTPUT_SCHEMA,
		"correct",
		verdict == ANALYSIS_UNJUDGED
			? json_null()
			: json_boolean(verdict == ANALYSIS_RIGHT),
		"reason", *reason ? reason : NULL, "complete", complete,
		"joined_mid_session", result->joined_mid_session);
	int bad = 0;

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		bad |= json_object_set_new(
			root, counts[i].name,
			json_integer((json_int_t)count_of(result, &counts[i])));
	bad |= json_object_set_new(root, "faults",
				   analysis_faults_json(result));
	bad |= json_object_set_new(root, "lacked", rest_json(&result->rest));
	bad |= json_object_set_new(root, "vlan", vlan_json(result->vlan));
	bad |= json_object_set_new(root, "clocks",
				   json_pack("{s:s,s:s}", "market_data",
					     clock_name(result->data_clock),
					     "orders",
					     clock_name(result->order_clock)));
	bad |= json_object_set_new(root, "wire_to_wire_ns",
				   summary_json(&result->wire_to_wire));
	if (config->measure == ANALYSIS_MEASURE_LOGON)
		bad |= json_object_set_new(root, "logon_ns",
					   summary_json(&result->logon));
	if (result->multi_message_packets > 0)
		bad |= json_object_set_new(
			root, "deciding_message_ns",
			summary_json(&result->deciding_message));
	if (config->back_to_back)
		bad |= json_object_set_new(root, "back_to_back_ns",
					   summary_json(&result->back_to_back));
	if (analysis_tells_missing(config))
		bad |= json_object_set_new(root, "recovery",
					   recovery_json(config, result));
	bad |= json_object_set_new(root, "parameters",
				   parameters_json(config, file));
	if (!bad)
		return root;
	json_decref(root);
	return NULL;
}

int analysis_output_json(FILE *out, const struct analysis_config *config,
			 const char *file, const struct analysis_result *result,
			 bool complete)
{
	json_t *root = result_json(config, file, result, complete);
	int rc = 0;

	if (!root) {
		log_error("no memory for the result");
		return -ENOMEM;
	}
	if (json_dumpf(root, out, JSON_INDENT(2)) < 0 ||
	    fputc('\n', out) == EOF || fflush(out) == EOF) {
		rc = errno ? -errno : -EIO;
		log_error("can't write the result: %s", log_strerror(rc));
	}
	json_decref(root);
	return rc;
}

/* Is something hidden in the row? */
static bool summary_print(FILE *out, const char *name,
			  const struct latencies_summary *summary)
{
	char text[LATENCIES_TEXT_MAX];

	fprintf(out, "%-30s", name);
	if (summary->count == 0)
		fputs(" none", out);
	for (size_t i = 0; i < LATENCIES_COLUMNS && summary->count > 0; i++)
		fprintf(out, " %10s", latencies_text(summary, i, text));
	fputc('\n', out);
	return latencies_hides(summary);
}

static void summaries_print(FILE *out, const struct analysis_config *config,
			    const struct analysis_result *result)
{
	bool hidden;

	fprintf(out, "\n%-30s", "ns");
	for (size_t i = 0; i < LATENCIES_COLUMNS; i++)
		fprintf(out, " %10s", latencies_columns[i].head);
	fputc('\n', out);
	hidden = summary_print(out, "wire to wire", &result->wire_to_wire);
	if (config->measure == ANALYSIS_MEASURE_LOGON)
		hidden |= summary_print(out, "logon", &result->logon);
	if (result->multi_message_packets > 0)
		hidden |= summary_print(out, "deciding message to wire",
					&result->deciding_message);
	if (config->back_to_back)
		hidden |= summary_print(out, "back to back",
					&result->back_to_back);
	if (hidden)
		fputs(PERCENTILE_NOTE "\n", out);
}

static void verdict_print(FILE *out, const struct analysis_result *result,
			  bool complete)
{
	char reason[ANALYSIS_REASON_MAX];

	switch (analysis_verdict(result, complete, reason)) {
	case ANALYSIS_RIGHT:
		fprintf(out, "correct: each order called for was sent\n");
		break;
	case ANALYSIS_WRONG:
		fprintf(out, "INCORRECT: the latencies below don't count\n");
		if (*reason)
			fprintf(out, "%s\n", reason);
		analysis_faults_print(out, result);
		break;
	case ANALYSIS_UNJUDGED:
		fprintf(out, "CAN'T BE JUDGED: %s\n", reason);
		break;
	}
	if (!complete)
		fprintf(out, "INCOMPLETE: the capture could not be read to "
			     "its end\n");
	if (result->shared_segments > 0)
		fprintf(out,
			"%" PRIu64 " segments hold several orders, which have "
			"one stamp: the whole segment's\n",
			result->shared_segments);
	if (result->ambiguous > 0)
		fprintf(out,
			"%" PRIu64 " orders called for are like one that was "
			"open with them, or up to %d ms before: which order "
			"answers which can't be known, nor whether one is "
			"missing beside an extra one\n",
			result->ambiguous, (int)(PAIRING_NEAR_NS / 1000000));
}

static void recovery_print(FILE *out, const struct analysis_config *config,
			   const struct analysis_result *result)
{
	const struct recovery_counts *recovery = &result->recovery;

	fprintf(out,
		"missing %" PRIu64 ": filled by a line %" PRIu64
		", recovered %" PRIu64 ", given up %" PRIu64 ", raced %" PRIu64
		"; requests %" PRIu64 "\n",
		recovery->missing, recovery->filled, recovery->recovered,
		recovery->given_up, recovery->raced, recovery->requests);
	if (recovery->fills > 0)
		fprintf(out,
			"gaps filled %" PRIu64 ": half of them within %" PRIu64
			" ns, the longest took %" PRIu64 " ns\n",
			recovery->fills,
			histogram_half_ns(&recovery->fill,
					  recovery->fill_max_ns),
			recovery->fill_max_ns);
	if (result->unmeasured > 0)
		fprintf(out,
			"%" PRIu64 " orders came when something was given up: "
			"no frame called for them, and they have no latency\n",
			result->unmeasured);
	for (unsigned int i = 0; i < analysis_lines(config); i++)
		fprintf(out,
			"line %c: first with %" PRIu64 ", late with %" PRIu64
			", missing %" PRIu64 "\n",
			'A' + (int)i, result->line[i].first,
			result->line[i].late, result->line[i].missing);
}

void analysis_output_table(FILE *out, const struct analysis_config *config,
			   const char *file,
			   const struct analysis_result *result, bool complete)
{
	const struct strategy_config *strategy = &config->strategy;
	char group[ADDRESS_TEXT_MAX], threshold[DECIMAL_TEXT_MAX];
	uint64_t value;

	decimal_format(strategy->threshold_usd, threshold);
	fprintf(out, "%s: group %s, order port %" PRIu64 "\n", file,
		address_format(&config->group[0], group), config->order_port);
	fprintf(out,
		"rule: larger than %s USD, aggress %s, %s contracts, "
		"%" PRIu32 " lots\n\n",
		threshold, strategy_aggress_names[strategy->aggress],
		strategy_contract_names[strategy->contract],
		strategy->quantity);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		value = count_of(result, &counts[i]);
		if (counts[i].text && (counts[i].always || value > 0))
			fprintf(out, "%-30s %10" PRIu64 "\n", counts[i].text,
				value);
	}
	if (result->data_clock || result->order_clock)
		fprintf(out, "%-30s %10s\n%-30s %10s\n", "market data's clock",
			clock_name(result->data_clock), "orders' clock",
			clock_name(result->order_clock));
	if (analysis_tells_missing(config))
		recovery_print(out, config, result);
	fputc('\n', out);
	verdict_print(out, result, complete);
	summaries_print(out, config, result);
}
