/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_JSON_TEXT_H
#define TESTS_SUPPORT_JSON_TEXT_H

#include <jansson.h>

/* Of JSON with ' for ": a new reference; what is none fails the test. */
json_t *json_text(const char *single_quoted);

#endif
