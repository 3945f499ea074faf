/* SPDX-License-Identifier: MIT */
#include "campaign/tables_operations.h"

#include <arpa/inet.h>
#include <math.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_get.h"
#include "stats/statistics.h"
#include "wire/fix.h"
#include "wire/fix_build.h"

#ifdef HAVE_OPENSSL
#include <openssl/evp.h>
#endif

#define BATCHES	 101 /* of which the median counts: others want the CPU, too */
#define MESSAGES 200 /* of a batch */
#define SOCKETS	 4
#define SEALED	 16384 /* bytes of a record, and how many of a batch */
#define RECORDS	 2
#define PORT	 9199

/* Its bytes are others each time, for all that the compiler knows. */
static void looked_at(const void *bytes)
{
	__asm__ volatile("" : : "r"(bytes) : "memory");
}

static const uint8_t *fix_build(uint8_t *bytes, size_t size, uint32_t i,
				size_t *len)
{
	struct fix_builder builder;

	fix_builder_begin(&builder, bytes, size);
	fix_add_text(&builder, FIX_MSG_TYPE, "D");
	fix_add_text(&builder, FIX_SENDER_COMP_ID, "SENDER");
	fix_add_text(&builder, FIX_TARGET_COMP_ID, "TARGET");
	fix_add_unsigned(&builder, FIX_MSG_SEQ_NUM, i + 1);
	fix_add_time(&builder, FIX_SENDING_TIME, CLOCK_NS_PER_S * 1000 + i);
	fix_add_text(&builder, FIX_CL_ORD_ID, "ORDER123");
	fix_add_text(&builder, FIX_SYMBOL, "AAPL");
	fix_add_text(&builder, FIX_SIDE, "1");
	fix_add_unsigned(&builder, FIX_ORDER_QTY, 100);
	fix_add_text(&builder, FIX_ORD_TYPE, "2");
	fix_add_decimal(&builder, FIX_PRICE, INT64_C(150500000000) + i);
	return fix_builder_end(&builder, "FIX.4.4", len);
}

/* A batch of each; NAN where what was built can't be read. */
static void fix_measure(double *built_ns, double *read_ns)
{
	uint8_t bytes[512];
	struct fix_message message;
	const uint8_t *built = NULL;
	uint32_t good = 0;
	size_t len = 0, taken;
	uint64_t begin = clock_monotonic_ns(), between;

	for (uint32_t i = 0; i < MESSAGES; i++) {
		built = fix_build(bytes, sizeof(bytes), i, &len);
		looked_at(bytes);
	}
	between = clock_monotonic_ns();
	for (uint32_t i = 0; built && i < MESSAGES; i++) {
		looked_at(bytes);
		good += fix_read(built, len, &message, &taken) == 1;
	}
	*read_ns = good == MESSAGES
			   ? (double)(clock_monotonic_ns() - between) / MESSAGES
			   : NAN;
	*built_ns =
		good == MESSAGES ? (double)(between - begin) / MESSAGES : NAN;
}

/* A socket to where nobody is. */
static bool udp_open(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				  .sin_port = htons(PORT) };
	const struct sockaddr_in any = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good = fd >= 0 &&
		    bind(fd, (const struct sockaddr *)&any, sizeof(any)) == 0 &&
		    connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

static bool multicast_open(void)
{
	struct sockaddr_in group = { .sin_family = AF_INET,
				     .sin_port = htons(PORT) };
	struct ip_mreqn join = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good;

	inet_pton(AF_INET, "239.255.0.9", &group.sin_addr);
	join.imr_multiaddr = group.sin_addr;
	join.imr_address.s_addr = htonl(INADDR_LOOPBACK);
	good = fd >= 0 &&
	       bind(fd, (struct sockaddr *)&group, sizeof(group)) == 0 &&
	       setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join,
			  sizeof(join)) == 0;
	if (fd >= 0)
		close(fd);
	return good;
}

/* A batch. With its closing, which is little beside it. */
static double sockets_measure(bool (*open_one)(void))
{
	uint64_t begin = clock_monotonic_ns();

	for (int i = 0; i < SOCKETS; i++)
		if (!open_one())
			return NAN;
	return (double)(clock_monotonic_ns() - begin) / SOCKETS;
}

/* Ticks a byte, of a batch. */
#ifdef HAVE_OPENSSL
static double seal_batch(EVP_CIPHER_CTX *cipher)
{
	static uint8_t in[SEALED], out[SEALED + 16];
	uint8_t nonce[12] = { 0 };
	const uint64_t begin = clock_counter();
	int good = 0, n;

	for (int i = 0; i < RECORDS; i++) {
		memcpy(nonce, &i, sizeof(i));
		good += EVP_EncryptInit_ex(cipher, NULL, NULL, NULL, nonce) >
				0 &&
			EVP_EncryptUpdate(cipher, out, &n, in, SEALED) > 0 &&
			EVP_EncryptFinal_ex(cipher, out + SEALED, &n) > 0;
		looked_at(out);
	}
	return good == RECORDS
		       ? (double)(clock_counter() - begin) / RECORDS / SEALED
		       : NAN;
}
#endif

static double seal_measure(void)
{
	double ticks = NAN;
#ifdef HAVE_OPENSSL
	static const uint8_t key[16] = { 1 };
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	double all[BATCHES];

	if (cipher && !strcmp(clock_counter_name(), "tsc") &&
	    EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), NULL, key, NULL) >
		    0) {
		for (int i = 0; i < BATCHES; i++)
			all[i] = seal_batch(cipher);
		ticks = statistics_median(all, BATCHES);
	}
	EVP_CIPHER_CTX_free(cipher);
#endif
	return ticks;
}

static void keep(json_t *all, const char *name, double value)
{
	if (isfinite(value))
		json_object_set_new(all, name, json_real(value));
}

json_t *tables_operations(void)
{
	json_t *all = json_object();
	double built[BATCHES], parsed[BATCHES], udp[BATCHES], joined[BATCHES];

	for (int i = 0; i < BATCHES; i++) {
		fix_measure(&built[i], &parsed[i]);
		udp[i] = sockets_measure(udp_open);
		joined[i] = sockets_measure(multicast_open);
	}
	keep(all, "fix-build", statistics_median(built, BATCHES));
	keep(all, "fix-parse", statistics_median(parsed, BATCHES));
	keep(all, "aes-128-gcm", seal_measure());
	keep(all, "udp-open", statistics_median(udp, BATCHES));
	keep(all, "multicast-open", statistics_median(joined, BATCHES));
	return all;
}
