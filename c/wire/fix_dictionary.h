/* SPDX-License-Identifier: MIT */
/*
 * What FIX 4.2, 4.4 and 5.0 know: message types, and of the messages of a
 * session and of NewOrderSingle which fields they may have, must have, and
 * what stands in those that are looked at.
 */
#ifndef WIRE_FIX_DICTIONARY_H
#define WIRE_FIX_DICTIONARY_H

#include "wire/fix.h"

enum fix_version { FIX_4_2, FIX_4_4, FIX_5_0 };

/* "FIX.4.2", "FIX.4.4", "FIXT.1.1" */
const char *fix_begin_string(enum fix_version version);

/* Is it a message type of this version? */
bool fix_type_is_known(enum fix_version version, const uint8_t *type,
		       size_t len);

/* A single letter that is the whole MsgType; 0: it is longer. */
char fix_type(const struct fix_message *message);

/*
 * Is the message as its type's should be? FIX_NO_FAULT, or what is wrong first,
 * with the tag in *tag. Of a type that is not looked at: its fields alone.
 */
enum fix_reason fix_check(enum fix_version version,
			  const struct fix_message *message, int32_t *tag);

/* In the words of FIX: "Invalid tag number". */
const char *fix_reason_text(enum fix_reason reason);

#endif
