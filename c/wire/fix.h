/* SPDX-License-Identifier: MIT */
/*
 * FIX tag=value, https://www.fixtrading.org/standards/tagvalue-online/: one
 * message taken from the front of a stream, its BodyLength and CheckSum
 * verified, its fields in place. Nothing is copied or allocated.
 */
#ifndef WIRE_FIX_H
#define WIRE_FIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIX_SOH		'\1'
#define FIX_MESSAGE_MAX 8192 /* bytes, all of them */
#define FIX_FIELDS_MAX	100
#define FIX_TAG_MAX	999999 /* of six digits */

enum fix_tag {
	FIX_AVG_PX = 6,
	FIX_BEGIN_SEQ_NO = 7,
	FIX_BEGIN_STRING = 8,
	FIX_BODY_LENGTH = 9,
	FIX_CHECK_SUM = 10,
	FIX_CL_ORD_ID = 11,
	FIX_CUM_QTY = 14,
	FIX_END_SEQ_NO = 16,
	FIX_EXEC_ID = 17,
	FIX_EXEC_TRANS_TYPE = 20,
	FIX_HANDL_INST = 21,
	FIX_MSG_SEQ_NUM = 34,
	FIX_MSG_TYPE = 35,
	FIX_NEW_SEQ_NO = 36,
	FIX_ORDER_ID = 37,
	FIX_ORDER_QTY = 38,
	FIX_ORD_STATUS = 39,
	FIX_ORD_TYPE = 40,
	FIX_POSS_DUP_FLAG = 43,
	FIX_PRICE = 44,
	FIX_REF_SEQ_NUM = 45,
	FIX_SENDER_COMP_ID = 49,
	FIX_SENDING_TIME = 52,
	FIX_SIDE = 54,
	FIX_SYMBOL = 55,
	FIX_TARGET_COMP_ID = 56,
	FIX_TEXT = 58,
	FIX_TRANSACT_TIME = 60,
	FIX_POSS_RESEND = 97,
	FIX_ENCRYPT_METHOD = 98,
	FIX_HEART_BT_INT = 108,
	FIX_TEST_REQ_ID = 112,
	FIX_ON_BEHALF_OF_COMP_ID = 115,
	FIX_ON_BEHALF_OF_SUB_ID = 116,
	FIX_ORIG_SENDING_TIME = 122,
	FIX_GAP_FILL_FLAG = 123,
	FIX_DELIVER_TO_COMP_ID = 128,
	FIX_DELIVER_TO_SUB_ID = 129,
	FIX_RESET_SEQ_NUM_FLAG = 141,
	FIX_ON_BEHALF_OF_LOCATION_ID = 144,
	FIX_DELIVER_TO_LOCATION_ID = 145,
	FIX_EXEC_TYPE = 150,
	FIX_LEAVES_QTY = 151,
	FIX_REF_TAG_ID = 371,
	FIX_REF_MSG_TYPE = 372,
	FIX_SESSION_REJECT_REASON = 373,
	FIX_BUSINESS_REJECT_REASON = 380,
	FIX_DEFAULT_APPL_VER_ID = 1137,
};

/* SessionRejectReason, by its numbers. */
enum fix_reason {
	FIX_NO_FAULT = -1,
	FIX_INVALID_TAG = 0,
	FIX_TAG_MISSING = 1,
	FIX_TAG_NOT_DEFINED = 2,
	FIX_NO_VALUE = 4,
	FIX_BAD_VALUE = 5,
	FIX_BAD_FORMAT = 6,
	FIX_COMP_ID = 9,
	FIX_TIME_INACCURATE = 10,
	FIX_BAD_MSG_TYPE = 11,
	FIX_TAG_REPEATED = 13,
	FIX_TAG_ORDER = 14,
	FIX_GROUP_COUNT = 16,
	FIX_OTHER = 99,
};

struct fix_field {
	uint32_t tag;
	uint16_t at, len; /* the value's: bytes of the message */
};

struct fix_message {
	const uint8_t *bytes;
	size_t len;
	/* The first field that is none, and what is wrong with it. */
	enum fix_reason fault;
	int32_t fault_tag;
	unsigned int count; /* without the CheckSum */
	struct fix_field fields[FIX_FIELDS_MAX];
};

/*
 * HOT. Take a message from the front of bytes[0..len). 1: it is there; its
 * first three fields are BeginString, BodyLength and MsgType. 0: more has to
 * come. -EBADMSG: what is there is garbled, and is passed over as FIX says.
 * *taken bytes are done with in any case, once the message is no longer
 * needed. How a stream is cut makes no difference.
 */
int fix_read(const uint8_t *bytes, size_t len, struct fix_message *message,
	     size_t *taken);

/* HOT. The first field of this tag; NULL: there is none. */
const struct fix_field *fix_find(const struct fix_message *message,
				 uint32_t tag);

static inline const uint8_t *fix_value(const struct fix_message *message,
				       const struct fix_field *field)
{
	return message->bytes + field->at;
}

/* Is the value exactly this text? */
bool fix_is(const struct fix_message *message, const struct fix_field *field,
	    const char *text);

/* HOT. text[0..len) is a number of digits only: 0; -EINVAL: it is none;
 * -ERANGE: too great. Leading zeros are allowed, in all of them. */
int fix_unsigned(const uint8_t *text, size_t len, uint64_t *value);
/* The same with a minus sign, or without. */
int fix_signed(const uint8_t *text, size_t len, int64_t *value);
/* A float of FIX, exactly: -ERANGE where it is no whole number of nano, or too
 * many. No exponent. */
int fix_decimal(const uint8_t *text, size_t len, int64_t *nano);
/* "20260131-12:30:00" with or without decimals of a second: ns since 1970. */
int fix_time(const uint8_t *text, size_t len, uint64_t *ns);

#endif
