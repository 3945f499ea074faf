/* SPDX-License-Identifier: MIT */
/* A small right session in the shapes that taps, mirror ports and tools give
 * it: each is judged rightly, or it is said why it can't be. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "tests/support/capture_shapes.h"
#include "tests/support/record_list.h"
#include "wire/pcapng.h"
#include "wiretap/analysis_verdict.h"

/* The records of the session. */
enum {
	SYN,
	SYN_ACK,
	ACK,
	MD0, /* snapshots: ask 50001, bid 50000 */
	MD1,
	MD2, /* ask 50000 */
	MD3, /* a large bid: a call for an order */
	ORDER1,
	ACK1,
	MD4,
	MD5, /* another */
	ORDER2,
	ACK2,
	END_OF_FEED,
	FIN,
	SESSION_LEN,
};

enum {
	ETHERNET_TYPE = 12,
	IP = 14,
	IP_LENGTH = IP + 2,
	IP_FRAGMENT = IP + 6,
	PAYLOAD_UDP = IP + 28,
	TCP = IP + 20,
	PAYLOAD_TCP = TCP + 20,
	TAG_LEN = 4,
};

#define MS UINT64_C(1000000)

static struct capture_maker maker;
static struct record_list list;
static struct record *const records = list.records;
static struct analysis_config config;
static struct analysis_result result;
static char reason[ANALYSIS_REASON_MAX];

static int setup(void **state)
{
	(void)state;
	capture_maker_open(&maker, FRAME_LINK_ETHERNET);
	record_list_begin(&list, &maker);
	config = record_list_config();
	capture_shapes_session(&maker);
	assert_int_equal(list.count, SESSION_LEN);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	capture_maker_close(&maker);
	return 0;
}

static void judge(void)
{
	record_list_judge(&list, &config, &result);
	assert_int_equal(result.triggers, result.matched + result.missing +
						  result.wrong +
						  result.unjudged_triggers);
	assert_int_equal(result.orders, result.matched + result.wrong +
						result.extra +
						result.unjudged_orders);
}

static void verdict_is(enum analysis_verdict wanted)
{
	enum analysis_verdict found = analysis_verdict(&result, true, reason);

	if (found != wanted)
		print_message("# %d matched, %d missing, %d extra, %d wrong, "
			      "%d sessions: %s\n",
			      (int)result.matched, (int)result.missing,
			      (int)result.extra, (int)result.wrong,
			      (int)result.sessions, reason);
	assert_int_equal(found, wanted);
}

/* So many orders, and all are right. */
static void right(uint64_t orders)
{
	judge();
	verdict_is(ANALYSIS_RIGHT);
	assert_int_equal(result.matched, orders);
	assert_int_equal(result.orders, orders);
}

static void wrong(void)
{
	judge();
	verdict_is(ANALYSIS_WRONG);
}

static void not_judged(const char *why)
{
	judge();
	verdict_is(ANALYSIS_UNJUDGED);
	if (!strstr(reason, why))
		print_message("# %s\n", reason);
	assert_non_null(strstr(reason, why));
	assert_int_equal(result.missing + result.extra + result.wrong, 0);
}

static void again(size_t from, size_t to, uint64_t later_ns)
{
	struct record copy = records[from];

	copy.stamp_ns = records[to - 1].stamp_ns + later_ns;
	record_list_insert(&list, to, &copy);
}

static void tag_put(struct record *record, uint16_t type, uint16_t vlan)
{
	const uint8_t tag[TAG_LEN] = { (uint8_t)(type >> 8), (uint8_t)type,
				       (uint8_t)(vlan >> 8), (uint8_t)vlan };

	record_put(record, ETHERNET_TYPE, tag, sizeof(tag));
}

static void tag_all(uint16_t type, uint16_t vlan)
{
	for (size_t i = 0; i < list.count; i++)
		tag_put(&records[i], type, vlan);
}

static void cut(struct record *record, uint32_t len)
{
	if (record->captured_len > len)
		record->captured_len = len;
}

