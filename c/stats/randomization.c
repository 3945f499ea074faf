/* SPDX-License-Identifier: MIT */
#include "stats/randomization.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define PLACES	   3	 /* of a block: the arm, its references */
#define HALF_MAX   729	 /* ways of RANDOMIZATION_EXACT_MAX / 2 blocks */
#define SAME	   1e-12 /* no clock tells differences apart that are so near */
#define CANDIDATES 32	 /* where an end of the interval is looked for */
#define HALVINGS   20	 /* of what lies between two of them */
#define STEPS	   100	 /* to a root */
#define NEAR	   1e-9

/* What the block weighs against its own spread: see the header. */
static double floor_of(unsigned int references)
{
	return references == 2 ? 2 : 8;
}

int randomization_open(struct randomization *test,
		       const struct randomization_block *blocks,
		       const size_t *counts, size_t strata)
{
	*test = (struct randomization){ .blocks = blocks,
					.counts = counts,
					.strata = strata };
	for (size_t i = 0; i < strata; i++)
		test->count += counts[i];
	test->weights = calloc(test->count + 1, sizeof(double));
	test->sorted = calloc(2 * test->count + 1, sizeof(double));
	test->scores = calloc(PLACES * test->count + 1, sizeof(double));
	if (test->weights && test->sorted && test->scores)
		return 0;
	randomization_close(test);
	return -ENOMEM;
}

void randomization_close(struct randomization *test)
{
	free(test->weights);
	free(test->sorted);
	free(test->scores);
}

static double taken_off(const struct randomization_block *block, unsigned int i,
			double difference)
{
	const double left = block->differences[i] - difference;

	return fabs(left) < SAME ? 0 : left;
}

static double spread_of(const struct randomization_block *block,
			double difference)
{
	/* The arm's value is 0, and its references lie on the other side. */
	double least = 0, most = 0;

	for (unsigned int i = 0; i < block->references; i++) {
		const double value = -taken_off(block, i, difference);

		least = fmin(least, value);
		most = fmax(most, value);
	}
	return most - least;
}

/* Of spreads above 0; next to nothing if there are none. */
static double median_spread(const double *spreads, size_t count, double *room)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (spreads[i] > 0)
			room[n++] = spreads[i];
	if (n == 0)
		return SAME;
	gsl_sort(room, 1, n);
	return gsl_stats_median_from_sorted_data(room, 1, n);
}

/* Of each block. */
static void weights_set(struct randomization *test, double difference)
{
	double *weights = test->weights;
	size_t first = 0;

	for (size_t s = 0; s < test->strata; first += test->counts[s++]) {
		double median;

		/* The spreads at first. */
		for (size_t i = first; i < first + test->counts[s]; i++)
			weights[i] = spread_of(&test->blocks[i], difference);
		median = median_spread(weights + first, test->counts[s],
				       test->sorted);
		for (size_t i = first; i < first + test->counts[s]; i++)
			weights[i] =
				1 / (median *
				     (gsl_pow_2(weights[i] / median) +
				      floor_of(test->blocks[i].references)));
	}
}

static double *scores_of(const struct randomization *test, size_t block)
{
	return test->scores + PLACES * block;
}

static unsigned int places_of(const struct randomization *test, size_t block)
{
	return test->blocks[block].references + 1;
}

/* Each block's values, less their mean, by its weight: the arm's own is the
 * first. Where there is one reference the third is NAN. */
static void scores_set(struct randomization *test, double difference)
{
	weights_set(test, difference);
	for (size_t i = 0; i < test->count; i++) {
		const struct randomization_block *block = &test->blocks[i];
		double *scores = scores_of(test, i);
		double mean = 0;

		scores[0] = 0;
		scores[2] = NAN;
		for (unsigned int j = 0; j < block->references; j++) {
			scores[j + 1] = -taken_off(block, j, difference);
			mean += scores[j + 1] / (block->references + 1);
		}
		for (unsigned int j = 0; j <= block->references; j++)
			scores[j] = test->weights[i] * (scores[j] - mean);
	}
}

/* Sums of some blocks' scores, ascending, each as often as there are ways to
 * it. */
struct sums {
	double *values, *room;
	size_t count;
};

/* One block more: its sums are each of the old ones and one of its scores. */
static void sums_grow(struct sums *sums, const double *scores,
		      unsigned int places)
{
	size_t at[PLACES] = { 0 };
	double *values = sums->room;

	for (size_t i = 0; i < sums->count * places; i++) {
		unsigned int least = places;

		for (unsigned int j = 0; j < places; j++)
			if (at[j] < sums->count &&
			    (least == places ||
			     sums->values[at[j]] + scores[j] <
				     sums->values[at[least]] + scores[least]))
				least = j;
		values[i] = sums->values[at[least]++] + scores[least];
	}
	sums->room = sums->values;
	sums->values = values;
	sums->count *= places;
}

