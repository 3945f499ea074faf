/* SPDX-License-Identifier: MIT */
/*
 * TLS 1.3's records, RFC 8446, 5 and 7.3: sealed and opened with the keys that
 * follow from a traffic secret, by OpenSSL's EVP. A direction has all state.
 * Built without OpenSSL 3, a direction does not begin (-EOPNOTSUPP).
 */
#ifndef WIRE_TLS_RECORD_H
#define WIRE_TLS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLS_HEADER_LEN 5
#define TLS_TAG_LEN    16
#define TLS_PLAIN_MAX  16384 /* bytes of a record's content */
/* What sealing adds to it: header, type and tag. */
#define TLS_OVERHEAD   (TLS_HEADER_LEN + 1 + TLS_TAG_LEN)
#define TLS_RECORD_MAX (TLS_HEADER_LEN + TLS_PLAIN_MAX + 256)
#define TLS_SECRET_MAX 48
#define TLS_NONCE_LEN  12

enum tls_content {
	TLS_CHANGE_CIPHER_SPEC = 20,
	TLS_ALERT = 21,
	TLS_HANDSHAKE = 22,
	TLS_APPLICATION_DATA = 23,
};

enum tls_message {
	TLS_CLIENT_HELLO = 1,
	TLS_NEW_SESSION_TICKET = 4,
	TLS_END_OF_EARLY_DATA = 5,
	TLS_FINISHED = 20,
	TLS_KEY_UPDATE = 24,
};

/* As they are called on the wire. */
enum tls_suite {
	TLS_AES_128_GCM = 0x1301,
	TLS_AES_256_GCM = 0x1302,
	TLS_CHACHA20_POLY1305 = 0x1303,
};

struct tls_suite_row {
	unsigned int number;
	const char *name; /* RFC 8446, B.4 */
	size_t secret_len, key_len;
	const char *cipher, *digest; /* as OpenSSL calls them */
};

#define TLS_SUITES 3
extern const struct tls_suite_row tls_suites[TLS_SUITES];

/* What one end sends: the keys of now, and the number of the next record. */
struct tls_direction {
	struct evp_cipher_ctx_st *cipher; /* NULL: it has not begun */
	unsigned int suite;
	bool seals;
	size_t secret_len;
	uint8_t secret[TLS_SECRET_MAX];
	uint8_t iv[TLS_NONCE_LEN];
	uint64_t sequence;
};

/* Of a secret of the suite with that number: 32 bytes, or 48 of
 * TLS_AES_256_GCM's. seals: records are made; else they are read. 0, -EINVAL
 * for a suite or a length that is none, -ENOMEM, or -EOPNOTSUPP. */
int tls_direction_begin(struct tls_direction *direction, unsigned int number,
			const uint8_t *secret, size_t secret_len, bool seals);

/* Both of one secret, for whoever makes records and reads them, too; either may
 * be NULL. As above; on failure what has begun is to be ended. */
int tls_direction_pair(struct tls_direction *seals, struct tls_direction *opens,
		       unsigned int number, const uint8_t *secret,
		       size_t secret_len);

/* The keys behind a KeyUpdate (RFC 8446, 7.2). As above; on failure it is
 * as it was. */
int tls_direction_update(struct tls_direction *direction);

void tls_direction_end(struct tls_direction *direction);

/* Of the secret, by its label, as HKDF-Expand-Label() of RFC 8446, 7.1 without
 * context. 0 or -EIO, -EOPNOTSUPP. */
int tls_expand_label(unsigned int number, const uint8_t *secret,
		     size_t secret_len, const char *label, uint8_t *out,
		     size_t len);

/*
 * HOT. A record of len bytes (TLS_PLAIN_MAX at most), to at[0..len +
 * TLS_OVERHEAD). How long it is, or -EIO.
 */
int tls_record_seal(struct tls_direction *direction, enum tls_content type,
		    const uint8_t *bytes, size_t len, uint8_t *at);

/* HOT. How long the record is that begins here, header and all; 0 when its
 * header is not whole yet. -EPROTO: no record of TLS 1.3, or one that is
 * longer than it may be. */
int tls_record_len(const uint8_t *bytes, size_t len);

/*
 * HOT. Open a whole record of outer type TLS_APPLICATION_DATA to out, which
 * may be record + TLS_HEADER_LEN: *type is what it was inside, and so many
 * bytes of content are there, 0 and more. -EBADMSG: it was not sealed with this
 * key and number, which stay; out is spoilt. -EPROTO: no content type in it;
 * -EMSGSIZE: more than TLS_PLAIN_MAX bytes, padding with them.
 */
int tls_record_open(struct tls_direction *direction, const uint8_t *record,
		    size_t record_len, uint8_t *out, enum tls_content *type);

/* Where one handshake message ends and the next begins, over records. */
struct tls_messages {
	uint8_t header[4];
	unsigned int have; /* bytes of the header */
	uint32_t left;	   /* of the message behind it */
};

/* How many messages of this type end in these bytes. */
unsigned int tls_messages_follow(struct tls_messages *messages,
				 const uint8_t *bytes, size_t len,
				 enum tls_message type);

#endif
