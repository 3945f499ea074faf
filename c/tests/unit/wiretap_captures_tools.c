/* SPDX-License-Identifier: MIT */
/*
 * Captures as Wireshark's tools and mirror ports leave them: judged rightly,
 * or it is said why they can't be. With a folder as argument the shapes are
 * kept there: so the fuzzer's corpus was made.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "tests/support/capture_shapes.h"
#include "tests/support/record_list.h"
#include "wiretap/analysis_verdict.h"

static char folder[PATH_MAX] = "/tmp/t2t-shapes.XXXXXX";
static bool kept;

/* Run in the folder, where a is the session, b the same ten seconds later from
 * another port, tagged is a in VLAN 100, cooked a of SLL2, big a pcap of a
 * machine of the other byte order, hex and hex.sll dumps of a's frames, of
 * Ethernet and of SLL; each makes "out". */
static const struct shape {
	const char *name, *command;
	enum analysis_verdict verdict;
	uint64_t matched;
	const char *reason;
} shapes[] = {
	{ "microseconds", "editcap -F pcap a out", ANALYSIS_RIGHT, 2, "" },
	{ "nanoseconds", "editcap -F nsecpcap a out", ANALYSIS_RIGHT, 2, "" },
	{ "compressed", "gzip -c a >out", ANALYSIS_RIGHT, 2, "" },
	{ "snoop", "editcap -F snoop a out", ANALYSIS_RIGHT, 2, "" },
	{ "snap_length_60", "editcap -s 60 a out", ANALYSIS_UNJUDGED, 0,
	  "(-s 0)" },
	{ "orders_short_of_a_byte", "editcap -s 66 a out", ANALYSIS_UNJUDGED, 0,
	  "(-s 0)" },
	{ "an_hour_later", "editcap -t 3600 a out", ANALYSIS_RIGHT, 2, "" },
	{ "near_1970", "editcap -t -1699999999 a out", ANALYSIS_RIGHT, 2, "" },
	{ "seen_twice", "mergecap -w out a a", ANALYSIS_RIGHT, 2, "" },
	{ "second_tap_3_ms_late",
	  "editcap -t 0.003 a late && mergecap -w out a late", ANALYSIS_RIGHT,
	  2, "" },
	{ "duplicates_removed", "mergecap -w two a a && editcap -d two out",
	  ANALYSIS_RIGHT, 2, "" },
	{ "three_queues",
	  "editcap -r a q0 1 4 7 10 13 && editcap -r a q1 2 5 8 11 14 && "
	  "editcap -r a q2 3 6 9 12 15 && mergecap -a -w out q2 q0 q1",
	  ANALYSIS_RIGHT, 2, "" },
	{ "two_sessions", "mergecap -w out a b", ANALYSIS_RIGHT, 4, "" },
	{ "later_session_first", "mergecap -a -w out b a", ANALYSIS_RIGHT, 4,
	  "" },
	{ "reordered", "mergecap -a -w two b a && reordercap two out",
	  ANALYSIS_RIGHT, 4, "" },
	{ "mirror_of_a_tagged_port", "cp tagged out", ANALYSIS_RIGHT, 2, "" },
	{ "mirror_of_both_ports", "mergecap -w out a tagged", ANALYSIS_UNJUDGED,
	  0, "name one by --vlan" },
	{ "clock_set_back",
	  "editcap -r a q0 1-9 && editcap -r a q1 10-15 && "
	  "editcap -t -0.05 q1 q2 && mergecap -a -w out q0 q2",
	  ANALYSIS_UNJUDGED, 0, "" },
	{ "clock_set_forward",
	  "editcap -r a q0 1-9 && editcap -r a q1 10-15 && "
	  "editcap -t 100 q1 q2 && mergecap -a -w out q0 q2",
	  ANALYSIS_RIGHT, 2, "" },
	{ "begun_late", "editcap -r a out 5-15", ANALYSIS_UNJUDGED, 0,
	  "mid session" },
	{ "stopped_early", "editcap -r a out 1-10", ANALYSIS_RIGHT, 1, "" },
	{ "stopped_before_the_answer", "editcap -r a out 1-11",
	  ANALYSIS_UNJUDGED, 1, "behind the capture's end" },
	{ "order_dropped", "editcap a out 8", ANALYSIS_UNJUDGED, 1,
	  "13 bytes of the order connection" },
	{ "call_for_an_order_dropped", "editcap a out 11", ANALYSIS_UNJUDGED, 1,
	  "gaps" },
	{ "one_direction", "editcap a out 2 9 13", ANALYSIS_RIGHT, 2, "" },
	{ "raw_ip", "editcap -L -C 14 -T rawip a out", ANALYSIS_RIGHT, 2, "" },
	{ "links_mixed",
	  "editcap -L -C 14 -T rawip b raw && mergecap -w out a raw",
	  ANALYSIS_RIGHT, 4, "" },
	{ "unknown_link", "editcap -T docsis a out", ANALYSIS_UNJUDGED, 0,
	  "no market data found" },
	{ "several_interfaces",
	  "editcap -r a q0 1 4 7 10 13 && editcap -r a q1 2 5 8 11 14 && "
	  "editcap -r a q2 3 6 9 12 15 && mergecap -I none -w out q2 q0 q1",
	  ANALYSIS_RIGHT, 2, "" },
	{ "several_interfaces_unsorted",
	  "editcap -r a q0 1 4 7 10 13 && editcap -r a q1 2 5 8 11 14 && "
	  "editcap -r a q2 3 6 9 12 15 && mergecap -a -I none -w out q2 q0 q1",
	  ANALYSIS_RIGHT, 2, "" },
	{ "links_as_interfaces", "mergecap -I none -w out cooked b",
	  ANALYSIS_RIGHT, 4, "" },
	{ "cooked", "cp cooked out", ANALYSIS_RIGHT, 2, "" },
	{ "cooked_and_wired", "mergecap -w out a cooked", ANALYSIS_RIGHT, 2,
	  "" },
	{ "big_endian", "cp big out", ANALYSIS_RIGHT, 2, "" },
	{ "big_endian_beside", "mergecap -w out big b", ANALYSIS_RIGHT, 4, "" },
	{ "text", "text2pcap hex out", ANALYSIS_RIGHT, 2, "" },
	{ "text_cooked", "text2pcap -l 113 hex.sll out", ANALYSIS_RIGHT, 2,
	  "" },
	{ "strict_order", "editcap -S 0.000001 a out", ANALYSIS_RIGHT, 2, "" },
	{ "strict_order_of_a_mix",
	  "mergecap -a -w two b a && editcap -S 0.000001 two out",
	  ANALYSIS_RIGHT, 4, "" },
	{ "no_time_between", "editcap -S -0 a out", ANALYSIS_RIGHT, 2, "" },
	{ "duplicates_removed_in_a_window",
	  "mergecap -w two a a && editcap -D 5 two out", ANALYSIS_RIGHT, 2,
	  "" },
	{ "duplicates_removed_in_time",
	  "mergecap -w two a a && editcap -w 0.01 two out", ANALYSIS_RIGHT, 2,
	  "" },
	{ "a_clock_an_hour_ahead_on_one_tap",
	  "editcap -r a q0 1-3 8 9 12 13 15 && editcap -r a q1 4-7 10 11 14 && "
	  "editcap -t -3600 q0 q2 && mergecap -w out q1 q2",
	  ANALYSIS_UNJUDGED, 0, "" },
	{ "cut_short_of_a_header", "editcap -s 13 a out", ANALYSIS_UNJUDGED, 0,
	  "(-s 0)" },
	{ "comments", "editcap -a 5:frame a out", ANALYSIS_RIGHT, 2, "" },
	{ "no_frames", "editcap -r a out 99", ANALYSIS_UNJUDGED, 0,
	  "no market data found" },
};

