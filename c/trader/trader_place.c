/* SPDX-License-Identifier: MIT */
#include "trader/trader_place.h"

#include <errno.h>

#include "base/cpu.h"
#include "base/log.h"
#include "net/onload.h"
#include "order/transport_ops.h"
#include "receive/receive_ops.h"

int trader_place_cpu(const char *text, void *target, const char **why)
{
	int cpu;

	if (cpu_numbers(text, &cpu, 1) < 0) {
		*why = "expected the number of a CPU";
		return -EINVAL;
	}
	*(int64_t *)target = cpu;
	return 0;
}

int trader_place_check(const struct trader_place *place,
		       const struct trader_config *config)
{
	if (!place->onload ||
	    (receive_ops_of(registry_find(&receive_paths, config->receive))
		     ->socket_calls &&
	     transport_ops_of(registry_find(&transports, config->transport))
		     ->socket_calls))
		return 0;
	log_error("--onload: --receive %s, --transport %s: it takes over calls "
		  "on sockets alone",
		  config->receive, config->transport);
	return -EINVAL;
}

int trader_place_enter(const struct trader_place *place, char **argv)
{
	return place->onload ? onload_enter(place->onload, argv) : 0;
}

int trader_place_take(const struct trader_place *place)
{
	char why[CPU_FAULT_MAX];
	int err = 0;

	if (place->cpu >= 0 && (err = cpu_pin((unsigned int)place->cpu)) < 0)
		log_error("--cpu %d: %s", (int)place->cpu, log_strerror(err));
	else if (place->fifo &&
		 (err = cpu_realtime((unsigned int)place->fifo)) < 0)
		log_error("--fifo %d: %s", (int)place->fifo,
			  cpu_realtime_fault(err, why));
	else if (place->lock_memory && (err = cpu_lock_memory()) < 0)
		log_error("--mlock: %s", cpu_lock_memory_fault(err, why));
	return err;
}
