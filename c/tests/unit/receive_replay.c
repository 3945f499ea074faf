/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "receive/receive_ops.h"
#include "wire/frame.h"
#include "wire/pcapng.h"

#define GROUP UINT32_C(0xefff0001) /* 239.255.0.1 */
#define PORT  12345

static struct receive_config config;
static char path[32];
static FILE *file;
static uint64_t stamp_ns;

static void block_write(const uint8_t *block, int len)
{
	assert_true(len > 0);
	assert_int_equal(fwrite(block, 1, (size_t)len, file), len);
}

static int capture_open(void **state)
{
	uint8_t block[256];
	int fd;

	(void)state;
	strcpy(path, "/tmp/t2t-replay.XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	file = fdopen(fd, "w");
	block_write(block,
		    pcapng_section(block, sizeof(block), NULL, NULL, NULL));
	block_write(block,
		    pcapng_interface(block, sizeof(block), FRAME_LINK_ETHERNET,
				     65535, NULL, NULL));
	stamp_ns = UINT64_C(1700000000000000000);
	return 0;
}

static int capture_remove(void **state)
{
	(void)state;
	if (file)
		fclose(file);
	file = NULL;
	return unlink(path);
}

/* One datagram, of which the capture kept all but cut bytes. */
static void datagram_write(uint32_t group, uint16_t port, const void *payload,
			   size_t len, uint32_t cut)
{
	static const struct frame_ethernet ethernet;
	struct frame frame = { .protocol = FRAME_UDP,
			       .destination = group,
			       .destination_port = port,
			       .payload = payload,
			       .payload_len = len };
	uint8_t bytes[2048], block[3072];
	int n = frame_build(&ethernet, &frame, bytes, sizeof(bytes));

	assert_true(n > 0);
	block_write(block, pcapng_packet(block, sizeof(block), 0, stamp_ns++,
					 bytes, (uint32_t)n - cut, (uint32_t)n,
					 PCAPNG_INBOUND));
}

static int replay_open(const char *options, struct receive **rx)
{
	char text[64];

	if (file)
		fclose(file);
	file = NULL;
	snprintf(text, sizeof(text), "replay:file=%s%s", path, options);
	return receive_open(text, &config, rx);
}

static void keeps_what_is_the_groups(void **state)
{
	struct packet packets[RECEIVE_BURST_MAX];
	struct receive *rx;
	uint8_t large[1472];

	(void)state;
	memset(large, 0x5a, sizeof(large));
	datagram_write(GROUP, PORT, "first", 5, 0);
	datagram_write(GROUP + 1, PORT, "group", 5, 0);
	datagram_write(GROUP, PORT + 1, "port", 4, 0);
	datagram_write(GROUP, PORT, "cut off", 7, 3);
	datagram_write(GROUP, PORT, "", 0, 0);
	datagram_write(GROUP, PORT, large, sizeof(large), 0);
	assert_int_equal(replay_open("", &rx), 0);
	assert_int_equal(receive_poll(rx, packets, RECEIVE_BURST_MAX), 3);
	assert_int_equal(packets[0].len, 5);
	assert_memory_equal(packets[0].data, "first", 5);
	assert_int_equal(packets[1].len, 0);
	assert_int_equal(packets[2].len, sizeof(large));
	assert_memory_equal(packets[2].data, large, sizeof(large));
	assert_int_equal(packets[0].kernel_ns, UINT64_C(1700000000000000000));
	assert_int_equal(packets[2].kernel_ns, UINT64_C(1700000000000000005));
	assert_int_equal(receive_poll(rx, packets, 1), -ESHUTDOWN);
	receive_close(rx);
}

static void loops_as_often_as_asked(void **state)
{
	struct packet packets[2];
	struct receive *rx;

	(void)state;
	for (char c = 'a'; c < 'd'; c++)
		datagram_write(GROUP, PORT, &c, 1, 0);
	assert_int_equal(replay_open(",loops=3", &rx), 0);
	for (int loop = 0; loop < 3; loop++) {
		assert_int_equal(receive_poll(rx, packets, 2), 2);
		assert_int_equal(packets[0].data[0], 'a');
		assert_int_equal(packets[1].data[0], 'b');
		assert_int_equal(receive_poll(rx, packets, 2), 1);
		assert_int_equal(packets[0].data[0], 'c');
	}
	assert_int_equal(receive_poll(rx, packets, 2), -ESHUTDOWN);
	receive_close(rx);
}

/* More than the block's first size, so that it grows. */
static void many_payloads(void **state)
{
	uint8_t payload[1000] = { 0 };
	struct packet packets[7];
	struct receive *rx;
	uint32_t next = 0;
	int n;

	(void)state;
	for (uint32_t i = 0; i < 5000; i++) {
		memcpy(payload, &i, sizeof(i));
		datagram_write(GROUP, PORT, payload, i % 900 + 4, 0);
	}
	assert_int_equal(replay_open("", &rx), 0);
	while ((n = receive_poll(rx, packets, 7)) > 0) {
		for (int i = 0; i < n; i++, next++) {
			assert_int_equal(packets[i].len, next % 900 + 4);
			assert_memory_equal(packets[i].data, &next, 4);
		}
	}
	assert_int_equal(n, -ESHUTDOWN);
	assert_int_equal(next, 5000);
	receive_close(rx);
}

static void capture_without_the_group_is_refused(void **state)
{
	struct receive *rx;

	(void)state;
	datagram_write(GROUP, PORT + 1, "other", 5, 0);
	assert_int_equal(replay_open("", &rx), -ENODATA);
	assert_null(rx);
}

static void damaged_capture_is_refused(void **state)
{
	struct receive *rx;

	(void)state;
	datagram_write(GROUP, PORT, "whole", 5, 0);
	datagram_write(GROUP, PORT, "half", 4, 0);
	fflush(file);
	assert_int_equal(truncate(path, ftell(file) - 20), 0);
	assert_int_equal(replay_open("", &rx), -EIO);
	assert_null(rx);
}

static void file_is_required_and_must_exist(void **state)
{
	struct receive *rx;

	(void)state;
	assert_int_equal(receive_open("replay", &config, &rx), -EINVAL);
	assert_int_equal(receive_open("replay:loops=2", &config, &rx), -EINVAL);
	assert_int_equal(
		receive_open("replay:file=/nowhere/none", &config, &rx),
		-ENOENT);
	assert_true(replay_open(",loops=0", &rx) == -EINVAL);
}

int main(void)
{
#define REPLAY_TEST(name) \
	cmocka_unit_test_setup_teardown(name, capture_open, capture_remove)
	static const struct CMUnitTest tests[] = {
		REPLAY_TEST(keeps_what_is_the_groups),
		REPLAY_TEST(loops_as_often_as_asked),
		REPLAY_TEST(many_payloads),
		REPLAY_TEST(capture_without_the_group_is_refused),
		REPLAY_TEST(damaged_capture_is_refused),
		REPLAY_TEST(file_is_required_and_must_exist),
	};

	log_open("test", LOG_ERROR);
	config.group.sin_family = AF_INET;
	config.group.sin_addr.s_addr = htonl(GROUP);
	config.group.sin_port = htons(PORT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
