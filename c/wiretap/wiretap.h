/* SPDX-License-Identifier: MIT */
/*
 * Capture: frames of both directions of one interface into a pcapng file,
 * with the kernel's nanosecond stamps and the direction. It is to disturb
 * what it watches as little as it can: it sleeps, wakes for whole blocks of
 * frames and writes a megabyte at a time.
 */
#ifndef WIRETAP_WIRETAP_H
#define WIRETAP_WIRETAP_H

#include <signal.h>
#include <stdint.h>

struct wiretap_result {
	uint64_t frames;  /* written */
	uint64_t bytes;	  /* of the file */
	uint64_t dropped; /* by the kernel, for want of room in the ring */
	uint64_t holes;	  /* times the interface was made anew, */
	uint64_t hole_ns; /* and what of it was not seen, altogether */
};

/*
 * Capture until *stop is set (a signal wakes it up), then write what the ring
 * still holds. An existing file is overwritten; "-" is standard output. Says
 * "capturing on NAME" (LOG_INFO) once no frame will be missed and the file's
 * head is written. A link that goes down is waited for. So is an interface that
 * is deleted and made anew: what follows is captured as a further interface of
 * the file, whose description tells from when to when nothing was seen. The
 * file is whole after each write; when one fails (disk
 * full) it is cut to its last whole block. *result is filled in any case.
 * 0 or a negative errno, logged. Needs CAP_NET_RAW, which it keeps when it
 * drops others (privileges: enum privileges), for an interface that comes back.
 */
int wiretap_capture(const char *interface, const char *path,
		    unsigned int privileges, const volatile sig_atomic_t *stop,
		    struct wiretap_result *result);

#endif
