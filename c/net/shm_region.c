/* SPDX-License-Identifier: MIT */
#include "net/shm_region.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

#define DEVICES	     "/sys/bus/pci/devices"
#define BAR	     "resource2"
#define VENDOR	     0x1af4
#define DEVICE	     0x1110
#define COMMAND_AT   4 /* of the configuration space; PCI 3.0, 6.2.2 */
#define COMMAND_BUS  2 /* it answers to accesses of its memory */
#define AREA_ALIGNED 4096

static const char *const area_names[] = {
	[SHM_AREA_NONE] = "nothing",
	[SHM_AREA_DATA] = "market data",
	[SHM_AREA_ORDERS] = "orders",
	[SHM_AREA_ANSWERS] = "answers to orders",
};

/* A hexadecimal number that is all of a device's file; -1: none. */
static long attribute_read(const char *device, const char *name)
{
	char path[PATH_MAX], text[16] = "";
	FILE *file;
	long value;

	snprintf(path, sizeof(path), DEVICES "/%s/%s", device, name);
	file = fopen(path, "re");
	if (!file)
		return -1;
	value = fgets(text, sizeof(text), file) ? strtol(text, NULL, 16) : -1;
	fclose(file);
	return value;
}

static bool is_switched_on(const char *device)
{
	char path[PATH_MAX];
	uint8_t command = 0;
	int fd;

	snprintf(path, sizeof(path), DEVICES "/%s/config", device);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (pread(fd, &command, 1, COMMAND_AT) != 1)
		command = 0;
	close(fd);
	return command & COMMAND_BUS;
}

/* The path of the only such device's memory. 0 or a negative errno, logged. */
static int device_find(const char *who, char path[static PATH_MAX])
{
	DIR *devices = opendir(DEVICES);
	const struct dirent *entry;
	char found[NAME_MAX + 1] = "";
	unsigned int count = 0;

	while (devices && (entry = readdir(devices))) {
		if (*entry->d_name == '.' ||
		    attribute_read(entry->d_name, "vendor") != VENDOR ||
		    attribute_read(entry->d_name, "device") != DEVICE)
			continue;
		snprintf(found, sizeof(found), "%s", entry->d_name);
		count++;
	}
	if (devices)
		closedir(devices);
	if (count != 1) {
		log_error(
			count ? "%s: region=" SHM_REGION_DEVICE
				": this machine has %u ivshmem devices (PCI "
				"1af4:1110): name one's memory, region=" DEVICES
				"/ADDRESS/" BAR
			      : "%s: region=" SHM_REGION_DEVICE
				": this machine has no ivshmem device (PCI "
				"1af4:1110)",
			who, count);
		return count ? -EINVAL : -ENODEV;
	}
	if (!is_switched_on(found)) {
		log_error("%s: region=" SHM_REGION_DEVICE
			  ": its memory is switched off: echo 1 > " DEVICES
			  "/%s/enable",
			  who, found);
		return -ENXIO;
	}
	snprintf(path, PATH_MAX, DEVICES "/%s/" BAR, found);
	return 0;
}

static int path_take(const char *who, const char *name,
		     char path[static PATH_MAX])
{
	if (*name == '/' && snprintf(path, PATH_MAX, "%s", name) < PATH_MAX)
		return 0;
	log_error("%s: region=%s: it is neither " SHM_REGION_DEVICE
		  " nor a path that begins with /",
		  who, name);
	return -EINVAL;
}

/* Why it can't be a region; NULL: it may. Of a device's memory the kernel lets
 * root alone near. */
static const char *fault_of(const struct stat *status)
{
	if (!S_ISREG(status->st_mode))
		return "it is not a file of memory";
	if (status->st_mode & (S_IWGRP | S_IWOTH))
		return "others than its owner may write it: chmod 600";
	if (status->st_uid != 0 && status->st_uid != geteuid() &&
	    geteuid() != 0)
		return "it is another user's";
	if (status->st_size < SHM_REGION_MIN)
		return "it is too small: less than 64 KiB";
	return NULL;
}

