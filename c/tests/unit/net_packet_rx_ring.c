/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "net/packet_rx_ring.h"
#include "net/socket.h"
#include "net_support.h"
#include "wire/frame.h"

#define PORT	 12345
#define BLOCK_MS 10
#define SEEN_MAX 4096

/* What came out of a ring: UDP datagrams to PORT that start with a number. */
struct seen {
	unsigned int count;
	unsigned int others;
	int refuse_at; /* the count at which each() fails; 0: never */
	struct {
		uint64_t stamp_ns;
		uint32_t number;
		uint32_t captured_len;
		uint32_t wire_len;
		bool outgoing;
	} frames[SEEN_MAX];
};

static struct seen seen;

static int frame_see(void *context, const struct packet_rx_ring_frame *captured)
{
	struct seen *to = context;
	struct frame frame;

	if (frame_decode(FRAME_LINK_ETHERNET, captured->bytes,
			 captured->captured_len, &frame) != FRAME_OK ||
	    frame.protocol != FRAME_UDP || frame.destination_port != PORT ||
	    frame.payload_len < sizeof(uint32_t)) {
		to->others++;
		return 0;
	}
	if (to->count >= SEEN_MAX)
		return -ENOSPC;
	memcpy(&to->frames[to->count].number, frame.payload, sizeof(uint32_t));
	to->frames[to->count].stamp_ns = captured->stamp_ns;
	to->frames[to->count].captured_len = captured->captured_len;
	to->frames[to->count].wire_len = captured->wire_len;
	to->frames[to->count].outgoing = captured->outgoing;
	to->count++;
	return to->refuse_at && to->count >= (unsigned int)to->refuse_at
		       ? -ECANCELED
		       : 0;
}

/* Read as the header says: until a time-out of twice the block's time. */
static int ring_drain(struct packet_rx_ring *ring)
{
	int frames = 0, n;

	while ((n = packet_rx_ring_read(ring, 2 * BLOCK_MS + 50, frame_see,
					&seen)) > 0)
		frames += n;
	return n < 0 ? n : frames;
}

static int ring_try(struct packet_rx_ring *ring,
		    const struct interface *interface, size_t block_size,
		    unsigned int block_count)
{
	return packet_rx_ring_open(
		ring, interface,
		&(struct packet_rx_ring_config){ .block_size = block_size,
						 .block_count = block_count,
						 .block_ms = BLOCK_MS });
}

static void ring_open(struct packet_rx_ring *ring,
		      const struct interface *interface)
{
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(ring_try(ring, interface, 1 << 16, 8), 0);
}

static int sender_open(int fd, const struct interface *interface)
{
	struct sockaddr_in group = address_of("239.255.0.1", PORT);
	int sender;

	rig_enter(fd);
	sender = socket_multicast_sender(&group, interface, 1);
	rig_enter(rig.near);
	assert_true(sender >= 0);
	return sender;
}

static void number_send(int fd, uint32_t number)
{
	assert_int_equal(send(fd, &number, sizeof(number), 0), sizeof(number));
}

static void test_both_directions_in_order(void **state)
{
	uint64_t before_ns, last_ns;
	struct packet_rx_ring ring;
	int near, far;

	(void)state;
	RIG_NEEDED();
	ring_open(&ring, &rig.near_interface);
	near = sender_open(rig.near, &rig.near_interface);
	far = sender_open(rig.far, &rig.far_interface);
	last_ns = before_ns = clock_realtime_ns();
	for (uint32_t i = 0; i < 200; i++) {
		number_send(i & 1 ? near : far, i);
		/* The far one's frame is through before the next goes. */
		usleep(200);
		assert_true(packet_rx_ring_read(&ring, 0, frame_see, &seen) >=
			    0);
	}
	assert_true(ring_drain(&ring) >= 0);
	assert_int_equal(seen.count, 200);
	for (uint32_t i = 0; i < 200; i++) {
		assert_int_equal(seen.frames[i].number, i);
		assert_int_equal(seen.frames[i].outgoing, i & 1);
		assert_in_range(seen.frames[i].stamp_ns, last_ns,
				clock_realtime_ns());
		assert_int_equal(seen.frames[i].captured_len, 14 + 20 + 8 + 4);
		assert_int_equal(seen.frames[i].wire_len, 14 + 20 + 8 + 4);
		last_ns = seen.frames[i].stamp_ns;
	}
	close(far);
	close(near);
	packet_rx_ring_close(&ring);
}