static void base_make(const char *name, enum frame_link link, uint16_t vlan,
		      uint64_t later_ns, uint16_t port)
{
	struct capture_maker maker;
	char command[2 * PATH_MAX];

	capture_maker_open(&maker, link);
	maker.vlan = vlan;
	maker.now_ns += later_ns;
	maker.client_port += port;
	capture_shapes_session(&maker);
	capture_maker_flush(&maker);
	snprintf(command, sizeof(command), "cp %s %s/%s", maker.path, folder,
		 name);
	assert_int_equal(system(command), 0);
	capture_maker_close(&maker);
}

static FILE *file_make(const char *name)
{
	char path[2 * PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	return file;
}

static void put32_big(FILE *file, uint32_t value)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		fputc((int)(value >> shift & 0xff), file);
}

/* Microseconds, as most have it. */
static void big_endian_make(const struct record_list *list)
{
	FILE *file = file_make("big");

	put32_big(file, 0xa1b2c3d4);
	put32_big(file, 2 << 16 | 4); /* version */
	put32_big(file, 0);
	put32_big(file, 0);
	put32_big(file, 65535);
	put32_big(file, FRAME_LINK_ETHERNET);
	for (size_t i = 0; i < list->count; i++) {
		const struct record *record = &list->records[i];

		put32_big(file, (uint32_t)(record->stamp_ns / CLOCK_NS_PER_S));
		put32_big(file,
			  (uint32_t)(record->stamp_ns % CLOCK_NS_PER_S / 1000));
		put32_big(file, record->captured_len);
		put32_big(file, record->wire_len);
		fwrite(record->bytes, 1, record->captured_len, file);
	}
	assert_int_equal(fclose(file), 0);
}

