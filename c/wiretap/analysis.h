/* SPDX-License-Identifier: MIT */
/*
 * A capture judged by the oracle: put in order and together
 * (wiretap/frame_window), understood and judged (wiretap/judge). Memory does
 * not grow with the capture.
 *
 * There are three answers: right, wrong, and can't be judged, with the reason
 * (wiretap/analysis_verdict): wherever something that bears on an order was
 * not seen whole, neither praise nor blame is due.
 */
#ifndef WIRETAP_ANALYSIS_H
#define WIRETAP_ANALYSIS_H

#include "net/capture_file.h"
#include "wiretap/analysis_result.h"

struct analysis;

/* 0 or a negative errno, logged. */
int analysis_open(const struct analysis_config *config, struct analysis **out);
void analysis_close(struct analysis *analysis); /* NULL is allowed */

/* The next frame of the capture. 0 or a negative errno (logged). */
int analysis_frame(struct analysis *analysis,
		   const struct capture_frame *captured);

/* The capture is over. Once; also after a failure: *result is filled in any
 * case. 0 or a negative errno (logged). */
int analysis_end(struct analysis *analysis, struct analysis_result *result);

/* All of it for one file. What could be analysed before a failure (-EIO: the
 * file is cut) is in *result. */
int analysis_run(const struct analysis_config *config, const char *path,
		 struct analysis_result *result);

#endif
