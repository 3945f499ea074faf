/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/mem.h"
#include "report/export.h"

static const struct {
	const char *text, *escaped;
} cases[] = {
	{ "", "" },
	{ "<b a=\"x\">&'", "&lt;b a=&quot;x&quot;&gt;&amp;&#39;" },
	{ "a\tb\nc\033[1m\177", "a?b?c?[1m?" },
	{ "\u00e9 \u20ac \U0001f600", "\u00e9 \u20ac \U0001f600" },
	/* Cut: at the end, and with something behind it. */
	{ "\u00e9\xc3", "\u00e9?" },
	{ "\xe2\x82: <", "??: &lt;" },
	{ "\xf0\x9f\x98", "???" },
	/* What would smuggle a "<", or is none. */
	{ "\xc0\xbc", "??" },
	{ "\xff\x80", "??" },
};

static void no_text_is_more_than_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		export_escaped(out, cases[i].text);
		fclose(out);
		assert_string_equal(text, cases[i].escaped);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_text_is_more_than_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
