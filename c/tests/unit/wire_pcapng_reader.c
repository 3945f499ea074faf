/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "wire/pcapng.h"
#include "wire/pcapng_reader.h"

/* Blocks made by hand, of either byte order. */
static struct {
	bool big;
	uint8_t bytes[1024];
	size_t len, block; /* where the last block begins */
} file;

static struct pcapng_reader reader;
static struct pcapng_reader_frame frame;

static void put(uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		file.bytes[file.len++] =
			(uint8_t)(value >> 8 * (file.big ? len - 1 - i : i));
}

static void block_begin(uint32_t type)
{
	file.block = file.len;
	put(type, 4);
	put(0, 4);
}

static void block_end(void)
{
	size_t len, end;

	while (file.len % 4)
		put(0, 1);
	put(0, 4);
	end = file.len;
	len = end - file.block;
	file.len = file.block + 4;
	put(len, 4);
	file.len = end - 4;
	put(len, 4);
}

static void section(bool big)
{
	file.big = big;
	block_begin(0x0a0d0d0a);
	put(0x1a2b3c4d, 4);
	put(1, 2);
	put(0, 2);
	put(UINT64_MAX, 8);
	block_end();
}

static void interface(uint16_t link, int resolution, int64_t offset_s)
{
	block_begin(1);
	put(link, 2);
	put(0, 2);
	put(40, 4);
	if (resolution >= 0) {
		put(9, 2);
		put(1, 2);
		put((uint64_t)resolution, 1);
		while (file.len % 4)
			put(0, 1);
	}
	put(14, 2);
	put(8, 2);
	put((uint64_t)offset_s, 8);
	put(0, 4);
	block_end();
}

static void packet(uint32_t id, uint64_t units)
{
	block_begin(6);
	put(id, 4);
	put(units >> 32, 4);
	put(units & UINT32_MAX, 4);
	put(3, 4);
	put(5, 4);
	memcpy(file.bytes + file.len, "abc", 3);
	file.len += 3;
	block_end();
}

/* The next block at *at: what pcapng_reader_block() says. */
static int next(size_t *at)
{
	int64_t len = pcapng_reader_block_len(&reader, file.bytes + *at);
	int rc;

	if (len < 0)
		return (int)len;
	assert_true(*at + (size_t)len <= file.len);
	rc = pcapng_reader_block(&reader, file.bytes + *at, (size_t)len,
				 &frame);
	*at += (size_t)len;
	return rc;
}

/* To the next frame; -ENODATA at the end. */
static int next_frame(size_t *at)
{
	int rc = 0;

	while (rc == 0 && *at < file.len)
		rc = next(at);
	return rc == 0 ? -ENODATA : rc;
}

static int setup(void **state)
{
	(void)state;
	memset(&file, 0, sizeof(file));
	reader = (struct pcapng_reader){ 0 };
	return 0;
}

static void sections_of_either_byte_order(void **state)
{
	size_t at = 0;

	(void)state;
	for (int i = 0; i < 4; i++) {
		section(i % 2);
		interface((uint16_t)(100 + i), 9, 0);
		packet(0, 5000 + (uint64_t)i);
	}
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(next_frame(&at), 1);
		assert_int_equal(frame.link, 100 + i);
		assert_int_equal(frame.stamp_ns, 5000 + i);
		assert_int_equal(frame.captured_len, 3);
		assert_int_equal(frame.wire_len, 5);
		assert_memory_equal(frame.bytes, "abc", 3);
	}
	assert_int_equal(next_frame(&at), -ENODATA);
}

