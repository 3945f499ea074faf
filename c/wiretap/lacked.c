/* SPDX-License-Identifier: MIT */
#include "wiretap/lacked.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/json_get.h"
#include "base/log.h"

struct range {
	uint32_t first, count;
	uint16_t tag;
};

struct lacked {
	uint64_t packets; /* all of them, with those of no range */
	uint64_t ranged;
	size_t count;
	struct range ranges[];
};

/* Whole numbers of 32 bits are all that a range may be. */
static bool range_read(const json_t *one, struct range *range)
{
	const json_int_t first = json_get_integer(one, "first");
	const json_int_t end = json_get_integer(one, "end");
	const json_int_t tag = json_get_integer(one, "tag");

	if (first < 0 || first > UINT32_MAX || end < 0 || end > UINT32_MAX ||
	    tag < 0 || tag > UINT16_MAX)
		return false;
	*range = (struct range){
		.first = (uint32_t)first,
		.count = (uint32_t)end - (uint32_t)first,
		.tag = (uint16_t)tag,
	};
	return true;
}

static int lacked_of(const char *path, const json_t *said, struct lacked **out)
{
	const json_t *list = json_object_get(said, "lacked"), *one;
	const json_int_t lost =
		json_get_integer(json_object_get(said, "counters"), "lost");
	const size_t count = json_array_size(list);
	struct lacked *lacked;
	size_t i;

	/* Older ones only count. */
	if (lost <= 0)
		return 0;
	lacked = calloc(1, sizeof(*lacked) + count * sizeof(*lacked->ranges));
	if (!lacked)
		return -ENOMEM;
	lacked->packets = (uint64_t)lost;
	lacked->count = count;
	json_array_foreach(list, i, one)
	{
		if (!range_read(one, &lacked->ranges[i])) {
			log_error("%s: lacked: no range of numbers", path);
			free(lacked);
			return -EINVAL;
		}
		lacked->ranged += lacked->ranges[i].count;
	}
	*out = lacked;
	return 0;
}

int lacked_read(const char *path, struct lacked **lacked)
{
	json_error_t error;
	json_t *said;
	int err;

	*lacked = NULL;
	said = json_load_file(path, 0, &error);
	if (!said) {
		log_error("%s: line %d: %s", path, error.line, error.text);
		return -EINVAL;
	}
	err = lacked_of(path, said, lacked);
	json_decref(said);
	if (err == -ENOMEM)
		log_error("no memory for what the trader lacked");
	return err;
}

void lacked_free(struct lacked *lacked)
{
	free(lacked);
}

uint64_t lacked_packets(const struct lacked *lacked, bool *all)
{
	*all = lacked->ranged == lacked->packets;
	return lacked->packets;
}

bool lacked_has(const struct lacked *lacked,
		const struct market_data_header *header)
{
	const uint16_t tag = market_data_tag(header->flags);

	for (size_t i = 0; i < lacked->count; i++) {
		const struct range *range = &lacked->ranges[i];

		if (header->sequence - range->first < range->count &&
		    (tag == 0 || tag == range->tag))
			return true;
	}
	return false;
}
