/* SPDX-License-Identifier: MIT */
/*
 * Memory that machines share: what stands behind the ivshmem device of a guest
 * (QEMU, docs/specs/ivshmem-spec.txt: BAR 2 is the memory, and of
 * ivshmem-plain nothing else is needed), or a file of their host, which may be
 * the very same memory (/dev/shm/NAME). It is three equal areas, and each has
 * one writer, who makes a ring of it (net/shm_ring.h); where they are follows
 * from its size, so nobody has to set it up.
 *
 * A guest's program maps the device's BAR itself, without a driver (sysfs-pci,
 * Documentation/PCI/sysfs-pci.rst). Nothing keeps another guest of it from
 * writing, as seals do on one host: what is read is believed no more for that.
 */
#ifndef NET_SHM_REGION_H
#define NET_SHM_REGION_H

#include <stdbool.h>
#include <stddef.h>

#define SHM_REGION_DEVICE "ivshmem" /* in the place of a path */
#define SHM_REGION_MIN	  65536	    /* bytes */

/* What a region's areas are for; on the wire of a hello, too. */
enum shm_area {
	SHM_AREA_NONE,	 /* memory of its own, which is handed over */
	SHM_AREA_DATA,	 /* market data */
	SHM_AREA_ORDERS, /* of an order connection, from who connects */
	SHM_AREA_ANSWERS,
};

#define SHM_AREAS 3

struct shm_region {
	const char *who, *name; /* for messages; their owner's */
	char *memory;
	size_t size;
	int fd;
	bool writes;
	bool taken[SHM_AREAS + 1]; /* by a writer of this region */
};

/*
 * Map it. name: SHM_REGION_DEVICE, the only such device of this machine; or a
 * path: of a file that nobody but its owner and root may write, or of a
 * device's memory (/sys/bus/pci/devices/ADDRESS/resource2). writes: an area of
 * it is to be taken. 0 or a negative errno, logged. who and name must outlive
 * it.
 */
int shm_region_open(struct shm_region *region, const char *who,
		    const char *name, bool writes);
void shm_region_close(struct shm_region *region);

/* Where an area is, and its size. */
void *shm_region_area(const struct shm_region *region, enum shm_area area,
		      size_t *size);

/* To write there, alone among the programs of this machine, until
 * shm_region_leave() or the process's end, however it comes. 0 or a negative
 * errno, logged: -EBUSY: another one does. */
int shm_region_take(struct shm_region *region, enum shm_area area);
void shm_region_leave(struct shm_region *region, enum shm_area area);

/* The first len bytes of an area that is taken are all there on return: a file
 * has its memory only once that is written, and who writes where there is none
 * is ended (SIGBUS). 0 or a negative errno, logged: -ENOSPC: the file system is
 * full. madvise(2), MADV_POPULATE_WRITE, Linux 5.14: before, 0. */
int shm_region_fill(const struct shm_region *region, enum shm_area area,
		    size_t len);

#endif
