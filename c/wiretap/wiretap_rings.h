/* SPDX-License-Identifier: MIT */
/*
 * A tap on rings in shared memory, which no wire carries: whoever writes one
 * hands it over before its first message (tap=PATH of --send shm), stamps each
 * message right before it is there to be read, by CLOCK_REALTIME as the kernel
 * stamps frames, and waits for nobody. What is read here becomes frames as they
 * would have been on a network, of a further interface of the capture, which
 * says who stamped. Of a ring in a region of memory that is the tap.
 */
#ifndef WIRETAP_WIRETAP_RINGS_H
#define WIRETAP_WIRETAP_RINGS_H

#include <stdint.h>

struct wiretap_file;
struct wiretap_rings;

/* How often rings are looked at: a writer has its slots for so long. */
#define WIRETAP_RINGS_MS 1

/* Listen at the address (net/shm_socket.h). region: where rings are that stand
 * in a region of memory, looked at so often (wiretap/wiretap_region.h); NULL:
 * there is none. 0 or a negative errno, logged. */
int wiretap_rings_open(struct wiretap_rings **rings, const char *address,
		       const char *region, unsigned int look_us);
void wiretap_rings_close(struct wiretap_rings *rings); /* NULL is allowed */

/* The file's interface of that number. 0 or a negative errno. */
int wiretap_rings_introduce(struct wiretap_rings *rings,
			    struct wiretap_file *file, uint32_t number);

/* Take whoever has come, and write what is there and was stamped until then:
 * what is newer than the frames that the kernel has handed over would be far
 * ahead of them in the file. How many frames, or a negative errno, logged. */
int wiretap_rings_read(struct wiretap_rings *rings, struct wiretap_file *file,
		       uint64_t until_ns);

/* What was counted, to be called once all is read. *dropped: messages that
 * their writers overwrote before they were read here. 0 or a negative errno. */
int wiretap_rings_tail(struct wiretap_rings *rings, struct wiretap_file *file,
		       uint64_t *dropped);

#endif
