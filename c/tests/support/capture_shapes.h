/* SPDX-License-Identifier: MIT */
/* A session of two triggers and their orders, whole and right: 15 frames. */
#ifndef TESTS_SUPPORT_CAPTURE_SHAPES_H
#define TESTS_SUPPORT_CAPTURE_SHAPES_H

#include "tests/support/capture_maker.h"

void capture_shapes_session(struct capture_maker *maker);

#endif
