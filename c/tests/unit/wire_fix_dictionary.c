/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/fix_build.h"
#include "wire/fix_dictionary.h"

#define ORDER                                      \
	"11=ID|21=1|38=100|40=2|44=1.5|54=1|55=X|" \
	"60=20260131-12:00:00|"
#define LOGON "98=0|108=30|"

/* What is said of a message with these fields, and of which tag. */
static const struct {
	enum fix_version version;
	const char *type, *fields;
	enum fix_reason reason;
	int32_t tag;
} messages[] = {
	{ FIX_4_2, "D", ORDER, FIX_NO_FAULT, 0 },
	{ FIX_4_2, "D", ORDER "229=20260131|", FIX_TAG_NOT_DEFINED, 229 },
	{ FIX_4_4, "D", ORDER "229=20260131|", FIX_NO_FAULT, 0 },
	{ FIX_4_4, "D", ORDER "232=2|233=A|234=1|233=B|234=2|", FIX_NO_FAULT,
	  0 },
	{ FIX_4_4, "D", ORDER "232=3|233=A|234=1|233=B|234=2|", FIX_GROUP_COUNT,
	  232 },
	{ FIX_4_4, "D", ORDER "711=1|311=X|315=1|877=1|", FIX_NO_FAULT, 0 },
	{ FIX_4_4, "D", ORDER "873=20260131|874=20260131|", FIX_NO_FAULT, 0 },
	{ FIX_4_4, "D", ORDER "957=1|", FIX_INVALID_TAG, 957 },
	{ FIX_5_0, "D", ORDER "957=2|958=A|959=1|960=1|958=B|959=1|960=2|",
	  FIX_NO_FAULT, 0 },
	/* How much, and at what price, is said once. */
	{ FIX_4_4, "D", ORDER "78=1|79=A|80=1|38=2|", FIX_TAG_REPEATED, 38 },
	{ FIX_4_4, "D", ORDER "78=2|79=A|80=1|79=B|80=1|44=2|",
	  FIX_TAG_REPEATED, 44 },
	/* Groups of what is not looked at. */
	{ FIX_4_4, "8", "37=1|136=2|137=1|139=1|137=2|139=2|", FIX_NO_FAULT,
	  0 },
	{ FIX_4_4, "8", "34=3|37=1|", FIX_TAG_REPEATED, 34 },
	{ FIX_4_4, "A", LOGON "141=Y|141=Y|", FIX_TAG_REPEATED, 141 },
	{ FIX_4_4, "A", LOGON "1409=0|", FIX_INVALID_TAG, 1409 },
	{ FIX_5_0, "A", LOGON "1137=9|1409=0|58=hello|", FIX_NO_FAULT, 0 },
	{ FIX_5_0, "A", LOGON "1137=9|55=X|", FIX_TAG_NOT_DEFINED, 55 },
	/* 14.b, 14.e and 14.f of QuickFIX's acceptance tests, and what they
	 * leave out. */
	{ FIX_4_2, "D", "11=ID|40=2|54=1|55=X|60=20260131-12:00:00|",
	  FIX_TAG_MISSING, 21 },
	{ FIX_4_4, "D", "11=ID|40=2|54=1|55=X|60=20260131-12:00:00|",
	  FIX_NO_FAULT, 0 },
	{ FIX_4_4, "D", "11=ID|40=2|54=1|60=20260131-12:00:00|",
	  FIX_TAG_MISSING, 55 },
	{ FIX_4_2, "D", ORDER "167=BOO|", FIX_BAD_VALUE, 167 },
	{ FIX_4_2, "D", ORDER "167=CS|", FIX_NO_FAULT, 0 },
	{ FIX_4_4, "D", ORDER "126=20040415|", FIX_BAD_FORMAT, 126 },
	{ FIX_4_4, "D", ORDER "126=20040415-10:00:00|", FIX_NO_FAULT, 0 },
	{ FIX_4_4, "D", ORDER "59=z|", FIX_BAD_VALUE, 59 },
	{ FIX_4_4, "D", ORDER "59=10|", FIX_BAD_FORMAT, 59 },
	{ FIX_4_4, "D", ORDER "18=1 G|", FIX_NO_FAULT, 0 },
	{ FIX_4_4, "D", ORDER "18=1 ?|", FIX_BAD_VALUE, 18 },
	{ FIX_4_4, "D", ORDER "18=1 |", FIX_BAD_VALUE, 18 },
	{ FIX_4_4, "D", ORDER "18=12|", FIX_BAD_VALUE, 18 },
	{ FIX_4_4, "D", ORDER "64=20260231|", FIX_NO_FAULT, 0 },
	{ FIX_4_4, "D", ORDER "64=20261301|", FIX_BAD_FORMAT, 64 },
	{ FIX_4_4, "D", ORDER "64=2026013|", FIX_BAD_FORMAT, 64 },
	{ FIX_4_4, "D", ORDER "200=202613|", FIX_BAD_FORMAT, 200 },
	{ FIX_4_4, "D", ORDER "200=202612|", FIX_NO_FAULT, 0 },
	{ FIX_4_4, "D", ORDER "200=20261224|", FIX_NO_FAULT, 0 },
	{ FIX_4_4, "D", ORDER "200=202612w3|", FIX_NO_FAULT, 0 },
	{ FIX_4_4, "D", ORDER "200=202612w6|", FIX_BAD_FORMAT, 200 },
	{ FIX_4_2, "D", ORDER "205=32|", FIX_BAD_FORMAT, 205 },
	{ FIX_4_4, "D", ORDER "423=12|", FIX_BAD_VALUE, 423 },
	{ FIX_4_4, "D", ORDER "423=x|", FIX_BAD_FORMAT, 423 },
	{ FIX_4_4, "D", ORDER "202=1e3|", FIX_BAD_FORMAT, 202 },
	{ FIX_4_4, "D", ORDER "377=1|", FIX_BAD_VALUE, 377 },
	/* Nobody has agreed upon one of one's own. */
	{ FIX_4_4, "D", ORDER "5000=1|", FIX_INVALID_TAG, 5000 },
};