static void sums_make(const struct randomization *test, size_t first,
		      size_t end, double *room, struct sums *sums)
{
	*sums = (struct sums){ room, room + HALF_MAX, 1 };
	sums->values[0] = 0;
	for (size_t i = first; i < end; i++)
		sums_grow(sums, scores_of(test, i), places_of(test, i));
}

/* The share of ways to a sum of at least that much: the first half's sums go
 * up while the other's go down. */
static double share_counted(const struct randomization *test, double least)
{
	double room[4 * HALF_MAX], share = 0;
	struct sums first, second;
	size_t j;

	sums_make(test, 0, test->count / 2, room, &first);
	sums_make(test, test->count / 2, test->count,
		  room + (size_t)2 * HALF_MAX, &second);
	j = second.count;
	for (size_t i = 0; i < first.count; i++) {
		while (j > 0 && first.values[i] + second.values[j - 1] >= least)
			j--;
		share += (double)(second.count - j);
	}
	return share / ((double)first.count * (double)second.count);
}

/* Add the block's part to the cumulant generating function at t, unless that is
 * NULL, and to its first two derivatives. */
static void cumulants_add(const struct randomization *test, size_t block,
			  double t, double *cumulant, double *first,
			  double *second)
{
	const double *scores = scores_of(test, block);
	const unsigned int places = places_of(test, block);
	double most = t * scores[0], sum = 0, one = 0, two = 0;

	for (unsigned int j = 1; j < places; j++)
		most = fmax(most, t * scores[j]);
	for (unsigned int j = 0; j < places; j++) {
		const double e = exp(t * scores[j] - most);

		sum += e;
		one += e * scores[j];
		two += e * scores[j] * scores[j];
	}
	one /= sum;
	*first += one;
	*second += two / sum - one * one;
	if (cumulant)
		*cumulant += most + log(sum / places);
}

/* Where the first derivative is the sum, with which it grows; by Newton's steps
 * within what encloses it. deviation: the sum's standard one. */
static double saddle_of(const struct randomization *test, double sum,
			double deviation)
{
	double low = 0, high = INFINITY, t = sum / (deviation * deviation);

	for (int i = 0; i < STEPS; i++) {
		double first = 0, second = 0, next;

		for (size_t j = 0; j < test->count; j++)
			cumulants_add(test, j, t, NULL, &first, &second);
		*(first < sum ? &low : &high) = t;
		if (fabs(first - sum) <= NEAR * sum)
			break;
		next = t + (sum - first) / second;
		if (!(next > low && next < high))
			next = isfinite(high) ? (low + high) / 2 : 2 * low;
		t = next;
	}
	return t;
}

/* P(as much or more), of a sum that is not below 0, nor the greatest. */
static double share_near(const struct randomization *test, double sum,
			 double deviation)
{
	double cumulant = 0, first = 0, second = 0, t, w, u;

	if (sum / deviation < 1e-3)
		return gsl_cdf_ugaussian_Q(sum / deviation);
	t = saddle_of(test, sum, deviation);
	for (size_t i = 0; i < test->count; i++)
		cumulants_add(test, i, t, &cumulant, &first, &second);
	w = sqrt(2 * (t * sum - cumulant));
	u = t * sqrt(second);
	if (!(w > 0) || !(u > 0))
		return gsl_cdf_ugaussian_Q(sum / deviation);
	return fmin(1,
		    fmax(0, gsl_cdf_ugaussian_Q(w) + gsl_ran_ugaussian_pdf(w) *
							     (1 / u - 1 / w)));
}

/* Of the greatest sum there is: the share of ways to it, and itself. */
static double share_of_most(const struct randomization *test, double *sum)
{
	double share = 1;

	*sum = 0;
	for (size_t i = 0; i < test->count; i++) {
		const double *scores = scores_of(test, i);
		const unsigned int places = places_of(test, i);
		double most = scores[0];
		unsigned int n = 0;

		for (unsigned int j = 1; j < places; j++)
			most = fmax(most, scores[j]);
		for (unsigned int j = 0; j < places; j++)
			n += scores[j] >= most - NEAR * fabs(most);
		*sum += most;
		share *= (double)n / places;
	}
	return share;
}

/* P(as much or more) of a sum that is not below 0. */
static double share_above(const struct randomization *test, double sum)
{
	double variance = 0, most, share = share_of_most(test, &most);

	for (size_t i = 0; i < test->count; i++) {
		const double *scores = scores_of(test, i);
		const unsigned int places = places_of(test, i);

		for (unsigned int j = 0; j < places; j++)
			variance += gsl_pow_2(scores[j]) / places;
	}
	if (!(variance > 0))
		return 1;
	if (sum >= most - NEAR * sqrt(variance))
		return share;
	if (test->count <= RANDOMIZATION_EXACT_MAX)
		return share_counted(test, sum - NEAR * sqrt(variance));
	return share_near(test, sum, sqrt(variance));
}