/* Of two rings on the two ends of a wire, the receiving one stamps later. */
static void test_stamps_follow_the_wire(void **state)
{
	static uint64_t sent_ns[100];
	struct packet_rx_ring near, far;
	int sender;

	(void)state;
	RIG_NEEDED();
	rig_enter(rig.far);
	ring_open(&far, &rig.far_interface);
	rig_enter(rig.near);
	ring_open(&near, &rig.near_interface);
	sender = sender_open(rig.near, &rig.near_interface);
	for (uint32_t i = 0; i < 100; i++)
		number_send(sender, i);
	assert_true(ring_drain(&near) >= 100);
	assert_int_equal(seen.count, 100);
	for (uint32_t i = 0; i < 100; i++)
		sent_ns[i] = seen.frames[i].stamp_ns;
	memset(&seen, 0, sizeof(seen));
	assert_true(ring_drain(&far) >= 100);
	assert_int_equal(seen.count, 100);
	for (uint32_t i = 0; i < 100; i++) {
		assert_true(seen.frames[i].stamp_ns > sent_ns[i]);
		assert_false(seen.frames[i].outgoing);
	}
	close(sender);
	packet_rx_ring_close(&near);
	packet_rx_ring_close(&far);
}

/* Else the point of stamping moves with what other sockets ask for. */
static void test_the_kernel_is_asked_to_stamp(void **state)
{
	struct packet_rx_ring ring;
	int on = 0;
	socklen_t len = sizeof(on);

	(void)state;
	RIG_NEEDED();
	ring_open(&ring, &rig.near_interface);
	assert_int_equal(
		getsockopt(ring.fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, &len), 0);
	assert_int_equal(on, 1);
	packet_rx_ring_close(&ring);
}

static void test_statistics(void **state)
{
	uint64_t received, dropped;
	struct packet_rx_ring ring;
	int far, frames;

	(void)state;
	RIG_NEEDED();
	ring_open(&ring, &rig.near_interface);
	far = sender_open(rig.far, &rig.far_interface);
	for (uint32_t i = 0; i < 50; i++)
		number_send(far, i);
	frames = ring_drain(&ring);
	assert_int_equal(seen.count, 50);
	assert_int_equal(packet_rx_ring_statistics(&ring, &received, &dropped),
			 0);
	assert_int_equal(received, frames);
	assert_int_equal(dropped, 0);
	assert_int_equal(packet_rx_ring_statistics(&ring, &received, &dropped),
			 0);
	assert_int_equal(received, 0);
	close(far);
	packet_rx_ring_close(&ring);
}

static void test_a_full_ring_counts_what_it_drops(void **state)
{
	uint64_t received, dropped;
	struct packet_rx_ring ring;
	int far, frames;

	(void)state;
	RIG_NEEDED();
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(ring_try(&ring, &rig.near_interface, 4096, 2), 0);
	far = sender_open(rig.far, &rig.far_interface);
	for (uint32_t i = 0; i < 1000; i++)
		number_send(far, i);
	frames = ring_drain(&ring);
	assert_int_equal(packet_rx_ring_statistics(&ring, &received, &dropped),
			 0);
	assert_true(received >= 1000);
	assert_in_range(dropped, 1, 999);
	assert_int_equal(received - dropped, frames);
	/* And it goes on. */
	seen.count = 0;
	number_send(far, 1000);
	assert_true(ring_drain(&ring) > 0);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.frames[0].number, 1000);
	close(far);
	packet_rx_ring_close(&ring);
}

