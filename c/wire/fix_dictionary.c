/* SPDX-License-Identifier: MIT */
#include "wire/fix_dictionary.h"

#include <errno.h>
#include <string.h>

#include "wire/fix_order_fields.h"
#include "wire/fix_tags.h"

#define SEEN_WORDS  (FIX_TAGS / 64)
#define GROUPED_MIN 78 /* NoAllocs */

static const char *const begin_strings[] = { "FIX.4.2", "FIX.4.4", "FIXT.1.1" };
static const uint32_t tags_max[] = { 446, 956, 1621 };

const char *fix_begin_string(enum fix_version version)
{
	return begin_strings[version];
}

/* Types of one letter; the last of two. */
static const char *const letters[] = {
	"0123456789ABCDEFGHJKLMNPQRSTVWXYZabcdefghijklm",
	"0123456789ABCDEFGHJKLMNPQRSTVWXYZabcdefghijklmnopqrstuvwxyz",
	"0123456789ABCDEFGHJKLMNPQRSTVWXYZabcdefghijklmnopqrstuvwxyz",
};
static const char last_types[][3] = { "", "BH", "CG" };

bool fix_type_is_known(enum fix_version version, const uint8_t *type,
		       size_t len)
{
	if (len == 1)
		return strchr(letters[version], *type) != NULL && *type;
	/* From AA on, each. */
	return len == 2 && type[0] >= 'A' && type[1] >= 'A' && type[1] <= 'Z' &&
	       memcmp(type, last_types[version], 2) <= 0;
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
struct form {
	char type;
	const uint16_t *may;	/* beside the header's and the trailer's, and an
				   order's */
	const uint16_t *always; /* must be there */
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
	  TAGS(58, 95, 96, 98, 108, 141, 354, 355, 372, 383, 384, 385, 464, 553,
	       554, 789, 925, 1130, 1131, 1137, 1400, 1401, 1402, 1403, 1404,
	       1406, 1407, 1408, 1409),
	  TAGS(98, 108) },
	{ 'D', TAGS(), TAGS(11, 40, 54, 55, 60) },
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
	/* Of 5.0 what came later is taken too. */
	if (form->type == 'D')
		return fix_tag_is(tag, FIX_IN_ORDER) ||
		       (version != FIX_4_2 &&
			fix_tag_is(tag, FIX_IN_LATER_ORDER)) ||
		       (version == FIX_5_0 &&
			(fix_tag_is(tag, FIX_IN_LAST_ORDER) ||
			 tag > tags_max[FIX_4_4]));
	return has(form->may, tag);
}

/* What stands in a field. */
static enum fix_reason value_check(const struct fix_message *message,
				   const struct fix_field *field)
{
	const uint8_t *text = fix_value(message, field);
	const char *one_of = NULL;
	uint64_t number;

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
	case FIX_SENDING_TIME:
	case FIX_ORIG_SENDING_TIME:
		return fix_time(text, field->len, &number) < 0 ? FIX_BAD_FORMAT
							       : FIX_NO_FAULT;
	case FIX_POSS_DUP_FLAG:
	case FIX_POSS_RESEND:
	case FIX_GAP_FILL_FLAG:
	case FIX_RESET_SEQ_NUM_FLAG:
		one_of = "YN";
		break;
	case FIX_ENCRYPT_METHOD:
		one_of = "0";
		break;
	}
	if (!one_of)
		return fix_order_field_check(field->tag, text, field->len);
	if (field->len != 1)
		return FIX_BAD_FORMAT;
	return *text && strchr(one_of, *text) ? FIX_NO_FAULT : FIX_BAD_VALUE;
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

/* May the field be there more than once? Groups have members of higher numbers
 * alone; those of a type that is not looked at are not known. */
static bool may_repeat(const struct form *form, bool grouped, uint32_t tag)
{
	if (!form)
		return grouped || !fix_tag_is(tag, FIX_IN_HEADER);
	return grouped && tag >= GROUPED_MIN;
}

/* Field by field: known, where it may be, once, and with a value. */
static enum fix_reason fields_check(enum fix_version version,
				    const struct fix_message *message,
				    const struct form *form,
				    uint64_t seen[static SEEN_WORDS],
				    int32_t *tag)
{
	bool in_body = false, grouped = false;

	for (unsigned int i = 0; i < message->count; i++) {
		const struct fix_field *field = &message->fields[i];
		bool of_header = fix_tag_is(field->tag, FIX_IN_HEADER);
		enum fix_reason reason;
		uint64_t bit;

		*tag = (int32_t)field->tag;
		if (field->tag > tags_max[version])
			return FIX_INVALID_TAG;
		if (of_header && in_body)
			return FIX_TAG_ORDER;
		if (form && !of_header &&
		    !fix_tag_is(field->tag, FIX_IN_TRAILER) &&
		    !may_have(version, form, field->tag))
			return FIX_TAG_NOT_DEFINED;
		in_body = in_body || !of_header;
		bit = UINT64_C(1) << field->tag % 64;
		if (field->tag < FIX_TAGS) {
			if (seen[field->tag / 64] & bit &&
			    !may_repeat(form, grouped, field->tag))
				return FIX_TAG_REPEATED;
			seen[field->tag / 64] |= bit;
		}
		reason = value_check(message, field);
		if (reason == FIX_NO_FAULT &&
		    fix_tag_is(field->tag, FIX_IS_COUNT)) {
			reason = group_check(message, i);
			grouped = true;
		}
		if (reason != FIX_NO_FAULT)
			return reason;
	}
	return FIX_NO_FAULT;
}

static bool is_seen(const uint64_t *seen, uint32_t tag)
{
	return seen[tag / 64] >> tag % 64 & 1;
}

/* What must be there and is not; 0: nothing. */
static int32_t missing_find(enum fix_version version, const struct form *form,
			    const uint64_t *seen)
{
	static const uint16_t of_header[] = { FIX_SENDER_COMP_ID,
					      FIX_TARGET_COMP_ID,
					      FIX_MSG_SEQ_NUM, FIX_SENDING_TIME,
					      0 };

	for (const uint16_t *must = of_header; *must; must++)
		if (!is_seen(seen, *must))
			return *must;
	if (!form)
		return 0;
	for (const uint16_t *must = form->always; *must; must++)
		if (!is_seen(seen, *must))
			return *must;
	if (form->type == 'D' && version == FIX_4_2 &&
	    !is_seen(seen, FIX_HANDL_INST))
		return FIX_HANDL_INST;
	if (form->type == 'A' && version == FIX_5_0 &&
	    !is_seen(seen, FIX_DEFAULT_APPL_VER_ID))
		return FIX_DEFAULT_APPL_VER_ID;
	return 0;
}

enum fix_reason fix_check(enum fix_version version,
			  const struct fix_message *message, int32_t *tag)
{
	uint64_t seen[SEEN_WORDS] = { 0 };
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
	reason = fields_check(version, message, form, seen, tag);
	if (reason != FIX_NO_FAULT)
		return reason;
	*tag = missing_find(version, form, seen);
	return *tag ? FIX_TAG_MISSING : FIX_NO_FAULT;
}
