/* SPDX-License-Identifier: MIT */
/* What another program makes of a capture. */
#ifndef TESTS_SUPPORT_TSHARK_H
#define TESTS_SUPPORT_TSHARK_H

/* Skips the test where it is not installed. */
void tshark_needed(void);

/* How many frames are as filtered. dissects: options that say what is what,
 * "-d tcp.port==9012,fix". */
unsigned int tshark_count(const char *capture, const char *dissects,
			  const char *filter);

#endif
