/* SPDX-License-Identifier: MIT */
#include "base/privileges.h"

#include <errno.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

const char *const privileges_names[] = { "drop", "keep", NULL };

static int capabilities_keep(uint64_t keep)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		const uint32_t bits = (uint32_t)(keep >> (32 * i));

		data[i].permitted &= bits;
		data[i].effective &= bits;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static const char *held; /* why; NULL: nothing is in the way */

void privileges_hold(const char *why)
{
	held = why;
}

int privileges_drop(uint64_t keep)
{
	const struct rlimit endless = { RLIM_INFINITY, RLIM_INFINITY };
	int err = 0;

	/* Who may not had no use of CAP_IPC_LOCK either. */
	(void)setrlimit(RLIMIT_MEMLOCK, &endless);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) < 0)
		err = -errno;
	if (!err && held)
		log_warning("capabilities are kept: %s", held);
	else if (!err)
		err = capabilities_keep(keep);
	if (err)
		log_error("can't drop privileges: %s", log_strerror(err));
	return err;
}
