/* SPDX-License-Identifier: MIT */
/* How a codec is chosen where it is tried by itself: with what it needs before
 * it opens. */
#ifndef TESTS_SUPPORT_CHANNEL_CHOICE_H
#define TESTS_SUPPORT_CHANNEL_CHOICE_H

/* "NAME[:OPTIONS]", which stays. TLS has channel_choice_keys(), and a channel
 * with heartbeats inside. */
const char *channel_choice(const char *name);

/* A folder of certificates for the host "exchange", made for this process and
 * gone with it. */
const char *channel_choice_keys(void);

#endif
