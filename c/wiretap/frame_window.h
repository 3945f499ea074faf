/* SPDX-License-Identifier: MIT */
/*
 * Frames put into the order of their stamps, as far as a window goes: several
 * receive queues, or taps, are each in order and mixed by a few milliseconds.
 * Frames of one stamp stay in the order in which they came. Pure.
 */
#ifndef WIRETAP_FRAME_WINDOW_H
#define WIRETAP_FRAME_WINDOW_H

#include <stdint.h>

#include "wire/frame.h"

/* A frame is held until one comes that is stamped so much later, or until so
 * many, or so many bytes of payload, are held. */
#define FRAME_WINDOW_NS	       UINT64_C(100000000)
#define FRAME_WINDOW_MAX       1024
#define FRAME_WINDOW_BYTES_MAX (UINT64_C(16) << 20)

struct frame_window_entry {
	uint64_t stamp_ns;
	struct frame frame; /* its payload is the entry's own */
	uint32_t gso_size;
	uint32_t clock;		/* that stamped it: wire/pcapng_reader.h */
	enum frame_result seen; /* FRAME_OK: whole; else it has no payload */
	uint32_t room;
	uint8_t *payload;
};

struct frame_window_config {
	/* The next frame in order. 0, or a negative errno that comes back. */
	int (*each)(void *context, const struct frame_window_entry *entry);
	void *context;
};

struct frame_window {
	struct frame_window_config config;
	struct frame_window_entry **held; /* a ring, sorted */
	unsigned int first, count;
	struct frame_window_entry **idle; /* used ones, the last first */
	unsigned int idle_count;
	uint64_t held_bytes;
	uint64_t newest_ns; /* of all that came */
	uint64_t last_ns;   /* of those handed on */
	uint64_t unsorted;  /* that came later than the window is long */
};

/* 0 or -ENOMEM. */
int frame_window_open(struct frame_window *window,
		      const struct frame_window_config *config);
void frame_window_close(struct frame_window *window);

/* 0, each()'s negative errno or -ENOMEM. */
int frame_window_add(struct frame_window *window, uint64_t stamp_ns,
		     const struct frame *frame, uint32_t gso_size,
		     uint32_t clock, enum frame_result seen);

/* Hand all on. */
int frame_window_end(struct frame_window *window);

#endif
