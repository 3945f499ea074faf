/* SPDX-License-Identifier: MIT */
/*
 * OpenOnload (AMD; "Onload User Guide", UG1586): a library that is loaded
 * before the C library takes socket calls over and reaches the NIC past the
 * kernel. The program stays as it is: its command, onload(1), starts it with
 * that library and with a profile of settings in its environment (EF_POLL_USEC
 * and its like). With EF_NO_FAIL=0, unless told otherwise, so that a socket it
 * has no stack for fails, and is not one of the kernel's without a word.
 */
#ifndef NET_ONLOAD_H
#define NET_ONLOAD_H

#include <stdbool.h>

#define ONLOAD_TEXT_MAX 512

/* "PROFILE[:EF_NAME=VALUE,...]", as in "latency:EF_POLL_USEC=-1", for a
 * const char * (base/option.h). 0 or -EINVAL with why. */
int onload_parse(const char *text, void *target, const char **why);

/* Does this process run under it? Asked of the library, onload_is_present() of
 * onload/extensions.h. */
bool onload_is_here(void);

/* Start this program anew under it, with the same arguments; returns 0 when it
 * runs so. text: parsed. argv: main()'s. Does not return when it starts. A
 * negative errno, logged: -ENODEV without its driver, -ENOENT without its
 * command, -ELIBACC when that left its library out. */
int onload_enter(const char *text, char **argv);

#endif
