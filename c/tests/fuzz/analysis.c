/* SPDX-License-Identifier: MIT */
/*
 * Any frames in any order: the counts add up, and an interval is known for
 * each matched order that a frame called for. The input is a list of records:
 * a byte of what (its low two bits: a raw frame with its link, a datagram to
 * the group, a segment to the exchange, or another frame of its end; the
 * others: how time goes on), a length, bytes. Which other frame its first two
 * bytes say: an acknowledgement, a datagram to the second group, one that is
 * sent again, or what the trader asks the retransmitter for.
 */
#include <arpa/inet.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "base/log.h"
#include "wire/frame.h"
#include "wiretap/analysis.h"
#include "wiretap/analysis_verdict.h"

#define GROUP	 UINT32_C(0xefff0001)
#define CLIENT	 UINT32_C(0x0a000002)
#define EXCHANGE UINT32_C(0x0a000001)
#define PORT	 12345
#define SECOND	 12346
#define ORDERS	 9012
#define RESEND	 (ORDERS + 1)
#define SEQUENCE UINT32_C(0xffffff00) /* wraps soon */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_open("fuzz", LOG_ERROR);
	return 0;
}

static uint64_t time_after(uint64_t stamp_ns, uint8_t what)
{
	uint64_t step = what >> 2;

	/* Backwards, but never to before 1970, which no capture holds. */
	if (step == 63)
		return stamp_ns > CLOCK_NS_PER_S ? stamp_ns - CLOCK_NS_PER_S
						 : 0;
	return stamp_ns + step * step * CLOCK_NS_PER_S / 1000;
}

/* Up to two bytes of the body as a number, taken off. */
static uint32_t take16(const uint8_t **body, size_t *len)
{
	uint32_t value = 0;

	for (int i = 0; i < 2 && *len > 0; i++, (*len)--)
		value = value << 8 | *(*body)++;
	return value;
}

/* Of what the exchange sends, or of what it is asked for. */
static void build_other(uint32_t number, struct frame *frame)
{
	frame->protocol = FRAME_UDP;
	frame->source = EXCHANGE;
	switch (number >> 1 & 3) {
	case 0:
		frame->protocol = FRAME_TCP;
		frame->source_port = ORDERS;
		frame->destination = CLIENT;
		frame->destination_port = 40000 + (number & 1);
		frame->tcp_flags = FRAME_TCP_ACK;
		break;
	case 1:
		frame->destination = GROUP;
		frame->destination_port = SECOND;
		break;
	case 2:
		frame->source_port = RESEND;
		frame->destination = CLIENT;
		frame->destination_port = 50000;
		break;
	default:
		frame->source = CLIENT;
		frame->source_port = 50000;
		frame->destination = EXCHANGE;
		frame->destination_port = RESEND;
	}
}

static size_t build(uint8_t what, const uint8_t *body, size_t len, uint8_t *out,
		    size_t size)
{
	static const struct frame_ethernet ethernet;
	struct frame frame = { .protocol = FRAME_TCP };
	uint32_t number = 0;

	if ((what & 3) == 1) {
		frame.protocol = FRAME_UDP;
		frame.source = EXCHANGE;
		frame.destination = GROUP;
		frame.destination_port = PORT;
	} else if ((what & 3) == 2) {
		number = take16(&body, &len);
		frame.source = CLIENT;
		frame.source_port = 40000 + (number & 1);
		frame.destination = EXCHANGE;
		frame.destination_port = ORDERS;
		frame.tcp_flags = number >> 1 & 0x1f;
		frame.tcp_sequence = SEQUENCE + take16(&body, &len);
	} else {
		build_other(take16(&body, &len), &frame);
		if (frame.protocol == FRAME_TCP)
			frame.tcp_acknowledgment =
				SEQUENCE + take16(&body, &len);
	}
	frame.payload = body;
	frame.payload_len = len;
	return (size_t)frame_build(&ethernet, &frame, out, size);
}

static void check(const struct analysis_result *result)
{
	char reason[ANALYSIS_REASON_MAX];
	enum analysis_verdict verdict = analysis_verdict(result, true, reason);

	if ((*reason != '\0') != (verdict == ANALYSIS_UNJUDGED ||
				  (verdict == ANALYSIS_WRONG &&
				   result->ambiguous_faults > 0)) ||
	    (verdict == ANALYSIS_RIGHT && result->triggers == 0) ||
	    result->triggers != result->matched + result->missing +
					result->wrong +
					result->unjudged_triggers ||
	    result->orders != result->matched + result->wrong + result->extra +
				      result->unjudged_orders ||
	    result->wire_to_wire.count + result->unmeasured !=
		    result->matched ||
	    result->deciding_message.count != result->wire_to_wire.count ||
	    (result->split_frames == 0 &&
	     result->packets + result->duplicates + result->reordered +
			     result->strangers + result->foreign +
			     result->doubted + result->bad_datagrams +
			     result->fragments + result->truncated_frames +
			     result->malformed_frames +
			     result->unknown_link_frames >
		     result->frames) ||
	    latencies_value(&result->wire_to_wire, "min") >
		    latencies_value(&result->wire_to_wire, "p50") ||
	    latencies_value(&result->wire_to_wire, "p50") >
		    latencies_value(&result->wire_to_wire, "max") ||
	    latencies_value(&result->wire_to_wire, "max") > INT64_MAX ||
	    (result->packets > 0 && result->sessions == 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct analysis_config config = {
		.strategy = { .threshold_usd = DECIMAL_ONE,
			      .aggress = size & 1,
			      .contract = size >> 1 & 1,
			      .quantity = 1 },
		.group = { { .sin_family = AF_INET,
			     .sin_port = htons(PORT),
			     .sin_addr = { htonl(GROUP) } },
			   { .sin_family = AF_INET,
			     .sin_port = htons(size & 16 ? SECOND : 0),
			     .sin_addr = { htonl(GROUP) } } },
		.order_port = ORDERS,
		.vlan = ANALYSIS_VLAN_AUTO,
		.line_rate = size & 4 ? 1000000 : 0,
		.recover = size >> 3 & 1,
		.recover_ms = 20,
		.back_to_back = true,
	};
	static const unsigned int links[] = { 0,   1,	101, 108,
					      113, 228, 276, 9999 };
	static uint8_t frame[512];
	struct capture_frame captured = { .stamp_ns = CLOCK_NS_PER_S };
	struct analysis_result result;
	struct analysis *analysis;

	if (analysis_open(&config, &analysis) < 0)
		abort();
	while (size >= 2) {
		uint8_t what = data[0];
		size_t len = data[1] < size - 2 ? data[1] : size - 2;
		const uint8_t *body = data + 2;

		captured.stamp_ns = time_after(captured.stamp_ns, what);
		if ((what & 3) == 0 && len > 0) {
			captured.link = links[body[0] & 7];
			captured.bytes = body + 1;
			captured.captured_len = (uint32_t)len - 1;
		} else {
			captured.link = FRAME_LINK_ETHERNET;
			captured.captured_len = (uint32_t)build(
				what, body, len, frame, sizeof(frame));
			captured.bytes = frame;
		}
		/* Some are merged, some are cut. */
		captured.gso_size = what >> 5 == 1 ? 36 : 0;
		captured.wire_len =
			captured.captured_len + (what >> 4 == 15 ? 1 : 0);
		if (analysis_frame(analysis, &captured) < 0)
			abort();
		data += 2 + len;
		size -= 2 + len;
	}
	if (analysis_end(analysis, &result) < 0)
		abort();
	check(&result);
	analysis_close(analysis);
	return 0;
}
