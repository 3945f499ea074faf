/* SPDX-License-Identifier: MIT */
/* What the ends of a stream tell each other first. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "net/rdma_stream.h"

#define VERSION 1

static const uint8_t magic[4] = { 't', '2', 't', 'R' };

static void put(uint8_t *bytes, uint64_t value, unsigned int len)
{
	while (len-- > 0) {
		bytes[len] = (uint8_t)value;
		value >>= 8;
	}
}

static uint64_t get(const uint8_t *bytes, unsigned int len)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < len; i++)
		value = value << 8 | bytes[i];
	return value;
}

void rdma_hello_write(const struct rdma_hello *hello,
		      uint8_t bytes[static RDMA_HELLO_LEN])
{
	memset(bytes, 0, RDMA_HELLO_LEN);
	memcpy(bytes, magic, sizeof(magic));
	bytes[4] = VERSION;
	bytes[5] = hello->how;
	put(bytes + 6, hello->slots, 2);
	put(bytes + 8, hello->ahead, 2);
	put(bytes + 12, hello->key, 4);
	put(bytes + 16, hello->address, 8);
}

int rdma_hello_read(const uint8_t *bytes, size_t len, struct rdma_hello *hello)
{
	if (len < RDMA_HELLO_LEN || memcmp(bytes, magic, sizeof(magic)) != 0 ||
	    bytes[4] != VERSION || bytes[5] > RDMA_STREAM_WRITE)
		return -EPROTO;
	*hello = (struct rdma_hello){
		.how = bytes[5],
		.slots = (uint16_t)get(bytes + 6, 2),
		.ahead = (uint16_t)get(bytes + 8, 2),
		.key = (uint32_t)get(bytes + 12, 4),
		.address = get(bytes + 16, 8),
	};
	/* Room for one that is under way, or none at all. */
	if (!hello->slots ? hello->ahead > 0
			  : !hello->ahead || hello->ahead > hello->slots)
		return -EPROTO;
	return 0;
}
