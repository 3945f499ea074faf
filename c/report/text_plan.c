/* SPDX-License-Identifier: MIT */
#include "report/text_plan.h"

#include "base/json_get.h"
#include "report/plan_summary.h"

/* The largest of what the comparisons find: of all blocks that there were. */
static double found(const json_t *summary)
{
	const json_t *comparison;
	double most = 0;
	size_t i;

	json_array_foreach(json_object_get(summary, "comparisons"), i,
			   comparison)
	{
		const double finds = json_get_number(comparison, "finds");

		most = finds > most ? finds : most;
	}
	return most;
}

static void better_print(FILE *out, const json_t *plan)
{
	const json_t *better = json_object_get(plan, "better");

	if (!better)
		return;
	fprintf(out,
		"          trials of %.2f s of data, not %.2f, are %.1f x as "
		"many in the same time, and find %.1f %%\n",
		json_get_number(better, "times") *
			json_get_number(plan, "data_s"),
		json_get_number(plan, "data_s"),
		json_get_number(better, "trials"),
		json_get_number(better, "finds") * 100);
}

void text_plan(FILE *out, const json_t *summary)
{
	const json_t *plan = json_object_get(summary, "plan");
	const json_t *share = json_object_get(plan, "share");
	const double now = found(summary);

	if (!plan)
		return;
	fprintf(out, "plan      by its first %lld blocks: ",
		(long long)json_get_integer(plan, "pilot"));
	if (!plan_summary_hopeless(plan))
		fprintf(out, "%lld blocks find %.1f %% in 9 of 10",
			(long long)json_get_integer(plan, "blocks"),
			json_get_number(plan, "finds") * 100);
	else
		fprintf(out,
			"%lld blocks, all there is time for, can decide "
			"nothing: %lld are needed",
			(long long)json_get_integer(plan, "blocks"),
			(long long)json_get_integer(plan, "needed"));
	fprintf(out,
		"; a trial's p50 differs by block %.0f %%, trial %.0f %%, "
		"orders %.0f %% of its variance",
		json_get_number(share, "block") * 100,
		json_get_number(share, "trial") * 100,
		json_get_number(share, "order") * 100);
	if (now > 0)
		fprintf(out, "; as it was, %.1f %%", now * 100);
	fputc('\n', out);
	better_print(out, plan);
}
