/* SPDX-License-Identifier: MIT */
/* Captures as a test wants them: frames of one lab, built and written to a
 * pcapng file. Time goes on by 1 us a frame. Failures abort the test. */
#ifndef TESTS_SUPPORT_CAPTURE_MAKER_H
#define TESTS_SUPPORT_CAPTURE_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "wire/frame.h"
#include "wire/market_data.h"
#include "wire/order.h"
#include "wire/retransmit.h"

#define CAPTURE_MAKER_START_NS	    UINT64_C(1700000000000000000)
#define CAPTURE_MAKER_STEP_NS	    UINT64_C(1000)
#define CAPTURE_MAKER_GROUP	    UINT32_C(0xefff0001) /* 239.255.0.1 */
#define CAPTURE_MAKER_GROUP_B	    UINT32_C(0xefff0002) /* 239.255.0.2 */
#define CAPTURE_MAKER_PORT	    12345
#define CAPTURE_MAKER_ORDERS	    9012
#define CAPTURE_MAKER_RETRANSMITTER (CAPTURE_MAKER_ORDERS + 1)

struct capture_maker {
	char path[32];
	FILE *file;
	enum frame_link link; /* Ethernet or SLL2 */
	uint16_t vlan;
	uint16_t gso_size; /* of frames that the tap says are merged */
	size_t snap_len;   /* 0: frames are whole */
	/* Not NULL: frames go there and not into the file. */
	void (*each)(void *context, uint64_t stamp_ns, const uint8_t *bytes,
		     size_t captured_len, size_t wire_len);
	void *context;
	unsigned int sights; /* each frame is captured so many times */
	uint64_t now_ns;     /* of the next frame */
	uint32_t sequence;   /* of the next datagram */
	uint32_t group;	     /* of the next datagrams */
	bool answers; /* these are the retransmitter's, to who asks alone */
	uint16_t client_port;
	uint16_t asks_from;   /* 0: client_port */
	uint32_t client_next; /* TCP sequence numbers */
};

void capture_maker_open(struct capture_maker *maker, enum frame_link link);
/* End the file, so that it can be read; its path stays until the close. */
void capture_maker_flush(struct capture_maker *maker);
void capture_maker_close(struct capture_maker *maker);

/* A frame as it is. */
void capture_maker_raw(struct capture_maker *maker, const uint8_t *bytes,
		       size_t len);
void capture_maker_frame(struct capture_maker *maker,
			 const struct frame *frame);

/* The next datagram of the group, count messages (flags: enum
 * market_data_flags); or bytes of one's own. */
void capture_maker_packet(struct capture_maker *maker, uint16_t flags,
			  const struct market_data_message *messages,
			  uint16_t count);
void capture_maker_datagram(struct capture_maker *maker, const void *bytes,
			    size_t len);

/* One message as a datagram; prices and quantities in whole units. */
void capture_maker_level(struct capture_maker *maker, uint16_t flags,
			 enum market_data_side side, uint64_t price,
			 uint64_t quantity);

#define CAPTURE_MAKER_SERVER_ISN UINT32_C(5000)

/* Order connection: a new one by its handshake, bytes of the client that move
 * its sequence number on, a segment anywhere, an acknowledgement from the
 * exchange, an end by FIN. */
void capture_maker_connect(struct capture_maker *maker);
void capture_maker_send(struct capture_maker *maker, const void *bytes,
			size_t len);
void capture_maker_segment(struct capture_maker *maker, uint32_t sequence,
			   const void *bytes, size_t len);
void capture_maker_acknowledge(struct capture_maker *maker, uint32_t number);
void capture_maker_disconnect(struct capture_maker *maker);

/* Frames of either side as they are; a SYN alone at client_next, and the RST
 * that refuses it. */
void capture_maker_client(struct capture_maker *maker, uint8_t flags,
			  uint32_t sequence, const void *bytes, size_t len);
void capture_maker_server(struct capture_maker *maker, uint8_t flags,
			  uint32_t sequence, uint32_t acknowledgment);
void capture_maker_syn(struct capture_maker *maker);
void capture_maker_refuse(struct capture_maker *maker);

/* What the client, or who has its address, says to the retransmitter. */
void capture_maker_ask(struct capture_maker *maker,
		       const struct retransmit_request *request);

/* One order at a price in whole units. */
void capture_maker_order(struct capture_maker *maker, enum order_side side,
			 int64_t price);

#endif
