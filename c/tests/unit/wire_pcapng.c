/* SPDX-License-Identifier: MIT */
/* What is written here is read back by libpcap and, where it is installed,
 * by tshark: programs that know the format from elsewhere. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/pcapng.h"

#define SNAP_LEN 262144

struct written {
	uint64_t stamp_ns;
	uint32_t captured_len;
	uint32_t wire_len;
	enum pcapng_direction direction;
};

/* Each length modulo 4; a stamp whose low half is all ones, and one more. */
static const struct written packets[] = {
	{ 1, 40, 40, PCAPNG_UNKNOWN },
	{ UINT64_C(1714521600123456789), 41, 41, PCAPNG_INBOUND },
	{ UINT64_C(0x17ffffffffffffff), 42, 1500, PCAPNG_OUTBOUND },
	{ UINT64_C(0x1800000000000000), 43, 43, PCAPNG_OUTBOUND },
	{ UINT64_C(1999999999999999999), 0, 60, PCAPNG_INBOUND },
};
#define PACKET_COUNT (sizeof(packets) / sizeof(packets[0]))

static uint8_t packet_byte(size_t packet, size_t i)
{
	return (uint8_t)(packet * 64 + i);
}

static size_t write_packet(size_t packet, uint8_t *out, size_t size)
{
	const struct written *w = &packets[packet];
	uint8_t bytes[64];
	int len;

	for (size_t i = 0; i < w->captured_len; i++)
		bytes[i] = packet_byte(packet, i);
	len = pcapng_packet(out, size, 0, w->stamp_ns, bytes, w->captured_len,
			    w->wire_len, w->direction);
	assert_true(len > 0);
	return (size_t)len;
}

static size_t write_all(uint8_t *out, size_t size)
{
	size_t at = 0;
	int len = pcapng_section(out, size, "a machine", "Linux", "t2t");

	assert_true(len > 0);
	at += (size_t)len;
	len = pcapng_interface(out + at, size - at, 1, SNAP_LEN, "veth0",
			       "outside the trader");
	assert_true(len > 0);
	at += (size_t)len;
	for (size_t i = 0; i < PACKET_COUNT; i++)
		at += write_packet(i, out + at, size - at);
	len = pcapng_statistics(out + at, size - at, 0,
				UINT64_C(1714521600123456789),
				UINT64_C(5000000000), 7);
	assert_true(len > 0);
	return at + (size_t)len;
}

static int write_file(void **state)
{
	static char path[4096];
	uint8_t bytes[4096];
	const char *folder = getenv("TMPDIR");
	FILE *file;
	int fd;

	snprintf(path, sizeof(path), "%s/wire_pcapng.XXXXXX",
		 folder ? folder : "/tmp");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	file = fdopen(fd, "wb");
	if (!file)
		return -1;
	fwrite(bytes, 1, write_all(bytes, sizeof(bytes)), file);
	*state = path;
	return fclose(file);
}

static int remove_file(void **state)
{
	return unlink(*state);
}

static void libpcap_reads_back_what_was_written(void **state)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline_with_tstamp_precision(
		*state, PCAP_TSTAMP_PRECISION_NANO, error);
	struct pcap_pkthdr *header;
	const uint8_t *data;

	assert_non_null(pcap);
	assert_int_equal(pcap_datalink(pcap), DLT_EN10MB);
	assert_int_equal(pcap_snapshot(pcap), SNAP_LEN);
	for (size_t p = 0; p < PACKET_COUNT; p++) {
		assert_int_equal(pcap_next_ex(pcap, &header, &data), 1);
		/* In this precision tv_usec holds nanoseconds. */
		assert_int_equal((uint64_t)header->ts.tv_sec *
						 UINT64_C(1000000000) +
					 (uint64_t)header->ts.tv_usec,
				 packets[p].stamp_ns);
		assert_int_equal(header->caplen, packets[p].captured_len);
		assert_int_equal(header->len, packets[p].wire_len);
		for (size_t i = 0; i < header->caplen; i++)
			assert_int_equal(data[i], packet_byte(p, i));
	}
	assert_int_equal(pcap_next_ex(pcap, &header, &data), PCAP_ERROR_BREAK);
	pcap_close(pcap);
}

static void tshark_reads_stamps_names_and_directions(void **state)
{
	static const char *const expected[] = {
		"0.000000001,veth0,40,40,0x00000000",
		"1714521600.123456789,veth0,41,41,0x00000001",
		"1729382256.910270463,veth0,1500,42,0x00000002",
		"1729382256.910270464,veth0,43,43,0x00000002",
		"1999999999.999999999,veth0,60,0,0x00000001",
	};
	char command[8192], line[256];
	FILE *output;

	if (system("command -v tshark >/dev/null 2>&1") != 0) {
		print_message("# skipped: tshark is not installed\n");
		skip();
	}
	snprintf(command, sizeof(command),
		 "tshark -n -r '%s' -T fields -E separator=, "
		 "-e frame.time_epoch -e frame.interface_name -e frame.len "
		 "-e frame.cap_len -e frame.packet_flags 2>/dev/null",
		 (const char *)*state);
	output = popen(command, "r");
	assert_non_null(output);
	for (size_t p = 0; p < PACKET_COUNT; p++) {
		assert_non_null(fgets(line, sizeof(line), output));
		line[strcspn(line, "\n")] = '\0';
		assert_string_equal(line, expected[p]);
	}
	assert_null(fgets(line, sizeof(line), output));
	assert_int_equal(pclose(output), 0);
}

