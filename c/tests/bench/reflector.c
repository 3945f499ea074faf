/* SPDX-License-Identifier: MIT */
/*
 * The floor that the trader is measured against: receive, then send 13 bytes;
 * no book, no rule. It stands in the trader's place and takes its options.
 * Which packets call for which order it knows beforehand, from a capture of
 * the same feed ($T2T_BENCH_CAPTURE), so that the oracle finds it correct.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/log.h"
#include "base/option.h"
#include "net/address.h"
#include "net/capture_file.h"
#include "net/interface.h"
#include "net/socket.h"
#include "trader/strategy.h"
#include "wire/frame.h"

struct config {
	struct sockaddr_in connect;
	struct sockaddr_in group;
	const char *interface;
	const char *ignored;
	struct strategy_config strategy;
	bool json;
};

static const struct option_row rows[] = {
	{ .name = "connect",
	  .metavar = "ADDR:PORT",
	  .type = OPTION_PARSED,
	  .parse = address_parse,
	  .offset = offsetof(struct config, connect),
	  .required = true,
	  .help = "the exchange" },
	{ .name = "group",
	  .metavar = "ADDR:PORT",
	  .type = OPTION_PARSED,
	  .parse = address_parse_group,
	  .offset = offsetof(struct config, group),
	  .required = true,
	  .help = "the market data" },
	{ .name = "interface",
	  .metavar = "NAME",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, interface),
	  .required = true,
	  .help = "where it comes in" },
	{ .name = "threshold-usd",
	  .metavar = "USD",
	  .def = "1000000",
	  .type = OPTION_DECIMAL,
	  .offset = offsetof(struct config, strategy.threshold_usd),
	  .help = "as the trader's" },
	{ .name = "aggress",
	  .metavar = "SIDE",
	  .def = "opposite",
	  .type = OPTION_CHOICE,
	  .choices = strategy_aggress_names,
	  .offset = offsetof(struct config, strategy.aggress),
	  .help = "as the trader's" },
	{ .name = "receive",
	  .metavar = "PATH",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, ignored),
	  .help = "ignored" },
	{ .name = "samples",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, ignored),
	  .help = "ignored" },
	{ .name = "json",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct config, json),
	  .help = "ignored" },
	OPTION_END,
};

static const struct option_program program = {
	.name = "reflector",
	.summary = "answer known packets with known orders",
	.description = "For the bench alone.",
	.rows = rows,
};

/* What to answer, in order; the sequence after the last one never comes. */
struct answer {
	uint32_t sequence;
	uint8_t bytes[ORDER_LEN];
};

struct answers {
	struct answer *at;
	size_t count;
	size_t room;
};

static int answer_add(struct answers *answers, uint32_t sequence,
		      const struct order *order)
{
	if (answers->count + 1 >= answers->room) {
		size_t room = answers->room ? 2 * answers->room : 1024;
		struct answer *wider =
			realloc(answers->at, room * sizeof(*wider));

		if (!wider)
			return -ENOMEM;
		answers->at = wider;
		answers->room = room;
	}
	answers->at[answers->count].sequence = sequence;
	order_write(order, answers->at[answers->count].bytes);
	answers->at[++answers->count].sequence = UINT32_MAX;
	return 0;
}

static int datagram_judge(struct strategy *strategy, struct answers *answers,
			  const struct frame *frame)
{
	struct market_data_header header;
	struct order order;
	int err =
		market_data_decode(frame->payload, frame->payload_len, &header);

	if (!err)
		strategy_datagram(strategy, frame->payload, &header);
	for (unsigned int i = 0; !err && i < header.message_count; i++) {
		struct market_data_message message =
			market_data_read(frame->payload, i);

		if (strategy_update(strategy, &message,
				    header.flags & MARKET_DATA_SNAPSHOT,
				    &order))
			err = answer_add(answers, header.sequence, &order);
	}
	return err;
}

static int answers_load(const struct config *config, const char *path,
			struct answers *answers)
{
	struct capture_frame captured;
	struct capture_file *file;
	struct strategy strategy;
	struct frame frame;
	int err = strategy_open(&strategy, &config->strategy);

	if (err)
		return err;
	err = capture_file_open(path, &file);
	if (err)
		goto close_strategy;
	while (!err && (err = capture_file_next(file, &captured)) == 1) {
		err = 0;
		if (frame_decode(captured.link, captured.bytes,
				 captured.captured_len, &frame) == FRAME_OK &&
		    frame.protocol == FRAME_UDP &&
		    frame.destination_port == ntohs(config->group.sin_port))
			err = datagram_judge(&strategy, answers, &frame);
	}
	capture_file_close(file);
close_strategy:
	strategy_close(&strategy);
	return err;
}

static int reflect(int data, int orders, const struct answer *answer)
{
	struct market_data_header header;
	uint8_t datagram[2048];

	for (;;) {
		ssize_t len =
			recv(data, datagram, sizeof(datagram), MSG_DONTWAIT);

		if (len < (ssize_t)sizeof(header))
			continue;
		memcpy(&header, datagram, sizeof(header));
		if (header.sequence == answer->sequence) {
			if (send(orders, answer->bytes, ORDER_LEN,
				 MSG_NOSIGNAL) != ORDER_LEN)
				return -errno;
			answer++;
		} else if (header.flags & MARKET_DATA_END_OF_FEED) {
			return 0;
		}
	}
}

int main(int argc, char **argv)
{
	enum option_result result;
	const char *capture = getenv("T2T_BENCH_CAPTURE");
	struct config config = { .strategy.quantity = 1 };
	unsigned int buffer = 4 << 20;
	struct answers answers = { 0 };
	struct interface interface;
	int data, orders, err;

	result = option_parse_arguments(&program, argc, argv, &config);
	if (result != OPTION_RUN)
		return (int)result;
	if (!capture || answers_load(&config, capture, &answers) < 0 ||
	    !answers.count) {
		log_error("T2T_BENCH_CAPTURE: no capture with triggers");
		return 1;
	}
	if (interface_find(config.interface, &interface) < 0) {
		log_error("--interface %s: not found", config.interface);
		return 1;
	}
	data = socket_multicast_receiver(&config.group, &interface, &buffer);
	orders = data < 0 ? data : socket_connect(&config.connect, 5000, NULL);
	err = orders < 0 ? orders : reflect(data, orders, answers.at);
	/* What t2t-run wants of a trader: nothing of its own to tell. */
	puts("{}");
	free(answers.at);
	return err ? 1 : 0;
}
