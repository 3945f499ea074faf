/* SPDX-License-Identifier: MIT */
#include "wiretap/wiretap_rings.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/address.h"
#include "net/shm_region.h"
#include "net/shm_ring.h"
#include "net/shm_socket.h"
#include "wire/frame.h"
#include "wire/pcapng.h"
#include "wiretap/wiretap_file.h"
#include "wiretap/wiretap_region.h"

#define RINGS_MAX 16
#define TURN_MAX  4096 /* messages before the interface's turn */
#define NAME	  "rings"

struct tapped {
	int fd;	      /* its writer's end */
	bool told;    /* it has handed over its ring */
	bool is_near; /* not in a region; else by that one's number */
	int number;
	struct shm_hello hello;
	struct shm_reader reader;
	/* Of an order connection: the segments that there would have been. */
	uint32_t sequence; /* of the next one */
	uint64_t ended_ns; /* CLOCK_REALTIME: its end was seen; 0: not yet */
	bool ended;	   /* nothing comes behind what is there */
	/* A message that was taken, and waits for its turn. */
	bool pending;
	uint32_t len;
	uint64_t stamp_ns;
	uint8_t bytes[SHM_RING_MESSAGE_MAX];
};

struct wiretap_rings {
	struct shm_listener listener;
	struct wiretap_region *region; /* NULL: none */
	uint32_t number;	       /* in the file */
	uint64_t frames, dropped;
	unsigned int count;
	struct tapped ring[RINGS_MAX];
};

int wiretap_rings_open(struct wiretap_rings **rings, const char *address,
		       const char *region, unsigned int look_us)
{
	int err;

	*rings = calloc(1, sizeof(**rings));
	if (!*rings)
		return -ENOMEM;
	err = region ? wiretap_region_open(&(*rings)->region, region, look_us)
		     : 0;
	if (!err)
		err = shm_socket_listen(&(*rings)->listener, "--ring", address);
	if (err) {
		wiretap_region_close((*rings)->region);
		free(*rings);
		*rings = NULL;
	}
	return err;
}

static bool is_orders(const struct tapped *ring)
{
	return ring->hello.kind == SHM_HELLO_ORDERS;
}

static void tapped_close(struct wiretap_rings *rings, unsigned int i)
{
	struct tapped *ring = &rings->ring[i];

	if (ring->told)
		rings->dropped += ring->reader.lost;
	if (ring->told && ring->is_near)
		shm_reader_close(&ring->reader);
	else if (ring->told)
		wiretap_region_leave(rings->region, ring->number, &ring->reader,
				     &rings->dropped);
	close(ring->fd);
	/* They stay in the order in which they came. */
	memmove(ring, ring + 1, (--rings->count - i) * sizeof(*ring));
}

void wiretap_rings_close(struct wiretap_rings *rings)
{
	if (!rings)
		return;
	while (rings->count > 0)
		tapped_close(rings, 0);
	shm_socket_unlisten(&rings->listener);
	wiretap_region_close(rings->region);
	free(rings);
}

int wiretap_rings_introduce(struct wiretap_rings *rings,
			    struct wiretap_file *file, uint32_t number)
{
	size_t room;
	uint8_t *at;
	int rc = wiretap_file_flush(file);

	if (rc < 0)
		return rc;
	rings->number = number;
	at = wiretap_file_at(file, &room);
	rc = pcapng_interface(
		at, room, FRAME_LINK_ETHERNET, UINT16_MAX, NAME,
		pcapng_clock_texts[rings->region ? PCAPNG_CLOCK_REGION
						 : PCAPNG_CLOCK_RING]);
	return wiretap_file_add(file, rc);
}

