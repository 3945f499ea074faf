/* SPDX-License-Identifier: MIT */
#include "trader/trader_report.h"

#include <stdio.h>

#include "base/mem.h"
#include "net/address.h"
#include "stats/percentile.h"

#define NS_PER_US 1000.0

static json_t *counters_json(const struct trader *trader)
{
	const struct trader_counters *counters = &trader->counters;
	const struct strategy *strategy = &trader->strategy;
	const struct {
		const char *name;
		uint64_t count;
	} numbers[] = {
		{ "packets", counters->packets },
		{ "messages", counters->messages },
		{ "triggers", strategy->triggers },
		{ "orders", counters->orders },
		{ "orders_refused", counters->refused },
		{ "orders_unacknowledged", counters->unacknowledged },
		{ "reconnects", counters->reconnects },
		{ "no_opposite", strategy->no_opposite },
		{ "gaps", counters->gaps },
		{ "lost", counters->lost },
		{ "dropped_by_kernel", counters->dropped },
		{ "duplicates", counters->duplicates },
		{ "foreign", counters->foreign },
		{ "doubted", counters->doubted },
		{ "bad_datagrams", counters->bad },
		{ "bad_messages", strategy->bad },
		{ "beyond_symbols", strategy->beyond },
		{ "beyond_levels", strategy_levels_dropped(strategy) },
	};
	json_t *all = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		json_object_set_new(all, numbers[i].name,
				    json_integer((json_int_t)numbers[i].count));
	return all;
}

static json_t *stages_json(struct trader *trader)
{
	json_t *stages = json_object();

	for (int i = 0; i < STAGES_INTERVALS; i++) {
		struct latencies_summary all =
			stages_summary(&trader->stages, i);

		json_t *stage = json_object();
		uint64_t value;

		json_object_set_new(stages, stages_interval_names[i], stage);
		json_object_set_new(stage, "count",
				    json_integer((json_int_t)all.count));
		for (size_t k = 0; k < LATENCIES_COLUMNS; k++)
			json_object_set_new(
				stage, latencies_columns[k].key,
				latencies_shown(&all, k, &value)
					? json_integer((json_int_t)value)
					: json_null());
	}
	return stages;
}

static json_t *line_json(const struct trader *trader, unsigned int i)
{
	const struct recovery_line *line = &trader->recovery.line[i];
	char group[ADDRESS_TEXT_MAX];

	return json_pack("{s:s,s:s?,s:I,s:I,s:I}", "group",
			 address_format(&trader->config->group[i], group),
			 "interface", trader_interface(trader->config, i),
			 "first", (json_int_t)line->first, "late",
			 (json_int_t)line->late, "missing",
			 (json_int_t)line->missing);
}

static json_t *fill_json(const struct recovery_counts *counts)
{
	return json_pack("{s:I,s:I,s:o}", "count", (json_int_t)counts->fills,
			 "max", (json_int_t)counts->fill_max_ns, "histogram",
			 histogram_to_json(&counts->fill));
}

/* null where nothing ever waits. */
static json_t *recovery_json(const struct trader *trader)
{
	const struct recovery_counts *counts = &trader->recovery.counts;
	json_t *all, *lines;

	if (!trader_recovers(trader->config))
		return json_null();
	lines = json_array();
	for (unsigned int i = 0; i < trader->sources.lines; i++)
		json_array_append_new(lines, line_json(trader, i));
	all = json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "missing",
			(json_int_t)counts->missing, "filled",
			(json_int_t)counts->filled, "recovered",
			(json_int_t)counts->recovered, "given_up",
			(json_int_t)counts->given_up, "too_late",
			(json_int_t)counts->too_late, "requests",
			(json_int_t)counts->requests, "requested",
			(json_int_t)counts->requested, "unsent",
			(json_int_t)trader->sources.unsent, "unwelcome_answers",
			(json_int_t)trader->sources.unwelcome);
	json_object_set_new(all, "fill_ns", fill_json(counts));
	json_object_set_new(all, "lines", lines);
	return all;
}

/* null where there was no connection. */
static json_t *channel_json(const struct trader *trader)
{
	const struct channel *channel = trader->connection.channel;

	return channel ? json_pack("{s:s,s:s,s:s?}", "name",
				   channel_name(channel), "prepared",
				   channel->prepared, "records",
				   channel->records)
		       : json_null();
}

json_t *trader_report_interfaces(const struct trader_config *wanted)
{
	const char *second = wanted->interface[1];

	if (!*wanted->interface[0])
		return json_null();
	return json_sprintf("%s%s%s", wanted->interface[0], *second ? "," : "",
			    second);
}

json_t *trader_report_groups(const struct trader_config *wanted)
{
	char first[ADDRESS_TEXT_MAX], second[ADDRESS_TEXT_MAX] = "";
	bool two = trader_lines(wanted) > 1;

	if (two)
		address_format(&wanted->group[1], second);
	return json_sprintf("%s%s%s", address_format(&wanted->group[0], first),
			    two ? "," : "", second);
}

