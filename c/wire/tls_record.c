/* SPDX-License-Identifier: MIT */
#include "wire/tls_record.h"

#include <errno.h>
#include <string.h>

#ifdef HAVE_OPENSSL
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <pthread.h>
#endif

#include "wire/big_endian.h"

const struct tls_suite_row tls_suites[TLS_SUITES] = {
	{ TLS_AES_128_GCM, "TLS_AES_128_GCM_SHA256", 32, 16, "AES-128-GCM",
	  "SHA256" },
	{ TLS_CHACHA20_POLY1305, "TLS_CHACHA20_POLY1305_SHA256", 32, 32,
	  "ChaCha20-Poly1305", "SHA256" },
	{ TLS_AES_256_GCM, "TLS_AES_256_GCM_SHA384", 48, 32, "AES-256-GCM",
	  "SHA384" },
};

#ifdef HAVE_OPENSSL

#define KEY_MAX	   32
#define LABEL_HEAD "tls13 " /* before each label: RFC 8446, 7.1 */

static EVP_CIPHER *ciphers[TLS_SUITES];
static EVP_KDF *kdf;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* OpenSSL looks for them for longer than they take. They stay. */
static void algorithms_find(void)
{
	kdf = EVP_KDF_fetch(NULL, "TLS13-KDF", NULL);
	for (int i = 0; i < TLS_SUITES; i++)
		ciphers[i] = EVP_CIPHER_fetch(NULL, tls_suites[i].cipher, NULL);
}

static const struct tls_suite_row *suite_find(unsigned int number)
{
	pthread_once(&once, algorithms_find);
	for (int i = 0; i < TLS_SUITES; i++)
		if (tls_suites[i].number == number)
			return &tls_suites[i];
	return NULL;
}

/* OpenSSL's strings and bytes are not const in a parameter, and stay as they
 * are. */
static OSSL_PARAM text_of(const char *key, const char *text)
{
	return OSSL_PARAM_construct_utf8_string(key, (char *)(uintptr_t)text,
						0);
}

static OSSL_PARAM bytes_of(const char *key, const void *bytes, size_t len)
{
	return OSSL_PARAM_construct_octet_string(key, (void *)(uintptr_t)bytes,
						 len);
}

int tls_expand_label(unsigned int number, const uint8_t *secret,
		     size_t secret_len, const char *label, uint8_t *out,
		     size_t len)
{
	const struct tls_suite_row *suite = suite_find(number);
	EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY, done = 0;

	if (context && suite) {
		const OSSL_PARAM parameters[] = {
			OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
			text_of(OSSL_KDF_PARAM_DIGEST, suite->digest),
			bytes_of(OSSL_KDF_PARAM_KEY, secret, secret_len),
			bytes_of(OSSL_KDF_PARAM_PREFIX, LABEL_HEAD,
				 strlen(LABEL_HEAD)),
			bytes_of(OSSL_KDF_PARAM_LABEL, label, strlen(label)),
			OSSL_PARAM_construct_end(),
		};

		done = EVP_KDF_derive(context, out, len, parameters);
	}
	EVP_KDF_CTX_free(context);
	return done > 0 ? 0 : -EIO;
}

struct keys {
	uint8_t key[KEY_MAX], iv[TLS_NONCE_LEN];
};

/* The secret's keys. 0 or a negative errno. */
static int keys_make(struct keys *keys, const struct tls_suite_row *suite,
		     const uint8_t *secret, size_t secret_len)
{
	int err = tls_expand_label(suite->number, secret, secret_len, "key",
				   keys->key, suite->key_len);

	return err ? err
		   : tls_expand_label(suite->number, secret, secret_len, "iv",
				      keys->iv, sizeof(keys->iv));
}

static int keys_set(struct tls_direction *direction,
		    const struct tls_suite_row *suite, const struct keys *keys)
{
	if (EVP_CipherInit_ex(direction->cipher, ciphers[suite - tls_suites],
			      NULL, keys->key, NULL, direction->seals) <= 0)
		return -EIO;
	memcpy(direction->iv, keys->iv, sizeof(keys->iv));
	direction->sequence = 0;
	return 0;
}