static void as_it_is(void **state)
{
	(void)state;
	right(2);
	assert_int_equal(result.sessions, 1);
}

static void without_its_end(void **state)
{
	(void)state;
	list.count = ORDER2 + 1;
	right(2);
}

static void two_sessions(void **state)
{
	(void)state;
	maker.sequence = 0;
	maker.client_port++;
	capture_shapes_session(&maker);
	right(4);
	assert_int_equal(result.sessions, 2);
	/* The port is used again, with near numbers, at once. */
	list.count = SESSION_LEN;
	maker.sequence = 0;
	maker.client_port--;
	capture_shapes_session(&maker);
	right(4);
	assert_int_equal(result.sessions, 2);
}

/* 1. SYNs of any kind between the session's frames empty no books. */
static void the_same_syn_and_first_packet_again(void **state)
{
	(void)state;
	again(SYN, MD3, 100);
	again(MD0, MD3 + 1, 100);
	right(2);
	assert_int_equal(result.sessions, 1);
	assert_int_equal(result.duplicates, 1);
}

static void a_second_tap_three_ms_late(void **state)
{
	size_t count = list.count;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct record copy = records[i];

		copy.stamp_ns += 3 * MS;
		record_list_insert(&list, list.count, &copy);
	}
	right(2);
	assert_int_equal(result.sessions, 1);
	/* As mergecap writes them: by stamps. Then two sessions of it. */
	maker.sequence = 0;
	maker.client_port++;
	maker.now_ns += 10 * MS;
	capture_shapes_session(&maker);
	right(4);
	assert_int_equal(result.sessions, 2);
}

static void a_refused_client(void **state)
{
	struct capture_maker other = maker;

	(void)state;
	/* Between two datagrams that came swapped. */
	for (size_t at = MD0; at < FIN; at++) {
		teardown(NULL);
		setup(NULL);
		other = maker;
		other.client_port++;
		list.count = SESSION_LEN;
		capture_maker_syn(&other);
		capture_maker_refuse(&other);
		for (int i = 0; i < 2; i++) {
			records[list.count - 1].stamp_ns =
				records[at].stamp_ns + 10;
			record_list_move(&list, list.count - 1, at + 1);
		}
		right(2);
		assert_int_equal(result.sessions, 1);
	}
}

/* The exchange lets it wait, and it takes its turn. */
static void a_client_that_waits(void **state)
{
	struct capture_maker other = maker;

	(void)state;
	other.client_port++;
	capture_maker_connect(&other);
	for (int i = 0; i < 3; i++) {
		records[list.count - 1].stamp_ns =
			records[MD3].stamp_ns + 30 - 10 * (uint64_t)i;
		record_list_move(&list, list.count - 1, MD3 + 1);
	}
	again(MD0, MD3 + 4, 10);
	right(2);
	assert_int_equal(result.sessions, 1);
	maker.client_port++;
	maker.client_next = other.client_next;
	maker.sequence = 0;
	capture_maker_level(&maker, MARKET_DATA_SNAPSHOT, MARKET_DATA_ASK,
			    50001, 1);
	capture_maker_level(&maker, 0, MARKET_DATA_BID, 49100, 30);
	capture_maker_order(&maker, ORDER_BUY, 50001);
	right(3);
	assert_int_equal(result.sessions, 2);
}

/* Nobody else is served, so an order of somebody else is none to be judged. */
static void an_order_of_a_client_that_waits(void **state)
{
	struct capture_maker other = maker;

	(void)state;
	other.client_port++;
	capture_maker_connect(&other);
	capture_maker_order(&other, ORDER_BUY, 50000);
	for (size_t i = SESSION_LEN; i < list.count; i++) {
		records[i].stamp_ns = records[ORDER1].stamp_ns + 10 * i;
		record_list_move(&list, i, ORDER1 + 1 + i - SESSION_LEN);
	}
	not_judged("orders are of a connection that is not the session's");
	assert_int_equal(result.stray_orders, 1);
}