static void a_packet_block_is_as_the_draft_has_it(void **state)
{
	static const uint8_t expected[] = {
		6,    0, 0, 0, 48, 0, 0, 0, /* type, length */
		3,    0, 0, 0,		    /* interface */
		4,    3, 2, 1, 8,  7, 6, 5, /* stamp, the high half first */
		1,    0, 0, 0, 9,  0, 0, 0, /* captured, on the wire */
		0xaa, 0, 0, 0,		    /* data, padded */
		2,    0, 4, 0, 2,  0, 0, 0, /* flags: outbound */
		0,    0, 0, 0, 48, 0, 0, 0, /* no more options, length */
	};
	uint8_t out[64];

	(void)state;
	assert_int_equal(pcapng_packet(out, sizeof(out), 3, 0x0102030405060708,
				       (const uint8_t[]){ 0xaa }, 1, 9,
				       PCAPNG_OUTBOUND),
			 sizeof(expected));
	assert_memory_equal(out, expected, sizeof(expected));
}

static void counters_are_64_bits_low_half_first(void **state)
{
	static const uint8_t expected[] = {
		5, 0, 0, 0, 52, 0, 0, 0,	     /* type, length */
		0, 0, 0, 0, 0,	0, 0, 0, 1, 0, 0, 0, /* interface, stamp */
		4, 0, 8, 0, 8,	7, 6, 5, 4, 3, 2, 1, /* received */
		5, 0, 8, 0, 9,	0, 0, 0, 0, 0, 0, 0, /* dropped */
		0, 0, 0, 0, 52, 0, 0, 0, /* no more options, length */
	};
	uint8_t out[64];

	(void)state;
	assert_int_equal(pcapng_statistics(out, sizeof(out), 0, 1,
					   0x0102030405060708, 9),
			 sizeof(expected));
	assert_memory_equal(out, expected, sizeof(expected));
}

static void strings_that_are_null_are_left_out(void **state)
{
	uint8_t out[64];

	(void)state;
	assert_int_equal(pcapng_section(out, sizeof(out), NULL, NULL, NULL),
			 32);
	assert_int_equal(pcapng_section(out, sizeof(out), NULL, "x", NULL), 40);
	assert_int_equal(pcapng_section(out, sizeof(out), NULL, "", NULL), 36);
	assert_int_equal(pcapng_interface(out, sizeof(out), 1, 0, NULL, NULL),
			 32);
}

static void the_overhead_suffices_for_any_length(void **state)
{
	static const uint8_t bytes[8];
	uint8_t out[64];

	(void)state;
	for (uint32_t len = 0; len <= sizeof(bytes); len++)
		assert_true(pcapng_packet(out, len + PCAPNG_PACKET_OVERHEAD, 0,
					  0, bytes, len, len,
					  PCAPNG_INBOUND) > 0);
}

/* Each block into each size that is too small, and into the one that fits. */
static void nothing_is_written_past_the_room(void **state)
{
	static const uint8_t bytes[5];

	(void)state;
	for (int block = 0; block < 4; block++) {
		int len = -ENOSPC;

		for (size_t size = 0; size < 256 && len < 0; size++) {
			uint8_t *out = malloc(size + 1);

			assert_non_null(out);
			out[size] = 0x5a;
			if (block == 0)
				len = pcapng_section(out, size, "a", "bc", "");
			else if (block == 1)
				len = pcapng_interface(out, size, 1, 9, "a",
						       "bcd");
			else if (block == 2)
				len = pcapng_packet(out, size, 0, 1, bytes, 5,
						    5, PCAPNG_INBOUND);
			else
				len = pcapng_statistics(out, size, 0, 1, 2, 3);
			assert_int_equal(out[size], 0x5a);
			assert_int_equal(len, len < 0 ? -ENOSPC : (int)size);
			free(out);
		}
		assert_true(len > 0);
	}
}

static void a_length_beyond_the_room_is_refused(void **state)
{
	static const uint8_t bytes[8];
	uint8_t out[64];

	(void)state;
	assert_int_equal(pcapng_packet(out, sizeof(out), 0, 0, bytes,
				       UINT32_MAX, UINT32_MAX, PCAPNG_UNKNOWN),
			 -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			libpcap_reads_back_what_was_written, write_file,
			remove_file),
		cmocka_unit_test_setup_teardown(
			tshark_reads_stamps_names_and_directions, write_file,
			remove_file),
		cmocka_unit_test(a_packet_block_is_as_the_draft_has_it),
		cmocka_unit_test(counters_are_64_bits_low_half_first),
		cmocka_unit_test(strings_that_are_null_are_left_out),
		cmocka_unit_test(the_overhead_suffices_for_any_length),
		cmocka_unit_test(nothing_is_written_past_the_room),
		cmocka_unit_test(a_length_beyond_the_room_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
