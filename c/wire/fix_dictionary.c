/* SPDX-License-Identifier: MIT */
#include "wire/fix_dictionary.h"

#include <errno.h>
#include <string.h>

#define SEEN_TAGS 1536

static const char *const begin_strings[] = { "FIX.4.2", "FIX.4.4", "FIXT.1.1" };
static const uint32_t tags_max[] = { 446, 956, 1621 };

const char *fix_begin_string(enum fix_version version)
{
	return begin_strings[version];
}

/* Types of one letter, then of two. */
static const char *const letters[] = {
	"0123456789ABCDEFGHJKLMNPQRSTVWXYZabcdefghijklm",
	"0123456789ABCDEFGHJKLMNPQRSTVWXYZabcdefghijklmnopqrstuvwxyz",
	"0123456789ABCDEFGHJKLMNPQRSTVWXYZabcdefghijklmnopqrstuvwxyz",
};
static const char two_letters[] =
	"AAABACADAEAFAGAHAIAJAKALAMANAOAPAQARASATAUAVAWAXAYAZBABBBCBDBEBFBGBH";

bool fix_type_is_known(enum fix_version version, const uint8_t *type,
		       size_t len)
{
	if (len == 1)
		return strchr(letters[version], *type) != NULL && *type;
	if (len != 2 || version == FIX_4_2)
		return false;
	for (const char *two = two_letters; *two; two += 2)
		if (!memcmp(type, two, 2))
			return version == FIX_5_0 || memcmp(two, "BH", 2) < 0;
	return false;
}

char fix_type(const struct fix_message *message)
{
	const struct fix_field *type = &message->fields[2];

	return type->len == 1 ? (char)*fix_value(message, type) : '\0';
}

const char *fix_reason_text(enum fix_reason reason)
{
	switch (reason) {
	case FIX_NO_FAULT:
		break;
	case FIX_INVALID_TAG:
		return "Invalid tag number";
	case FIX_TAG_MISSING:
		return "Required tag missing";
	case FIX_TAG_NOT_DEFINED:
		return "Tag not defined for this message type";
	case FIX_NO_VALUE:
		return "Tag specified without a value";
	case FIX_BAD_VALUE:
		return "Value is incorrect (out of range) for this tag";
	case FIX_BAD_FORMAT:
		return "Incorrect data format for value";
	case FIX_COMP_ID:
		return "CompID problem";
	case FIX_TIME_INACCURATE:
		return "SendingTime accuracy problem";
	case FIX_BAD_MSG_TYPE:
		return "Invalid MsgType";
	case FIX_TAG_REPEATED:
		return "Tag appears more than once";
	case FIX_TAG_ORDER:
		return "Tag specified out of required order";
	case FIX_GROUP_COUNT:
		return "Incorrect NumInGroup count for repeating group";
	case FIX_OTHER:
		return "Too many fields";
	}
	return "";
}

/* Lists of tags end with 0. */
static const uint16_t header_tags[] = {
	8,   9,	  34,  35,  43,	 49,  50,  52,	 56,   57,   90,  91,
	97,  115, 116, 122, 128, 129, 142, 143,	 144,  145,  212, 213,
	347, 369, 370, 627, 628, 629, 630, 1128, 1129, 1156, 0,
};
static const uint16_t trailer_tags[] = { 10, 89, 93, 0 };

struct form {
	char type;
	const uint16_t *may;	/* beside the header's and the trailer's */
	const uint16_t *always; /* must be there */
};

/* NewOrderSingle: 4.2 first, then what 4.4 and 5.0 have beside it. */
static const uint16_t order_may[] = {
	1,   11,  12,  13,  15,	 18,  21,  22,	23,  38,  40,  44,  47,
	48,  54,  55,  58,  59,	 60,  63,  64,	65,  76,  77,  78,  79,
	80,  81,  99,  100, 106, 107, 109, 110, 111, 114, 117, 120, 121,
	126, 140, 152, 167, 168, 192, 193, 200, 201, 202, 203, 204, 205,
	206, 207, 210, 211, 223, 231, 336, 348, 349, 350, 351, 354, 355,
	376, 377, 386, 388, 389, 427, 432, 439, 440, 0,
};
static const uint16_t order_may_later[] = {
	70,  75,  218, 220, 221, 222, 224, 225, 226, 227, 228, 232, 233, 234,
	235, 236, 239, 240, 241, 242, 243, 244, 245, 246, 247, 255, 256, 305,
	306, 307, 308, 309, 310, 311, 312, 313, 316, 317, 318, 362, 363, 364,
	365, 423, 435, 436, 447, 448, 452, 453, 454, 455, 456, 457, 458, 459,
	460, 461, 462, 463, 467, 468, 469, 470, 471, 472, 479, 480, 481, 494,
	497, 513, 516, 523, 524, 525, 526, 528, 529, 538, 539, 541, 542, 543,
	544, 545, 581, 582, 583, 589, 590, 591, 592, 593, 594, 595, 625, 635,
	640, 660, 661, 662, 663, 667, 691, 696, 697, 698, 699, 701, 711, 736,
	756, 757, 758, 759, 761, 762, 763, 775, 788, 798, 802, 803, 804, 805,
	806, 807, 810, 835, 836, 837, 838, 840, 841, 842, 843, 844, 845, 846,
	847, 848, 849, 854, 864, 865, 866, 867, 868, 873, 874, 875, 876, 877,
	878, 879, 882, 883, 884, 885, 886, 887, 888, 889, 898, 913, 914, 915,
	916, 917, 918, 919, 941, 947, 950, 951, 952, 953, 954, 0,
};

