/* SPDX-License-Identifier: MIT */
/* What --pace file makes of a feed's times that one may not have meant, said
 * once each. */
#ifndef EXCHANGE_FILE_PACE_H
#define EXCHANGE_FILE_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed: nothing was said yet. */
struct file_pace {
	bool time_told;	   /* the first time */
	bool untimed_told; /* a line has no time */
	bool wait_told;	   /* one is far from the one before */
};

/* Of a datagram: time_ns of its line, 0 when it has none; wait_ns behind the
 * one before. */
void file_pace_tell(struct file_pace *told, uint32_t sequence, uint64_t time_ns,
		    bool snapshot, uint64_t wait_ns);

#endif
