/* SPDX-License-Identifier: MIT */
#include "wiretap/wiretap.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if_arp.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/privileges.h"
#include "net/interface.h"
#include "net/network_error.h"
#include "net/packet_rx_ring.h"
#include "wire/frame.h"
#include "wire/pcapng.h"
#include "wiretap/wiretap_file.h"
#include "wiretap/wiretap_rings.h"

/* The kernel closes a block that has a frame after WIRETAP_BLOCK_MS, full or
 * not: what the ring bridges while this process is kept from running is at
 * most all its blocks' time, 6.4 s, and at most 16 MiB. */
#define WIRETAP_BLOCK_SIZE	(128 << 10)
#define WIRETAP_BLOCK_COUNT	128
#define WIRETAP_BLOCK_MS	50
#define WIRETAP_BLOCK_RINGS_MS	4
#define WIRETAP_RINGS_HELD_NS	(3 * WIRETAP_BLOCK_RINGS_MS * UINT64_C(1000000))
#define WIRETAP_IDLE_MS		200
#define WIRETAP_SNAP_LEN	262144
#define WIRETAP_LAST_NS		(2 * WIRETAP_BLOCK_MS * UINT64_C(1000000))
#define WIRETAP_LOOK_MS		20  /* for a link that is down */
#define WIRETAP_SHORT_MAX	100 /* waits that more signals cut short */
#define WIRETAP_DESCRIPTION_MAX 256

struct wiretap {
	const struct wiretap_config *config;
	const volatile sig_atomic_t *stop;
	struct wiretap_file file;
	struct wiretap_rings *rings; /* NULL: none are tapped */
	struct packet_rx_ring ring;
	struct interface interface; /* that it is of, */
	uint32_t interfaces;	    /* of the file so far */
	uint32_t number;	    /* and its number in the file; */
	uint32_t kernel_number; /* of what lacks the NIC's stamp; 0: none yet */
	struct nic_stamps nic;	/* if result->nic_stamps */
	bool still_down;	/* it was when it was time to stop */
	uint64_t received, dropped; /* on it */
	uint64_t last_ns;	    /* the last frame's stamp by the kernel */
	uint64_t rings_ns; /* ... when rings were read last between frames */
	struct wiretap_result *result;
};

static int wiretap_link(const struct interface *interface)
{
	switch (interface->link_type) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		return FRAME_LINK_ETHERNET;
	case ARPHRD_NONE:
		return FRAME_LINK_RAW;
	}
	log_error("--interface %s: neither an Ethernet nor an IP interface",
		  interface->name);
	return -EOPNOTSUPP;
}

/* The interface that it captures on, with who stamps and what else is to be
 * said of it; NULL: nothing. Its number in the file. */
static int wiretap_introduce(struct wiretap *tap, enum pcapng_clock clock,
			     const char *more, uint32_t *number)
{
	int link = wiretap_link(&tap->interface), rc;
	char description[WIRETAP_DESCRIPTION_MAX];
	size_t room;
	uint8_t *at;

	if (link < 0)
		return link;
	snprintf(description, sizeof(description), "%s%s%s",
		 pcapng_clock_texts[clock], more ? "; " : "", more ? more : "");
	at = wiretap_file_at(&tap->file, &room);
	rc = pcapng_interface(at, room, (uint16_t)link, WIRETAP_SNAP_LEN,
			      tap->interface.name, description);
	rc = wiretap_file_add(&tap->file, rc);
	if (rc < 0)
		return rc;
	*number = tap->interfaces++;
	return wiretap_file_flush(&tap->file);
}

/* The number in the file of the interface that a frame is of. */
static int wiretap_number(struct wiretap *tap,
			  const struct packet_rx_ring_frame *frame,
			  uint32_t *number)
{
	int rc;

	*number = tap->number;
	if (!tap->result->nic_stamps || frame->nic_stamped)
		return 0;
	if (!tap->kernel_number) {
		rc = wiretap_file_flush(&tap->file);
		if (rc == 0)
			rc = wiretap_introduce(tap, PCAPNG_CLOCK_KERNEL,
					       "without the NIC's stamp",
					       &tap->kernel_number);
		if (rc < 0)
			return rc;
	}
	tap->result->kernel_stamped++;
	*number = tap->kernel_number;
	return 0;
}

/* A tap that was held up is handed many frames at once: what rings have of that
 * time belongs between them. 0 or a negative errno. */
