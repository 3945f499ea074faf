/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/decimal.h"
#include "tests/support/capture_maker.h"
#include "wire/pcapng.h"

#define CLIENT	    UINT32_C(0x0a000002)
#define SERVER	    UINT32_C(0x0a000001)
#define FRAME_MAX   65600
#define BLOCK_MAX   (FRAME_MAX + PCAPNG_PACKET_OVERHEAD)
#define ETHERNET    14
#define SLL2_HEADER 20

static void check(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "capture_maker: %s failed\n", what);
	abort();
}

static void put(struct capture_maker *maker, const uint8_t *block, int len)
{
	check(len > 0, "pcapng");
	check(fwrite(block, (size_t)len, 1, maker->file) == 1, "fwrite");
}

void capture_maker_open(struct capture_maker *maker, enum frame_link link)
{
	uint8_t block[512];
	int fd;

	*maker = (struct capture_maker){
		.path = "/tmp/t2t-capture-XXXXXX",
		.link = link,
		.sights = 1,
		.now_ns = CAPTURE_MAKER_START_NS,
		.group = CAPTURE_MAKER_GROUP,
		.client_port = 40000,
		.client_next = 0xfffffff0, /* wraps soon */
	};
	fd = mkstemp(maker->path);
	check(fd >= 0, "mkstemp");
	maker->file = fdopen(fd, "w");
	check(maker->file != NULL, "fdopen");
	put(maker, block,
	    pcapng_section(block, sizeof(block), NULL, NULL, "test"));
	put(maker, block,
	    pcapng_interface(block, sizeof(block), (uint16_t)link, 262144,
			     "test", NULL));
}

void capture_maker_flush(struct capture_maker *maker)
{
	check(fflush(maker->file) == 0, "fflush");
}

void capture_maker_close(struct capture_maker *maker)
{
	fclose(maker->file);
	unlink(maker->path);
}

void capture_maker_raw(struct capture_maker *maker, const uint8_t *bytes,
		       size_t len)
{
	static uint8_t block[BLOCK_MAX];
	const struct pcapng_beside beside = { .gso_size = maker->gso_size };
	size_t kept = maker->snap_len && len > maker->snap_len ? maker->snap_len
							       : len;

	for (unsigned int i = 0; i < maker->sights; i++) {
		if (maker->each)
			maker->each(maker->context, maker->now_ns, bytes, kept,
				    len);
		else
			put(maker, block,
			    pcapng_packet_beside(block, sizeof(block), 0,
						 maker->now_ns, bytes,
						 (uint32_t)kept, (uint32_t)len,
						 &beside));
		maker->now_ns += CAPTURE_MAKER_STEP_NS;
	}
}

void capture_maker_frame(struct capture_maker *maker, const struct frame *frame)
{
	static uint8_t bytes[SLL2_HEADER + FRAME_MAX];
	const struct frame_ethernet ethernet = { .vlan = maker->vlan };
	uint8_t *begin = bytes + SLL2_HEADER;
	int len = frame_build(&ethernet, frame, begin, FRAME_MAX);

	check(len > 0, "frame_build");
	if (maker->link == FRAME_LINK_SLL2) {
		/* IPv4, interface 2, Ethernet, to us. */
		static const uint8_t header[SLL2_HEADER] = { 8, 0, 0, 0, 0,
							     0, 0, 2, 0, 1 };

		begin = begin + ETHERNET - SLL2_HEADER;
		len += SLL2_HEADER - ETHERNET;
		memcpy(begin, header, sizeof(header));
	}
	capture_maker_raw(maker, begin, (size_t)len);
}

static uint16_t asker(const struct capture_maker *maker)
{
	return maker->asks_from ? maker->asks_from : maker->client_port;
}

void capture_maker_datagram(struct capture_maker *maker, const void *bytes,
			    size_t len)
{
	struct frame frame = { .protocol = FRAME_UDP,
			       .ttl = 1,
			       .source = SERVER,
			       .destination = maker->group,
			       .source_port = 5000,
			       .destination_port = CAPTURE_MAKER_PORT,
			       .payload = bytes,
			       .payload_len = len };

	if (maker->answers) {
		frame.destination = CLIENT;
		frame.source_port = CAPTURE_MAKER_RETRANSMITTER;
		frame.destination_port = asker(maker);
	}
	capture_maker_frame(maker, &frame);
}

void capture_maker_ask(struct capture_maker *maker,
		       const struct retransmit_request *request)
{
	uint8_t bytes[RETRANSMIT_REQUEST_LEN];

	retransmit_request_write(bytes, request);
	capture_maker_frame(
		maker, &(struct frame){ .protocol = FRAME_UDP,
					.ttl = 64,
					.source = CLIENT,
					.destination = SERVER,
					.source_port = asker(maker),
					.destination_port =
						CAPTURE_MAKER_RETRANSMITTER,
					.payload = bytes,
					.payload_len = sizeof(bytes) });
}

