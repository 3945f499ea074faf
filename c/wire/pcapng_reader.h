/* SPDX-License-Identifier: MIT */
/*
 * pcapng blocks read: sections of either byte order, each with interfaces of
 * any link type and resolution. No I/O. draft-ietf-opsawg-pcapng.
 */
#ifndef WIRE_PCAPNG_READER_H
#define WIRE_PCAPNG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCAPNG_READER_HEAD_LEN	    12
#define PCAPNG_READER_INTERFACE_MAX 256 /* in a section */

struct pcapng_reader_interface {
	unsigned int link;  /* LINKTYPE_ number */
	uint32_t snap_len;  /* 0: no limit */
	uint8_t resolution; /* if_tsresol */
	int64_t offset_s;   /* if_tsoffset */
	bool nanoseconds;   /* as they are */
	uint32_t clock;	    /* as the frame's */
	uint64_t dropped;   /* as its last statistics have it */
};

struct pcapng_reader {
	bool section; /* its byte order is known */
	bool swapped; /* other than this machine's */
	unsigned int interface_count;
	struct pcapng_reader_interface interfaces[PCAPNG_READER_INTERFACE_MAX];
	uint64_t dropped; /* by whoever captured, in sections before */
	uint32_t before;  /* interfaces, in sections before */
	const char *why;  /* of -EBADMSG */
};

/* What merged a frame, that it may be cut again: wire/pcapng.h. */
struct pcapng_reader_frame {
	uint64_t stamp_ns; /* 0: it has none, or none of this age */
	const uint8_t *bytes;
	uint32_t captured_len;
	uint32_t wire_len;
	unsigned int link;
	uint32_t gso_size; /* 0: as it was on the wire, or not known */
	uint32_t clock;	   /* enum pcapng_clock; above PCAPNG_CLOCK_NIC those
			      of further interfaces */
};

/* The length of the block that begins with these bytes, or -EBADMSG. Of a
 * section's head it tells the byte order, too. */
int64_t pcapng_reader_block_len(
	struct pcapng_reader *reader,
	const uint8_t head[static PCAPNG_READER_HEAD_LEN]);

/* A whole block. 1 with a frame that lies in it, 0 for any other block, or
 * -EBADMSG. */
int pcapng_reader_block(struct pcapng_reader *reader, const uint8_t *block,
			size_t len, struct pcapng_reader_frame *frame);

/* Frames that whoever captured says he missed. */
uint64_t pcapng_reader_dropped(const struct pcapng_reader *reader);

#endif
