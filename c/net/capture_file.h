/* SPDX-License-Identifier: MIT */
/*
 * Captures as files: pcapng (sections of either byte order, interfaces of any
 * link types) and, by libpcap, pcap. Whatever else Wireshark opens (compressed
 * captures, snoop, ERF ...) goes through its editcap, if it is there, without
 * root's rights (net/editcap). Read as a stream: memory does not grow with the
 * file.
 */
#ifndef NET_CAPTURE_FILE_H
#define NET_CAPTURE_FILE_H

#include <stdint.h>

struct capture_file;

struct capture_frame {
	uint64_t stamp_ns;    /* 0: it has none, or an impossible one */
	const uint8_t *bytes; /* valid until the next call */
	uint32_t captured_len;
	uint32_t wire_len;
	unsigned int link; /* LINKTYPE_ number */
	uint32_t clock;	   /* that stamped it, as wire/pcapng_reader.h has it */
	uint32_t gso_size; /* what a merged frame is made of; 0: as it was on
			      the wire, or not known */
};

/* 0, or a negative errno, logged with the path. "-" is standard input. */
int capture_file_open(const char *path, struct capture_file **opened);
void capture_file_close(struct capture_file *file);

/* 1 with a frame, 0 at the end, -EIO for a damaged or cut file (logged with
 * the frame's number). */
int capture_file_next(struct capture_file *file, struct capture_frame *frame);

/* Frames that whoever captured says he missed; at the end of the file. */
uint64_t capture_file_dropped(const struct capture_file *file);

#endif
