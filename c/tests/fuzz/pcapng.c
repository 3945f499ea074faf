/* SPDX-License-Identifier: MIT */
/*
 * A pcapng file of any bytes: a frame lies inside its block, and what was
 * read can be judged. A second reading finds the same. The corpus was made by
 * the unit test wiretap_captures_tools.
 */
#include <arpa/inet.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/log.h"
#include "wire/pcapng_reader.h"
#include "wiretap/analysis.h"
#include "wiretap/analysis_verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_open("fuzz", LOG_ERROR);
	return 0;
}

static struct analysis *judge_open(void)
{
	const struct analysis_config config = {
		.strategy = { .threshold_usd = 1000000 * DECIMAL_ONE,
			      .quantity = 1 },
		.group = { { .sin_family = AF_INET,
			     .sin_port = htons(12345),
			     .sin_addr = { htonl(0xefff0001) } } },
		.order_port = 9012,
		.vlan = ANALYSIS_VLAN_AUTO,
	};
	struct analysis *analysis;

	if (analysis_open(&config, &analysis) < 0)
		abort();
	return analysis;
}

static void judge_frame(struct analysis *analysis,
			const struct pcapng_reader_frame *found)
{
	const struct capture_frame frame = {
		.stamp_ns = found->stamp_ns,
		.bytes = found->bytes,
		.captured_len = found->captured_len,
		.wire_len = found->wire_len,
		.link = found->link,
		.gso_size = found->gso_size,
	};

	if (analysis_frame(analysis, &frame) < 0)
		abort();
}

/* Frames read; all bytes of each are looked at. */
static size_t read_all(const uint8_t *data, size_t size,
		       struct analysis *analysis)
{
	static struct pcapng_reader reader;
	struct pcapng_reader_frame frame;
	size_t frames = 0;
	int64_t len;
	int rc;

	reader = (struct pcapng_reader){ 0 };
	while (size >= PCAPNG_READER_HEAD_LEN) {
		len = pcapng_reader_block_len(&reader, data);
		if (len < 0 || (uint64_t)len > size)
			break;
		rc = pcapng_reader_block(&reader, data, (size_t)len, &frame);
		if (rc < 0) {
			if (!reader.why)
				abort();
			break;
		}
		if (rc > 0) {
			if (frame.bytes < data ||
			    frame.bytes + frame.captured_len > data + len ||
			    frame.stamp_ns > INT64_MAX)
				abort();
			if (analysis)
				judge_frame(analysis, &frame);
			frames++;
		}
		data += len;
		size -= (size_t)len;
	}
	return frames;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct analysis *analysis = judge_open();
	size_t frames = read_all(data, size, analysis);
	char reason[ANALYSIS_REASON_MAX];
	struct analysis_result result;

	if (analysis_end(analysis, &result) < 0 || result.frames != frames ||
	    read_all(data, size, NULL) != frames)
		abort();
	if (analysis_verdict(&result, true, reason) == ANALYSIS_RIGHT &&
	    result.matched == 0)
		abort();
	analysis_close(analysis);
	return 0;
}
