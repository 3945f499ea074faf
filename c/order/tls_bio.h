/* SPDX-License-Identifier: MIT */
/* What OpenSSL reads and writes of a TLS session: the channel's buffers as long
 * as it shakes hands; then records that are sealed anew. For order/tls_session
 * alone. */
#ifndef ORDER_TLS_BIO_H
#define ORDER_TLS_BIO_H

#include "order/tls_session.h"

struct bio_st;

/* Of the session, which must outlive it. NULL: no memory. */
struct bio_st *tls_bio_new(struct tls_session *session);

#endif
