/* SPDX-License-Identifier: MIT */
#include "stats/variance.h"

#include <math.h>
#include <stdbool.h>

static bool block_is_whole(const double *logs, size_t arms, size_t stride,
			   size_t block)
{
	for (size_t arm = 0; arm < arms; arm++)
		if (isnan(logs[arm * stride + block]))
			return false;
	return true;
}

static double block_mean(const double *logs, size_t arms, size_t stride,
			 size_t block)
{
	double sum = 0;

	for (size_t arm = 0; arm < arms; arm++)
		sum += logs[arm * stride + block];
	return sum / (double)arms;
}

/* Over the whole blocks. */
static double arm_mean(const double *logs, size_t arms, size_t stride,
		       size_t blocks, size_t arm)
{
	double sum = 0;
	size_t n = 0;

	for (size_t b = 0; b < blocks; b++)
		if (block_is_whole(logs, arms, stride, b)) {
			sum += logs[arm * stride + b];
			n++;
		}
	return sum / (double)n;
}

static double order_mean(const double *logs, const double *errors, size_t arms,
			 size_t stride, size_t blocks)
{
	double sum = 0;
	size_t n = 0;

	for (size_t b = 0; b < blocks; b++)
		for (size_t arm = 0; arm < arms; arm++) {
			const double error = errors[arm * stride + b];

			if (isnan(logs[arm * stride + b]) || isnan(error))
				continue;
			sum += error;
			n++;
		}
	return n > 0 ? sum / (double)n : 0;
}

struct variance variance_split(const double *logs, const double *errors,
			       size_t arms, size_t stride, size_t blocks)
{
	struct variance of = { 0 };
	double mean = 0, of_blocks = 0, rest = 0;

	for (size_t b = 0; b < blocks; b++)
		if (block_is_whole(logs, arms, stride, b)) {
			mean += block_mean(logs, arms, stride, b);
			of.blocks++;
		}
	if (of.blocks < 2 || arms < 2) {
		of.residue = of.block = of.trial = of.order = NAN;
		return of;
	}
	mean /= (double)of.blocks;
	for (size_t b = 0; b < blocks; b++) {
		double here;

		if (!block_is_whole(logs, arms, stride, b))
			continue;
		here = block_mean(logs, arms, stride, b);
		of_blocks += (here - mean) * (here - mean);
		for (size_t arm = 0; arm < arms; arm++) {
			const double one =
				logs[arm * stride + b] - here -
				arm_mean(logs, arms, stride, blocks, arm) +
				mean;

			rest += one * one;
		}
	}
	of.freedom = (of.blocks - 1) * (arms - 1);
	of.residue = rest / (double)of.freedom;
	of.order = fmin(order_mean(logs, errors, arms, stride, blocks),
			of.residue);
	of.trial = of.residue - of.order;
	of.block = fmax(0, of_blocks / (double)(of.blocks - 1) -
				   of.residue / (double)arms);
	return of;
}

double variance_of_p50(const uint64_t *sorted, size_t count)
{
	const double n = (double)count;
	size_t low, high;
	double half;

	if (count < 5 || sorted[0] == 0)
		return NAN;
	low = (size_t)fmax(0, floor(n / 2 - sqrt(n) / 2));
	high = (size_t)fmin(n - 1, ceil(n / 2 + sqrt(n) / 2) - 1);
	half = log((double)sorted[high] / (double)sorted[low]) / 2;
	return half * half;
}

double variance_spread(const struct variance *variance, unsigned int references,
		       double times)
{
	return sqrt((1 + 1.0 / references) *
		    (variance->trial + variance->order / times));
}

double variance_best_times(const struct variance *variance, double beside_s,
			   double data_s)
{
	return sqrt(beside_s * variance->order / (data_s * variance->trial));
}