static int rings_follow(struct wiretap *tap, uint64_t stamp_ns)
{
	int n = 1;

	if (!tap->rings || stamp_ns < tap->rings_ns + WIRETAP_RINGS_HELD_NS)
		return 0;
	tap->rings_ns = stamp_ns;
	while (n > 0) {
		n = wiretap_rings_read(tap->rings, &tap->file, stamp_ns);
		tap->result->frames += n > 0 ? (unsigned int)n : 0;
	}
	return n;
}

static int wiretap_each(void *context, const struct packet_rx_ring_frame *frame)
{
	struct wiretap *tap = context;
	const struct pcapng_beside beside = {
		.direction = frame->outgoing ? PCAPNG_OUTBOUND : PCAPNG_INBOUND,
		.checksum = frame->checksum_left    ? PCAPNG_CHECKSUM_NOT_READY
			    : frame->checksum_valid ? PCAPNG_CHECKSUM_VALID
						    : PCAPNG_CHECKSUM_UNKNOWN,
		.gso_size = frame->gso_size,
		.gso_tcp = frame->gso_tcp,
	};
	size_t need = PCAPNG_PACKET_OVERHEAD + (size_t)frame->captured_len;
	uint32_t number;
	size_t room;
	uint8_t *at;
	int rc = wiretap_number(tap, frame, &number);

	if (rc < 0)
		return rc;
	if (!frame->nic_stamped) {
		tap->last_ns = frame->stamp_ns;
		rc = rings_follow(tap, frame->stamp_ns);
	}
	if (rc >= 0)
		rc = wiretap_file_room(&tap->file, need);
	if (rc < 0)
		return rc;
	at = wiretap_file_at(&tap->file, &room);
	rc = pcapng_packet_beside(at, room, number, frame->stamp_ns,
				  frame->bytes, frame->captured_len,
				  frame->wire_len, &beside);
	rc = wiretap_file_add(&tap->file, rc);
	tap->result->frames += rc == 0;
	return rc;
}

static int wiretap_head(struct wiretap *tap)
{
	struct utsname host;
	char system[sizeof(host.sysname) + sizeof(host.release) +
		    sizeof(host.machine) + 3];
	size_t room;
	uint8_t *at;
	int rc;

	if (uname(&host) < 0)
		return -errno;
	snprintf(system, sizeof(system), "%s %s %s", host.sysname, host.release,
		 host.machine);
	at = wiretap_file_at(&tap->file, &room);
	rc = wiretap_file_add(&tap->file, pcapng_section(at, room, NULL, system,
							 "t2t-wiretap"));
	if (rc == 0)
		rc = wiretap_introduce(tap,
				       tap->result->nic_stamps
					       ? PCAPNG_CLOCK_NIC
					       : PCAPNG_CLOCK_KERNEL,
				       NULL, &tap->number);
	if (rc == 0 && tap->rings)
		rc = wiretap_rings_introduce(tap->rings, &tap->file,
					     tap->interfaces++);
	return rc;
}

static int wiretap_count(struct wiretap *tap)
{
	uint64_t received, dropped;
	int rc = packet_rx_ring_statistics(&tap->ring, &received, &dropped);

	if (rc < 0)
		return rc;
	tap->received += received;
	tap->dropped += dropped;
	tap->result->dropped += dropped;
	return 0;
}

/* What was counted on the interface. */
static int wiretap_tail(struct wiretap *tap)
{
	size_t room;
	uint8_t *at;
	int rc = wiretap_count(tap);

	if (rc == 0)
		rc = wiretap_file_room(&tap->file, PCAPNG_PACKET_OVERHEAD * 2);
	if (rc < 0)
		return rc;
	at = wiretap_file_at(&tap->file, &room);
	rc = pcapng_statistics(at, room, tap->number, clock_realtime_ns(),
			       tap->received, tap->dropped);
	rc = wiretap_file_add(&tap->file, rc);
	return rc < 0 ? rc : wiretap_file_flush(&tap->file);
}

static int wiretap_open_ring(struct wiretap *tap)
{
	const struct packet_rx_ring_config config = {
		.block_size = WIRETAP_BLOCK_SIZE,
		.block_count = WIRETAP_BLOCK_COUNT,
		/* Rings are read at once: what else is captured may not come
		 * later than the analysis sorts (frame_window). */
		.block_ms = tap->config->ring ? WIRETAP_BLOCK_RINGS_MS
					      : WIRETAP_BLOCK_MS,
		.nic_stamps = tap->result->nic_stamps,
		.promiscuous = tap->config->promiscuous,
	};

	return packet_rx_ring_open(&tap->ring, &tap->interface, &config);
}