static void first_packet_again_stamped_before(void **state)
{
	(void)state;
	again(MD0, MD0 + 1, 0);
	records[MD0 + 1].stamp_ns--;
	right(2);
	assert_int_equal(result.sessions, 1);
}

static void a_foreign_syn_or_rst_on_the_connections_ports(void **state)
{
	const uint8_t flags[] = { FRAME_TCP_SYN, FRAME_TCP_RST };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		teardown(NULL);
		setup(NULL);
		capture_maker_client(&maker, flags[i],
				     maker.client_next + 77777777, NULL, 0);
		records[SESSION_LEN].stamp_ns = records[MD3].stamp_ns + 10;
		record_list_move(&list, SESSION_LEN, MD3 + 1);
		capture_maker_server(&maker, FRAME_TCP_RST, 99999999, 0);
		records[SESSION_LEN + 1].stamp_ns = records[MD3].stamp_ns + 20;
		record_list_move(&list, SESSION_LEN + 1, MD3 + 2);
		again(MD0, MD3 + 3, 10);
		right(2);
		assert_int_equal(result.sessions, 1);
	}
}

/* 2. Stamps are believed, not the file's order. */
static void any_file_order(void **state)
{
	(void)state;
	record_list_move(&list, ORDER1, MD3);
	right(2);
	assert_int_equal(result.stamps_backwards, 1);
	for (size_t i = 0; i < list.count / 2; i++)
		record_list_swap(&list, i, list.count - 1 - i);
	right(2);
	/* Three queues, one behind the other (mergecap -a). */
	for (size_t i = 0; i < list.count; i++)
		record_list_move(&list, i, (i % 3) * (i / 3));
	right(2);
}

static void file_order_beyond_the_window(void **state)
{
	(void)state;
	for (size_t i = MD4; i < list.count; i++)
		records[i].stamp_ns += CLOCK_NS_PER_S;
	record_list_move(&list, ORDER1, list.count - 1);
	not_judged("reordercap");
}

static void equal_stamps(void **state)
{
	(void)state;
	for (size_t i = 0; i < list.count; i++)
		records[i].stamp_ns -= records[i].stamp_ns % MS;
	right(2);
	record_list_move(&list, ORDER1, MD3);
	right(2);
}

static void clocks_that_differ(void **state)
{
	(void)state;
	records[ORDER1].stamp_ns -= 1500;
	records[ORDER2].stamp_ns -= 1500;
	not_judged("the clocks of the capture differ");
}

static void a_clock_set_back(void **state)
{
	(void)state;
	for (size_t i = MD4; i < list.count; i++)
		records[i].stamp_ns -= 5000;
	judge();
	verdict_is(ANALYSIS_UNJUDGED);
	for (size_t i = MD4; i < list.count; i++)
		records[i].stamp_ns -= CLOCK_NS_PER_S;
	not_judged("");
}

/* 3. What a NIC is yet to cut has no IP length. */
static void ip_length_zero(void **state)
{
	(void)state;
	memset(records[ORDER1].bytes + IP_LENGTH, 0, 2);
	memset(records[MD3].bytes + IP_LENGTH, 0, 2);
	right(2);
	cut(&records[ORDER1], records[ORDER1].wire_len - 1);
	not_judged("-s 0");
}

/* 4. Where a stream begins and ends. */
static void no_handshake_and_a_keep_alive(void **state)
{
	uint32_t first = maker.client_next - 1 - 2 * ORDER_LEN;

	(void)state;
	for (int i = 0; i < 3; i++)
		record_list_remove(&list, 0);
	capture_maker_client(&maker, FRAME_TCP_ACK, first - 1, "", 1);
	records[list.count - 1].stamp_ns = records[0].stamp_ns + 10;
	record_list_move(&list, list.count - 1, 1);
	right(2);
	/* With the exchange's answer the boundary is known. */
	capture_maker_server(&maker, FRAME_TCP_SYN | FRAME_TCP_ACK, 5000,
			     first);
	records[list.count - 1].stamp_ns = records[0].stamp_ns - 10;
	record_list_move(&list, list.count - 1, 0);
	right(2);
	assert_int_equal(result.guessed_starts, 0);
}

