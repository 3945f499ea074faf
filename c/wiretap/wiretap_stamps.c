/* SPDX-License-Identifier: MIT */
#include "wiretap/wiretap_stamps.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>

#include "base/log.h"

const char *const wiretap_stamps_names[] = { "auto", "hardware", "kernel",
					     NULL };

int wiretap_stamps_open(struct nic_stamps *nic, const char *interface,
			unsigned int stamps, bool promiscuous, bool *taken)
{
	char why[NIC_STAMPS_WHY_MAX];
	int rc;

	*taken = false;
	if (stamps == WIRETAP_STAMPS_KERNEL ||
	    (stamps == WIRETAP_STAMPS_AUTO && !promiscuous))
		return 0;
	rc = nic_stamps_open(nic, interface, NULL, why);
	*taken = rc == 0;
	if (rc == 0) {
		log_info("%s: stamped by its NIC's clock, /dev/ptp%d",
			 interface, nic->clock);
		return 0;
	}
	if (stamps == WIRETAP_STAMPS_AUTO) {
		log_info("%s: stamped by the kernel's clock, since its NIC "
			 "can't: %s",
			 interface, why);
		return 0;
	}
	log_error("--stamps hardware: %s: %s", interface, why);
	return rc;
}

int wiretap_stamps_judge(const char *interface, unsigned int stamps,
			 uint64_t frames, uint64_t kernel_stamped)
{
	if (stamps != WIRETAP_STAMPS_HARDWARE || frames == 0 ||
	    kernel_stamped < frames)
		return 0;
	log_error("--stamps hardware: %s: its NIC stamped none of %" PRIu64
		  " frames",
		  interface, frames);
	return -ENODATA;
}