static void scores_turn(struct randomization *test)
{
	for (size_t i = 0; i < PLACES * test->count; i++)
		test->scores[i] = -test->scores[i];
}

double randomization_p(struct randomization *test, double difference)
{
	double sum = 0;

	scores_set(test, difference);
	for (size_t i = 0; i < test->count; i++)
		sum += *scores_of(test, i);
	/* The lesser tail is that on the sum's own side. */
	if (sum < 0)
		scores_turn(test);
	return fmin(1, 2 * share_above(test, fabs(sum)));
}

/* Of one block, without the weights: the arm less its references' mean. */
static double mean_difference(const struct randomization_block *block)
{
	return block->references == 2
		       ? (block->differences[0] + block->differences[1]) / 2
		       : block->differences[0];
}

/* Where the sum is 0, from the median of the blocks on: by weights as they are
 * at the last value (Huber and Ronchetti, Robust Statistics, 2nd edition, 7.8).
 */
static double estimate_of(struct randomization *test)
{
	double at, before;

	for (size_t i = 0; i < test->count; i++)
		test->sorted[i] = mean_difference(&test->blocks[i]);
	gsl_sort(test->sorted, 1, test->count);
	at = gsl_stats_median_from_sorted_data(test->sorted, 1, test->count);
	for (int i = 0; i < STEPS; i++) {
		double sum = 0, weights = 0;

		weights_set(test, at);
		for (size_t j = 0; j < test->count; j++) {
			const struct randomization_block *block =
				&test->blocks[j];
			/* So much of the difference is the arm's own way to
			 * the mean of its block. */
			const double weight = test->weights[j] *
					      block->references /
					      (block->references + 1);

			weights += weight;
			sum += weight * mean_difference(block);
		}
		before = at;
		at = sum / weights;
		if (fabs(at - before) <= SAME)
			break;
	}
	return fabs(at) < SAME ? 0 : at;
}

/* Where the test may change its mind: at the differences, of which many are
 * thinned out, and at none; ascending. */
struct candidates {
	double at[CANDIDATES + 3];
	size_t count;
};

static void candidates_set(struct randomization *test,
			   struct candidates *candidates)
{
	double *at = candidates->at;
	size_t n = 0, count = 0, step;
	double *all = test->sorted;

	for (size_t i = 0; i < test->count; i++)
		for (unsigned int j = 0; j < test->blocks[i].references; j++)
			all[n++] = test->blocks[i].differences[j];
	gsl_sort(all, 1, n);
	step = (n + CANDIDATES - 1) / CANDIDATES;
	for (size_t i = 0; i < n; i += step)
		at[count++] = all[i];
	at[count++] = all[n - 1];
	at[count++] = 0;
	gsl_sort(at, 1, count);
	candidates->count = count;
}

/* The end of the interval between a value that is rejected and one that is not.
 */
static double end_between(struct randomization *test, double alpha,
			  double outside, double inside)
{
	for (int i = 0; i < HALVINGS; i++) {
		const double at = (outside + inside) / 2;

		*(randomization_p(test, at) > alpha ? &inside : &outside) = at;
	}
	return inside;
}

/* The end on one side, which is 1 or -1, of the estimate; and, unless p is
 * NULL, the greatest p of none and of what lies beyond it. */
static double end_of(struct randomization *test, double alpha, double estimate,
		     const struct candidates *candidates, int side, double *p)
{
	const size_t last = candidates->count - 1;
	const double width = candidates->at[last] - candidates->at[0];
	double outside = candidates->at[side > 0 ? last : 0];
	double end = side * INFINITY;
	bool found;

	outside += side * (width + fabs(outside) + 1) * 1e-6;
	found = randomization_p(test, outside) > alpha;
	for (size_t i = 0; i <= last; i++) {
		const double at = candidates->at[side > 0 ? last - i : i];
		double p_at;

		if (side * (at - estimate) <= 0)
			break;
		p_at = randomization_p(test, at);
		if (p && at * side >= 0)
			*p = fmax(*p, p_at);
		if (!found && p_at > alpha) {
			found = true;
			end = end_between(test, alpha, outside, at);
		}
		if (!found)
			outside = at;
		else if (!p || at * side < 0)
			break;
	}
	return found ? end : end_between(test, alpha, outside, estimate);
}

void randomization_judge(struct randomization *test, double alpha,
			 struct randomization_result *result)
{
	const double estimate = estimate_of(test);
	struct candidates candidates;

	candidates_set(test, &candidates);
	*result = (struct randomization_result){ .estimate = estimate,
						 .p = estimate == 0 };
	result->low = end_of(test, alpha, estimate, &candidates, -1,
			     estimate > 0 ? &result->p : NULL);
	result->high = end_of(test, alpha, estimate, &candidates, 1,
			      estimate < 0 ? &result->p : NULL);
}
