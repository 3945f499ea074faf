/* SPDX-License-Identifier: MIT */
#include "net/dpdk_device.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* From the program's own folder on. */
static const char *const places[] = { "", "../lib/t2t-lab/", "../../" };

/* "/a/b/" of "/a/b/program"; its length, 0: not to be had. */
static size_t folder_find(char path[static PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	if (n <= 0)
		return 0;
	path[n] = '\0';
	slash = strrchr(path, '/');
	return slash ? (size_t)(slash + 1 - path) : 0;
}

static const struct dpdk_device_ops *ops_of(void *library, const char **why)
{
	const struct dpdk_device_ops *ops = dlsym(library, DPDK_DEVICE_SYMBOL);

	if (ops && ops->version == DPDK_DEVICE_VERSION)
		return ops;
	*why = DPDK_DEVICE_FILE " is of another build";
	dlclose(library);
	return NULL;
}

/* It stays: EAL can't be started twice. */
const struct dpdk_device_ops *dpdk_device_load(const char **why)
{
	static const struct dpdk_device_ops *loaded;
	char path[PATH_MAX];
	size_t len = folder_find(path);

	if (loaded)
		return loaded;
	*why = "built without libdpdk: there is no " DPDK_DEVICE_FILE
	       " beside the program";
	for (size_t i = 0; len && i < sizeof(places) / sizeof(*places); i++) {
		void *library;

		if (snprintf(path + len, sizeof(path) - len, "%s%s", places[i],
			     DPDK_DEVICE_FILE) >= (int)(sizeof(path) - len) ||
		    access(path, F_OK) < 0)
			continue;
		library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		if (library) {
			loaded = ops_of(library, why);
			return loaded;
		}
		*why = DPDK_DEVICE_FILE
			" can't be loaded: it needs libnuma and "
			"libbsd";
		return NULL;
	}
	return NULL;
}