/* With keys that are made already. 0 or a negative errno. */
static int direction_fill(struct tls_direction *direction,
			  const struct tls_suite_row *suite,
			  const uint8_t *secret, size_t secret_len,
			  const struct keys *keys, bool seals)
{
	int err;

	*direction = (struct tls_direction){ .suite = suite->number,
					     .seals = seals,
					     .secret_len = secret_len };
	direction->cipher = EVP_CIPHER_CTX_new();
	if (!direction->cipher)
		return -ENOMEM;
	memcpy(direction->secret, secret, secret_len);
	err = keys_set(direction, suite, keys);
	if (err)
		tls_direction_end(direction);
	return err;
}

int tls_direction_pair(struct tls_direction *seals, struct tls_direction *opens,
		       unsigned int number, const uint8_t *secret,
		       size_t secret_len)
{
	const struct tls_suite_row *suite = suite_find(number);
	struct keys keys;
	int err;

	if (seals)
		*seals = (struct tls_direction){ .seals = true };
	if (opens)
		*opens = (struct tls_direction){ .seals = false };
	if (!suite || secret_len != suite->secret_len)
		return -EINVAL;
	err = keys_make(&keys, suite, secret, secret_len);
	if (!err && seals)
		err = direction_fill(seals, suite, secret, secret_len, &keys,
				     true);
	if (!err && opens)
		err = direction_fill(opens, suite, secret, secret_len, &keys,
				     false);
	OPENSSL_cleanse(&keys, sizeof(keys));
	return err;
}

int tls_direction_begin(struct tls_direction *direction, unsigned int number,
			const uint8_t *secret, size_t secret_len, bool seals)
{
	return tls_direction_pair(seals ? direction : NULL,
				  seals ? NULL : direction, number, secret,
				  secret_len);
}

int tls_direction_update(struct tls_direction *direction)
{
	const struct tls_suite_row *suite = suite_find(direction->suite);
	uint8_t next[TLS_SECRET_MAX];
	struct keys keys;
	int err = tls_expand_label(direction->suite, direction->secret,
				   direction->secret_len, "traffic upd", next,
				   direction->secret_len);

	if (!err)
		err = keys_make(&keys, suite, next, direction->secret_len);
	if (!err)
		err = keys_set(direction, suite, &keys);
	if (!err)
		memcpy(direction->secret, next, direction->secret_len);
	OPENSSL_cleanse(next, sizeof(next));
	OPENSSL_cleanse(&keys, sizeof(keys));
	return err;
}

void tls_direction_end(struct tls_direction *direction)
{
	EVP_CIPHER_CTX_free(direction->cipher);
	OPENSSL_cleanse(direction, sizeof(*direction));
}

/* HOT. The record's own: its number, over the IV. RFC 8446, 5.3. */
static void nonce_make(const struct tls_direction *direction,
		       uint8_t nonce[static TLS_NONCE_LEN])
{
	uint64_t low, sequence = __builtin_bswap64(direction->sequence);

	memcpy(nonce, direction->iv, TLS_NONCE_LEN);
	memcpy(&low, nonce + TLS_NONCE_LEN - sizeof(low), sizeof(low));
	low ^= sequence;
	memcpy(nonce + TLS_NONCE_LEN - sizeof(low), &low, sizeof(low));
}

int tls_record_seal(struct tls_direction *direction, enum tls_content type,
		    const uint8_t *bytes, size_t len, uint8_t *at)
{
	const size_t inner = len + 1 + TLS_TAG_LEN;
	EVP_CIPHER_CTX *cipher = direction->cipher;
	uint8_t nonce[TLS_NONCE_LEN];
	uint8_t *to = at + TLS_HEADER_LEN;
	int n;

	at[0] = TLS_APPLICATION_DATA;
	at[1] = at[2] = 3; /* legacy_record_version */
	at[3] = (uint8_t)(inner >> 8);
	at[4] = (uint8_t)inner;
	memcpy(to, bytes, len);
	to[len] = type;
	nonce_make(direction, nonce);
	if (EVP_EncryptInit_ex(cipher, NULL, NULL, NULL, nonce) <= 0 ||
	    EVP_EncryptUpdate(cipher, NULL, &n, at, TLS_HEADER_LEN) <= 0 ||
	    EVP_EncryptUpdate(cipher, to, &n, to, (int)len + 1) <= 0 ||
	    EVP_EncryptFinal_ex(cipher, to + len + 1, &n) <= 0 ||
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TLS_TAG_LEN,
				to + len + 1) <= 0)
		return -EIO;
	direction->sequence++;
	return (int)(TLS_HEADER_LEN + inner);
}