static void split_order(size_t first_len)
{
	struct record first = records[ORDER1];
	uint32_t sequence;

	/* The second half keeps the place of the whole. */
	memcpy(&sequence, records[ORDER1].bytes + TCP + 4, 4);
	sequence = __builtin_bswap32(__builtin_bswap32(sequence) +
				     (uint32_t)first_len);
	first.captured_len = first.wire_len = PAYLOAD_TCP + (uint32_t)first_len;
	first.bytes[IP_LENGTH + 1] = (uint8_t)(40 + first_len);
	first.stamp_ns -= 10;
	record_take(&records[ORDER1], PAYLOAD_TCP, first_len);
	memcpy(records[ORDER1].bytes + TCP + 4, &sequence, 4);
	records[ORDER1].bytes[IP_LENGTH + 1] = (uint8_t)(53 - first_len);
	record_list_insert(&list, ORDER1, &first);
}

static void half_an_order_captured(void **state)
{
	(void)state;
	for (size_t len = 1; len < ORDER_LEN; len++) {
		teardown(NULL);
		setup(NULL);
		split_order(len);
		right(2);
		/* The first half is not in the capture ... */
		record_list_remove(&list, ORDER1);
		not_judged("bytes of the order connection were not captured");
		/* ... nor is the handshake. */
		for (int i = 0; i < 3; i++)
			record_list_remove(&list, 0);
		not_judged("the beginning of an order connection was not");
		teardown(NULL);
		setup(NULL);
		split_order(len);
		record_list_remove(&list, ORDER1 + 1);
		not_judged("bytes of the order connection were not captured");
		/* The capture ends in the middle of it. */
		list.count = ORDER1 + 1;
		not_judged("1 orders are cut by the capture's end");
	}
}

static void half_an_order_sent(void **state)
{
	(void)state;
	capture_maker_client(&maker, FRAME_TCP_FIN | FRAME_TCP_ACK,
			     maker.client_next - 1, "abc", 3);
	list.records[FIN] = list.records[SESSION_LEN];
	list.count = SESSION_LEN;
	split_order(5);
	record_list_remove(&list, ORDER1 + 1);
	judge();
	assert_true(analysis_verdict(&result, true, reason) != ANALYSIS_RIGHT);
}

/* 5. What nothing was understood of. */
static void service_tags(void **state)
{
	static const uint16_t types[] = { 0x8100, 0x88a8, 0x9100, 0x9200,
					  0x9300 };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		teardown(NULL);
		setup(NULL);
		tag_all(types[i], 42);
		right(2);
		assert_int_equal(result.vlan, 42);
		config.vlan = 42;
		right(2);
		config.vlan = 43;
		not_judged("another VLAN's: see --vlan");
		/* A tag around the tag. */
		config.vlan = ANALYSIS_VLAN_AUTO;
		tag_all(types[i], 100);
		right(2);
		assert_int_equal(result.vlan, 100 << 12 | 42);
	}
}

static void priority_tags_are_no_vlan(void **state)
{
	(void)state;
	config.vlan = 0;
	for (size_t i = 0; i < list.count; i += 2)
		tag_put(&records[i], 0x8100, 5 << 13);
	right(2);
	tag_put(&records[MD3], 0x8100, 7);
	not_judged("gaps are in the market data");
}

static void nothing_understood(void **state)
{
	static const uint16_t types[] = { 0x8847, 0x88be, 0x86dd, 0x0806 };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		for (size_t k = 0; k < list.count; k++) {
			records[k].bytes[ETHERNET_TYPE] =
				(uint8_t)(types[i] >> 8);
			records[k].bytes[ETHERNET_TYPE + 1] = (uint8_t)types[i];
		}
		not_judged("no market data found: 15 frames not understood");
	}
	for (size_t i = 0; i < list.count; i++)
		records[i].link = 147;
	not_judged("15 of unknown link type");
	list.count = 0;
	not_judged("no market data found");
}

