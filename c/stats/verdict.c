/* SPDX-License-Identifier: MIT */
#include "stats/verdict.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "stats/randomization.h"

const char *const verdict_call_names[] = {
	[VERDICT_NONE] = "none",
	[VERDICT_INCORRECT] = "incorrect",
	[VERDICT_OPPOSITE] = "opposite",
	[VERDICT_TOO_FEW] = "too few blocks",
	[VERDICT_FEW_ORDERS] = "too few orders",
	[VERDICT_INCONCLUSIVE] = "~",
	[VERDICT_FASTER] = "faster",
	[VERDICT_SLOWER] = "slower",
	[VERDICT_EQUIVALENT] = "equivalent",
};

double verdict_level(const struct verdict_rule *rule)
{
	return rule->alpha / (double)rule->arm_count;
}

static enum verdict_call call_of(const struct verdict *verdict,
				 const struct verdict_rule *rule)
{
	const double far = 1 + rule->equal;

	if (verdict->pairs < verdict_blocks_needed(rule))
		return VERDICT_TOO_FEW;
	if (rule->equal > 0 && verdict->low >= 1 / far && verdict->high <= far)
		return VERDICT_EQUIVALENT;
	if (verdict->high < 1)
		return VERDICT_FASTER;
	return verdict->low > 1 ? VERDICT_SLOWER : VERDICT_INCONCLUSIVE;
}

static struct verdict without(enum verdict_call call)
{
	return (struct verdict){ .ratio = NAN,
				 .low = NAN,
				 .high = NAN,
				 .p = 1,
				 .p_adjusted = 1,
				 .call = call };
}

struct verdict_rule verdict_rule(size_t arm_count)
{
	return (struct verdict_rule){ .arm_count = arm_count,
				      .alpha = VERDICT_ALPHA };
}

/* again: NAN where the baseline's other trial does not count. */
static struct randomization_block block_of(double difference, double again)
{
	return (struct randomization_block){
		.differences = { difference, again },
		.references = isnan(again) ? 1 : 2,
	};
}

/* 0 or -ENOMEM. */
static int blocks_judge(const struct randomization_block *blocks,
			const size_t *counts, size_t strata,
			const struct verdict_rule *rule,
			struct randomization_result *result)
{
	struct randomization test;
	int err = randomization_open(&test, blocks, counts, strata);

	if (err)
		return err;
	randomization_judge(&test, verdict_level(rule), result);
	randomization_close(&test);
	return 0;
}

static void judged(const struct randomization_result *result, size_t blocks,
		   const struct verdict_rule *rule, struct verdict *verdict)
{
	verdict->pairs = blocks;
	verdict->ratio = exp(result->estimate);
	verdict->low = exp(result->low);
	verdict->high = exp(result->high);
	verdict->p = result->p;
	verdict->p_adjusted = fmin(1, result->p * (double)rule->arm_count);
	verdict->equal = rule->equal;
	verdict->call = call_of(verdict, rule);
}

int verdict_compare_strata(const struct verdict_stratum *strata, size_t count,
			   const struct verdict_rule *rule,
			   struct verdict *verdict)
{
	size_t *counts = calloc(count + 1, sizeof(*counts)), total = 0;
	struct randomization_block *blocks, *next;
	struct randomization_result result;
	int err = -ENOMEM;

	*verdict = without(VERDICT_NONE);
	if (!counts)
		return err;
	for (size_t s = 0; s < count; s++)
		total += counts[s] = strata[s].count;
	next = blocks = calloc(total + 1, sizeof(*blocks));
	if (!blocks)
		goto free_counts;
	for (size_t s = 0; s < count; s++)
		for (size_t i = 0; i < counts[s]; i++)
			*next++ = block_of(log(strata[s].ratios[i]),
					   strata[s].again
						   ? log(strata[s].again[i])
						   : NAN);
	err = total ? blocks_judge(blocks, counts, count, rule, &result) : 0;
	if (total && !err)
		judged(&result, total, rule, verdict);
	free(blocks);
free_counts:
	free(counts);
	return err;
}

int verdict_compare_twice(const double *arms, const double *bases,
			  const double *again, size_t count,
			  const struct verdict_rule *rule,
			  struct verdict *verdict)
{
	double *ratios = calloc(2 * count + 1, sizeof(*ratios));
	int err;