/* As text2pcap wants it, with the link header or this one in its place. */
static void hex_make(const char *name, const struct record_list *list,
		     const uint8_t *head, size_t head_len)
{
	const size_t ethernet_len = 14;
	FILE *file = file_make(name);

	for (size_t i = 0; i < list->count; i++) {
		const struct record *record = &list->records[i];
		size_t at = head_len ? ethernet_len : 0;

		fprintf(file, "000000");
		for (size_t k = 0; k < head_len; k++)
			fprintf(file, " %02x", head[k]);
		for (; at < record->captured_len; at++)
			fprintf(file, " %02x", record->bytes[at]);
		fputs("\n", file);
	}
	assert_int_equal(fclose(file), 0);
}

static void others_make(void)
{
	/* Ethernet's, of six bytes; IPv4. */
	static const uint8_t sll[16] = { 0, 0, 0, 1, 0, 6, 2, 0,
					 0, 0, 0, 1, 0, 0, 8, 0 };
	static struct record_list list;
	struct capture_maker maker;

	capture_maker_open(&maker, FRAME_LINK_ETHERNET);
	record_list_begin(&list, &maker);
	capture_shapes_session(&maker);
	capture_maker_close(&maker);
	big_endian_make(&list);
	hex_make("hex", &list, NULL, 0);
	hex_make("hex.sll", &list, sll, sizeof(sll));
}

static int make(void **state)
{
	(void)state;
	if (!kept)
		assert_non_null(mkdtemp(folder));
	base_make("a", FRAME_LINK_ETHERNET, 0, 0, 0);
	base_make("b", FRAME_LINK_ETHERNET, 0, 10 * CLOCK_NS_PER_S, 1);
	base_make("tagged", FRAME_LINK_ETHERNET, 100, 0, 0);
	base_make("cooked", FRAME_LINK_SLL2, 0, 0, 0);
	others_make();
	return 0;
}

static int take_away(void **state)
{
	char command[PATH_MAX + 16];

	(void)state;
	if (kept)
		return 0;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static void shape_is_judged(const struct shape *shape)
{
	const struct analysis_config config = record_list_config();
	char command[2 * PATH_MAX], path[2 * PATH_MAX];
	char reason[ANALYSIS_REASON_MAX];
	struct analysis_result result;
	enum analysis_verdict verdict;

	snprintf(command, sizeof(command), "cd %s && { %s; } >/dev/null 2>&1",
		 folder, shape->command);
	assert_int_equal(system(command), 0);
	snprintf(path, sizeof(path), "%s/out", folder);
	assert_int_equal(analysis_run(&config, path, &result), 0);
	verdict = analysis_verdict(&result, true, reason);
	if (verdict != shape->verdict || result.matched < shape->matched ||
	    !strstr(reason, shape->reason))
		fail_msg("%s: %d, %d matched: %s", shape->name, (int)verdict,
			 (int)result.matched, reason);
	assert_int_equal(result.missing + result.extra + result.wrong, 0);
	if (!kept)
		return;
	snprintf(command, sizeof(command), "cd %s && mv out %s", folder,
		 shape->name);
	assert_int_equal(system(command), 0);
}

static void each_shape(void **state)
{
	static const char there[] =
		"command -v editcap mergecap reordercap text2pcap >/dev/null";

	(void)state;
	if (system(there) != 0) {
		print_message(
			"# skipped: editcap, mergecap, reordercap and "
			"text2pcap are not installed (wireshark-common)\n");
		skip();
	}
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		shape_is_judged(&shapes[i]);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_shape),
	};

	log_open("test", LOG_ERROR);
	if (argc > 1) {
		kept = true;
		snprintf(folder, sizeof(folder), "%s", argv[1]);
	}
	return cmocka_run_group_tests(tests, make, take_away);
}