#define TAGS(...)                            \
	(const uint16_t[])                   \
	{                                    \
		__VA_ARGS__ __VA_OPT__(, ) 0 \
	}

static const struct form forms[] = {
	{ '0', TAGS(112), TAGS() },
	{ '1', TAGS(112), TAGS(112) },
	{ '2', TAGS(7, 16), TAGS(7, 16) },
	{ '3', TAGS(45, 58, 354, 355, 371, 372, 373), TAGS(45) },
	{ '4', TAGS(36, 123), TAGS(36) },
	{ '5', TAGS(58, 354, 355), TAGS() },
	{ 'A',
	  TAGS(95, 96, 98, 108, 141, 372, 383, 384, 385, 464, 553, 554, 789,
	       1137, 1407, 1408),
	  TAGS(98, 108) },
	{ 'D', order_may, TAGS(11, 40, 54, 55, 60) },
};

static bool has(const uint16_t *tags, uint32_t tag)
{
	while (*tags && *tags != tag)
		tags++;
	return *tags != 0;
}

static bool may_have(enum fix_version version, const struct form *form,
		     uint32_t tag)
{
	if (has(form->may, tag))
		return true;
	/* Of 5.0 what came later is taken too. */
	return form->type == 'D' && version != FIX_4_2 &&
	       (has(order_may_later, tag) ||
		(version == FIX_5_0 && tag >= 1028));
}

/* What stands in a field. */
static enum fix_reason value_check(const struct fix_message *message,
				   const struct fix_field *field)
{
	const uint8_t *text = fix_value(message, field);
	const char *one_of = NULL;
	uint64_t number;
	int64_t nano;

	switch (field->tag) {
	case FIX_BEGIN_SEQ_NO:
	case FIX_END_SEQ_NO:
	case FIX_MSG_SEQ_NUM:
	case FIX_NEW_SEQ_NO:
	case FIX_REF_SEQ_NUM:
	case FIX_HEART_BT_INT:
		if (fix_unsigned(text, field->len, &number) < 0)
			return FIX_BAD_FORMAT;
		return number > UINT32_MAX ? FIX_BAD_VALUE : FIX_NO_FAULT;
	case FIX_ORDER_QTY:
	case FIX_PRICE:
	case 99: /* StopPx */
	case 110:
	case 111:
		/* Too great or too fine is a number all the same. */
		return fix_decimal(text, field->len, &nano) == -EINVAL
			       ? FIX_BAD_FORMAT
			       : FIX_NO_FAULT;
	case FIX_SENDING_TIME:
	case FIX_TRANSACT_TIME:
	case FIX_ORIG_SENDING_TIME:
		return fix_time(text, field->len, &number) < 0 ? FIX_BAD_FORMAT
							       : FIX_NO_FAULT;
	case FIX_POSS_DUP_FLAG:
	case FIX_POSS_RESEND:
	case FIX_GAP_FILL_FLAG:
	case FIX_RESET_SEQ_NUM_FLAG:
		one_of = "YN";
		break;
	case FIX_HANDL_INST:
		one_of = "123";
		break;
	case FIX_SIDE:
		one_of = "123456789ABCDEFG";
		break;
	case FIX_ORD_TYPE:
		one_of = "123456789ABCDEFGHIJKLMPQ";
		break;
	case 59: /* TimeInForce */
		one_of = "01234567";
		break;
	case FIX_ENCRYPT_METHOD:
		one_of = "0";
		break;
	}
	if (!one_of)
		return FIX_NO_FAULT;
	if (field->len != 1)
		return FIX_BAD_FORMAT;
	return *text && strchr(one_of, *text) ? FIX_NO_FAULT : FIX_BAD_VALUE;
}