/* A message as the frame that it would have been; flags: of a segment. */
static int frame_write(struct wiretap_rings *rings, struct tapped *ring,
		       struct wiretap_file *file, uint64_t stamp_ns,
		       uint8_t flags, const uint8_t *bytes, uint32_t len)
{
	const struct shm_hello *hello = &ring->hello;
	const struct frame_ethernet ethernet = { .vlan = 0 };
	const struct frame frame = {
		.protocol = is_orders(ring) ? FRAME_TCP : FRAME_UDP,
		.ttl = 1,
		.tcp_flags = flags,
		.source = ntohl(hello->from.sin_addr.s_addr),
		.destination = ntohl(hello->to.sin_addr.s_addr),
		.source_port = ntohs(hello->from.sin_port),
		.destination_port = ntohs(hello->to.sin_port),
		.tcp_sequence = ring->sequence,
		.payload = bytes,
		.payload_len = len,
	};
	uint8_t built[FRAME_HEADER_MAX + SHM_RING_MESSAGE_MAX];
	int built_len = frame_build(&ethernet, &frame, built, sizeof(built)),
	    rc;
	size_t room;
	uint8_t *at;

	if (built_len < 0)
		return built_len;
	rc = wiretap_file_room(file,
			       PCAPNG_PACKET_OVERHEAD + (size_t)built_len);
	if (rc < 0)
		return rc;
	at = wiretap_file_at(file, &room);
	rc = pcapng_packet(at, room, rings->number, stamp_ns, built,
			   (uint32_t)built_len, (uint32_t)built_len,
			   PCAPNG_OUTBOUND);
	rings->frames++;
	ring->sequence += len + !!(flags & FRAME_TCP_SYN);
	return wiretap_file_add(file, rc);
}

/* Whoever reaches the address may come and say nothing: the first of those
 * makes room. Is there one? */
static bool silent_close(struct wiretap_rings *rings)
{
	for (unsigned int i = 0; i < rings->count; i++)
		if (!rings->ring[i].told) {
			tapped_close(rings, i);
			return true;
		}
	return false;
}

static void tapped_accept(struct wiretap_rings *rings)
{
	int fd = shm_socket_accept(&rings->listener);

	if (fd < 0)
		return;
	if (rings->count == RINGS_MAX && !silent_close(rings)) {
		log_error("--ring: more than %d rings at once: one is refused",
			  RINGS_MAX);
		close(fd);
		return;
	}
	rings->ring[rings->count++] = (struct tapped){ .fd = fd };
}

/* The ring that it tells of. 0 or a negative errno. */
static int tapped_map(struct wiretap_rings *rings, struct tapped *ring,
		      int memory)
{
	ring->is_near = !rings->region || ring->hello.area == SHM_AREA_NONE;
	if (ring->is_near)
		return shm_hello_map(&ring->hello, memory, NULL, &ring->reader);
	ring->number = wiretap_region_follow(rings->region, &ring->hello,
					     &ring->reader);
	return ring->number < 0 ? ring->number : 0;
}

/* Its hello, if it has come. 0 or a negative errno. An order connection begins
 * before anything goes over it. */
static int tapped_meet(struct wiretap_rings *rings, struct tapped *ring,
		       struct wiretap_file *file)
{
	char from[ADDRESS_TEXT_MAX], to[ADDRESS_TEXT_MAX];
	struct shm_hello *hello = &ring->hello;
	/* Before anything that a region's tap may stamp. */
	const uint64_t met_ns = clock_realtime_ns();
	int memory, err;

	err = shm_hello_receive(ring->fd, SHM_HELLO_ANY, hello, &memory);
	if (err == -EAGAIN)
		return 0;
	if (!err)
		err = tapped_map(rings, ring, memory);
	if (memory >= 0)
		close(memory);
	if (err) {
		log_error("--ring: a ring was not taken: %s",
			  shm_hello_fault(err));
		return err;
	}
	ring->told = true;
	/* The other end has answered it before we were told. */
	if (is_orders(ring))
		err = frame_write(rings, ring, file, met_ns, FRAME_TCP_SYN,
				  NULL, 0);
	if (is_orders(ring) && !err)
		err = frame_write(rings, ring, file, met_ns, FRAME_TCP_ACK,
				  NULL, 0);
	if (err)
		return err;
	err = shm_hello_send(ring->fd, hello, -1);
	if (!err)
		log_info("a ring from %s to %s",
			 address_format(&hello->from, from),
			 address_format(&hello->to, to));
	return err;
}

/* All of it is read. -EPIPE, or 0 while the end of an order connection, which
 * is a frame of its own, is ahead of others'. */
static int tapped_end(struct wiretap_rings *rings, struct tapped *ring,
		      struct wiretap_file *file, uint64_t until_ns)
{
	int rc;

	if (!is_orders(ring))
		return -EPIPE;
	if (!ring->ended_ns)
		ring->ended_ns = clock_realtime_ns();
	if (ring->ended_ns > until_ns)
		return 0;
	rc = frame_write(rings, ring, file, ring->ended_ns, FRAME_TCP_FIN, NULL,
			 0);
	return rc < 0 ? rc : -EPIPE;
}

