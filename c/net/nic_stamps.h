/* SPDX-License-Identifier: MIT */
/*
 * A NIC that stamps, by its own clock, each frame that comes in. What goes out
 * it stamps for the sending socket alone, so that who captures both directions
 * of an interface has stamps of two clocks. SIOCSHWTSTAMP and
 * ETHTOOL_GET_TS_INFO: Documentation/networking/timestamping.rst.
 */
#ifndef NET_NIC_STAMPS_H
#define NET_NIC_STAMPS_H

#include <linux/ethtool.h>
#include <net/if.h>
#include <sys/types.h>

#define NIC_STAMPS_WHY_MAX 160

/* As ioctl(2) of a socket, but for the negative errno. */
typedef int nic_stamps_ask(int fd, unsigned long request, struct ifreq *ifreq);

struct nic_stamps {
	int fd;
	nic_stamps_ask *ask;
	char name[IFNAMSIZ];
	int clock;	  /* its /dev/ptpN; -1: it is not told */
	int keeper;	  /* ends when it is closed: then all is put back */
	pid_t keeper_pid; /* 0: nothing was turned */
};

/* What the NIC lacks to stamp whatever comes in, by what its driver says; NULL:
 * nothing. Pure. */
const char *nic_stamps_lack(const struct ethtool_ts_info *info);

/*
 * Make it stamp. What it did before is put back by a process of its own once
 * nic_stamps_close() is called, or this process ends, however it does; it
 * keeps CAP_NET_ADMIN alone, which it needs. Where all is stamped already,
 * nothing is turned, and there is none. ask: NULL; a test's own. 0, or a
 * negative errno with why, not logged: -EOPNOTSUPP where the NIC can't.
 */
int nic_stamps_open(struct nic_stamps *stamps, const char *interface,
		    nic_stamps_ask *ask, char why[static NIC_STAMPS_WHY_MAX]);

/* 0, or -EIO if it could not be put back, which the keeper has logged. */
int nic_stamps_close(struct nic_stamps *stamps);

#endif