static void fields_add(struct fix_builder *builder, const char *text)
{
	char field[64];

	while (*text) {
		size_t len = strcspn(text, "|");

		snprintf(field, sizeof(field), "%.*s", (int)len, text);
		fix_add_text(builder, (uint32_t)strtoul(field, NULL, 10),
			     strchr(field, '=') + 1);
		text += len + 1;
	}
}

static void messages_are_as_their_type_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
		struct fix_builder builder;
		struct fix_message message;
		const uint8_t *built;
		uint8_t bytes[1024];
		size_t len, taken;
		int32_t tag = 0;

		fix_builder_begin(&builder, bytes, sizeof(bytes));
		fix_add_text(&builder, FIX_MSG_TYPE, messages[i].type);
		fields_add(&builder, "34=2|49=ME|52=20260131-12:00:00|56=YOU|");
		fields_add(&builder, messages[i].fields);
		built = fix_builder_end(
			&builder, fix_begin_string(messages[i].version), &len);
		assert_non_null(built);
		assert_int_equal(fix_read(built, len, &message, &taken), 1);
		if (fix_check(messages[i].version, &message, &tag) !=
			    messages[i].reason ||
		    tag != messages[i].tag)
			fail_msg("message %zu: tag %d", i, (int)tag);
	}
}

/* The versions that have it; the types of one letter are a list. */
static void types_are_of_their_version(void **state)
{
	static const struct {
		const char *type;
		bool known[3];
	} types[] = {
		{ "D", { true, true, true } },
		{ "m", { true, true, true } },
		{ "n", { false, true, true } },
		{ "I", { false, false, false } },
		{ "", { false, false, false } },
		{ "AA", { false, true, true } },
		{ "BH", { false, true, true } },
		{ "BI", { false, false, true } },
		{ "CG", { false, false, true } },
		{ "CH", { false, false, false } },
		{ "A0", { false, false, false } },
		{ "Aa", { false, false, false } },
		{ "0A", { false, false, false } },
		{ "AAA", { false, false, false } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		for (int version = FIX_4_2; version <= FIX_5_0; version++)
			assert_int_equal(fix_type_is_known(
						 (enum fix_version)version,
						 (const uint8_t *)types[i].type,
						 strlen(types[i].type)),
					 types[i].known[version]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_as_their_type_says),
		cmocka_unit_test(types_are_of_their_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
