/* SPDX-License-Identifier: MIT */
#include "echo/echo_report.h"

#include <inttypes.h>
#include <jansson.h>

#include "net/address.h"

const char *const echo_over_names[] = { "channel", "tcp", "udp", "multicast",
					NULL };

const char *echo_measure_name(enum echo_measure measure)
{
	switch (measure) {
	case ECHO_HANDSHAKE:
		return "handshake";
	case ECHO_PING_PONG:
		return "ping-pong";
	case ECHO_OPEN_LOOP:
		return "open-loop";
	case ECHO_THROUGHPUT:
		return "throughput";
	case ECHO_RECONNECT:
		return "reconnect";
	}
	return "";
}

static double a_second(uint64_t count, uint64_t elapsed_ns)
{
	return elapsed_ns ? (double)count * 1e9 / (double)elapsed_ns : 0;
}

/*
 * JSON.
 */

/* null where there are too few to say. */
static json_t *percentile_json(const struct percentiles *all, double percent,
			       uint64_t value)
{
	return percentile_supported(all->count, percent)
		       ? json_integer((json_int_t)value)
		       : json_null();
}

static json_t *latency_json(const struct percentiles *all)
{
	if (all->count == 0)
		return json_null();
	return json_pack("{s:I,s:o,s:o,s:o,s:o,s:I}", "min",
			 (json_int_t)all->min, "p50",
			 percentile_json(all, 50, all->p50), "p90",
			 percentile_json(all, 90, all->p90), "p99",
			 percentile_json(all, 99, all->p99), "p99_9",
			 percentile_json(all, 99.9, all->p99_9), "max",
			 (json_int_t)all->max);
}

static json_t *result_json(const struct echo_config *config,
			   const struct echo_result *result)
{
	json_t *json =
		json_pack("{s:s,s:I,s:I,s:I,s:I,s:o,s:o}", "measure",
			  echo_measure_name(result->measure), "sent",
			  (json_int_t)result->sent, "received",
			  (json_int_t)result->received, "elapsed_ns",
			  (json_int_t)result->elapsed_ns, "cpu_ns",
			  (json_int_t)result->cpu_ns, "latency_ns",
			  latency_json(&result->latency_ns), "histogram_ns",
			  histogram_to_json(&result->histogram));

	if (result->measure == ECHO_HANDSHAKE ||
	    result->measure == ECHO_RECONNECT)
		return json;
	json_object_update_new(
		json,
		json_pack("{s:I,s:I,s:o,s:I,s:I}", "size",
			  (json_int_t)result->size, "payload",
			  (json_int_t)result->payload, "orders",
			  result->orders
				  ? json_integer((json_int_t)result->orders)
				  : json_null(),
			  "bytes_out", (json_int_t)result->bytes_out,
			  "bytes_in", (json_int_t)result->bytes_in));
	if (result->measure == ECHO_PING_PONG)
		json_object_set_new(json, "send_ns",
				    latency_json(&result->send_ns));
	if (result->measure == ECHO_OPEN_LOOP)
		json_object_set_new(json, "rate",
				    json_integer((json_int_t)config->rate));
	if (result->measure == ECHO_THROUGHPUT)
		json_object_update_new(
			json,
			json_pack(
				"{s:I,s:f,s:f}", "window",
				(json_int_t)config->window, "messages_per_s",
				a_second(result->received, result->elapsed_ns),
				"payload_bytes_per_s",
				a_second(result->received * result->payload,
					 result->elapsed_ns)));
	return json;
}

void echo_report_json(FILE *out, const struct echo_config *config,
		      const struct echo_results *results)
{
	const bool channel = config->over == ECHO_CHANNEL;
	const bool stream = channel || config->over == ECHO_TCP;
	char address[ADDRESS_TEXT_MAX];
	json_t *all = json_array(), *json;

	for (unsigned int i = 0; i < results->count; i++)
		json_array_append_new(all,
				      result_json(config, &results->all[i]));
	json = json_pack("{s:s,s:s,s:s?,s:s?,s:s,s:s,s:o}", "schema",
			 "t2t-echo/1", "over", echo_over_names[config->over],
			 "channel", channel ? config->channel : NULL,
			 "transport", stream ? config->transport : NULL, "wait",
			 config->spin ? "spin" : "sleep", "address",
			 address_format(&config->address, address), "results",
			 all);
	json_dumpf(json, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(json);
}

/*
 * The table.
 */

/* In its column, however long it took. */
static void us_print(FILE *out, uint64_t ns)
{
	fprintf(out, " %9.*f", ns < UINT64_C(100000000) ? 2 : 0,
		(double)ns / 1e3);
}

static void latency_print(FILE *out, const struct percentiles *all)
{
	const double percents[] = { 50, 90, 99, 99.9 };
	const uint64_t values[] = { all->p50, all->p90, all->p99, all->p99_9 };

	if (all->count == 0) {
		fprintf(out, " %9s %9s %9s %9s %9s %9s", "-", "-", "-", "-",
			"-", "-");
		return;
	}
	us_print(out, all->min);
	for (size_t i = 0; i < 4; i++) {
		if (percentile_supported(all->count, percents[i]))
			us_print(out, values[i]);
		else
			fprintf(out, " %9s", "-");
	}
	us_print(out, all->max);
}

static void row_print(FILE *out, const struct echo_result *result)
{
	char size[24] = "-", orders[16] = "-", rate[24] = "-", mb[24] = "-";

	if (result->size)
		snprintf(size, sizeof(size), "%zu", result->payload);
	if (result->orders)
		snprintf(orders, sizeof(orders), "%" PRIu32, result->orders);
	if (result->measure == ECHO_THROUGHPUT) {
		snprintf(rate, sizeof(rate), "%.0f",
			 a_second(result->received, result->elapsed_ns));
		snprintf(mb, sizeof(mb), "%.2f",
			 a_second(result->received * result->payload,
				  result->elapsed_ns) /
				 1e6);
	}
	fprintf(out, "%-10s %6s %6s %8" PRIu64 " %6" PRIu64,
		echo_measure_name(result->measure), size, orders, result->sent,
		result->sent - result->received);
	latency_print(out, &result->latency_ns);
	fprintf(out, " %9s %8s\n", rate, mb);
}

void echo_report_table(FILE *out, const struct echo_config *config,
		       const struct echo_results *results)
{
	char address[ADDRESS_TEXT_MAX];

	fprintf(out, "echo over %s%s%s at %s; there and back, us; %s\n",
		echo_over_names[config->over],
		config->over == ECHO_CHANNEL ? " " : "",
		config->over == ECHO_CHANNEL ? config->channel : "",
		address_format(&config->address, address), PERCENTILE_NOTE);
	fprintf(out, "%-10s %6s %6s %8s %6s %9s %9s %9s %9s %9s %9s %9s %8s\n",
		"measure", "bytes", "orders", "sent", "lost", "min", "p50",
		"p90", "p99", "p99.9", "max", "msgs/s", "MB/s");
	for (unsigned int i = 0; i < results->count; i++)
		row_print(out, &results->all[i]);
}
