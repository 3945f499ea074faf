/* SPDX-License-Identifier: MIT */
#include "exchange/file_pace.h"

#include <inttypes.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"

#define OLDEST_S     100000000	 /* 1973; no market data is older */
#define WAIT_TOLD_NS 60000000000 /* a wait that is told */

/* A unit that was taken for another shows in the date. */
static void first_time_tell(uint64_t time_ns)
{
	const time_t seconds = (time_t)(time_ns / CLOCK_NS_PER_S);
	struct tm utc;
	char text[32];

	gmtime_r(&seconds, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	log_write(seconds < OLDEST_S ? LOG_WARNING : LOG_INFO,
		  "--pace file: the first time is %s.%09" PRIu64 "Z%s", text,
		  time_ns % CLOCK_NS_PER_S,
		  seconds < OLDEST_S
			  ? ": so small a number is taken as microseconds"
			  : "");
}

void file_pace_tell(struct file_pace *told, uint32_t sequence, uint64_t time_ns,
		    bool snapshot, uint64_t wait_ns)
{
	if (time_ns > 0 && !told->time_told) {
		told->time_told = true;
		first_time_tell(time_ns);
	}
	if (time_ns == 0 && !told->untimed_told && !snapshot) {
		told->untimed_told = true;
		log_warning("--pace file: a line has no time that is known: it "
			    "is sent at once behind the one before, as all "
			    "like it (--pace rate:N paces such a feed)");
	}
	if (wait_ns > WAIT_TOLD_NS && !told->wait_told) {
		told->wait_told = true;
		log_warning("--pace file: by its lines' times packet %" PRIu32
			    " is %.0f s behind the one before (file:SPEED "
			    "plays faster; further ones are not told)",
			    sequence, (double)wait_ns / 1e9);
	}
}
