/* SPDX-License-Identifier: MIT */
/* The options of --channel tls. */
#ifndef ORDER_TLS_OPTIONS_H
#define ORDER_TLS_OPTIONS_H

#include "order/channel_ops.h"
#include "order/tls_context.h"

/* Whether the kernel makes records. */
enum tls_ktls { TLS_KTLS_OFF, TLS_KTLS_ON, TLS_KTLS_AUTO };

/* What the channel's own struct begins with. */
struct tls_chosen {
	struct channel channel;
	struct tls_settings settings;
	const char *inner; /* the channel inside, with its options */
	uint64_t update;   /* records between key updates */
	unsigned int ktls; /* enum tls_ktls */
};

extern const struct option_row tls_options[]; /* of a struct tls_chosen */

#endif