/* Many times round, with a reader that comes now and then. */
static void test_the_ring_goes_round(void **state)
{
	struct packet_rx_ring ring;
	int far;

	(void)state;
	RIG_NEEDED();
	ring_open(&ring, &rig.near_interface);
	far = sender_open(rig.far, &rig.far_interface);
	for (uint32_t i = 0; i < 40; i++) {
		for (uint32_t j = 0; j < 100; j++)
			number_send(far, i * 100 + j);
		assert_true(packet_rx_ring_read(&ring, 1000, frame_see, &seen) >
			    0);
	}
	assert_true(ring_drain(&ring) >= 0);
	assert_int_equal(seen.count, 4000);
	for (uint32_t i = 0; i < 4000; i++)
		assert_int_equal(seen.frames[i].number, i);
	close(far);
	packet_rx_ring_close(&ring);
}

static void test_a_loopback_is_not_doubled(void **state)
{
	struct sockaddr_in to = address_of("127.0.0.1", PORT);
	struct interface lo;
	struct packet_rx_ring ring;
	uint32_t number = 0;
	int fd;

	(void)state;
	RIG_NEEDED();
	assert_int_equal(interface_find("lo", &lo), 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	for (int skip = 1; skip >= 0; skip--) {
		ring_open(&ring, &lo);
		assert_true(ring.skip_outgoing);
		ring.skip_outgoing = skip;
		for (number = 0; number < 20; number++)
			assert_int_equal(sendto(fd, &number, sizeof(number), 0,
						(struct sockaddr *)&to,
						sizeof(to)),
					 sizeof(number));
		assert_true(ring_drain(&ring) >= 40);
		assert_int_equal(seen.count, skip ? 20 : 40);
		for (number = 0; skip && number < 20; number++) {
			assert_int_equal(seen.frames[number].number, number);
			assert_false(seen.frames[number].outgoing);
		}
		packet_rx_ring_close(&ring);
	}
	close(fd);
}

static void test_no_other_interface_is_heard(void **state)
{
	struct interface lo;
	struct packet_rx_ring ring;
	int fd;

	(void)state;
	RIG_NEEDED();
	assert_int_equal(interface_find("lo", &lo), 0);
	ring_open(&ring, &lo);
	fd = sender_open(rig.far, &rig.far_interface);
	number_send(fd, 1);
	assert_int_equal(ring_drain(&ring), 0);
	close(fd);
	packet_rx_ring_close(&ring);
}

/* A tagged frame, as it lies on the wire. */
static uint8_t tagged[18 + 20 + 8 + 4];
static unsigned int tagged_same, tagged_others;

static int tagged_compare(void *context,
			  const struct packet_rx_ring_frame *frame)
{
	(void)context;
	if (frame->captured_len == sizeof(tagged) &&
	    frame->wire_len == sizeof(tagged) &&
	    memcmp(frame->bytes, tagged, sizeof(tagged)) == 0)
		tagged_same++;
	else
		tagged_others++;
	return 0;
}

static void tagged_send(int fd, const struct interface *interface)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_ifindex = (int)interface->index,
				  .sll_halen = ETH_ALEN };
	int packet;

	rig_enter(fd);
	packet = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	rig_enter(rig.near);
	assert_true(packet >= 0);
	assert_int_equal(sendto(packet, tagged, sizeof(tagged), 0,
				(struct sockaddr *)&to, sizeof(to)),
			 sizeof(tagged));
	close(packet);
}

static void test_a_vlan_tag_is_put_back(void **state)
{
	static const uint16_t protocols[] = { ETH_P_8021Q, ETH_P_8021AD };
	struct frame_ethernet ethernet = { .vlan = 0x6abc };
	struct frame frame = { .protocol = FRAME_UDP,
			       .destination = 0xefff0001,
			       .destination_port = PORT,
			       .payload = (const uint8_t *)"tick",
			       .payload_len = 4 };
	struct packet_rx_ring ring;

	(void)state;
	RIG_NEEDED();
	frame_multicast_address(frame.destination, ethernet.destination);
	memcpy(ethernet.source, rig.far_interface.ethernet, 6);
	for (size_t i = 0; i < 2; i++) {
		uint16_t protocol = htons(protocols[i]);

		assert_int_equal(
			frame_build(&ethernet, &frame, tagged, sizeof(tagged)),
			sizeof(tagged));
		memcpy(tagged + 12, &protocol, sizeof(protocol));
		tagged_same = tagged_others = 0;
		ring_open(&ring, &rig.near_interface);
		tagged_send(rig.far, &rig.far_interface);
		tagged_send(rig.near, &rig.near_interface);
		while (packet_rx_ring_read(&ring, 2 * BLOCK_MS + 50,
					   tagged_compare, NULL) > 0)
			;
		assert_int_equal(tagged_same, 2);
		assert_int_equal(tagged_others, 0);
		packet_rx_ring_close(&ring);
	}
}

