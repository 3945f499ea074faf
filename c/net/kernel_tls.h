/* SPDX-License-Identifier: MIT */
/*
 * The kernel's own TLS (kTLS): what is sent on a TCP socket becomes records
 * there, under keys that it is given. Of what is sent alone.
 * Documentation/networking/tls.rst of the kernel.
 */
#ifndef NET_KERNEL_TLS_H
#define NET_KERNEL_TLS_H

#include <linux/tls.h>
#include <sys/types.h>

#include "wire/tls_record.h"

/* Has this kernel got it? 0 or -EOPNOTSUPP with *why. Where its module may be
 * loaded (CAP_NET_ADMIN), it is. */
int kernel_tls_probe(const char **why);

/* From now on the kernel seals what is sent on the connected socket, with the
 * direction's keys, its next record having the direction's number. 0, or a
 * negative errno with *why: the socket is as it was. */
int kernel_tls_begin(int fd, const struct tls_direction *seals,
		     const char **why);

/* A record of another type than application data, without waiting for room. 0,
 * -EAGAIN, or another negative errno. */
int kernel_tls_record(int fd, enum tls_content type, const uint8_t *bytes,
		      size_t len);

/* Keys as the kernel takes them, and how long that is: for who tests it. 0: it
 * has no such suite, or they can't be derived. */
union kernel_tls_keys {
	struct tls_crypto_info info; /* what all begin with */
	struct tls12_crypto_info_aes_gcm_128 aes_128;
	struct tls12_crypto_info_aes_gcm_256 aes_256;
	struct tls12_crypto_info_chacha20_poly1305 chacha20;
};
size_t kernel_tls_keys_make(const struct tls_direction *seals,
			    union kernel_tls_keys *keys);

#endif
