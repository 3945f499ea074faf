/* SPDX-License-Identifier: MIT */
/* What is accepted lies whole inside the datagram and writes back to the
 * same bytes; what is refused is too short for what it claims. */
#include <stdlib.h>
#include <string.h>

#include "wire/market_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct market_data_header header;
	uint8_t *written;
	size_t len;

	if (market_data_decode(data, size, &header) < 0) {
		if (size >= sizeof(header) &&
		    size >= market_data_len(data[4] | data[5] << 8))
			abort();
		return 0;
	}
	len = market_data_len(header.message_count);
	if (len > size)
		abort();
	written = malloc(len);
	if (!written)
		return 0;
	market_data_write_header(written, &header);
	for (unsigned int i = 0; i < header.message_count; i++) {
		struct market_data_message message = market_data_read(data, i);

		market_data_write(written, i, &message);
	}
	if (memcmp(written, data, len) != 0)
		abort();
	free(written);
	return 0;
}