static void test_a_long_frame_is_whole(void **state)
{
	static uint8_t payload[1472];
	struct packet_rx_ring ring;
	int far;

	(void)state;
	RIG_NEEDED();
	ring_open(&ring, &rig.near_interface);
	far = sender_open(rig.far, &rig.far_interface);
	assert_int_equal(send(far, payload, sizeof(payload), 0),
			 sizeof(payload));
	assert_true(ring_drain(&ring) > 0);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.frames[0].captured_len, 1514);
	close(far);
	packet_rx_ring_close(&ring);
}

static void test_an_error_of_each_is_returned(void **state)
{
	struct packet_rx_ring ring;
	int far;

	(void)state;
	RIG_NEEDED();
	ring_open(&ring, &rig.near_interface);
	far = sender_open(rig.far, &rig.far_interface);
	seen.refuse_at = 3;
	for (uint32_t i = 0; i < 5; i++)
		number_send(far, i);
	assert_int_equal(ring_drain(&ring), -ECANCELED);
	assert_int_equal(seen.count, 3);
	seen.refuse_at = 0;
	assert_true(ring_drain(&ring) >= 0);
	seen.count = 0;
	number_send(far, 5);
	assert_int_equal(ring_drain(&ring), 1);
	assert_int_equal(seen.frames[0].number, 5);
	close(far);
	packet_rx_ring_close(&ring);
}

static void test_a_time_out(void **state)
{
	struct packet_rx_ring ring;
	uint64_t start_ns;

	(void)state;
	RIG_NEEDED();
	ring_open(&ring, &rig.near_interface);
	ring_drain(&ring);
	start_ns = clock_monotonic_ns();
	assert_int_equal(packet_rx_ring_read(&ring, 100, frame_see, &seen), 0);
	assert_in_range((clock_monotonic_ns() - start_ns) / 1000000, 95, 3000);
	packet_rx_ring_close(&ring);
}

static void test_an_interface_that_goes_down(void **state)
{
	struct packet_rx_ring ring, refused;
	int far;

	(void)state;
	RIG_NEEDED();
	ring_open(&ring, &rig.near_interface);
	far = sender_open(rig.far, &rig.far_interface);
	number_send(far, 1);
	usleep(1000);
	assert_int_equal(namespace_link(rig.near, NEAR_NAME, 0), 0);
	log_catch();
	/* What came before is read first. */
	assert_true(packet_rx_ring_read(&ring, 1000, frame_see, &seen) > 0);
	assert_int_equal(ring_drain(&ring), -ENETDOWN);
	assert_true(
		is_one_line(log_caught(), "capture on near0: Network is down"));
	assert_int_equal(seen.count, 1);
	log_catch();
	assert_int_equal(ring_try(&refused, &rig.near_interface, 4096, 2),
			 -ENETDOWN);
	assert_true(is_one_line(log_caught(), "can't capture on near0: "));
	assert_int_equal(namespace_link(rig.near, NEAR_NAME, 1), 0);
	close(far);
	packet_rx_ring_close(&ring);
}

static int clocks_see(void *context, const struct packet_rx_ring_frame *frame)
{
	bool **next = context;

	assert_int_equal(frame->stamp_ns, 5 * CLOCK_NS_PER_S + 7);
	*(*next)++ = frame->nic_stamped;
	return 0;
}

