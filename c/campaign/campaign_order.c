/* SPDX-License-Identifier: MIT */
#include "campaign/campaign_order.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/random.h"
#include "campaign/campaign_config.h"

#define SEED_MAX 1000000

/* Fisher and Yates. */
static void shuffle(uint64_t *random, unsigned int *order, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		order[i] = i;
	for (unsigned int i = n; i > 1; i--) {
		unsigned int j = (unsigned int)random_below(random, i);
		unsigned int kept = order[i - 1];

		order[i - 1] = order[j];
		order[j] = kept;
	}
}

/* Place i of the square's first row: 0, 1, n - 1, 2, n - 2 ... */
static unsigned int first_row(unsigned int i, unsigned int n)
{
	return i % 2 ? (i + 1) / 2 : (n - i / 2) % n;
}

/* The second half of an odd square is the first one backwards. */
static unsigned int column(unsigned int row, unsigned int i, unsigned int n)
{
	if (row >= n)
		i = n - 1 - i;
	return (first_row(i, n) + row) % n;
}

void campaign_order(uint64_t seed, unsigned int block, unsigned int arm_count,
		    unsigned int order[static CAMPAIGN_ORDER_ARMS_MAX])
{
	const unsigned int rows = arm_count % 2 ? 2 * arm_count : arm_count;
	unsigned int arms[CAMPAIGN_ORDER_ARMS_MAX];
	unsigned int drawn[2 * CAMPAIGN_ORDER_ARMS_MAX];
	uint64_t random = seed;

	for (unsigned int square = 0; square <= block / rows; square++) {
		shuffle(&random, arms, arm_count);
		shuffle(&random, drawn, rows);
	}
	for (unsigned int i = 0; i < arm_count; i++)
		order[i] = arms[column(drawn[block % rows], i, arm_count)];
}

int campaign_order_parse(const char *text, unsigned int *arm_count,
			 unsigned int *blocks, uint64_t *seed, const char **why)
{
	int used = 0;

	*why = "expected ARMS,BLOCKS,SEED, 1 to 16 arms, 1 to 1000 blocks";
	/* scanf(3) takes a sign. */
	if (strpbrk(text, "+- ") ||
	    sscanf(text, "%u,%u,%" SCNu64 "%n", arm_count, blocks, seed,
		   &used) != 3 ||
	    text[used])
		return -EINVAL;
	if (*arm_count < 1 || *arm_count > CAMPAIGN_ORDER_ARMS_MAX ||
	    *blocks < 1 || *blocks > CAMPAIGN_BLOCKS_MAX)
		return -EINVAL;
	return 0;
}

json_t *campaign_order_json(unsigned int arm_count, unsigned int blocks,
			    uint64_t seed)
{
	const unsigned int each =
		until_blocks_needed(UNTIL_EACH, 50, arm_count);
	const unsigned int best =
		until_blocks_needed(UNTIL_BEST, 50, arm_count);
	const unsigned int tail =
		until_blocks_needed(UNTIL_EACH, 99, arm_count);
	json_t *all = json_array();

	for (unsigned int block = 0; block < blocks; block++) {
		unsigned int order[CAMPAIGN_ORDER_ARMS_MAX];
		json_t *row = json_array();

		campaign_order(seed, block, arm_count, order);
		for (unsigned int i = 0; i < arm_count; i++)
			json_array_append_new(row, json_integer(order[i]));
		json_array_append_new(all, row);
	}
	return json_pack("{s:o,s:i,s:i,s:i,s:i}", "order", all, "blocks_needed",
			 (int)each, "best_needed", (int)best, "tail_needed",
			 (int)tail, "block_tries", CAMPAIGN_BLOCK_TRIES);
}

uint64_t campaign_order_seed(void)
{
	uint64_t value;

	/* Early in a boot it may not be there yet; any other will do. */
	if (getrandom(&value, sizeof(value), GRND_NONBLOCK) != sizeof(value))
		value = (uint64_t)time(NULL);
	return 1 + value % SEED_MAX;
}
