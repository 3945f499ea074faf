/* SPDX-License-Identifier: MIT */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

/* The commit this was built from, as git describes it ("-dirty" when the tree
 * differed), or "unknown" outside a checkout. */
extern const char version_text[];

#endif
