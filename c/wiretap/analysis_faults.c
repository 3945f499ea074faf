/* SPDX-License-Identifier: MIT */
#include "wiretap/analysis_faults.h"

#include <inttypes.h>

#include "base/decimal.h"

static const char *const fault_names[] = { "missing", "extra", "wrong" };

static json_t *order_json(const struct order *order)
{
	char price[DECIMAL_TEXT_MAX];

	decimal_format(order->price, price);
	return json_pack("{s:s, s:I, s:s}", "side",
			 order_side_name(order->side), "quantity",
			 (json_int_t)order->quantity, "price", price);
}

json_t *analysis_faults_json(const struct analysis_result *result)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < result->fault_count; i++) {
		const struct analysis_fault *fault = &result->faults[i];
		json_t *one =
			json_pack("{s:s}", "fault", fault_names[fault->kind]);

		if (fault->kind != ANALYSIS_EXTRA) {
			json_object_set_new(one, "sequence",
					    json_integer(fault->sequence));
			json_object_set_new(
				one, "trigger_ns",
				json_integer((json_int_t)fault->trigger_ns));
			json_object_set_new(one, "expected",
					    order_json(&fault->wanted));
		}
		if (fault->kind != ANALYSIS_MISSING) {
			json_object_set_new(
				one, "order_ns",
				json_integer((json_int_t)fault->order_ns));
			json_object_set_new(one, "got",
					    order_json(&fault->found));
		}
		json_array_append_new(all, one);
	}
	return all;
}

static void order_print(FILE *out, const char *word, const struct order *order)
{
	char price[DECIMAL_TEXT_MAX];

	decimal_format(order->price, price);
	fprintf(out, ", %s %s %" PRIu32 " at %s", word,
		order_side_name(order->side), order->quantity, price);
}

void analysis_faults_print(FILE *out, const struct analysis_result *result)
{
	for (unsigned int i = 0; i < result->fault_count; i++) {
		const struct analysis_fault *fault = &result->faults[i];

		fprintf(out, "  %s:", fault_names[fault->kind]);
		if (fault->kind == ANALYSIS_EXTRA)
			fprintf(out, " at %" PRIu64 " ns", fault->order_ns);
		else
			fprintf(out, " packet %" PRIu32 ", at %" PRIu64 " ns",
				fault->sequence, fault->trigger_ns);
		if (fault->kind != ANALYSIS_EXTRA)
			order_print(out, "expected", &fault->wanted);
		if (fault->kind != ANALYSIS_MISSING)
			order_print(out, "got", &fault->found);
		fputc('\n', out);
	}
}
