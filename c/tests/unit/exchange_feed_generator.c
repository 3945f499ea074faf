/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/mem.h"
#include "exchange/datagram_source.h"
#include "exchange/feed_generator.h"
#include "exchange/line_format_state.h"
#include "trader/strategy.h"

#define MILLION (1000000 * DECIMAL_ONE)

static char folder[64], first[96], second[96];

static int folder_make(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/t2t-feedgen-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(first, sizeof(first), "%s/first.gz", folder);
	snprintf(second, sizeof(second), "%s/second.gz", folder);
	return 0;
}

static int folder_remove(void **state)
{
	(void)state;
	unlink(first);
	unlink(second);
	/* Fails when a temporary file was left. */
	return rmdir(folder);
}

static struct feed_generator_config config_of(uint64_t bytes, uint64_t seed,
					      int64_t share)
{
	return (struct feed_generator_config){ .bytes = bytes,
					       .seed = seed,
					       .triggers = share,
					       .levels = 100,
					       .symbol = "BTCUSDT" };
}

static struct feed_generator_counts make(const char *path, uint64_t bytes,
					 uint64_t seed, int64_t share)
{
	struct feed_generator_config config = config_of(bytes, seed, share);
	struct feed_generator_counts counts;

	assert_int_equal(feed_generator_write(path, &config, &counts), 0);
	return counts;
}

static size_t file_read(const char *path, uint8_t **bytes)
{
	struct stat status;
	FILE *file = fopen(path, "rb");

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &status), 0);
	*bytes = malloc((size_t)status.st_size);
	assert_non_null(*bytes);
	assert_int_equal(fread(*bytes, 1, (size_t)status.st_size, file),
			 status.st_size);
	fclose(file);
	return (size_t)status.st_size;
}

static bool files_equal(void)
{
	uint8_t *a, *b;
	size_t a_len = file_read(first, &a), b_len = file_read(second, &b);
	bool equal = a_len == b_len && memcmp(a, b, a_len) == 0;

	free(a);
	free(b);
	return equal;
}

static void a_seed_makes_the_same_bytes(void **state)
{
	(void)state;
	make(first, 1000000, 7, DECIMAL_ONE / 100);
	make(second, 1000000, 7, DECIMAL_ONE / 100);
	assert_true(files_equal());
	make(second, 1000000, 8, DECIMAL_ONE / 100);
	assert_false(files_equal());
}

/* What a trader would find in the file. */
struct found {
	uint64_t rows, bytes, snapshot, orders, no_opposite;
	uint64_t large; /* rows above the threshold */
	uint64_t exact; /* rows of exactly the threshold */
	uint64_t buys, equal;
	bool snapshot_first;
};

/* The last orders, as many as must differ. */
struct recent {
	struct order orders[FEED_GENERATOR_APART - 1];
	uint64_t count;
};

static bool recent_has(const struct recent *recent, const struct order *order)
{
	for (size_t i = 0; i < ARRAY_SIZE(recent->orders); i++)
		if (i < recent->count &&
		    memcmp(&recent->orders[i], order, sizeof(*order)) == 0)
			return true;
	return false;
}

static void found_order(struct found *found, struct recent *recent,
			const struct order *order)
{
	found->orders++;
	found->buys += order->side == ORDER_BUY;
	found->equal += recent_has(recent, order);
	recent->orders[recent->count++ % ARRAY_SIZE(recent->orders)] = *order;
}

static struct found look(const char *path)
{
	static struct datagram_source source;
	const struct strategy_config config = { .threshold_usd = MILLION,
						.quantity = 1 };
	struct found found = { .snapshot_first = true };
	struct recent recent = { .count = 0 };
	struct strategy strategy;
	struct source_datagram datagram;
	struct order order;
	uint64_t last_ns = 0;

	assert_int_equal(strategy_open(&strategy, &config), 0);
	assert_int_equal(datagram_source_open(&source, path, line_format_auto),
			 0);
	while (datagram_source_next(&source, &datagram) > 0) {
		struct market_data_message message =
			market_data_read(datagram.bytes, 0);
		double usd = (double)message.price / 1e9 *
			     ((double)message.quantity / 1e9);

		found.rows++;
		found.bytes += datagram.len;
		found.snapshot += datagram.snapshot;
		if (datagram.snapshot && found.snapshot != found.rows)
			found.snapshot_first = false;
		found.large += usd > 1000000;
		found.exact += usd == 1000000;
		if (strategy_update(&strategy, &message, datagram.snapshot,
				    &order))
			found_order(&found, &recent, &order);
		assert_true(datagram.time_ns >= last_ns);
		last_ns = datagram.time_ns;
	}
	found.no_opposite = strategy.no_opposite;
	assert_int_equal(source.counts.bad, 0);
	datagram_source_close(&source);
	strategy_close(&strategy);
	return found;
}

static void its_datagrams_have_the_size(void **state)
{
	static const uint64_t sizes[] = { 1000, 12345, 100000, 1000000 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct feed_generator_counts counts =
			make(first, sizes[i], 1, DECIMAL_ONE / 100);
		struct found found = look(first);

		assert_in_range(found.bytes, sizes[i] - 36, sizes[i] + 36);
		assert_int_equal(found.rows, counts.rows);
		assert_int_equal(found.snapshot, counts.snapshot);
		assert_true(found.snapshot_first);
	}
}

