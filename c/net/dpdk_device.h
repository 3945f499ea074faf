/* SPDX-License-Identifier: MIT */
/*
 * A port of DPDK's: what libt2t-dpdk.so is asked for, and how it is found. DPDK
 * is in that file alone, with the driver that is used here: a program that
 * links it is slower to start, whether it asks for DPDK or not, and does not
 * start at all where its libraries are missing. Nothing of DPDK's own is in
 * this header.
 *
 * https://doc.dpdk.org/guides/prog_guide/ (EAL, poll mode drivers, mbuf).
 */
#ifndef NET_DPDK_DEVICE_H
#define NET_DPDK_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

/* Changed with whatever follows, so that an older file is refused. */
#define DPDK_DEVICE_VERSION 3
#define DPDK_DEVICE_FILE    "libt2t-dpdk.so"
#define DPDK_DEVICE_SYMBOL  "t2t_dpdk_device_ops"

enum dpdk_log { DPDK_LOG_ERROR, DPDK_LOG_WARNING, DPDK_LOG_DETAIL };

/* Once in a process: EAL, its memory. */
struct dpdk_start {
	bool huge_pages; /* else of ordinary ones: --no-huge */
	bool pci;	 /* devices of that bus, each when it is opened */
	bool physical;	 /* devices get physical addresses: no IOMMU; takes
			    CAP_SYS_ADMIN, and huge pages */
	/* A line of EAL's or of a driver's, without its end. */
	void (*log)(enum dpdk_log level, const char *line);
};

struct dpdk_device;

struct dpdk_device_config {
	const char *bus;	  /* "vdev", "pci" */
	const char *device;	  /* "net_af_packet0", "0000:01:00.0" */
	const char *arguments;	  /* the driver's: "iface=eth0,framecnt=128" */
	unsigned int descriptors; /* of the receive queue */
	unsigned int buffers;	  /* of 2 KiB each, for both directions */
	bool groups;		  /* let in all that goes to groups */
	bool promiscuous;	  /* let in all there is */
	unsigned int link_ms;	  /* how long to wait for a link; 0: there is
				     one, or it does not matter */
};

struct dpdk_frame {
	uint8_t *bytes;
	void *buffer; /* goes back by give() */
	uint32_t len;
	uint16_t vlan; /* of a tag that lies beside the bytes; 0: none */
};

struct dpdk_device_ops {
	unsigned int version;	      /* DPDK_DEVICE_VERSION */
	const char *(*release)(void); /* "DPDK 22.11.11" */

	/* May be called again: the first call counts. 0; -EINVAL: it runs
	 * otherwise than that; or another negative errno. The calling
	 * thread has one CPU from then on; signals and the environment are as
	 * they were; no file is left anywhere. */
	int (*start)(const struct dpdk_start *start);

	/* One queue a direction, no offload. 0 or a negative errno, silent but
	 * for what DPDK itself says; *step: what failed. By the thread that
	 * takes and sends: another one's take longer. */
	int (*open)(const struct dpdk_device_config *config,
		    struct dpdk_device **device, const char **step);

	/* HOT. At most max frames; they are the caller's until give(). */
	unsigned int (*take)(struct dpdk_device *device,
			     struct dpdk_frame *frames, unsigned int max);
	void (*give)(void **buffers, unsigned int count);

	/* HOT. A frame to fill, of frame_max bytes, NULL: none is free; and
	 * sent: 0, or -ENOBUFS: the driver has no room, the frame is lost. */
	uint8_t *(*frame)(struct dpdk_device *device);
	int (*send)(struct dpdk_device *device, uint32_t len);

	/* HOT. Send buffers of take(), of this device's or of another's,
	 * instead of giving them back; what there is no room for is lost. */
	void (*pass)(struct dpdk_device *device, void **buffers,
		     unsigned int count);

	/* The kernel wants it back: it waits until it is closed. */
	bool (*wanted_back)(const struct dpdk_device *device);

	/* Frames that the driver had no room for. */
	uint64_t (*lost)(struct dpdk_device *device);

	/* By the thread that opened it: no other can give back the number that
	 * EAL has given that one. */
	void (*close)(struct dpdk_device *device);
};

/* Of one frame, as XDP's: a longer one is no market data. */
#define DPDK_FRAME_MAX 1792

/* Find and load libt2t-dpdk.so, once: beside the program, in ../lib/t2t-lab of
 * where it is installed, or two folders above (tests). NULL with *why. */
const struct dpdk_device_ops *dpdk_device_load(const char **why);

#endif