/* 0 or a negative errno, logged. */
static int memory_map(struct shm_region *region, const char *path)
{
	const int flags = region->writes ? O_RDWR : O_RDONLY;
	struct stat status;
	const char *why;
	void *memory;
	int err;

	region->fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW);
	if (region->fd < 0) {
		err = -errno;
		goto log_cause;
	}
	if (fstat(region->fd, &status) < 0) {
		err = -errno;
		goto close_file;
	}
	why = fault_of(&status);
	if (why) {
		log_error("%s: region=%s: %s", region->who, region->name, why);
		close(region->fd);
		region->fd = -1;
		return -EINVAL;
	}
	region->size = (size_t)status.st_size;
	memory = mmap(NULL, region->size,
		      PROT_READ | (region->writes ? PROT_WRITE : 0), MAP_SHARED,
		      region->fd, 0);
	if (memory != MAP_FAILED) {
		region->memory = memory;
		return 0;
	}
	err = -errno;
close_file:
	close(region->fd);
	region->fd = -1;
log_cause:
	log_error("%s: region=%s: %s: %s", region->who, region->name, path,
		  log_strerror(err));
	return err;
}

int shm_region_open(struct shm_region *region, const char *who,
		    const char *name, bool writes)
{
	char path[PATH_MAX];
	int err;

	*region = (struct shm_region){
		.who = who, .name = name, .fd = -1, .writes = writes
	};
	if (!strcmp(name, SHM_REGION_DEVICE))
		err = device_find(who, path);
	else
		err = path_take(who, name, path);
	return err ? err : memory_map(region, path);
}

void shm_region_close(struct shm_region *region)
{
	if (region->memory)
		munmap(region->memory, region->size);
	if (region->fd >= 0)
		close(region->fd);
	*region = (struct shm_region){ .fd = -1 };
}

static size_t area_size(const struct shm_region *region)
{
	return region->size / SHM_AREAS / AREA_ALIGNED * AREA_ALIGNED;
}

void *shm_region_area(const struct shm_region *region, enum shm_area area,
		      size_t *size)
{
	*size = area_size(region);
	return region->memory + (area - SHM_AREA_DATA) * *size;
}

/* A lock that goes with the process; of an area, not of the file; fcntl(2),
 * "Open file description locks". */
static int lock(const struct shm_region *region, enum shm_area area, short kind)
{
	const size_t size = area_size(region);
	struct flock range = { .l_type = kind,
			       .l_whence = SEEK_SET,
			       .l_start = (off_t)(area - SHM_AREA_DATA) *
					  (off_t)size,
			       .l_len = (off_t)size };

	return fcntl(region->fd, F_OFD_SETLK, &range) < 0 ? -errno : 0;
}

int shm_region_take(struct shm_region *region, enum shm_area area)
{
	int err = region->taken[area] ? -EBUSY : lock(region, area, F_WRLCK);

	if (err == -EAGAIN || err == -EACCES)
		err = -EBUSY;
	if (err)
		log_error("%s: region=%s: %s: %s", region->who, region->name,
			  area_names[area],
			  err == -EBUSY ? "another one writes them there"
					: log_strerror(err));
	else
		region->taken[area] = true;
	return err;
}

int shm_region_fill(const struct shm_region *region, enum shm_area area,
		    size_t len)
{
	size_t size;
	int err;

	/* EINVAL: of a device, whose memory is there; or of an old kernel. */
	if (madvise(shm_region_area(region, area, &size), len,
		    MADV_POPULATE_WRITE) == 0 ||
	    errno == EINVAL)
		return 0;
	err = errno == EFAULT ? -ENOSPC : -errno;
	log_error("%s: region=%s: no memory for %zu bytes of %s: %s",
		  region->who, region->name, len, area_names[area],
		  log_strerror(err));
	return err;
}

void shm_region_leave(struct shm_region *region, enum shm_area area)
{
	lock(region, area, F_UNLCK);
	region->taken[area] = false;
}