	*verdict = without(VERDICT_NONE);
	if (!ratios)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		ratios[i] = arms[i] / bases[i];
		ratios[count + i] = again ? arms[i] / again[i] : NAN;
	}
	err = verdict_compare_strata(
		&(struct verdict_stratum){ ratios, ratios + count, count }, 1,
		rule, verdict);
	free(ratios);
	return err;
}

int verdict_compare(const double *arms, const double *bases, size_t count,
		    const struct verdict_rule *rule, struct verdict *verdict)
{
	return verdict_compare_twice(arms, bases, NULL, count, rule, verdict);
}

int verdict_shift(const double *differences, const double *again, size_t count,
		  const struct verdict_rule *rule, double *estimate,
		  double *low, double *high)
{
	struct randomization_block *blocks = calloc(count + 1, sizeof(*blocks));
	struct randomization_result result;
	int err = -ENOMEM;

	for (size_t i = 0; blocks && i < count; i++)
		blocks[i] = block_of(differences[i], again[i]);
	if (blocks)
		err = blocks_judge(blocks, &count, 1, rule, &result);
	if (!err) {
		*estimate = result.estimate;
		*low = result.low;
		*high = result.high;
	}
	free(blocks);
	return err;
}

struct verdict verdict_of_incorrect(void)
{
	return without(VERDICT_INCORRECT);
}

struct verdict verdict_of_opposite(void)
{
	return without(VERDICT_OPPOSITE);
}

struct verdict verdict_of_few_orders(void)
{
	return without(VERDICT_FEW_ORDERS);
}

void verdict_decide(struct verdict *verdict, const struct verdict_rule *rule)
{
	verdict->call = call_of(verdict, rule);
}

unsigned int verdict_blocks_needed(const struct verdict_rule *rule)
{
	unsigned int blocks = 1;

	/* All blocks on one side: p = 2 / 2^blocks. */
	while (ldexp(2, -(int)blocks) * (double)rule->arm_count > rule->alpha)
		blocks++;
	return blocks;
}

const char *verdict_format(const struct verdict *verdict,
			   char text[static VERDICT_TEXT_MAX])
{
	const double change = (verdict->ratio - 1) * 100;
	const double low = (verdict->low - 1) * 100;
	const double high = (verdict->high - 1) * 100;

	switch (verdict->call) {
	case VERDICT_NONE:
		snprintf(text, VERDICT_TEXT_MAX,
			 "no verdict: no block in which both can be judged");
		break;
	case VERDICT_INCORRECT:
		snprintf(text, VERDICT_TEXT_MAX,
			 "no verdict: not all orders were right");
		break;
	case VERDICT_OPPOSITE:
		snprintf(text, VERDICT_TEXT_MAX,
			 "no verdict: faster on one machine, slower on "
			 "another");
		break;
	case VERDICT_TOO_FEW:
		snprintf(text, VERDICT_TEXT_MAX,
			 "no verdict: too few blocks (%zu; change %+.1f %%)",
			 verdict->pairs, change);
		break;
	case VERDICT_FEW_ORDERS:
		snprintf(text, VERDICT_TEXT_MAX,
			 "no verdict: fewer than 10 orders lie beyond that "
			 "percentile");
		break;
	case VERDICT_INCONCLUSIVE:
		snprintf(text, VERDICT_TEXT_MAX,
			 "~ (change %+.1f %%, 95 %% CI %+.1f..%+.1f %%)",
			 change, low, high);
		break;
	case VERDICT_FASTER:
		snprintf(text, VERDICT_TEXT_MAX,
			 "faster by %.1f %% (95 %% CI %.1f..%.1f %%)", -change,
			 -high, -low);
		break;
	case VERDICT_SLOWER:
		snprintf(text, VERDICT_TEXT_MAX,
			 "slower by %.1f %% (95 %% CI %.1f..%.1f %%)", change,
			 low, high);
		break;
	case VERDICT_EQUIVALENT:
		snprintf(text, VERDICT_TEXT_MAX,
			 "equivalent within %.4g %% (change %+.1f %%, "
			 "95 %% CI %+.1f..%+.1f %%)",
			 verdict->equal * 100, change, low, high);
		break;
	}
	return text;
}
