/* SPDX-License-Identifier: MIT */
#include "net/dpdk_device.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/program_folder.h"

/* From the program's own folder on. */
static const char *const places[] = { "", "../lib/t2t-lab/", "../../" };

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
	char folder[PATH_MAX], path[PATH_MAX];

	if (loaded)
		return loaded;
	*why = "built without libdpdk, libxdp or libbpf: no " DPDK_DEVICE_FILE
	       " is beside the program";
	if (program_folder(folder) < 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		void *library;

		if (snprintf(path, sizeof(path), "%s/%s%s", folder, places[i],
			     DPDK_DEVICE_FILE) >= PATH_MAX ||
		    access(path, F_OK) < 0)
			continue;
		library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		if (library) {
			loaded = ops_of(library, why);
			return loaded;
		}
		*why = DPDK_DEVICE_FILE " can't be loaded: it needs libnuma, "
					"libxdp, libbpf, libelf and libbsd";
		return NULL;
	}
	return NULL;
}
