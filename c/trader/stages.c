/* SPDX-License-Identifier: MIT */
#include "trader/stages.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"

/* Of each kind: 2 MiB. */
#define INTERVALS_KEPT (1 << 18)

const char *const stages_interval_names[STAGES_INTERVALS] = {
	[STAGES_KERNEL_TO_USER] = "kernel_to_user",
	[STAGES_USER_TO_DECISION] = "user_to_decision",
	[STAGES_DECISION_TO_SENT] = "decision_to_sent",
	[STAGES_USER_TO_SENT] = "user_to_sent",
	[STAGES_KERNEL_TO_SENT] = "kernel_to_sent",
};

static void fault_note(struct stages *stages)
{
	if (!stages->fault)
		stages->fault = errno ? -errno : -EIO;
}

int stages_open(struct stages *stages, const char *path)
{
	int err;

	memset(stages, 0, sizeof(*stages));
	err = mem_arena_open(&stages->arena,
			     STAGES_ROOM * sizeof(*stages->sample), false);
	if (err) {
		log_error("no memory for %d samples", STAGES_ROOM);
		return err;
	}
	stages->sample = stages->arena.base;
	stages->path = path;
	if (path) {
		stages->file = fopen(path, "we");
		if (!stages->file) {
			err = -errno;
			log_error("--samples %s: %s", path, log_strerror(err));
			mem_arena_close(&stages->arena);
			return err;
		}
		if (fputs("sequence,kernel_ns,user_ns,decision_ns,sent_ns\n",
			  stages->file) == EOF)
			fault_note(stages);
	}
	for (int i = 0; i < STAGES_INTERVALS; i++)
		latencies_open(&stages->interval[i], INTERVALS_KEPT);
	clock_anchor_take(&stages->first);
	return 0;
}

static int interval_add(struct stages *stages, enum stages_interval interval,
			uint64_t from_ns, uint64_t to_ns)
{
	/* Two clocks may disagree by a little; time doesn't run backwards. */
	return latencies_add(&stages->interval[interval],
			     to_ns > from_ns ? to_ns - from_ns : 0);
}

static int sample_settle(struct stages *stages, const struct clock_anchor *last,
			 const struct stages_sample *sample)
{
	const struct clock_anchor *first = &stages->first;
	uint64_t user = clock_to_realtime_ns(first, last, sample->user);
	uint64_t decision = clock_to_realtime_ns(first, last, sample->decision);
	uint64_t sent = clock_to_realtime_ns(first, last, sample->sent);
	int err = interval_add(stages, STAGES_USER_TO_DECISION, user, decision);

	if (!err)
		err = interval_add(stages, STAGES_DECISION_TO_SENT, decision,
				   sent);
	if (!err)
		err = interval_add(stages, STAGES_USER_TO_SENT, user, sent);
	if (!sample->kernel_ns)
		stages->unstamped++;
	if (!err && sample->kernel_ns)
		err = interval_add(stages, STAGES_KERNEL_TO_USER,
				   sample->kernel_ns, user);
	if (!err && sample->kernel_ns)
		err = interval_add(stages, STAGES_KERNEL_TO_SENT,
				   sample->kernel_ns, sent);
	if (stages->file && fprintf(stages->file,
				    "%" PRIu32 ",%" PRIu64 ",%" PRIu64
				    ",%" PRIu64 ",%" PRIu64 "\n",
				    sample->sequence, sample->kernel_ns, user,
				    decision, sent) < 0)
		fault_note(stages);
	return err;
}

int stages_flush(struct stages *stages)
{
	struct clock_anchor last;
	int err = 0;

	clock_anchor_take_after(&stages->first, &last);
	for (uint32_t i = 0; i < stages->count && !err; i++)
		err = sample_settle(stages, &last, &stages->sample[i]);
	stages->taken += stages->count;
	stages->count = 0;
	return err;
}

struct latencies_summary stages_summary(struct stages *stages,
					enum stages_interval interval)
{
	return latencies_summary(&stages->interval[interval]);
}

int stages_close(struct stages *stages)
{
	int err;

	if (stages->file && fclose(stages->file) == EOF)
		fault_note(stages);
	err = stages->fault;
	if (err)
		log_error("--samples %s: %s: samples are missing", stages->path,
			  log_strerror(err));
	for (int i = 0; i < STAGES_INTERVALS; i++)
		latencies_close(&stages->interval[i]);
	mem_arena_close(&stages->arena);
	memset(stages, 0, sizeof(*stages));
	return err;
}
