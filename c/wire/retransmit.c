/* SPDX-License-Identifier: MIT */
#include "wire/retransmit.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

int retransmit_request_decode(const uint8_t *data, size_t len,
			      struct retransmit_request *request)
{
	if (len != sizeof(*request))
		return -EBADMSG;
	memcpy(request, data, sizeof(*request));
	request->first = le32toh(request->first);
	request->count = le16toh(request->count);
	request->flags = le16toh(request->flags);
	return 0;
}

void retransmit_request_write(uint8_t data[static RETRANSMIT_REQUEST_LEN],
			      const struct retransmit_request *request)
{
	const struct retransmit_request wire = {
		.first = htole32(request->first),
		.count = htole16(request->count),
		.flags = htole16(request->flags),
	};

	memcpy(data, &wire, sizeof(wire));
}
