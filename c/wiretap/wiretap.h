/* SPDX-License-Identifier: MIT */
/*
 * Capture: frames of both directions of one interface into a pcapng file,
 * with the kernel's or the NIC's nanosecond stamps and the direction. It is to
 * disturb what it watches as little as it can: it sleeps, wakes for whole
 * blocks of frames and writes a megabyte at a time.
 */
#ifndef WIRETAP_WIRETAP_H
#define WIRETAP_WIRETAP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "wiretap/wiretap_stamps.h"

struct wiretap_config {
	const char *interface;
	const char *path;	 /* "-": standard output */
	unsigned int privileges; /* enum privileges */
	unsigned int stamps;	 /* enum wiretap_stamps */
	const char *ring;	 /* where rings in memory are handed over; NULL:
			     none (wiretap/wiretap_rings.h) */
	const char *region;   /* where guests' rings are; NULL: they have none
				    (wiretap/wiretap_region.h) */
	unsigned int look_us; /* between two looks at it */
	bool promiscuous; /* also what is for other machines: a mirror port */
};

struct wiretap_result {
	uint64_t frames;  /* written */
	uint64_t bytes;	  /* of the file */
	uint64_t dropped; /* by the kernel, for want of room in the ring */
	bool nic_stamps;  /* were taken; without one came: */
	uint64_t kernel_stamped;
	uint64_t holes;	  /* times the interface was made anew, */
	uint64_t hole_ns; /* and what of it was not seen, altogether */
};

/*
 * Capture until *stop is set (a signal wakes it up), then write what the ring
 * still holds. An existing file is overwritten. Says
 * "capturing on NAME" (LOG_INFO) once no frame will be missed and the file's
 * head is written. A link that goes down is waited for. So is an interface that
 * is deleted and made anew: what follows is captured as a further interface of
 * the file, whose description tells from when to when nothing was seen. The
 * file is whole after each write; when one fails (disk
 * full) it is cut to its last whole block. *result is filled in any case.
 * 0 or a negative errno, logged. Needs CAP_NET_RAW, which it keeps when it
 * drops others, for an interface that comes back; and CAP_NET_ADMIN to make a
 * NIC stamp.
 *
 * What a NIC stamps is of one interface of the file, and what came without its
 * stamp, as all that goes out does, of another, which the kernel stamped: each
 * interface's description says so. Of a NIC that is deleted and made anew the
 * clock may be another: then the capture ends with -ENODEV.
 */
int wiretap_capture(const struct wiretap_config *config,
		    const volatile sig_atomic_t *stop,
		    struct wiretap_result *result);

#endif
