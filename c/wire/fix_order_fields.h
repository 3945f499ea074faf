/* SPDX-License-Identifier: MIT */
/* What the fields of a NewOrderSingle hold. For wire/fix_dictionary alone. */
#ifndef WIRE_FIX_ORDER_FIELDS_H
#define WIRE_FIX_ORDER_FIELDS_H

#include "wire/fix.h"

/* May a field of this tag hold text[0..len)? FIX_NO_FAULT, FIX_BAD_FORMAT or
 * FIX_BAD_VALUE. A value that came with a later version is good in each; of a
 * tag that is not listed all is. */
enum fix_reason fix_order_field_check(uint32_t tag, const uint8_t *text,
				      size_t len);

#endif