/* A block as the kernel leaves it: the one place where it says who stamped. */
static void test_the_kernel_tells_who_stamped(void **state)
{
	static const uint32_t status[] = { TP_STATUS_TS_RAW_HARDWARE,
					   TP_STATUS_TS_SOFTWARE, 0 };
	static _Alignas(8) uint8_t bytes[4096];
	struct packet_rx_ring ring = { .reader = { .bytes = bytes,
						   .block_size = sizeof(bytes),
						   .block_count = 1 } };
	struct tpacket_block_desc *block = (void *)bytes;
	bool stamped[3] = { false }, *next = stamped;

	(void)state;
	block->hdr.bh1.block_status = TP_STATUS_USER;
	block->hdr.bh1.num_pkts = 3;
	block->hdr.bh1.offset_to_first_pkt = 256;
	for (size_t i = 0; i < 3; i++) {
		struct tpacket3_hdr *header = (void *)(bytes + 256 + i * 256);

		*header = (struct tpacket3_hdr){ .tp_next_offset = 256,
						 .tp_sec = 5,
						 .tp_nsec = 7,
						 .tp_status = TP_STATUS_USER |
							      status[i],
						 .tp_mac = 128 };
	}
	assert_int_equal(packet_rx_ring_read(&ring, 0, clocks_see, &next), 3);
	assert_true(stamped[0]);
	assert_false(stamped[1]);
	assert_false(stamped[2]);
}

/* As ip(8) counts those who asked for it. */
static bool is_promiscuous(void)
{
	FILE *output = popen("ip -d -o link show " NEAR_NAME, "re");
	char line[2048] = "";

	assert_non_null(output);
	assert_non_null(fgets(line, sizeof(line), output));
	pclose(output);
	assert_non_null(strstr(line, " promiscuity "));
	return strstr(line, " promiscuity 0 ") == NULL;
}

/* With the NIC's stamps, where a veth pair has none: the kernel's come. */
static void test_promiscuous_while_it_is_open(void **state)
{
	const struct packet_rx_ring_config config = { .block_size = 4096,
						      .block_count = 2,
						      .block_ms = BLOCK_MS,
						      .nic_stamps = true,
						      .promiscuous = true };
	uint64_t before_ns = clock_realtime_ns();
	struct packet_rx_ring ring;
	int far;

	(void)state;
	RIG_NEEDED();
	memset(&seen, 0, sizeof(seen));
	assert_false(is_promiscuous());
	assert_int_equal(
		packet_rx_ring_open(&ring, &rig.near_interface, &config), 0);
	assert_true(is_promiscuous());
	far = sender_open(rig.far, &rig.far_interface);
	number_send(far, 1);
	assert_true(ring_drain(&ring) > 0);
	assert_int_equal(seen.count, 1);
	assert_in_range(seen.frames[0].stamp_ns, before_ns,
			clock_realtime_ns());
	close(far);
	packet_rx_ring_close(&ring);
	assert_false(is_promiscuous());
}

static void test_what_cannot_be_opened(void **state)
{
	struct interface gone = rig.near_interface;
	struct packet_rx_ring ring;

	(void)state;
	RIG_NEEDED();
	gone.index = 9999;
	log_catch();
	assert_int_equal(ring_try(&ring, &gone, 4096, 2), -ENODEV);
	assert_true(is_one_line(log_caught(), "near0: bind: No such device"));
	log_catch();
	assert_int_equal(ring_try(&ring, &rig.near_interface, 1000, 2),
			 -EINVAL);
	assert_true(is_one_line(log_caught(), "near0: PACKET_RX_RING: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_directions_in_order),
		cmocka_unit_test(test_stamps_follow_the_wire),
		cmocka_unit_test(test_the_kernel_is_asked_to_stamp),
		cmocka_unit_test(test_statistics),
		cmocka_unit_test(test_a_full_ring_counts_what_it_drops),
		cmocka_unit_test(test_the_ring_goes_round),
		cmocka_unit_test(test_a_loopback_is_not_doubled),
		cmocka_unit_test(test_no_other_interface_is_heard),
		cmocka_unit_test(test_a_vlan_tag_is_put_back),
		cmocka_unit_test(test_a_long_frame_is_whole),
		cmocka_unit_test(test_an_error_of_each_is_returned),
		cmocka_unit_test(test_a_time_out),
		cmocka_unit_test(test_an_interface_that_goes_down),
		cmocka_unit_test(test_the_kernel_tells_who_stamped),
		cmocka_unit_test(test_promiscuous_while_it_is_open),
		cmocka_unit_test(test_what_cannot_be_opened),
	};

	return cmocka_run_group_tests_name("net_packet_rx_ring", tests,
					   rig_open, rig_close);
}