static void every_resolution(void **state)
{
	static const struct {
		int resolution;
		int64_t offset_s;
		uint64_t units, ns;
	} stamps[] = {
		{ -1, 0, 7, 7000 },
		{ 0, 0, 7, UINT64_C(7000000000) },
		{ 3, 0, 7, 7000000 },
		{ 6, 0, 7, 7000 },
		{ 9, 0, 7, 7 },
		{ 12, 0, 7001, 7 },
		{ 127, 0, UINT64_MAX, 0 },
		{ 0x80, 0, 7, UINT64_C(7000000000) },
		{ 0x80 | 10, 0, 512, 500000000 },
		{ 0x80 | 32, 0, UINT64_C(3) << 31, UINT64_C(1500000000) },
		{ 0x80 | 63, 0, UINT64_C(1) << 63, UINT64_C(1000000000) },
		{ 0x80 | 127, 0, UINT64_MAX, 0 },
		{ 9, 2, 7, UINT64_C(2000000007) },
		{ 9, -2, UINT64_C(3000000007), UINT64_C(1000000007) },
		/* What no stamp can be. */
		{ 9, -2, 7, 0 },
		{ 0, 0, UINT64_MAX, 0 },
		{ 9, 0, UINT64_MAX, 0 },
		{ 9, INT64_MAX, 7, 0 },
		{ 9, INT64_MIN, 7, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++) {
		size_t at = 0;

		setup(NULL);
		section(i % 2);
		interface(1, stamps[i].resolution, stamps[i].offset_s);
		packet(0, stamps[i].units);
		assert_int_equal(next_frame(&at), 1);
		assert_int_equal(frame.stamp_ns, stamps[i].ns);
	}
}

static void simple_packets_have_no_stamp(void **state)
{
	size_t at = 0;

	(void)state;
	section(true);
	interface(1, 9, 0);
	block_begin(3);
	put(60, 4);
	file.len += 40; /* the interface's snap length */
	block_end();
	assert_int_equal(next_frame(&at), 1);
	assert_int_equal(frame.stamp_ns, 0);
	assert_int_equal(frame.captured_len, 40);
	assert_int_equal(frame.wire_len, 60);
}

static void statistics(uint32_t id, uint64_t dropped, uint64_t by_system)
{
	block_begin(5);
	put(id, 4);
	put(0, 8);
	put(5, 2);
	put(8, 2);
	put(dropped, 8);
	put(7, 2);
	put(8, 2);
	put(by_system, 8);
	block_end();
}

/* The last word of each interface, in all sections. */
static void dropped_frames_are_counted(void **state)
{
	size_t at = 0;

	(void)state;
	section(false);
	interface(1, 9, 0);
	interface(1, 9, 0);
	statistics(0, 2, 0);
	statistics(0, 3, 1);
	statistics(1, 10, 0);
	statistics(7, 1000, 0); /* of none */
	section(true);
	interface(1, 9, 0);
	statistics(0, 100, 0);
	assert_int_equal(next_frame(&at), -ENODATA);
	assert_int_equal(pcapng_reader_dropped(&reader), 114);
}

/* epb_dropcount, and the old block's own count. */
static void losses_told_beside_a_frame_add_up(void **state)
{
	size_t at = 0;

	(void)state;
	section(false);
	interface(1, 9, 0);
	for (uint64_t dropped = 3; dropped <= 4; dropped++) {
		block_begin(6);
		put(0, 4);
		put(0, 8);
		put(4, 4);
		put(4, 4);
		put(0x61626364, 4);
		put(4, 2);
		put(8, 2);
		put(dropped, 8);
		block_end();
	}
	block_begin(2);
	put(0, 2);
	put(5, 2);
	put(0, 8);
	put(4, 4);
	put(4, 4);
	put(0x61626364, 4);
	block_end();
	while (next_frame(&at) == 1)
		;
	assert_int_equal(pcapng_reader_dropped(&reader), 3 + 4 + 5);
}

static void merged_frames_are_told(void **state)
{
	uint8_t bytes[256];
	const struct pcapng_beside beside = {
		.gso_size = 1400, .checksum = PCAPNG_CHECKSUM_NOT_READY
	};
	size_t at = 0;
	int len;

	(void)state;
	section(false);
	interface(1, 9, 0);
	len = pcapng_packet_beside(bytes, sizeof(bytes), 0, 5,
				   (const uint8_t *)"abcde", 5, 5, &beside);
	assert_true(len > 0);
	memcpy(file.bytes + file.len, bytes, (size_t)len);
	file.len += (size_t)len;
	packet(0, 6);
	assert_int_equal(next_frame(&at), 1);
	assert_int_equal(frame.gso_size, 1400);
	assert_int_equal(next_frame(&at), 1);
	assert_int_equal(frame.gso_size, 0);
}

/* As t2t-wiretap writes it. */
static void described(const char *description)
{
	file.len += (size_t)pcapng_interface(file.bytes + file.len,
					     sizeof(file.bytes) - file.len, 1,
					     0, "eth1", description);
}

static void the_clock_is_told(void **state)
{
	static const struct {
		uint32_t id, clock;
	} wanted[] = {
		{ 0, PCAPNG_CLOCK_UNTOLD },  { 1, PCAPNG_CLOCK_KERNEL },
		{ 2, PCAPNG_CLOCK_NIC + 2 }, { 3, PCAPNG_CLOCK_NIC + 3 },
		{ 4, PCAPNG_CLOCK_KERNEL },
	};
	size_t at = 0;

	(void)state;
	section(false);
	described(NULL);
	described("stamped by the kernel");
	described("stamped by the NIC");
	described("stamped by the NIC");
	described("stamped by the kernel; made anew: nothing was seen");
	for (size_t i = 0; i < 5; i++)
		packet(wanted[i].id, 1);
	/* Another section's interfaces are others. */
	section(false);
	described("stamped by the NIC");
	packet(0, 1);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(next_frame(&at), 1);
		assert_int_equal(frame.clock, wanted[i].clock);
	}
	assert_int_equal(next_frame(&at), 1);
	assert_int_equal(frame.clock, PCAPNG_CLOCK_NIC + 5);
}

static void what_contradicts_itself_is_refused(void **state)
{
	size_t at = 0;

	(void)state;
	section(false);
	packet(0, 1); /* of no interface */
	assert_int_equal(next_frame(&at), -EBADMSG);
	assert_non_null(reader.why);
	setup(NULL);
	at = 0;
	section(false);
	interface(1, 9, 0);
	packet(0, 1);
	file.bytes[file.block + 20] = 200; /* longer than its block */
	assert_int_equal(next_frame(&at), -EBADMSG);
	setup(NULL);
	at = 0;
	section(false);
	file.bytes[file.len - 4]++; /* two lengths */
	assert_int_equal(next_frame(&at), -EBADMSG);
	setup(NULL);
	at = 0;
	section(false);
	file.bytes[8] = 0; /* no byte order */
	assert_int_equal(next_frame(&at), -EBADMSG);
	setup(NULL);
	at = 0;
	packet(0, 1);
	assert_int_equal(next_frame(&at), -EBADMSG);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		TEST(sections_of_either_byte_order),
		TEST(every_resolution),
		TEST(simple_packets_have_no_stamp),
		TEST(dropped_frames_are_counted),
		TEST(losses_told_beside_a_frame_add_up),
		TEST(merged_frames_are_told),
		TEST(the_clock_is_told),
		TEST(what_contradicts_itself_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