/* There is an interface of its name again, and it is up. */
static bool wiretap_is_up(const struct wiretap *tap, struct interface *found)
{
	return interface_find(tap->interface.name, found) == 0 && found->up;
}

/* Another one has the name now. What it brought before the ring is there was
 * not seen. */
static int wiretap_renew(struct wiretap *tap, const struct interface *found,
			 uint64_t from_ns)
{
	char description[WIRETAP_DESCRIPTION_MAX / 2];
	uint64_t to_ns;
	int rc = wiretap_tail(tap);

	if (rc < 0)
		return rc;
	if (tap->result->nic_stamps) {
		log_error("%s was made anew: its NIC's clock may be another",
			  tap->interface.name);
		return -ENODEV;
	}
	packet_rx_ring_close(&tap->ring);
	tap->interface = *found;
	rc = wiretap_open_ring(tap);
	if (rc < 0)
		return rc;
	to_ns = clock_realtime_ns();
	tap->received = tap->dropped = 0;
	tap->result->holes++;
	tap->result->hole_ns += to_ns - from_ns;
	snprintf(description, sizeof(description),
		 "made anew: nothing was seen from %" PRIu64 ".%09" PRIu64
		 " to %" PRIu64 ".%09" PRIu64,
		 from_ns / CLOCK_NS_PER_S, from_ns % CLOCK_NS_PER_S,
		 to_ns / CLOCK_NS_PER_S, to_ns % CLOCK_NS_PER_S);
	log_warning("%s was %s", tap->interface.name, description);
	return wiretap_introduce(tap, PCAPNG_CLOCK_KERNEL, description,
				 &tap->number);
}

/* What the ring still holds when its interface is down: the kernel hands over
 * the block that it was filling, also if a signal came meanwhile. */
static int wiretap_drain(struct wiretap *tap)
{
	struct timespec pause = { .tv_nsec = 2 * WIRETAP_BLOCK_MS * 1000000 };
	int rc;

	while (nanosleep(&pause, &pause) < 0 && errno == EINTR)
		;
	do
		rc = packet_rx_ring_read(&tap->ring, 0, wiretap_each, tap);
	while (rc > 0);
	return rc == tap->ring.error ? 0 : rc;
}

/* The link is down: nothing can be missed before it is up again. 0 or a
 * negative errno. */
static int wiretap_wait(struct wiretap *tap)
{
	const struct timespec pause = { .tv_nsec = WIRETAP_LOOK_MS * 1000000 };
	uint64_t from_ns = clock_realtime_ns();
	struct interface found;
	int rc = wiretap_drain(tap);

	if (rc == 0)
		rc = wiretap_file_flush(&tap->file);
	if (rc < 0)
		return rc;
	log_warning("%s: waiting for it", tap->interface.name);
	while (!wiretap_is_up(tap, &found)) {
		tap->still_down = *tap->stop;
		if (tap->still_down)
			return 0;
		nanosleep(&pause, NULL);
	}
	if (found.index != tap->interface.index)
		return wiretap_renew(tap, &found, from_ns);
	/* The kernel goes on filling the ring. */
	tap->ring.error = 0;
	log_warning("%s is up again", tap->interface.name);
	return 0;
}

/* What is there, of rings too. How many frames, or a negative errno. */
static int wiretap_turn(struct wiretap *tap)
{
	/* Before it the kernel has handed over all, even a block late. */
	const uint64_t until_ns = clock_realtime_ns() - WIRETAP_RINGS_HELD_NS;
	int n = packet_rx_ring_read(
		&tap->ring, tap->rings ? WIRETAP_RINGS_MS : WIRETAP_IDLE_MS,
		wiretap_each, tap);
	int of_rings = 0;

	if (n >= 0 && tap->rings)
		of_rings = wiretap_rings_read(tap->rings, &tap->file, until_ns);
	if (of_rings < 0)
		return of_rings;
	tap->result->frames += (unsigned int)of_rings;
	return n < 0 ? n : n + of_rings;
}

/* What came before the stop; the kernel hands over the block that it was
 * filling within WIRETAP_BLOCK_MS. A NIC's clock does not tell what that is: by
 * then it is the whole ring at most. Also of a link that was down a moment ago.
 */