/* The ring's next message, if it is there. 0 or a negative errno, logged. */
static int tapped_take(struct wiretap_rings *rings, struct tapped *ring)
{
	int rc = ring->is_near
			 ? 0
			 : wiretap_region_fault(rings->region, ring->number);

	if (rc < 0)
		log_error("--region: %s", shm_reader_fault(rc));
	if (rc < 0 || ring->pending)
		return rc;
	do
		rc = shm_reader_take(&ring->reader, ring->bytes, &ring->len,
				     &ring->stamp_ns);
	while (rc == 0 && shm_reader_has(&ring->reader));
	if (rc < 0)
		log_error("--ring: %s", shm_reader_fault(rc));
	ring->pending = rc > 0;
	return rc < 0 ? rc : 0;
}

/* One that breaks is told and let go: the capture lacks what it would have had.
 * A ring that was not taken nobody writes: shm_tap_tell() has failed. */
static void tapped_drop(struct wiretap_rings *rings, unsigned int i, int err)
{
	rings->dropped += rings->ring[i].told && err != -EPIPE;
	tapped_close(rings, i);
}

/* Who has come, and whose writer is gone: looked at before what is read. */
static int tapped_greet(struct wiretap_rings *rings, struct wiretap_file *file)
{
	int rc;

	tapped_accept(rings);
	for (unsigned int i = rings->count; i-- > 0;) {
		struct tapped *ring = &rings->ring[i];

		rc = ring->told ? 0 : tapped_meet(rings, ring, file);
		if (file->refused)
			return rc;
		ring->ended = ring->told && shm_socket_ended(ring->fd);
		if (rc >= 0 && ring->ended && !ring->is_near)
			wiretap_region_finish(rings->region, ring->number);
		if (rc < 0)
			tapped_drop(rings, i, rc);
	}
	return 0;
}

/* The ring whose next message is the oldest, and not newer than that; NULL:
 * none. They are in the file as they were written, however late this is. */
static struct tapped *oldest_take(struct wiretap_rings *rings,
				  uint64_t until_ns)
{
	struct tapped *oldest = NULL;
	int rc;

	for (unsigned int i = rings->count; i-- > 0;) {
		rc = rings->ring[i].told ? tapped_take(rings, &rings->ring[i])
					 : 0;
		if (rc < 0)
			tapped_drop(rings, i, rc);
	}
	for (unsigned int i = 0; i < rings->count; i++) {
		struct tapped *ring = &rings->ring[i];

		if (ring->pending && ring->stamp_ns <= until_ns &&
		    (!oldest || ring->stamp_ns < oldest->stamp_ns))
			oldest = ring;
	}
	return oldest;
}

int wiretap_rings_read(struct wiretap_rings *rings, struct wiretap_file *file,
		       uint64_t until_ns)
{
	const uint64_t before = rings->frames;
	int n, rc = tapped_greet(rings, file);
	struct tapped *ring;

	for (n = 0; rc >= 0 && n < TURN_MAX; n++) {
		ring = oldest_take(rings, until_ns);
		if (!ring)
			break;
		ring->pending = false;
		rc = frame_write(rings, ring, file, ring->stamp_ns,
				 is_orders(ring) ? FRAME_TCP_PSH : 0,
				 ring->bytes, ring->len);
	}
	for (unsigned int i = rings->count; rc >= 0 && i-- > 0;) {
		int end;

		if (!rings->ring[i].ended || rings->ring[i].pending ||
		    n == TURN_MAX)
			continue;
		end = tapped_end(rings, &rings->ring[i], file, until_ns);
		if (file->refused)
			rc = end;
		else if (end < 0)
			tapped_drop(rings, i, end);
	}
	return rc < 0 ? rc : (int)(rings->frames - before);
}

int wiretap_rings_tail(struct wiretap_rings *rings, struct wiretap_file *file,
		       uint64_t *dropped)
{
	size_t room;
	uint8_t *at;
	int rc = wiretap_file_room(file, 2 * PCAPNG_PACKET_OVERHEAD);

	while (rings->count > 0)
		tapped_close(rings, 0);
	if (rc < 0)
		return rc;
	at = wiretap_file_at(file, &room);
	*dropped += rings->dropped;
	rc = pcapng_statistics(at, room, rings->number, clock_realtime_ns(),
			       rings->frames + rings->dropped, rings->dropped);
	return wiretap_file_add(file, rc);
}
