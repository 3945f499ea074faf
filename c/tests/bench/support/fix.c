/* SPDX-License-Identifier: MIT */
/* FIX: a NewOrderSingle read and built, by ours and by QuickFIX, in turns. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/bench/support/bench.h"
#include "wire/fix.h"
#include "wire/fix_build.h"

#define ROUNDS	    200000
#define PEER_ROUNDS "5000"

/* 120 bytes, as tests/support/quickfix_peer.cc has it. */
static const char text[] =
	"8=FIX.4.4|9=98|35=D|49=SENDER|56=TARGET|34=1|52=20250126-12:00:00|"
	"11=ORDER123|55=AAPL|54=1|38=100|40=2|44=150.50|10=000|";

enum { READ, BUILT, BOTH };

/* The message with its CheckSum. */
static size_t message_make(uint8_t bytes[static sizeof(text)])
{
	const size_t len = sizeof(text) - 1;
	unsigned int sum = 0;

	for (size_t i = 0; i < len; i++)
		bytes[i] = text[i] == '|' ? FIX_SOH : (uint8_t)text[i];
	for (size_t i = 0; i < len - 7; i++)
		sum += bytes[i];
	snprintf((char *)bytes + len - 4, 5, "%03u\1", sum % 256);
	return len;
}

/* ns each; 0 or -EBADMSG. */
static int ours_measure(double ns[static BOTH])
{
	struct order order = { .quantity = 1, .price = 150500000000 };
	struct order_cause cause = { .tag = 0x123 };
	uint8_t bytes[sizeof(text)];
	const size_t len = message_make(bytes);
	struct fix_prepared prepared;
	struct fix_message message;
	uint64_t begin, read, built;
	uint32_t good = 0;
	size_t taken;

	begin = clock_monotonic_ns();
	for (uint32_t i = 0; i < ROUNDS; i++) {
		/* Its bytes are others each time, for all that is known. */
		__asm__ volatile("" : : "r"(bytes) : "memory");
		good += fix_read(bytes, len, &message, &taken) == 1;
	}
	read = clock_monotonic_ns();
	if (fix_prepare(&prepared, "FIX.4.4", "SENDER", "TARGET", "AAPL",
			false) < 0)
		return -EBADMSG;
	for (uint32_t i = 1; i <= ROUNDS; i++) {
		order.quantity = cause.sequence = i;
		order.price += i;
		order.side = i & 1;
		fix_prepared_patch(&prepared, i, CLOCK_NS_PER_S + i * 100,
				   &cause, &order);
		__asm__ volatile("" : : "r"(&prepared) : "memory");
	}
	built = clock_monotonic_ns();
	ns[READ] = (double)(read - begin) / ROUNDS;
	ns[BUILT] = (double)(built - read) / ROUNDS;
	return good == ROUNDS && fix_read(prepared.bytes, prepared.len,
					  &message, &taken) == 1
		       ? 0
		       : -EBADMSG;
}

static int peer_measure(const char *program, double ns[static BOTH])
{
	char command[PATH_MAX + 32];
	FILE *out;
	int got;

	snprintf(command, sizeof(command), "'%s' codec " PEER_ROUNDS, program);
	out = popen(command, "re");
	if (!out)
		return -errno;
	got = fscanf(out, "%lf %lf", &ns[READ], &ns[BUILT]);
	return pclose(out) == 0 && got == 2 ? 0 : -EIO;
}

int bench_fix(struct bench *bench)
{
	double ours[BOTH][BENCH_ROUNDS_MAX], peer[BOTH][BENCH_ROUNDS_MAX];
	char program[PATH_MAX];

	bench_program(bench, "tests/support/quickfix_peer", program);
	if (access(program, X_OK) != 0) {
		bench_note(bench, "FIX: skipped: built without QuickFIX");
		return 0;
	}
	for (size_t i = 0; i < bench->rounds; i++) {
		double us[BOTH], them[BOTH];
		int err = ours_measure(us);

		if (!err)
			err = peer_measure(program, them);
		if (err)
			return err;
		for (int kind = 0; kind < BOTH; kind++) {
			ours[kind][i] = us[kind];
			peer[kind][i] = them[kind];
		}
	}
	bench_figure(bench, "FIX NewOrderSingle of 120 bytes, read", "ns",
		     ours[READ], "QuickFIX", peer[READ], bench->rounds,
		     BENCH_AT_MOST, 1.0 / 8);
	bench_figure(bench, "FIX NewOrderSingle, prepared and patched", "ns",
		     ours[BUILT], "QuickFIX", peer[BUILT], bench->rounds,
		     BENCH_AT_MOST, 1.0 / 15);
	return 0;
}