static int wiretap_rest(struct wiretap *tap)
{
	const uint64_t stop_ns = clock_realtime_ns();
	unsigned int blocks = 0, shorts = 0;
	uint64_t from_ns;
	int rc = 1;

	while (rc > 0 && tap->last_ns <= stop_ns &&
	       blocks < WIRETAP_BLOCK_COUNT) {
		from_ns = clock_monotonic_ns();
		if (clock_realtime_ns() > stop_ns + WIRETAP_LAST_NS)
			blocks += tap->result->nic_stamps;
		rc = packet_rx_ring_read(&tap->ring, 2 * WIRETAP_BLOCK_MS,
					 wiretap_each, tap);
		if (rc == 0 && shorts < WIRETAP_SHORT_MAX &&
		    clock_monotonic_ns() - from_ns < WIRETAP_LAST_NS) {
			shorts++;
			rc = 1;
		}
		if (!tap->ring.error || (rc < 0 && rc != tap->ring.error))
			continue;
		/* It is down, or was. */
		rc = wiretap_wait(tap);
		if (rc == 0 && !tap->still_down)
			rc = 1;
	}
	return rc;
}

static int wiretap_loop(struct wiretap *tap)
{
	int rc = 0;

	while (!*tap->stop && rc >= 0) {
		rc = wiretap_turn(tap);
		if (rc == 0 && tap->file.used > 0)
			rc = wiretap_file_flush(&tap->file);
		if (rc < 0 && !tap->file.refused && network_error_passes(rc))
			rc = wiretap_wait(tap);
	}
	if (rc >= 0 && !tap->still_down)
		rc = wiretap_rest(tap);
	while (rc >= 0 && tap->rings &&
	       (rc = wiretap_rings_read(tap->rings, &tap->file, UINT64_MAX)) >
		       0)
		tap->result->frames += (unsigned int)rc;
	return rc < 0 ? rc : 0;
}

static int wiretap_interface(const char *name, struct interface *interface)
{
	int rc = interface_find(name, interface);

	if (rc < 0) {
		log_error("--interface %s: %s", name, log_strerror(rc));
		return rc;
	}
	return wiretap_link(interface);
}

/* From the file's head to its end. */
static int wiretap_run(struct wiretap *tap)
{
	int rc = wiretap_head(tap), tail;

	if (rc == 0 && tap->config->privileges == PRIVILEGES_DROP)
		rc = privileges_drop(PRIVILEGES_BIT(CAP_NET_RAW));
	if (rc < 0)
		return rc;
	log_info("capturing on %s", tap->interface.name);
	rc = wiretap_loop(tap);
	if (tap->file.refused || tap->ring.fd < 0)
		return rc;
	if (tap->rings && rc == 0)
		rc = wiretap_rings_tail(tap->rings, &tap->file,
					&tap->result->dropped);
	/* Also when the ring failed: what was captured is kept. */
	tail = wiretap_tail(tap);
	return rc < 0 ? rc : tail;
}

int wiretap_capture(const struct wiretap_config *config,
		    const volatile sig_atomic_t *stop,
		    struct wiretap_result *result)
{
	struct wiretap tap = { .config = config,
			       .stop = stop,
			       .result = result };
	int rc, back;

	*result = (struct wiretap_result){ 0 };
	rc = wiretap_interface(config->interface, &tap.interface);
	if (rc < 0)
		return rc;
	rc = wiretap_file_open(&tap.file, config->path, stop);
	if (rc < 0)
		return rc;
	rc = wiretap_stamps_open(&tap.nic, config->interface, config->stamps,
				 config->promiscuous, &result->nic_stamps);
	if (rc < 0)
		goto close_file;
	rc = wiretap_open_ring(&tap);
	if (rc < 0)
		goto close_stamps;
	if (config->ring)
		rc = wiretap_rings_open(&tap.rings, config->ring,
					config->region, config->look_us);
	if (rc < 0)
		goto close_ring;
	/* Only now: what can't capture should not empty an older capture. */
	rc = wiretap_file_create(&tap.file);
	if (rc < 0)
		goto close_rings;
	rc = wiretap_run(&tap);
	if (rc == 0)
		rc = wiretap_stamps_judge(config->interface, config->stamps,
					  result->frames,
					  result->kernel_stamped);
close_rings:
	wiretap_rings_close(tap.rings);
close_ring:
	if (tap.ring.fd >= 0)
		packet_rx_ring_close(&tap.ring);
close_stamps:
	back = result->nic_stamps ? nic_stamps_close(&tap.nic) : 0;
	rc = rc < 0 ? rc : back;
close_file:
	result->bytes = tap.file.bytes;
	back = wiretap_file_close(&tap.file);
	return rc < 0 ? rc : back;
}
