/* SPDX-License-Identifier: MIT */
/* What a test's own process logs. */
#pragma once

#include <stdbool.h>

/* Between the two stderr goes to a file. */
void log_catch(void);

/* What was logged meanwhile; valid until the next call. */
const char *log_caught(void);

/* One line, with the text in it? */
bool is_one_line(const char *caught, const char *text);
