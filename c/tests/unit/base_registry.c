/* SPDX-License-Identifier: MIT */
/* What is chosen by name: found, refused with a reason, made, shown. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/registry.h"
#include "tests/support/log_catch.h"

struct thing {
	uint64_t size;
	const char *word;
};

#define AT(member) offsetof(struct thing, member)

static const struct option_row rows[] = {
	{ .name = "size",
	  .metavar = "N",
	  .def = "7",
	  .type = OPTION_UNSIGNED,
	  .max = 10,
	  .offset = AT(size),
	  .help = "how large it is" },
	{ .name = "word",
	  .metavar = "TEXT",
	  .type = OPTION_STRING,
	  .offset = AT(word),
	  .help = "what it is called" },
	OPTION_END,
};

static int refuses(const char **reason)
{
	*reason = "this host has no such thing";
	return -ENODEV;
}

static int refuses_without_a_word(const char **reason)
{
	(void)reason;
	return -EIO;
}

static const struct registry_entry plain = { .name = "plain",
					     .help = "the usual one",
					     .size = sizeof(struct thing),
					     .options = rows };
static const struct registry_entry unbuilt = {
	.name = "unbuilt",
	.help = "one that was left out",
	.unavailable_reason = "built without libthing",
};
static const struct registry_entry refused = { .name = "refused",
					       .help = "not here",
					       .size = sizeof(struct thing),
					       .probe = refuses };
static const struct registry_entry silent = { .name = "silent",
					      .help = "nor this one",
					      .size = sizeof(struct thing),
					      .probe = refuses_without_a_word };
static const struct registry_entry *const entries[] = { &plain, &unbuilt,
							&refused, &silent };
static const struct registry things = REGISTRY("--thing", "thing", entries);

static void by_its_whole_name(void **state)
{
	(void)state;
	log_catch();
	assert_ptr_equal(registry_find(&things, "plain"), &plain);
	assert_ptr_equal(registry_find(&things, "plain:size=3"), &plain);
	assert_ptr_equal(registry_find(&things, "unbuilt"), &unbuilt);
	assert_null(registry_find(&things, "plai"));
	assert_null(registry_find(&things, "plainer"));
	assert_null(registry_find(&things, ""));
	assert_string_equal(
		log_caught(),
		"t2t: error: --thing: unknown thing 'plai'; known: plain, "
		"unbuilt, refused, silent\n"
		"t2t: error: --thing: unknown thing 'plainer'; known: plain, "
		"unbuilt, refused, silent\n"
		"t2t: error: --thing: unknown thing ''; known: plain, unbuilt, "
		"refused, silent\n");
	assert_ptr_equal(registry_at(&things, 0), &plain);
	assert_ptr_equal(registry_at(&things, 3), &silent);
	assert_null(registry_at(&things, 4));
}

static void what_can_not_run_says_why(void **state)
{
	(void)state;
	assert_null(registry_unavailable(&plain));
	assert_string_equal(registry_unavailable(&unbuilt),
			    "built without libthing");
	assert_string_equal(registry_unavailable(&refused),
			    "this host has no such thing");
	assert_string_equal(registry_unavailable(&silent),
			    "this host can't run it");
	log_catch();
	assert_int_equal(registry_check(&things, &plain), 0);
	assert_int_equal(registry_check(&things, &refused), -EOPNOTSUPP);
	assert_string_equal(log_caught(),
			    "t2t: error: --thing refused: this host "
			    "has no such thing\n");
}

/* The probe is the caller's to ask: wrong options come first. */
static void made_with_its_options(void **state)
{
	const struct registry_entry *entry;
	struct thing *thing;
	char *options;
	void *object;

	(void)state;
	assert_int_equal(registry_make(&things, "plain:word=it", &entry,
				       &object, &options),
			 0);
	thing = object;
	assert_ptr_equal(entry, &plain);
	assert_int_equal(thing->size, 7);
	assert_string_equal(thing->word, "it");
	free(options);
	free(object);
	assert_int_equal(
		registry_make(&things, "refused", &entry, &object, &options),
		0);
	free(options);
	free(object);
	log_catch();
	assert_int_equal(registry_make(&things, "plain:size=11", &entry,
				       &object, &options),
			 -EINVAL);
	assert_null(object);
	assert_null(options);
	assert_int_equal(
		registry_make(&things, "unbuilt", &entry, &object, &options),
		-EOPNOTSUPP);
	assert_null(object);
	assert_int_equal(
		registry_make(&things, "other", &entry, &object, &options),
		-EINVAL);
	assert_null(entry);
	assert_non_null(strstr(log_caught(), "--thing plain: size"));
}

static void shown_with_reasons_and_options(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	registry_print(&things, out);
	fclose(out);
	assert_non_null(strstr(text, "plain    the usual one\n"));
	assert_non_null(strstr(text, "\n         size=N"));
	assert_non_null(strstr(text, "unbuilt  one that was left out: built "
				     "without libthing\n"));
	assert_non_null(strstr(text, "refused  not here: this host has no such "
				     "thing\n"));
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_its_whole_name),
		cmocka_unit_test(what_can_not_run_says_why),
		cmocka_unit_test(made_with_its_options),
		cmocka_unit_test(shown_with_reasons_and_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