static void frames_of_other_links_beside(void **state)
{
	(void)state;
	for (size_t i = 0; i < SESSION_LEN; i += 3) {
		again(i, i + 1, 0);
		records[i + 1].link = 147;
	}
	right(2);
}

static void no_order_called_for(void **state)
{
	(void)state;
	config.strategy.threshold_usd = INT64_MAX;
	list.count = MD3 + 1;
	not_judged("no order was called for");
}

/* Another network on the same wire: group, port and all. */
static void another_vlans_market_data(void **state)
{
	struct record copy;

	(void)state;
	for (size_t i = MD0; i < list.count; i++) {
		if (records[i].bytes[IP + 9] != FRAME_UDP)
			continue;
		copy = records[i];
		tag_put(&copy, 0x8100, 7);
		copy.bytes[PAYLOAD_UDP + TAG_LEN] += 100; /* its number */
		record_list_insert(&list, i++, &copy);
	}
	right(2);
	assert_int_equal(result.other_vlan_frames, 7);
	/* It may also be the first to speak. */
	record_list_move(&list, MD0, 0);
	records[0].stamp_ns -= 10000;
	right(2);
	assert_int_equal(result.other_vlan_frames, 7);
	/* Who trades on it trades wrongly. */
	maker.client_next--;
	maker.sequence--;
	list.count -= 2;
	capture_maker_order(&maker, ORDER_BUY, 1);
	capture_maker_packet(&maker, MARKET_DATA_END_OF_FEED, NULL, 0);
	wrong();
	assert_int_equal(result.extra, 1);
}

static void order_connections_in_two_vlans(void **state)
{
	(void)state;
	again(SYN, MD3, 10);
	tag_put(&records[MD3], 0x8100, 7);
	not_judged("name one by --vlan");
	config.vlan = 0;
	right(2);
}

/* 6. Cut frames. */
static void every_snap_length(void **state)
{
	static struct record_list whole;
	uint32_t longest = 0;

	(void)state;
	whole = list;
	for (size_t i = 0; i < list.count; i++)
		if (list.records[i].wire_len > longest)
			longest = list.records[i].wire_len;
	for (uint32_t len = 1; len < longest; len++) {
		list = whole;
		for (size_t i = 0; i < list.count; i++)
			cut(&records[i], len);
		not_judged("frames are cut: capture whole frames (-s 0)");
	}
	list = whole;
	for (size_t i = 0; i < list.count; i++)
		cut(&records[i], longest);
	right(2);
}

static void cut_frames_of_others(void **state)
{
	(void)state;
	again(ORDER1, ORDER2, 10);
	records[ORDER2].bytes[TCP + 2] ^= 1; /* another port */
	cut(&records[ORDER2], PAYLOAD_TCP);
	right(2);
	assert_int_equal(result.truncated_frames, 1);
	/* Ours but for the VLAN. */
	again(MD5, ORDER2, 10);
	tag_put(&records[ORDER2], 0x8100, 7);
	cut(&records[ORDER2], PAYLOAD_UDP + TAG_LEN);
	right(2);
	assert_int_equal(result.truncated_frames, 2);
	/* Only options of a segment without payload are cut. */
	again(ACK1, ACK1 + 1, 10);
	record_put(&records[ACK1 + 1], PAYLOAD_TCP, "\1\1\1\1", 4);
	records[ACK1 + 1].bytes[TCP + 12] = 6 << 4;
	records[ACK1 + 1].bytes[IP_LENGTH + 1] += 4;
	cut(&records[ACK1 + 1], PAYLOAD_TCP);
	right(2);
}

/* 7. Stamps that are none. */
static void absent_stamps(void **state)
{
	static struct record_list whole;

	(void)state;
	whole = list;
	records[MD3].stamp_ns = 0;
	not_judged("no time stamp");
	list = whole;
	for (size_t i = 0; i < list.count; i++)
		records[i].stamp_ns = 0;
	not_judged("no time stamp");
}

/* A NIC stamps what comes in; what goes out has the kernel's stamp, or another
 * NIC's, which say nothing of the first's. */
