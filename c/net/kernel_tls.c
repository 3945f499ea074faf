/* SPDX-License-Identifier: MIT */
#include "net/kernel_tls.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SOL_TLS
#define SOL_TLS 282
#endif
#ifndef TCP_ULP
#define TCP_ULP 31
#endif

#define NO_KERNEL_TLS                                        \
	"this kernel has no TLS of its own (CONFIG_TLS, or " \
	"its module tls is not loaded)"

static int ulp_set(int fd)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")) < 0
		       ? -errno
		       : 0;
}

int kernel_tls_probe(const char **why)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int err = fd < 0 ? -errno : ulp_set(fd);

	if (fd >= 0)
		close(fd);
	/* It wants a connection, so it is there. */
	if (err == 0 || err == -ENOTCONN)
		return 0;
	*why = NO_KERNEL_TLS;
	return -EOPNOTSUPP;
}

static void sequence_write(uint64_t sequence, uint8_t *at, size_t len)
{
	for (size_t i = len; i-- > 0; sequence >>= 8)
		at[i] = (uint8_t)sequence;
}

/* The nonce's fixed part is in two pieces where the cipher is GCM. */
#define KEYS_FILL(keys_, seals_)                                            \
	do {                                                                \
		memcpy((keys_)->salt, (seals_)->iv, sizeof((keys_)->salt)); \
		memcpy((keys_)->iv, (seals_)->iv + sizeof((keys_)->salt),   \
		       sizeof((keys_)->iv));                                \
		sequence_write((seals_)->sequence, (keys_)->rec_seq,        \
			       sizeof((keys_)->rec_seq));                   \
		len = sizeof(*(keys_));                                     \
		key = (keys_)->key;                                         \
		key_len = sizeof((keys_)->key);                             \
	} while (0)

size_t kernel_tls_keys_make(const struct tls_direction *seals,
			    union kernel_tls_keys *keys)
{
	size_t len, key_len;
	uint8_t *key;

	memset(keys, 0, sizeof(*keys));
	keys->info.version = TLS_1_3_VERSION;
	switch (seals->suite) {
	case TLS_AES_128_GCM:
		keys->info.cipher_type = TLS_CIPHER_AES_GCM_128;
		KEYS_FILL(&keys->aes_128, seals);
		break;
	case TLS_AES_256_GCM:
		keys->info.cipher_type = TLS_CIPHER_AES_GCM_256;
		KEYS_FILL(&keys->aes_256, seals);
		break;
	case TLS_CHACHA20_POLY1305:
		keys->info.cipher_type = TLS_CIPHER_CHACHA20_POLY1305;
		KEYS_FILL(&keys->chacha20, seals);
		break;
	default:
		return 0;
	}
	return tls_expand_label(seals->suite, seals->secret, seals->secret_len,
				"key", key, key_len)
		       ? 0
		       : len;
}

int kernel_tls_begin(int fd, const struct tls_direction *seals,
		     const char **why)
{
	union kernel_tls_keys keys;
	const size_t len = kernel_tls_keys_make(seals, &keys);
	int err = len ? ulp_set(fd) : -EOPNOTSUPP;

	if (err == -ENOENT)
		*why = NO_KERNEL_TLS;
	else if (err)
		*why = "this kernel's TLS does not take the connection";
	/* Without keys the socket goes on as one of TCP alone. */
	if (!err &&
	    setsockopt(fd, SOL_TLS, TLS_TX, &keys, (socklen_t)len) < 0) {
		err = -errno;
		*why = "this kernel's TLS does not take the suite's keys";
	}
	explicit_bzero(&keys, sizeof(keys));
	return err;
}

int kernel_tls_record(int fd, enum tls_content type, const uint8_t *bytes,
		      size_t len)
{
	char control[CMSG_SPACE(sizeof(uint8_t))]
		__attribute__((aligned(_Alignof(struct cmsghdr)))) = { 0 };
	/* It is read alone. */
	struct iovec piece = { .iov_base = (void *)(uintptr_t)bytes,
			       .iov_len = len };
	struct msghdr message = { .msg_iov = &piece,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	ssize_t n;

	header->cmsg_level = SOL_TLS;
	header->cmsg_type = TLS_SET_RECORD_TYPE;
	header->cmsg_len = CMSG_LEN(sizeof(uint8_t));
	*CMSG_DATA(header) = (uint8_t)type;
	n = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EAGAIN;
}
