/* SPDX-License-Identifier: MIT */
#include "order/tls_keys.h"

#include <errno.h>
#include <unistd.h>

#include "base/log.h"

const char *const tls_keys_files[TLS_KEYS_FILES] = {
	[TLS_KEYS_CA] = "ca.pem",
	[TLS_KEYS_EXCHANGE] = "exchange.pem",
	[TLS_KEYS_EXCHANGE_KEY] = "exchange.key",
	[TLS_KEYS_TRADER] = "trader.pem",
	[TLS_KEYS_TRADER_KEY] = "trader.key",
};

static void fds_clear(int fds[static TLS_KEYS_FILES])
{
	for (int i = 0; i < TLS_KEYS_FILES; i++)
		fds[i] = -1;
}

#ifdef HAVE_OPENSSL

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

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

static int errno_or(int other)
{
	return errno ? -errno : -other;
}

/* All of what is in memory. 0 or a negative errno, silent. */
static int pem_write(BIO *pem, int fd)
{
	char *bytes;
	const long len = BIO_get_mem_data(pem, &bytes);

	errno = 0;
	return write(fd, bytes, (size_t)len) == len ? 0 : errno_or(EIO);
}

/* Made anew, so that its mode is what it must be from the first byte on. 0 or
 * a negative errno, logged. */
static int file_write(const char *folder, const char *name, BIO *pem)
{
	char path[PATH_MAX];
	int fd, err;

	tls_files_name("", folder, name, path);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	err = fd < 0 ? -errno : pem_write(pem, fd);
	if (fd >= 0 && close(fd) < 0 && !err)
		err = -errno;
	if (err)
		log_error("%s: %s", path, log_strerror(err));
	return err;
}

/* A file without a name, or a negative errno, logged. */
static int memory_write(const char *name, BIO *pem)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	int err = fd < 0 || fchmod(fd, 0600) < 0 ? -errno : pem_write(pem, fd);

	if (!err)
		return fd;
	log_error("%s, in memory: %s", name, log_strerror(err));
	if (fd >= 0)
		close(fd);
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

/* A certificate, or a key, as its file has it. NULL: no memory. */
static BIO *pem_make(X509 *cert, EVP_PKEY *key)
{
	BIO *pem = BIO_new(BIO_s_mem());

	if (pem && (!cert || PEM_write_bio_X509(pem, cert)) &&
	    (!key || PEM_write_bio_PKCS8PrivateKey(pem, key, NULL, NULL, 0,
						   NULL, NULL)))
		return pem;
	BIO_free(pem);
	return NULL;
}

static void pems_free(BIO *pems[static TLS_KEYS_FILES])
{
	for (int i = 0; i < TLS_KEYS_FILES; i++)
		BIO_free(pems[i]);
}

/* All files' content. 0 or a negative errno, logged. */
static int pems_make(const struct tls_keys_config *config,
		     BIO *pems[static TLS_KEYS_FILES])
{
	struct identity ca = { 0 }, exchange = { 0 }, trader = { 0 };
	char names[NAME_MAX_LEN + 8];
	int err = names_make(config->host, names, sizeof(names));
	bool done;

	if (err)
		return err;
	done = identity_make(&ca, NULL, "t2t-lab CA", config->days, NULL,
			     NULL) &&
	       identity_make(&exchange, &ca, "t2t-exchange", config->days,
			     "serverAuth", names) &&
	       identity_make(&trader, &ca, "t2t-trader", config->days,
			     "clientAuth", "DNS:trader");
	if (done) {
		pems[TLS_KEYS_CA] = pem_make(ca.cert, NULL);
		pems[TLS_KEYS_EXCHANGE] = pem_make(exchange.cert, NULL);
		pems[TLS_KEYS_EXCHANGE_KEY] = pem_make(NULL, exchange.key);
		pems[TLS_KEYS_TRADER] = pem_make(trader.cert, NULL);
		pems[TLS_KEYS_TRADER_KEY] = pem_make(NULL, trader.key);
	}
	for (int i = 0; i < TLS_KEYS_FILES; i++)
		done = done && pems[i];
	if (!done)
		log_error("keys can't be made: %s",
			  ERR_reason_error_string(ERR_get_error()));
	identity_free(&ca);
	identity_free(&exchange);
	identity_free(&trader);
	return done ? 0 : -EIO;
}

int tls_keys_make(const struct tls_keys_config *config)
{
	BIO *pems[TLS_KEYS_FILES] = { NULL };
	int err = pems_make(config, pems);

	if (!err)
		err = folder_make(config->folder);
	for (int i = 0; i < TLS_KEYS_FILES && !err; i++)
		err = file_write(config->folder, tls_keys_files[i], pems[i]);
	pems_free(pems);
	return err;
}

int tls_keys_hold(const struct tls_keys_config *config,
		  int fds[static TLS_KEYS_FILES])
{
	BIO *pems[TLS_KEYS_FILES] = { NULL };
	int err;

	fds_clear(fds);
	err = pems_make(config, pems);
	for (int i = 0; i < TLS_KEYS_FILES && !err; i++) {
		fds[i] = memory_write(tls_keys_files[i], pems[i]);
		err = fds[i] < 0 ? fds[i] : 0;
	}
	pems_free(pems);
	if (err)
		tls_keys_drop(fds);
	return err;
}

#else

static int absent(void)
{
	log_error("keys can't be made: built without OpenSSL 3 (libssl-dev)");
	return -EOPNOTSUPP;
}

int tls_keys_make(const struct tls_keys_config *config)
{
	(void)config;
	return absent();
}

int tls_keys_hold(const struct tls_keys_config *config,
		  int fds[static TLS_KEYS_FILES])
{
	(void)config;
	fds_clear(fds);
	return absent();
}

#endif

void tls_keys_drop(int fds[static TLS_KEYS_FILES])
{
	for (int i = 0; i < TLS_KEYS_FILES; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	fds_clear(fds);
}
