/* SPDX-License-Identifier: MIT */
#include "report/comparison_tails.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/json_get.h"
#include "base/mem.h"
#include "stats/tails.h"

/* Drawn blocks are the same each time that a result is looked at. */
static uint64_t seed_of(const struct results *results, unsigned int arm)
{
	return arm + (uint64_t)json_get_integer(
			     json_object_get(results->manifest, "parameters"),
			     "seed");
}

/* The blocks in which both an arm and the first count; NULL: -ENOMEM. */
static struct tails_block *blocks_of(const struct results *results,
				     unsigned int arm, size_t *count)
{
	struct tails_block *blocks =
		calloc(results->blocks + 1, sizeof(*blocks));

	*count = 0;
	for (unsigned int b = 0; blocks && b < results->blocks; b++) {
		const struct results_trial *mine =
			results_trial(results, b, arm);
		const struct results_trial *base = results_trial(results, b, 0);

		if (!mine || !base || !results_counts(mine, arm) ||
		    !results_counts(base, 0))
			continue;
		blocks[(*count)++] = (struct tails_block){
			.arm = mine->ns,
			.base = base->ns,
			.arm_count = mine->percentiles.count,
			.base_count = base->percentiles.count,
		};
	}
	return blocks;
}

int comparison_tails_verdict(const struct results *results, unsigned int arm,
			     const struct verdict_rule *rule, double *base,
			     struct verdict *verdict)
{
	size_t count;
	struct tails_block *blocks = blocks_of(results, arm, &count);
	int err = -ENOMEM;

	*base = NAN;
	if (blocks)
		err = tails_verdict(blocks, count, results->judged, rule,
				    seed_of(results, arm), verdict, base);
	free(blocks);
	return err;
}

static json_t *bands_json(const struct tails_band *bands, size_t count)
{
	json_t *list = json_array();

	for (size_t k = 0; k < count; k++)
		if (!isnan(bands[k].ratio) && isfinite(bands[k].high))
			json_array_append_new(
				list, json_pack("{s:f,s:f,s:f,s:f,s:f,s:f}",
						"percent", bands[k].percent,
						"arm_ns", bands[k].arm,
						"base_ns", bands[k].base,
						"ratio", bands[k].ratio,
						"ratio_low", bands[k].low,
						"ratio_high", bands[k].high));
	return list;
}

int comparison_tails_set(const struct results *results, unsigned int arm,
			 const struct verdict_rule *rule, json_t *comparison)
{
	struct tails_band tails[] = { { .percent = 99 },
				      { .percent = 99.9 },
				      { .percent = 99.99 } };
	struct tails_band deciles[TAILS_MAX];
	const uint64_t seed = seed_of(results, arm);
	size_t count;
	struct tails_block *blocks = blocks_of(results, arm, &count);
	int err = blocks ? 0 : -ENOMEM;

	for (size_t k = 0; k < TAILS_MAX; k++)
		deciles[k].percent = 10 * (double)(k + 1);
	/* Each by itself, as each may be read. */
	for (size_t k = 0; k < ARRAY_SIZE(tails) && !err; k++)
		err = tails_bands(blocks, count, verdict_level(rule), seed,
				  &tails[k], 1);
	if (!err)
		err = tails_bands(blocks, count, VERDICT_ALPHA, seed, deciles,
				  TAILS_MAX);
	free(blocks);
	if (err)
		return err;
	json_object_set_new(comparison, "tails",
			    bands_json(tails, ARRAY_SIZE(tails)));
	json_object_set_new(comparison, "shift",
			    bands_json(deciles, TAILS_MAX));
	return 0;
}
