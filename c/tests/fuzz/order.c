/* SPDX-License-Identifier: MIT */
/* Each 13 bytes are an order that writes back to the same bytes, and its
 * fault is what its fields say. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "wire/order.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (; size >= ORDER_LEN; data += ORDER_LEN, size -= ORDER_LEN) {
		struct order order = order_read(data);
		bool good = order.quantity > 0 && order.side <= ORDER_SELL;
		uint8_t written[ORDER_LEN];

		order_write(&order, written);
		if (memcmp(written, data, ORDER_LEN) != 0)
			abort();
		if (good != (order_fault(&order) == NULL))
			abort();
		if ((order.side > ORDER_SELL) !=
		    (order_side_name(order.side)[0] == '?'))
			abort();
	}
	return 0;
}