static void two_clocks_in_one_capture(void **state)
{
	(void)state;
	right(2);
	assert_int_equal(result.data_clock, PCAPNG_CLOCK_UNTOLD);
	for (size_t i = 0; i < list.count; i++)
		records[i].clock = PCAPNG_CLOCK_NIC + 1;
	right(2);
	assert_int_equal(result.data_clock, PCAPNG_CLOCK_NIC + 1);
	assert_int_equal(result.order_clock, PCAPNG_CLOCK_NIC + 1);
	/* One's segment that bears no order. */
	records[ACK1].clock = PCAPNG_CLOCK_KERNEL;
	not_judged("1 frames are stamped by another clock");
	for (size_t i = 0; i < list.count; i++)
		if (records[i].bytes[IP + 9] == FRAME_UDP)
			records[i].clock = PCAPNG_CLOCK_NIC + 2;
	not_judged("frames are stamped by another clock");
	assert_int_equal(result.data_clock, PCAPNG_CLOCK_NIC + 2);
	assert_int_equal(result.order_clock, PCAPNG_CLOCK_NIC + 1);
}

/* What is not of the feed may be stamped by whomever. */
static void clocks_of_others(void **state)
{
	(void)state;
	again(ORDER1, ORDER2, 10);
	records[ORDER2].bytes[TCP + 2] ^= 1; /* another port */
	records[ORDER2].clock = PCAPNG_CLOCK_NIC;
	right(2);
	assert_int_equal(result.mixed_clocks, 0);
}

/* 8. The capture's own loss. */
static void each_record_lost(void **state)
{
	static struct record_list whole;

	(void)state;
	whole = list;
	for (size_t i = 0; i < SESSION_LEN; i++) {
		list = whole;
		record_list_remove(&list, i);
		judge();
		/* Never the trader's fault. */
		assert_int_equal(result.missing + result.extra + result.wrong,
				 0);
		if (i >= MD0 && i != ACK1 && i != ACK2 && i < END_OF_FEED)
			verdict_is(ANALYSIS_UNJUDGED);
		else
			verdict_is(ANALYSIS_RIGHT);
	}
}

/* A tap that was started late. */
static void each_beginning_lost(void **state)
{
	static struct record_list whole;

	(void)state;
	whole = list;
	for (size_t lost = 1; lost < SESSION_LEN; lost++) {
		list = whole;
		for (size_t i = 0; i < lost; i++)
			record_list_remove(&list, 0);
		judge();
		assert_int_equal(result.missing + result.extra + result.wrong,
				 0);
		verdict_is(lost <= MD0 ? ANALYSIS_RIGHT : ANALYSIS_UNJUDGED);
	}
}

static void order_connection_elsewhere(void **state)
{
	(void)state;
	for (size_t i = list.count; i-- > 0;)
		if (records[i].bytes[IP + 9] == FRAME_TCP)
			record_list_remove(&list, i);
	not_judged("no order connection in the capture");
}

/* The exchange serves one at a time, and another one comes. */
static void end_of_a_connection_lost(void **state)
{
	(void)state;
	list.count = FIN;
	maker.sequence = 0;
	maker.client_port++;
	maker.now_ns += 2 * CLOCK_NS_PER_S;
	capture_shapes_session(&maker);
	not_judged("without the end of their connection");
	assert_int_equal(result.sessions, 2);
}

/* What the capture lacks of one session excuses nobody in the next. */
static void doubt_is_its_sessions(void **state)
{
	(void)state;
	maker.sequence = 0;
	maker.client_port++;
	maker.now_ns += 2 * CLOCK_NS_PER_S;
	capture_shapes_session(&maker);
	list.count -= 2;
	maker.client_next--;
	maker.sequence--;
	capture_maker_order(&maker, ORDER_BUY, 1);
	capture_maker_packet(&maker, MARKET_DATA_END_OF_FEED, NULL, 0);
	record_list_remove(&list, MD5);
	judge();
	verdict_is(ANALYSIS_UNJUDGED);
	assert_int_equal(result.sessions, 2);
	assert_int_equal(result.unjudged_orders, 1);
	assert_int_equal(result.extra, 1);
}