static void exactly_its_triggers_fire(void **state)
{
	static const int64_t shares[] = { 0, DECIMAL_ONE / 1000,
					  DECIMAL_ONE / 100, DECIMAL_ONE / 3,
					  DECIMAL_ONE };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		for (uint64_t seed = 1; seed <= 5; seed++) {
			struct feed_generator_counts counts =
				make(first, 1000000, seed, shares[i]);
			struct found found = look(first);
			double wanted =
				(double)(counts.rows - counts.snapshot) *
				(double)shares[i] / 1e9;

			assert_int_equal(found.orders, counts.triggers);
			assert_int_equal(found.no_opposite, 0);
			assert_true((double)counts.triggers >= wanted - 1);
			assert_true((double)counts.triggers <= wanted + 1);
		}
	}
}

/* The rule over generated feeds: no two orders near each other are equal, so
 * that each answers one update and no other. */
static void neighbouring_orders_differ(void **state)
{
	static const struct {
		uint64_t bytes;
		int64_t share;
	} feeds[] = {
		{ 2000000, DECIMAL_ONE / 1000 }, { 1000000, DECIMAL_ONE / 100 },
		{ 400000, DECIMAL_ONE / 20 },	 { 400000, DECIMAL_ONE / 8 },
		{ 400000, DECIMAL_ONE / 5 },	 { 3000, DECIMAL_ONE / 5 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(feeds); i++) {
		for (uint64_t seed = 1; seed <= 12; seed++) {
			struct feed_generator_counts counts = make(
				first, feeds[i].bytes, seed, feeds[i].share);
			struct found found = look(first);

			assert_int_equal(found.orders, counts.triggers);
			assert_int_equal(found.equal, 0);
			assert_int_equal(counts.equal, 0);
			if (found.orders < 100)
				continue;
			/* And yet of either side. */
			assert_true(found.buys > found.orders / 4);
			assert_true(found.buys < found.orders / 4 * 3);
		}
	}
}

/* Where each row is a trigger nothing can move the prices on. */
static void orders_that_cant_differ_are_counted(void **state)
{
	struct feed_generator_counts counts =
		make(first, 100000, 1, DECIMAL_ONE);

	(void)state;
	assert_true(counts.equal > counts.triggers / 2);
	assert_int_equal(look(first).equal, counts.equal);
}

static void decoys_come_close(void **state)
{
	struct feed_generator_counts counts =
		make(first, 1000000, 3, DECIMAL_ONE / 100);
	struct found found = look(first);

	(void)state;
	assert_true(counts.decoys > 100);
	/* Large ones that do not fire, and ones of exactly the threshold. */
	assert_true(found.large > counts.triggers + 50);
	assert_true(found.exact > 0);
}

static void long_files_stay_on_the_ladder(void **state)
{
	struct feed_generator_counts counts =
		make(first, 40000000, 5, DECIMAL_ONE / 20);

	(void)state;
	assert_int_equal(look(first).orders, counts.triggers);
}

static void a_failure_leaves_what_was_there(void **state)
{
	struct feed_generator_config config = config_of(100000, 1, 0);
	struct feed_generator_counts counts;

	(void)state;
	assert_int_equal(feed_generator_write("/dev/full", &config, &counts),
			 -ENOSPC);
	assert_int_equal(feed_generator_write(folder, &config, &counts),
			 -EISDIR);
	assert_int_equal(
		feed_generator_write("/nowhere/x.gz", &config, &counts),
		-ENOENT);
	/* The device is still one. */
	assert_int_equal(feed_generator_write("/dev/full", &config, &counts),
			 -ENOSPC);
	assert_int_equal(feed_generator_write("/dev/null", &config, &counts),
			 0);
	assert_int_equal(feed_generator_write("/dev/full", &config, &counts),
			 -ENOSPC);
}

static void a_full_disk_leaves_nothing(void **state)
{
	struct feed_generator_config config = config_of(1000000, 1, 0);
	struct feed_generator_counts counts;
	struct rlimit limit, small;
	uint8_t *before, *after;
	size_t len;
	int err, entries = 0;
	DIR *listing;

	(void)state;
	make(first, 1000, 1, 0);
	len = file_read(first, &before);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 20000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	err = feed_generator_write(first, &config, &counts);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(err, -EFBIG);
	/* What was there is still there, and it is alone. */
	assert_int_equal(file_read(first, &after), len);
	assert_memory_equal(after, before, len);
	free(before);
	free(after);
	listing = opendir(folder);
	assert_non_null(listing);
	while (readdir(listing))
		entries++;
	closedir(listing);
	assert_int_equal(entries, 3); /* with . and .. */
}

static void a_link_stays_a_link(void **state)
{
	struct stat status;

	(void)state;
	make(first, 1000, 1, 0);
	assert_int_equal(symlink(first, second), 0);
	make(second, 100000, 1, 0);
	assert_int_equal(lstat(second, &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_true(look(first).bytes > 90000);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_seed_makes_the_same_bytes),
		TEST(its_datagrams_have_the_size),
		TEST(exactly_its_triggers_fire),
		TEST(neighbouring_orders_differ),
		TEST(orders_that_cant_differ_are_counted),
		TEST(decoys_come_close),
		TEST(long_files_stay_on_the_ladder),
		TEST(a_failure_leaves_what_was_there),
		TEST(a_full_disk_leaves_nothing),
		TEST(a_link_stays_a_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
