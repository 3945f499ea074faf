/* SPDX-License-Identifier: MIT */
#include "net/rdma_library.h"

#include <errno.h>

#ifdef HAVE_RDMA

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

static struct rdma_library library;
static const struct rdma_library *found; /* NULL: there is none */
static char fault[200];
static pthread_once_t once = PTHREAD_ONCE_INIT;

struct symbol {
	const char *name;
	size_t offset;
	bool verbs; /* else of librdmacm */
};

#define RDMA_SYMBOL(type, name, arguments) \
	{ "rdma_" #name, offsetof(struct rdma_library, name), false },
#define VERBS_SYMBOL(type, name, arguments) \
	{ "ibv_" #name, offsetof(struct rdma_library, name), true },

static const struct symbol symbols[] = { RDMA_LIBRARY(RDMA_SYMBOL,
						      VERBS_SYMBOL) };

static void *object_open(const char *name)
{
	void *object = dlopen(name, RTLD_NOW | RTLD_LOCAL);

	if (!object)
		snprintf(fault, sizeof(fault),
			 "no %s: packages librdmacm1 and ibverbs-providers",
			 name);
	return object;
}

static void load(void)
{
	void *const verbs = object_open("libibverbs.so.1");
	void *const rdma = verbs ? object_open("librdmacm.so.1") : NULL;

	if (!rdma)
		return;
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		void *const its =
			dlsym(symbols[i].verbs ? verbs : rdma, symbols[i].name);

		if (!its) {
			snprintf(fault, sizeof(fault),
				 "the RDMA libraries lack %s()",
				 symbols[i].name);
			return;
		}
		memcpy((char *)&library + symbols[i].offset, &its, sizeof(its));
	}
	found = &library;
}

void rdma_library_replace(const struct rdma_library *other)
{
	pthread_once(&once, load);
	found = other;
}

const struct rdma_library *rdma_library(const char **why)
{
	pthread_once(&once, load);
	*why = fault;
	return found;
}

const struct rdma_library *rdma_library_for(const char *who)
{
	const char *why;
	const struct rdma_library *rdma = rdma_library(&why);

	if (!rdma)
		log_error("%s: %s", who, why);
	return rdma;
}

int rdma_library_error(void)
{
	return errno > 0 ? -errno : -EIO;
}

int rdma_library_probe(const char **why)
{
	const struct rdma_library *rdma = rdma_library(why);
	struct ibv_device **devices;
	int count = 0;

	if (!rdma)
		return -EOPNOTSUPP;
	devices = rdma->get_device_list(&count);
	if (devices)
		rdma->free_device_list(devices);
	if (count > 0)
		return 0;
	*why = "this machine has no RDMA device: of soft-RoCE: rdma link add "
	       "rxe0 type rxe netdev INTERFACE";
	return -EOPNOTSUPP;
}

#else

int rdma_library_probe(const char **why)
{
	*why = "built without rdma-core";
	return -EOPNOTSUPP;
}

#endif