static void lengths_that_contradict_each_other(void **state)
{
	static struct record_list whole;

	(void)state;
	whole = list;
	records[ORDER1].bytes[IP_LENGTH + 1] = 30; /* no room for TCP */
	not_judged("lengths that contradict each other");
	list = whole;
	records[MD3].bytes[IP + 24] = 9; /* UDP's length, of 9 * 256 */
	not_judged("lengths that contradict each other");
	/* Somebody else's are not ours. */
	list = whole;
	again(MD5, MD5 + 1, 10);
	records[MD5 + 1].bytes[IP + 24] = 9;
	records[MD5 + 1].bytes[IP + 16]--;
	right(2);
	assert_int_equal(result.malformed_frames, 1);
}

static void acknowledged_order_lost(void **state)
{
	(void)state;
	list.count = END_OF_FEED;
	record_list_remove(&list, ORDER2);
	not_judged("13 bytes of the order connection were not captured");
	assert_int_equal(result.unjudged_triggers, 1);
}

/* Nothing behind it shows that it is not there. */
static void last_call_for_an_order_lost(void **state)
{
	(void)state;
	list.count = END_OF_FEED;
	record_list_remove(&list, MD5);
	not_judged("1 orders came behind the last market data");
	assert_int_equal(result.unjudged_orders, 1);
}

static void call_for_an_order_in_fragments(void **state)
{
	struct record rest = records[MD5];

	(void)state;
	records[MD5].bytes[IP_FRAGMENT] = 0x20;
	rest.bytes[IP_FRAGMENT + 1] = 4;
	record_list_insert(&list, MD5 + 1, &rest);
	not_judged("2 frames are IP fragments");
	/* Either will do. */
	record_list_remove(&list, MD5 + 1);
	not_judged("1 frames are IP fragments");
	records[MD5] = rest;
	not_judged("1 frames are IP fragments");
	/* Somebody else's are not ours. */
	setup(NULL);
	again(MD5, MD5 + 1, 10);
	records[MD5 + 1].bytes[IP_FRAGMENT] = 0x20;
	records[MD5 + 1].bytes[IP + 16]--;
	right(2);
	assert_int_equal(result.fragments, 1);
}

/* They are not put together: what they hold was not seen. */
static void order_in_fragments(void **state)
{
	(void)state;
	records[ORDER1].bytes[IP_FRAGMENT] = 0x20;
	not_judged("1 frames are IP fragments");
	assert_int_equal(result.our_fragments, 1);
	/* The rest of a segment tells no port; the first tells enough. */
	again(ORDER1, ORDER1 + 1, 10);
	records[ORDER1 + 1].bytes[IP_FRAGMENT] = 0;
	records[ORDER1 + 1].bytes[IP_FRAGMENT + 1] = 4;
	not_judged("1 frames are IP fragments");
	assert_int_equal(result.fragments, 2);
	/* Another connection's. */
	records[ORDER1].bytes[TCP + 3]++;
	judge();
	assert_int_equal(result.our_fragments, 0);
}

/* An order that the trader did not send is its fault, whoever acknowledges. */
static void order_never_sent(void **state)
{
	uint32_t next = maker.client_next - 1 - ORDER_LEN;

	(void)state;
	record_list_remove(&list, ACK2);
	record_list_remove(&list, ORDER2);
	capture_maker_client(&maker, FRAME_TCP_FIN | FRAME_TCP_ACK, next, NULL,
			     0);
	records[list.count - 2] = records[list.count - 1];
	list.count--;
	wrong();
	assert_int_equal(result.missing, 1);
}

/* Merged frames. */
static void merge(uint32_t gso_size)
{
	record_merge(&records[MD0], &records[MD1]);
	record_merge(&records[MD0], &records[MD2]);
	record_merge(&records[MD0], &records[MD3]);
	records[MD0].gso_size = gso_size;
	for (int i = 0; i < 3; i++)
		record_list_remove(&list, MD1);
}

