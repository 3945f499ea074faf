/* SPDX-License-Identifier: MIT */
#include "order/tls_keys.h"

#include <errno.h>

#include "base/log.h"

const char *const tls_keys_files[TLS_KEYS_FILES] = {
	[TLS_KEYS_CA] = "ca.pem",
	[TLS_KEYS_EXCHANGE] = "exchange.pem",
	[TLS_KEYS_EXCHANGE_KEY] = "exchange.key",
	[TLS_KEYS_TRADER] = "trader.pem",
	[TLS_KEYS_TRADER_KEY] = "trader.key",
};

#ifdef HAVE_OPENSSL

#include <arpa/inet.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "order/tls_files.h"

#define DAY_S	     86400L
#define SLACK_S	     3600L /* of clocks that differ */
#define NAME_MAX_LEN 253   /* of a host: RFC 1035 */

struct identity {
	EVP_PKEY *key;
	X509 *cert;
};

static void identity_free(struct identity *identity)
{
	EVP_PKEY_free(identity->key);
	X509_free(identity->cert);
}

static bool extension_add(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	int done;

	X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	done = extension && X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
	return done;
}

/* Name, key, serial number and times. */
static bool body_make(X509 *cert, EVP_PKEY *key, const char *name, int days)
{
	const long from = days < 0 ? 2 * days * DAY_S : -SLACK_S;
	uint64_t serial;

	return RAND_bytes((unsigned char *)&serial, sizeof(serial)) == 1 &&
	       X509_set_version(cert, X509_VERSION_3) &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert),
				       serial >> 1 | 1) &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), from) &&
	       X509_gmtime_adj(X509_getm_notAfter(cert), days * DAY_S) &&
	       X509_set_pubkey(cert, key) &&
	       X509_NAME_add_entry_by_txt(
		       X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
		       (const unsigned char *)name, -1, -1, 0);
}

/* One whom the CA vouches for: usage and names are extensions' values. The CA
 * vouches for itself. */
static bool identity_make(struct identity *identity, const struct identity *ca,
			  const char *name, int days, const char *usage,
			  const char *names)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new(), *issuer = ca ? ca->cert : cert;
	bool done;

	*identity = (struct identity){ key, cert };
	done = key && cert && body_make(cert, key, name, days) &&
	       X509_set_issuer_name(cert, X509_get_subject_name(issuer)) &&
	       extension_add(cert, issuer, NID_basic_constraints,
			     ca ? "critical,CA:FALSE"
				: "critical,CA:TRUE,pathlen:0") &&
	       extension_add(cert, issuer, NID_key_usage,
			     ca ? "critical,digitalSignature"
				: "critical,keyCertSign") &&
	       extension_add(cert, issuer, NID_subject_key_identifier,
			     "hash") &&
	       extension_add(cert, issuer, NID_authority_key_identifier,
			     "keyid:always");
	if (done && usage)
		done = extension_add(cert, issuer, NID_ext_key_usage, usage) &&
		       extension_add(cert, issuer, NID_subject_alt_name, names);
	return done && X509_sign(cert, ca ? ca->key : key, EVP_sha256()) > 0;
}

/*
 * Files.
 */

/* Made anew, so that its mode is what it must be from the first byte on. 0 or
 * a negative errno, logged. */
static int file_write(const char *folder, const char *name, X509 *cert,
		      EVP_PKEY *key)
{
	char path[PATH_MAX];
	BIO *out = BIO_new(BIO_s_mem());
	char *bytes;
	long len;
	FILE *file;
	int err = 0;

	tls_files_name("", folder, name, path);
	if (!out || (cert && !PEM_write_bio_X509(out, cert)) ||
	    (key && !PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0,
						   NULL, NULL))) {
		BIO_free(out);
		return -ENOMEM;
	}
	len = BIO_get_mem_data(out, &bytes);
	unlink(path);
	file = fopen(path, "wxe");
	if (!file || fwrite(bytes, 1, (size_t)len, file) != (size_t)len)
		err = errno ? -errno : -EIO;
	if (file && fclose(file) == EOF && !err)
		err = -errno;
	BIO_free(out);
	if (err)
		log_error("%s: %s", path, log_strerror(err));
	return err;
}

static int all_write(const char *folder, const struct identity *ca,
		     const struct identity *exchange,
		     const struct identity *trader)
{
	const struct identity content[TLS_KEYS_FILES] = {
		[TLS_KEYS_CA] = { NULL, ca->cert },
		[TLS_KEYS_EXCHANGE] = { NULL, exchange->cert },
		[TLS_KEYS_EXCHANGE_KEY] = { exchange->key, NULL },
		[TLS_KEYS_TRADER] = { NULL, trader->cert },
		[TLS_KEYS_TRADER_KEY] = { trader->key, NULL },
	};
	int err = 0;

	for (int i = 0; i < TLS_KEYS_FILES && !err; i++)
		err = file_write(folder, tls_keys_files[i], content[i].cert,
				 content[i].key);
	return err;
}

static int folder_make(const char *folder)
{
	struct stat status = { 0 };
	int err;

	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		err = -errno;
	else
		err = stat(folder, &status) < 0 ? -errno : 0;
	if (!err && status.st_mode & 077) {
		log_error("%s: others may look into it (mode %o): 0700 is "
			  "needed",
			  folder, (unsigned int)status.st_mode & 0777);
		return -EACCES;
	}
	if (err)
		log_error("%s: %s", folder, log_strerror(err));
	return err;
}

/* The exchange's name as an extension has it. */
static int names_make(const char *host, char *names, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	struct in_addr address;
	const char *kind =
		inet_pton(AF_INET, host, &address) == 1 ? "IP" : "DNS";

	if (!*host || strlen(host) > NAME_MAX_LEN ||
	    host[strspn(host, letters)]) {
		log_error("--host: '%s': expected a host's name, or an IPv4 "
			  "address",
			  host);
		return -EINVAL;
	}
	snprintf(names, size, "%s:%s", kind, host);
	return 0;
}

int tls_keys_make(const struct tls_keys_config *config)
{
	struct identity ca = { 0 }, exchange = { 0 }, trader = { 0 };
	char names[NAME_MAX_LEN + 8];
	const mode_t mask = umask(077);
	int err = names_make(config->host, names, sizeof(names));

	if (!err)
		err = folder_make(config->folder);
	if (!err && (!identity_make(&ca, NULL, "t2t-lab CA", config->days, NULL,
				    NULL) ||
		     !identity_make(&exchange, &ca, "t2t-exchange",
				    config->days, "serverAuth", names) ||
		     !identity_make(&trader, &ca, "t2t-trader", config->days,
				    "clientAuth", "DNS:trader"))) {
		log_error("keys can't be made: %s",
			  ERR_reason_error_string(ERR_get_error()));
		err = -EIO;
	}
	if (!err)
		err = all_write(config->folder, &ca, &exchange, &trader);
	identity_free(&ca);
	identity_free(&exchange);
	identity_free(&trader);
	umask(mask);
	return err;
}

#else

int tls_keys_make(const struct tls_keys_config *config)
{
	(void)config;
	log_error("keys can't be made: built without OpenSSL 3 (libssl-dev)");
	return -EOPNOTSUPP;
}

#endif
