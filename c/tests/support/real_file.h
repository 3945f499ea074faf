/* SPDX-License-Identifier: MIT */
/* A day's first hours of BTCUSDT, which are not ours to ship. */
#pragma once

#include <limits.h>

#define REAL_PACKETS 445262
#define REAL_ORDERS  151 /* that a threshold of 1,000,000 USD calls for */

/* $T2T_DATA, a file or a folder, or else beside the repository; the test is
 * skipped where it is not, or where a sanitizer makes all too slow for it. */
const char *real_file_find(char path[static PATH_MAX]);