int tls_record_open(struct tls_direction *direction, const uint8_t *record,
		    size_t record_len, uint8_t *out, enum tls_content *type)
{
	EVP_CIPHER_CTX *cipher = direction->cipher;
	uint8_t nonce[TLS_NONCE_LEN], tag[TLS_TAG_LEN];
	size_t len;
	int n;

	if (record_len < TLS_OVERHEAD)
		return -EBADMSG;
	len = record_len - TLS_HEADER_LEN - TLS_TAG_LEN;
	memcpy(tag, record + record_len - TLS_TAG_LEN, TLS_TAG_LEN);
	nonce_make(direction, nonce);
	if (EVP_DecryptInit_ex(cipher, NULL, NULL, NULL, nonce) <= 0 ||
	    EVP_DecryptUpdate(cipher, NULL, &n, record, TLS_HEADER_LEN) <= 0 ||
	    EVP_DecryptUpdate(cipher, out, &n, record + TLS_HEADER_LEN,
			      (int)len) <= 0 ||
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TLS_TAG_LEN,
				tag) <= 0 ||
	    EVP_DecryptFinal_ex(cipher, out + len, &n) <= 0)
		return -EBADMSG;
	direction->sequence++;
	if (len > TLS_PLAIN_MAX + 1)
		return -EMSGSIZE;
	/* Zeros behind the type are padding: RFC 8446, 5.4. */
	while (len > 0 && out[len - 1] == 0)
		len--;
	if (len == 0)
		return -EPROTO;
	*type = (enum tls_content)out[len - 1];
	return (int)len - 1;
}

#else

int tls_expand_label(unsigned int number, const uint8_t *secret,
		     size_t secret_len, const char *label, uint8_t *out,
		     size_t len)
{
	(void)number, (void)secret, (void)secret_len, (void)label, (void)out;
	(void)len;
	return -EOPNOTSUPP;
}

int tls_direction_pair(struct tls_direction *seals, struct tls_direction *opens,
		       unsigned int number, const uint8_t *secret,
		       size_t secret_len)
{
	(void)number, (void)secret, (void)secret_len;
	if (seals)
		*seals = (struct tls_direction){ 0 };
	if (opens)
		*opens = (struct tls_direction){ 0 };
	return -EOPNOTSUPP;
}

int tls_direction_begin(struct tls_direction *direction, unsigned int number,
			const uint8_t *secret, size_t secret_len, bool seals)
{
	(void)number, (void)secret, (void)secret_len, (void)seals;
	*direction = (struct tls_direction){ 0 };
	return -EOPNOTSUPP;
}

int tls_direction_update(struct tls_direction *direction)
{
	(void)direction;
	return -EOPNOTSUPP;
}

void tls_direction_end(struct tls_direction *direction)
{
	*direction = (struct tls_direction){ 0 };
}

int tls_record_seal(struct tls_direction *direction, enum tls_content type,
		    const uint8_t *bytes, size_t len, uint8_t *at)
{
	(void)direction, (void)type, (void)bytes, (void)len, (void)at;
	return -EIO;
}

int tls_record_open(struct tls_direction *direction, const uint8_t *record,
		    size_t record_len, uint8_t *out, enum tls_content *type)
{
	(void)direction, (void)record, (void)record_len, (void)out, (void)type;
	return -EBADMSG;
}

#endif

int tls_record_len(const uint8_t *bytes, size_t len)
{
	size_t inside;

	if (len < TLS_HEADER_LEN)
		return 0;
	inside = big_endian_16(bytes + 3);
	if (bytes[0] < TLS_CHANGE_CIPHER_SPEC ||
	    bytes[0] > TLS_APPLICATION_DATA || bytes[1] != 3 ||
	    TLS_HEADER_LEN + inside > TLS_RECORD_MAX)
		return -EPROTO;
	return (int)(TLS_HEADER_LEN + inside);
}

unsigned int tls_messages_follow(struct tls_messages *messages,
				 const uint8_t *bytes, size_t len,
				 enum tls_message type)
{
	unsigned int ended = 0;

	while (len > 0) {
		uint8_t *header = messages->header;
		size_t n;

		if (messages->have < sizeof(messages->header)) {
			header[messages->have++] = *bytes++;
			len--;
			if (messages->have < sizeof(messages->header))
				continue;
			messages->left = big_endian_24(header + 1);
		}
		n = messages->left < len ? messages->left : len;
		messages->left -= (uint32_t)n;
		bytes += n;
		len -= n;
		if (messages->left > 0)
			break;
		ended += header[0] == type;
		messages->have = 0;
	}
	return ended;
}