/* NumInGroup of the groups of the messages above. */
static bool is_count(uint32_t tag)
{
	static const uint16_t counts[] = { 78,	382, 384, 386, 453, 454, 457,
					   539, 555, 627, 711, 756, 802, 804,
					   806, 864, 873, 877, 887, 0 };

	return has(counts, tag);
}

/* As many members as it says; each begins with what comes first. */
static enum fix_reason group_check(const struct fix_message *message,
				   unsigned int at)
{
	const struct fix_field *count = &message->fields[at];
	unsigned int members = 0, counts = 0;
	uint64_t wanted;

	if (fix_unsigned(fix_value(message, count), count->len, &wanted) < 0)
		return FIX_BAD_FORMAT;
	if (wanted == 0 || at + 1 == message->count)
		return wanted == 0 ? FIX_NO_FAULT : FIX_GROUP_COUNT;
	for (unsigned int i = 0; i < message->count; i++) {
		members += message->fields[i].tag == count[1].tag;
		counts += message->fields[i].tag == count->tag;
	}
	/* Of a group in a group, each has its own. */
	return counts > 1 || members == wanted ? FIX_NO_FAULT : FIX_GROUP_COUNT;
}

/* Field by field: known, where it may be, once, and with a value. */
static enum fix_reason fields_check(enum fix_version version,
				    const struct fix_message *message,
				    const struct form *form, int32_t *tag)
{
	uint64_t seen[SEEN_TAGS / 64] = { 0 };
	bool in_body = false, grouped = false;

	for (unsigned int i = 0; i < message->count; i++) {
		const struct fix_field *field = &message->fields[i];
		bool of_header = has(header_tags, field->tag);
		enum fix_reason reason;
		uint64_t bit;

		*tag = (int32_t)field->tag;
		if (field->tag > tags_max[version])
			return FIX_INVALID_TAG;
		if (of_header && in_body)
			return FIX_TAG_ORDER;
		if (form && !of_header && !has(trailer_tags, field->tag) &&
		    !may_have(version, form, field->tag))
			return FIX_TAG_NOT_DEFINED;
		in_body = in_body || !of_header;
		bit = UINT64_C(1) << field->tag % 64;
		if (field->tag < SEEN_TAGS) {
			if (!grouped && seen[field->tag / 64] & bit)
				return FIX_TAG_REPEATED;
			seen[field->tag / 64] |= bit;
		}
		reason = value_check(message, field);
		if (reason == FIX_NO_FAULT && is_count(field->tag)) {
			reason = group_check(message, i);
			grouped = true;
		}
		if (reason != FIX_NO_FAULT)
			return reason;
	}
	return FIX_NO_FAULT;
}

static enum fix_reason missing_check(enum fix_version version,
				     const struct fix_message *message,
				     const struct form *form, int32_t *tag)
{
	static const uint16_t of_header[] = { FIX_SENDER_COMP_ID,
					      FIX_TARGET_COMP_ID,
					      FIX_MSG_SEQ_NUM, FIX_SENDING_TIME,
					      0 };

	for (const uint16_t *must = of_header; *must; must++) {
		*tag = *must;
		if (!fix_find(message, *must))
			return FIX_TAG_MISSING;
	}
	for (const uint16_t *must = form ? form->always : of_header; *must;
	     must++) {
		*tag = *must;
		if (!fix_find(message, *must))
			return FIX_TAG_MISSING;
	}
	if (!form || form->type != (version == FIX_4_2	 ? 'D'
				    : version == FIX_5_0 ? 'A'
							 : 0))
		return FIX_NO_FAULT;
	*tag = version == FIX_4_2 ? FIX_HANDL_INST : FIX_DEFAULT_APPL_VER_ID;
	return fix_find(message, (uint32_t)*tag) ? FIX_NO_FAULT
						 : FIX_TAG_MISSING;
}

enum fix_reason fix_check(enum fix_version version,
			  const struct fix_message *message, int32_t *tag)
{
	const struct form *form = NULL;
	enum fix_reason reason;
	char type = fix_type(message);

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (forms[i].type == type)
			form = &forms[i];
	if (message->fault != FIX_NO_FAULT) {
		*tag = message->fault_tag;
		return message->fault;
	}
	reason = fields_check(version, message, form, tag);
	return reason != FIX_NO_FAULT
		       ? reason
		       : missing_check(version, message, form, tag);
}
