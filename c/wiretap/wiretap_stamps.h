/* SPDX-License-Identifier: MIT */
/* Whose clock stamps a capture. */
#ifndef WIRETAP_WIRETAP_STAMPS_H
#define WIRETAP_WIRETAP_STAMPS_H

#include <stdbool.h>
#include <stdint.h>

#include "net/nic_stamps.h"

/* Whose clock stamps. */
enum wiretap_stamps {
	/* As WIRETAP_STAMPS_HARDWARE where the wiretap is promiscuous, so that
	 * all it is for comes in, and the NIC can; else the kernel's. */
	WIRETAP_STAMPS_AUTO,
	WIRETAP_STAMPS_HARDWARE, /* the NIC's, or nothing is captured */
	WIRETAP_STAMPS_KERNEL
};

extern const char *const wiretap_stamps_names[]; /* for option rows */

/* Before anything is captured. stamps: enum wiretap_stamps. *taken: the NIC
 * stamps, and nic is to be closed. 0, or a negative errno, logged, where it has
 * to and can't. */
int wiretap_stamps_open(struct nic_stamps *nic, const char *interface,
			unsigned int stamps, bool promiscuous, bool *taken);

/* What was captured, and how many of it without the NIC's stamp: a driver may
 * promise more than its NIC keeps. -ENODATA, logged, where it had to stamp, and
 * stamped nothing; else 0. */
int wiretap_stamps_judge(const char *interface, unsigned int stamps,
			 uint64_t frames, uint64_t kernel_stamped);

#endif
