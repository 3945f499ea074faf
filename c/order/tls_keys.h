/* SPDX-License-Identifier: MIT */
/*
 * Certificates for one lab: a CA of its own, which signs one for the exchange
 * and one for the trader, and is forgotten: its key is never written. Keys are
 * ECDSA's on P-256. For --channel tls:folder=DIR.
 */
#ifndef ORDER_TLS_KEYS_H
#define ORDER_TLS_KEYS_H

struct tls_keys_config {
	const char *folder; /* made with mode 0700 if it is not there */
	const char *host;   /* the exchange's name, or its IPv4 address */
	/* How long all are valid from now on; negative: until so long ago. */
	int days;
};

/* Certificates, and keys to them. */
enum tls_keys_file {
	TLS_KEYS_CA,
	TLS_KEYS_EXCHANGE,
	TLS_KEYS_EXCHANGE_KEY,
	TLS_KEYS_TRADER,
	TLS_KEYS_TRADER_KEY,
	TLS_KEYS_FILES
};
extern const char *const tls_keys_files[TLS_KEYS_FILES]; /* "ca.pem" */

/* Write them all, of mode 0600; those that are there are replaced. 0 or a
 * negative errno, logged. */
int tls_keys_make(const struct tls_keys_config *config);

/* The same without a folder: files in memory (memfd_create(2)), which nobody
 * finds once their descriptors are closed, however this process ends. Others
 * of its user open /proc/PID/fd/N. All -1 on an error. */
int tls_keys_hold(const struct tls_keys_config *config,
		  int fds[static TLS_KEYS_FILES]);
void tls_keys_drop(int fds[static TLS_KEYS_FILES]); /* -1: none */

#endif