void capture_maker_packet(struct capture_maker *maker, uint16_t flags,
			  const struct market_data_message *messages,
			  uint16_t count)
{
	uint8_t datagram[MARKET_DATA_DATAGRAM_MAX];
	struct market_data_header header = { .sequence = maker->sequence++,
					     .message_count = count,
					     .flags = flags };

	market_data_write_header(datagram, &header);
	for (unsigned int i = 0; i < count; i++)
		market_data_write(datagram, i, &messages[i]);
	capture_maker_datagram(maker, datagram, market_data_len(count));
}

void capture_maker_level(struct capture_maker *maker, uint16_t flags,
			 enum market_data_side side, uint64_t price,
			 uint64_t quantity)
{
	struct market_data_message message = {
		.type = quantity ? MARKET_DATA_UPDATE : MARKET_DATA_DELETE,
		.side = (uint8_t)side,
		.price = price * (uint64_t)DECIMAL_ONE,
		.quantity = quantity * (uint64_t)DECIMAL_ONE,
	};

	capture_maker_packet(maker, flags, &message, 1);
}

static void client_frame(struct capture_maker *maker, uint8_t flags,
			 uint32_t sequence, const void *bytes, size_t len)
{
	capture_maker_frame(
		maker,
		&(struct frame){ .protocol = FRAME_TCP,
				 .ttl = 64,
				 .source = CLIENT,
				 .destination = SERVER,
				 .source_port = maker->client_port,
				 .destination_port = CAPTURE_MAKER_ORDERS,
				 .tcp_flags = flags,
				 .tcp_sequence = sequence,
				 .payload = bytes,
				 .payload_len = len });
}

static void server_frame(struct capture_maker *maker, uint8_t flags,
			 uint32_t sequence, uint32_t acknowledgment)
{
	capture_maker_frame(
		maker, &(struct frame){ .protocol = FRAME_TCP,
					.ttl = 64,
					.source = SERVER,
					.destination = CLIENT,
					.source_port = CAPTURE_MAKER_ORDERS,
					.destination_port = maker->client_port,
					.tcp_flags = flags,
					.tcp_sequence = sequence,
					.tcp_acknowledgment = acknowledgment });
}

void capture_maker_connect(struct capture_maker *maker)
{
	maker->client_next += 100000;
	client_frame(maker, FRAME_TCP_SYN, maker->client_next++, NULL, 0);
	server_frame(maker, FRAME_TCP_SYN | FRAME_TCP_ACK,
		     CAPTURE_MAKER_SERVER_ISN, maker->client_next);
	client_frame(maker, FRAME_TCP_ACK, maker->client_next, NULL, 0);
}

void capture_maker_syn(struct capture_maker *maker)
{
	client_frame(maker, FRAME_TCP_SYN, maker->client_next, NULL, 0);
}

void capture_maker_refuse(struct capture_maker *maker)
{
	server_frame(maker, FRAME_TCP_RST | FRAME_TCP_ACK, 0,
		     maker->client_next + 1);
}

void capture_maker_server(struct capture_maker *maker, uint8_t flags,
			  uint32_t sequence, uint32_t acknowledgment)
{
	server_frame(maker, flags, sequence, acknowledgment);
}

void capture_maker_client(struct capture_maker *maker, uint8_t flags,
			  uint32_t sequence, const void *bytes, size_t len)
{
	client_frame(maker, flags, sequence, bytes, len);
}

void capture_maker_segment(struct capture_maker *maker, uint32_t sequence,
			   const void *bytes, size_t len)
{
	client_frame(maker, FRAME_TCP_ACK | FRAME_TCP_PSH, sequence, bytes,
		     len);
}

void capture_maker_send(struct capture_maker *maker, const void *bytes,
			size_t len)
{
	capture_maker_segment(maker, maker->client_next, bytes, len);
	maker->client_next += (uint32_t)len;
}

void capture_maker_acknowledge(struct capture_maker *maker, uint32_t number)
{
	server_frame(maker, FRAME_TCP_ACK, CAPTURE_MAKER_SERVER_ISN + 1,
		     number);
}

void capture_maker_disconnect(struct capture_maker *maker)
{
	client_frame(maker, FRAME_TCP_FIN | FRAME_TCP_ACK, maker->client_next++,
		     NULL, 0);
}

void capture_maker_order(struct capture_maker *maker, enum order_side side,
			 int64_t price)
{
	const struct order order = { .quantity = 1,
				     .price = price * DECIMAL_ONE,
				     .side = (uint8_t)side };
	uint8_t bytes[ORDER_LEN];

	order_write(&order, bytes);
	capture_maker_send(maker, bytes, sizeof(bytes));
}
