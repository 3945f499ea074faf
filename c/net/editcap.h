/* SPDX-License-Identifier: MIT */
/*
 * Wireshark's editcap as a filter, for captures that nothing here reads. It
 * parses what others have written, so with root's rights only a program is run
 * that nobody but root can have put there, and it runs as nobody, without a way
 * to more rights.
 */
#ifndef NET_EDITCAP_H
#define NET_EDITCAP_H

#include <sys/types.h>

/*
 * Start the first editcap in PATH; for root: the first one that root owns, in
 * folders that root owns and nobody else may write. It reads the capture from
 * input, writes pcapng to output and complains to complaints; all three stay
 * the caller's. 0 with *pid, to be waited for; -ENOENT: there is none (or none
 * to be trusted); or another negative errno. Silent.
 */
int editcap_start(int input, int output, int complaints, pid_t *pid);

#endif