/* By the sessions' tags, for who judges the orders by what there was. */
static json_t *lacked_json(const struct trader *trader)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < trader->lacked_count; i++) {
		const struct trader_lacked *lacked = &trader->lacked[i];

		json_array_append_new(list, json_pack("{s:i,s:I,s:I}", "tag",
						      (int)lacked->tag, "first",
						      (json_int_t)lacked->first,
						      "end",
						      (json_int_t)lacked->end));
	}
	return list;
}

json_t *trader_report_json(struct trader *trader)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:I,s:s}", "counters",
			 counters_json(trader), "lacked", lacked_json(trader),
			 "stages_ns", stages_json(trader), "recovery",
			 recovery_json(trader), "channel", channel_json(trader),
			 "flushes", (json_int_t)trader->stages.flushes, "clock",
			 clock_counter_name());
}

static void recovery_print(const struct trader *trader)
{
	const struct recovery_counts *counts = &trader->recovery.counts;
	char group[ADDRESS_TEXT_MAX];

	for (unsigned int i = 0; i < trader->sources.lines; i++) {
		const struct recovery_line *line = &trader->recovery.line[i];

		printf("line %c, %s on %s: first with %llu, late with %llu, "
		       "missing %llu\n",
		       'A' + (char)i,
		       address_format(&trader->config->group[i], group),
		       trader_interface(trader->config, i),
		       (unsigned long long)line->first,
		       (unsigned long long)line->late,
		       (unsigned long long)line->missing);
	}
	printf("missing %llu: filled by a line %llu, recovered %llu, given up "
	       "%llu; requests %llu\n",
	       (unsigned long long)counts->missing,
	       (unsigned long long)counts->filled,
	       (unsigned long long)counts->recovered,
	       (unsigned long long)counts->given_up,
	       (unsigned long long)counts->requests);
	if (counts->fills)
		printf("gaps filled %llu: half of them within %.1f us, the "
		       "longest took %.1f us\n",
		       (unsigned long long)counts->fills,
		       (double)histogram_half_ns(&counts->fill,
						 counts->fill_max_ns) /
			       NS_PER_US,
		       (double)counts->fill_max_ns / NS_PER_US);
}

static void channel_print(const struct channel *channel)
{
	if (!channel)
		return;
	printf("channel %s; prepared before the tick: %s\n",
	       channel_name(channel), channel->prepared);
	if (channel->records)
		printf("records made by the %s\n", channel->records);
}

void trader_report_print(struct trader *trader)
{
	const struct trader_counters *counters = &trader->counters;
	const struct strategy *strategy = &trader->strategy;

	char text[LATENCIES_TEXT_MAX];
	bool hidden = false;

	printf("%-18s %9s", "stage, ns", "count");
	for (size_t k = 0; k < LATENCIES_COLUMNS; k++)
		printf(" %9s", latencies_columns[k].head);
	putchar('\n');
	for (int i = 0; i < STAGES_INTERVALS; i++) {
		struct latencies_summary all =
			stages_summary(&trader->stages, i);

		if (all.count == 0 && i != STAGES_USER_TO_SENT) {
			printf("%-18s %9s %s\n", stages_interval_names[i], "-",
			       counters->orders
				       ? "this path has no kernel stamps"
				       : "no order was sent");
			continue;
		}
		printf("%-18s %9llu", stages_interval_names[i],
		       (unsigned long long)all.count);
		for (size_t k = 0; k < LATENCIES_COLUMNS; k++)
			printf(" %9s", latencies_text(&all, k, text));
		putchar('\n');
		hidden |= latencies_hides(&all);
	}
	if (hidden)
		puts(PERCENTILE_NOTE);
	printf("packets %llu, messages %llu, triggers %llu, orders %llu "
	       "(not acknowledged %llu), refused %llu, no opposite %llu, "
	       "reconnects %llu\n"
	       "gaps %llu, lost %llu, dropped by the kernel %llu, duplicates "
	       "%llu, of other sessions %llu, not believed %llu, bad "
	       "datagrams %llu, bad messages %llu, beyond the symbols %llu, "
	       "beyond the levels %llu\n",
	       (unsigned long long)counters->packets,
	       (unsigned long long)counters->messages,
	       (unsigned long long)strategy->triggers,
	       (unsigned long long)counters->orders,
	       (unsigned long long)counters->unacknowledged,
	       (unsigned long long)counters->refused,
	       (unsigned long long)strategy->no_opposite,
	       (unsigned long long)counters->reconnects,
	       (unsigned long long)counters->gaps,
	       (unsigned long long)counters->lost,
	       (unsigned long long)counters->dropped,
	       (unsigned long long)counters->duplicates,
	       (unsigned long long)counters->foreign,
	       (unsigned long long)counters->doubted,
	       (unsigned long long)counters->bad,
	       (unsigned long long)strategy->bad,
	       (unsigned long long)strategy->beyond,
	       (unsigned long long)strategy_levels_dropped(strategy));
	channel_print(trader->connection.channel);
	if (trader_recovers(trader->config))
		recovery_print(trader);
}
