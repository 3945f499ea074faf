/* SPDX-License-Identifier: MIT */
/*
 * pcapng blocks, written little-endian with nanosecond stamps. Reading goes
 * through net/capture_file, which knows more formats than this.
 * draft-ietf-opsawg-pcapng.
 */
#ifndef WIRE_PCAPNG_H
#define WIRE_PCAPNG_H

#include <stddef.h>
#include <stdint.h>

enum pcapng_direction {
	PCAPNG_UNKNOWN = 0,
	PCAPNG_INBOUND = 1,
	PCAPNG_OUTBOUND = 2,
};

/* Room that a packet block needs besides its bytes. */
#define PCAPNG_PACKET_OVERHEAD 52

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
/* received and dropped: as the kernel counted them (isb_ifrecv, isb_ifdrop) */
int pcapng_statistics(uint8_t *out, size_t size, uint32_t interface_id,
		      uint64_t stamp_ns, uint64_t received, uint64_t dropped);

#endif