static void merged_datagrams(void **state)
{
	(void)state;
	merge((uint32_t)market_data_len(1));
	right(2);
	assert_int_equal(result.split_frames, 1);
	assert_int_equal(result.packets, 6);
	records[MD0].gso_size = 0;
	not_judged("switch off GRO and GSO at the tap");
}

static void bytes_behind_the_messages(void **state)
{
	struct record more = { .captured_len = PAYLOAD_UDP + 13 };

	(void)state;
	record_merge(&records[MD3], &more);
	right(2);
}

static void orders_in_one_segment(void **state)
{
	(void)state;
	record_put(&records[ORDER2], PAYLOAD_TCP,
		   records[ORDER1].bytes + PAYLOAD_TCP, ORDER_LEN);
	memcpy(records[ORDER2].bytes + TCP + 4, records[ORDER1].bytes + TCP + 4,
	       4);
	records[ORDER2].bytes[IP_LENGTH + 1] += ORDER_LEN;
	record_list_remove(&list, ACK1);
	record_list_remove(&list, ORDER1);
	right(2);
	assert_int_equal(result.shared_segments, 1);
}

static void ip_options(void **state)
{
	(void)state;
	record_put(&records[MD3], IP + 20, "\x94\x04\0\0", 4); /* to routers */
	records[MD3].bytes[IP]++;
	records[MD3].bytes[IP_LENGTH + 1] += 4;
	right(2);
}

static void padding_and_trailers(void **state)
{
	(void)state;
	record_put(&records[ORDER1], records[ORDER1].captured_len, "check", 5);
	record_put(&records[MD3], records[MD3].captured_len, "check", 5);
	record_put(&records[FIN], records[FIN].captured_len, "123456", 6);
	right(2);
}

/* One number, two contents: a second sender. */
static void two_senders(void **state)
{
	(void)state;
	again(MD4, MD4 + 1, 10);
	records[MD4 + 1].bytes[PAYLOAD_UDP + 8 + 12]++;
	not_judged("one number and different bytes");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(as_it_is),
		TEST(without_its_end),
		TEST(two_sessions),
		TEST(the_same_syn_and_first_packet_again),
		TEST(a_second_tap_three_ms_late),
		TEST(a_refused_client),
		TEST(a_client_that_waits),
		TEST(an_order_of_a_client_that_waits),
		TEST(first_packet_again_stamped_before),
		TEST(a_foreign_syn_or_rst_on_the_connections_ports),
		TEST(any_file_order),
		TEST(file_order_beyond_the_window),
		TEST(equal_stamps),
		TEST(clocks_that_differ),
		TEST(a_clock_set_back),
		TEST(ip_length_zero),
		TEST(no_handshake_and_a_keep_alive),
		TEST(half_an_order_captured),
		TEST(half_an_order_sent),
		TEST(service_tags),
		TEST(priority_tags_are_no_vlan),
		TEST(nothing_understood),
		TEST(frames_of_other_links_beside),
		TEST(no_order_called_for),
		TEST(another_vlans_market_data),
		TEST(order_connections_in_two_vlans),
		TEST(every_snap_length),
		TEST(cut_frames_of_others),
		TEST(absent_stamps),
		TEST(two_clocks_in_one_capture),
		TEST(clocks_of_others),
		TEST(each_record_lost),
		TEST(each_beginning_lost),
		TEST(order_connection_elsewhere),
		TEST(end_of_a_connection_lost),
		TEST(doubt_is_its_sessions),
		TEST(lengths_that_contradict_each_other),
		TEST(acknowledged_order_lost),
		TEST(last_call_for_an_order_lost),
		TEST(call_for_an_order_in_fragments),
		TEST(order_in_fragments),
		TEST(order_never_sent),
		TEST(merged_datagrams),
		TEST(bytes_behind_the_messages),
		TEST(orders_in_one_segment),
		TEST(ip_options),
		TEST(padding_and_trailers),
		TEST(two_senders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
