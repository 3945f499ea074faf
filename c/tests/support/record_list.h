/* SPDX-License-Identifier: MIT */
/* A capture as a list of records in memory, that a test can take apart, put
 * together otherwise, and have judged. Failures abort the test. */
#ifndef TESTS_SUPPORT_RECORD_LIST_H
#define TESTS_SUPPORT_RECORD_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/support/capture_maker.h"
#include "wiretap/analysis.h"

#define RECORD_SIZE	 1600
#define RECORD_LIST_SIZE 512

struct record {
	uint64_t stamp_ns;
	unsigned int link;
	uint32_t captured_len, wire_len;
	uint32_t gso_size;
	uint32_t clock; /* as struct capture_frame has it */
	uint8_t bytes[RECORD_SIZE];
};

struct record_list {
	size_t count;
	struct record records[RECORD_LIST_SIZE];
};

/* Have what the maker makes from now on go to the end of the list. */
void record_list_begin(struct record_list *list, struct capture_maker *maker);

void record_list_insert(struct record_list *list, size_t at,
			const struct record *record);
void record_list_remove(struct record_list *list, size_t at);
/* To another place, its stamp unchanged. */
void record_list_move(struct record_list *list, size_t from, size_t to);
void record_list_swap(struct record_list *list, size_t one, size_t other);

/* Bytes put into a record at an offset, or taken out of it. */
void record_put(struct record *record, size_t at, const void *bytes,
		size_t len);
void record_take(struct record *record, size_t at, size_t len);

/* UDP frames merged: the second one's payload behind the first one's, with
 * lengths that say so (wrong checksums do no harm). */
void record_merge(struct record *first, const struct record *second);

void record_list_judge(const struct record_list *list,
		       const struct analysis_config *config,
		       struct analysis_result *result);

/* The rule and addresses that capture_maker's captures are made for. */
struct analysis_config record_list_config(void);

#endif
