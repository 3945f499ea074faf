/* SPDX-License-Identifier: MIT */
/* For paths past UDP: somebody has to have joined the group. */
#ifndef RECEIVE_RECEIVE_MEMBER_H
#define RECEIVE_RECEIVE_MEMBER_H

#include "net/interface.h"
#include "receive/receive_ops.h"

/* Join the path's group on the interface, so that switches and the NIC let it
 * through, by a socket that receives nothing itself. Its descriptor, whose
 * close leaves the group, or a negative errno, logged. */
int receive_member_open(const struct receive *receive,
			const struct interface *interface);

#endif
