/* SPDX-License-Identifier: MIT */
#include "net/uring.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/cpu.h"
#include "base/log.h"

int uring_cpu_parse(const char *text, void *target, const char **why)
{
	int *cpu = target;

	*cpu = -1;
	if (!strcmp(text, "any") || !cpu_numbers(text, cpu, 1))
		return 0;
	*why = "expected any, or the number of a CPU";
	return -EINVAL;
}

const char *uring_release_fault(const char *release)
{
	unsigned int major = 0;

	/* Multishot recvmsg, SEND_ZC and single issuers came with it. */
	if (sscanf(release, "%u", &major) == 1 && major >= 6)
		return NULL;
	return "io_uring as used here needs Linux 6.0 or later";
}

#ifdef HAVE_LIBURING

/* Why there is no ring at all. */
static const char *setup_fault(int err)
{
	switch (err) {
	case -ENOSYS:
		return "this kernel is built without io_uring";
	case -EPERM:
		return "io_uring is not permitted here (sysctl "
		       "kernel.io_uring_disabled, or a seccomp filter)";
	case -ENOMEM:
		return "no memory for an io_uring (ulimit -l may be too small)";
	}
	return "this kernel refuses an io_uring";
}

int uring_probe(unsigned int operation, const char **why)
{
	struct io_uring_probe *probe;
	struct utsname system;
	struct io_uring ring;
	bool has;
	int err;

	uname(&system);
	*why = uring_release_fault(system.release);
	if (*why)
		return -EOPNOTSUPP;
	err = io_uring_queue_init(1, &ring, 0);
	if (err) {
		*why = setup_fault(err);
		return err;
	}
	probe = io_uring_get_probe_ring(&ring);
	has = probe && io_uring_opcode_supported(probe, (int)operation);
	io_uring_free_probe(probe);
	io_uring_queue_exit(&ring);
	if (has)
		return 0;
	*why = "this kernel's io_uring lacks an operation";
	return -EOPNOTSUPP;
}

int uring_open(struct io_uring *ring, unsigned int entries,
	       unsigned int completions, unsigned int flags,
	       const struct uring_sqpoll *sqpoll, const char *what)
{
	struct io_uring_params params = { .flags = flags };
	int err;

	if (completions) {
		params.flags |= IORING_SETUP_CQSIZE;
		params.cq_entries = completions;
	}
	if (sqpoll && sqpoll->on) {
		params.flags |= IORING_SETUP_SQPOLL;
		params.sq_thread_idle = (unsigned int)sqpoll->idle_ms;
		if (sqpoll->cpu >= 0) {
			params.flags |= IORING_SETUP_SQ_AFF;
			params.sq_thread_cpu = (unsigned int)sqpoll->cpu;
		} else if (cpu_count() == 1) {
			log_warning("%s: sqpoll: its thread shares the only "
				    "CPU that this process may use; sq_cpu "
				    "gives it another",
				    what);
		}
	}
	err = io_uring_queue_init_params(entries, ring, &params);
	if (!err)
		return 0;
	if (err == -EINVAL && params.flags & IORING_SETUP_SQ_AFF)
		log_error("%s: sq_cpu: CPU %u is offline, absent, or not "
			  "allowed to this process",
			  what, params.sq_thread_cpu);
	else if (err != -EINVAL || !flags)
		log_error("%s: %s: %s", what, setup_fault(err),
			  log_strerror(err));
	return err;
}

/* Without it a ring's end is left to a kernel worker, and a socket that we
 * closed lives on for a while: in its group, with its peer. */
void uring_close(struct io_uring *ring)
{
	struct io_uring_sync_cancel_reg all = {
		.fd = -1,
		.flags = IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL,
		.timeout = { .tv_sec = 1 },
	};
	struct __kernel_timespec patience = { .tv_nsec = 100000000 };
	struct io_uring_cqe *cqe;

	io_uring_cq_advance(ring, io_uring_cq_ready(ring));
	/* What was cancelled waits for us to end it (defer_taskrun), or we for
	 * sqpoll's thread. 0: it was under way, and may be so still. */
	if (io_uring_register_sync_cancel(ring, &all) >= 0)
		io_uring_wait_cqe_timeout(ring, &cqe, &patience);
	io_uring_unregister_files(ring);
	io_uring_unregister_buffers(ring);
	io_uring_queue_exit(ring);
}

#endif
