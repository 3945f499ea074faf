/* SPDX-License-Identifier: MIT */
#include "base/version.h"

#ifndef VERSION_TEXT
#define VERSION_TEXT "unknown"
#endif

const char version_text[] = VERSION_TEXT;
