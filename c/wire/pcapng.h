/* SPDX-License-Identifier: MIT */
/*
 * pcapng blocks, written little-endian with nanosecond stamps; read by
 * wire/pcapng_reader. draft-ietf-opsawg-pcapng.
 */
#ifndef WIRE_PCAPNG_H
#define WIRE_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pcapng_direction {
	PCAPNG_UNKNOWN = 0,
	PCAPNG_INBOUND = 1,
	PCAPNG_OUTBOUND = 2,
};

/*
 * What the tap knows beside a frame's bytes. The checksum's state goes into
 * epb_flags, as the format has it. For the size that a merged frame was made
 * of, or will be cut to (UDP_SEGMENT, TSO, GRO), it has no place: that is a
 * comment, which Wireshark shows and its tools keep.
 */
enum pcapng_checksum {
	PCAPNG_CHECKSUM_UNKNOWN = 0,
	PCAPNG_CHECKSUM_NOT_READY = 1 << 9, /* left to the NIC */
	PCAPNG_CHECKSUM_VALID = 1 << 10,    /* looked at already */
};

#define PCAPNG_SEGMENTATION_OFFLOADED (1 << 11) /* of TCP */
#define PCAPNG_MERGED_COMMENT	      "merged frame: gso_size=%u"
#define PCAPNG_MERGED_MAX	      40

struct pcapng_beside {
	enum pcapng_direction direction;
	enum pcapng_checksum checksum;
	uint16_t gso_size; /* 0: not merged */
	bool gso_tcp;
};

/*
 * Which clock stamped an interface's frames. The format has no place for it
 * but the interface's description, which begins with it. From
 * PCAPNG_CLOCK_NIC on each number is a NIC's own clock: those of two
 * interfaces have nothing to do with each other.
 */
enum pcapng_clock {
	PCAPNG_CLOCK_UNTOLD,
	PCAPNG_CLOCK_KERNEL, /* CLOCK_REALTIME, in the network stack */
	PCAPNG_CLOCK_RING,   /* CLOCK_REALTIME, by who writes a ring in memory,
				right before a message can be read */
	PCAPNG_CLOCK_REGION, /* CLOCK_REALTIME, by a tap on rings that machines
				share, when it saw a message */
	PCAPNG_CLOCK_NIC,    /* of its PTP hardware clock */
};

#define PCAPNG_CLOCKS 5
/* "stamped by the kernel" and so on; an empty text of PCAPNG_CLOCK_UNTOLD. */
extern const char *const pcapng_clock_texts[PCAPNG_CLOCKS];

/* Can two stamps be subtracted from each other? */
static inline bool pcapng_clock_is_one(uint32_t a, uint32_t b)
{
	return a == b || (a >= PCAPNG_CLOCK_KERNEL && a < PCAPNG_CLOCK_NIC &&
			  b >= PCAPNG_CLOCK_KERNEL && b < PCAPNG_CLOCK_NIC);
}

/* Room that a packet block needs besides its bytes. */
#define PCAPNG_PACKET_OVERHEAD (52 + PCAPNG_MERGED_MAX)

/*
 * Each writes one block to out[0..size) and returns its length, or -ENOSPC.
 * Strings may be NULL: the option is left out.
 */
int pcapng_section(uint8_t *out, size_t size, const char *hardware,
		   const char *system, const char *application);
int pcapng_interface(uint8_t *out, size_t size, uint16_t link_type,
		     uint32_t snap_len, const char *name,
		     const char *description);
int pcapng_packet(uint8_t *out, size_t size, uint32_t interface_id,
		  uint64_t stamp_ns, const uint8_t *bytes,
		  uint32_t captured_len, uint32_t wire_len,
		  enum pcapng_direction direction);
int pcapng_packet_beside(uint8_t *out, size_t size, uint32_t interface_id,
			 uint64_t stamp_ns, const uint8_t *bytes,
			 uint32_t captured_len, uint32_t wire_len,
			 const struct pcapng_beside *beside);
/* received and dropped: as the kernel counted them (isb_ifrecv, isb_ifdrop) */
int pcapng_statistics(uint8_t *out, size_t size, uint32_t interface_id,
		      uint64_t stamp_ns, uint64_t received, uint64_t dropped);

#endif
