/* SPDX-License-Identifier: MIT */
/* Names, options and the table of paths. What a path does on a network is
 * asked in tests/conformance/receive.c. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "receive/receive_ops.h"
#include "tests/support/log_catch.h"

static const struct receive_config config = {
	.interface = "lo",
	.group = { .sin_family = AF_INET, .sin_port = 0x3930 },
};

/* What receive_open() says on stderr; it must fail with err. */
static const char *said(const char *text, const struct receive_config *with,
			int err)
{
	struct receive *receive = (void *)-1;
	const char *words;
	int got;

	log_catch();
	got = receive_open(text, with, &receive);
	words = log_caught();
	assert_int_equal(got, err);
	assert_null(receive);
	/* Once, where it is known. */
	assert_true(is_one_line(words, ""));
	return words;
}

/* The core asks a path, and nothing of the kernel itself. */
static void without_an_interface_all_is_well(void **state)
{
	const struct receive_config nothing = { 0 };
	struct receive *receive;

	(void)state;
	assert_int_equal(receive_open("null", &nothing, &receive), 0);
	assert_null(receive->ops->join);
	assert_null(receive->frames);
	assert_int_equal(receive_alive(receive), 0);
	assert_int_equal(receive_strangers(receive), 0);
	receive_close(receive);
}

static void who_joins_leaves(void **state)
{
	const struct receive_ops *ops;

	(void)state;
	for (unsigned int p = 0; (ops = receive_path(p)); p++)
		assert_int_equal(!ops->join, !ops->leave);
}

static void unknown_name_lists_the_known(void **state)
{
	static const char *const names[] = { "", "spi", "spinn", "SPIN", ":" };
	const struct receive_ops *ops;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *words = said(names[i], &config, -EINVAL);

		for (unsigned int p = 0; (ops = receive_path(p)); p++)
			assert_non_null(strstr(words, ops->entry.name));
	}
	assert_non_null(strstr(said("warp:x=1", &config, -EINVAL), "'warp'"));
}

static void wrong_options_are_named(void **state)
{
	const char *words;

	(void)state;
	words = said("null:nonsense=1", &config, -EINVAL);
	assert_non_null(strstr(words, "null"));
	assert_non_null(strstr(words, "nonsense"));
	words = said("null:count=0", &config, -EINVAL);
	assert_non_null(strstr(words, "count"));
	words = said("spin:rcvbuf=lots", &config, -EINVAL);
	assert_non_null(strstr(words, "rcvbuf"));
	assert_non_null(strstr(words, "lots"));
	said("block:timestamps=maybe", &config, -EINVAL);
	said("null:count", &config, -EINVAL);
}

static bool is_of_network(const struct receive_ops *ops)
{
	return !(ops->caps & (RECEIVE_MEMORY | RECEIVE_SHARED));
}

static void network_paths_need_interface_and_group(void **state)
{
	struct receive_config wrong = config;
	const struct receive_ops *ops;

	(void)state;
	for (unsigned int i = 0; (ops = receive_path(i)); i++) {
		if (registry_unavailable(&ops->entry) || !is_of_network(ops))
			continue;
		wrong = config;
		wrong.interface = NULL;
		wrong.group.sin_addr.s_addr = inet_addr("239.255.0.1");
		assert_non_null(strstr(said(ops->entry.name, &wrong, -EINVAL),
				       "interface"));
		wrong = config;
		wrong.group.sin_addr.s_addr = inet_addr("10.0.0.1");
		assert_non_null(strstr(said(ops->entry.name, &wrong, -EINVAL),
				       "group"));
		wrong.group.sin_addr.s_addr = inet_addr("239.255.0.1");
		wrong.group.sin_port = 0;
		said(ops->entry.name, &wrong, -EINVAL);
	}
}

static void missing_interface_is_enodev(void **state)
{
	struct receive_config wrong = config;
	const struct receive_ops *ops;

	(void)state;
	wrong.interface = "nowhere0";
	wrong.group.sin_addr.s_addr = inet_addr("239.255.0.1");
	for (unsigned int i = 0; (ops = receive_path(i)); i++)
		if (!registry_unavailable(&ops->entry) && is_of_network(ops))
			assert_non_null(
				strstr(said(ops->entry.name, &wrong, -ENODEV),
				       "nowhere0"));
}

static void memory_paths_need_neither(void **state)
{
	static const struct receive_config none;
	struct receive *receive;

	(void)state;
	assert_int_equal(receive_open("null", &none, &receive), 0);
	assert_string_equal(receive_name(receive), "null");
	assert_int_equal(receive_drops(receive), 0);
	receive_close(receive);
	receive_close(NULL);
}

static void every_path_is_whole(void **state)
{
	static const char *const wanted[] = { "null", "replay", "block",
					      "epoll", "spin" };
	const struct receive_ops *ops;
	unsigned int n = 0, found = 0;

	(void)state;
	for (; (ops = receive_path(n)); n++) {
		assert_non_null(ops->entry.name);
		assert_non_null(ops->entry.help);
		for (unsigned int i = 0; i < n; i++)
			assert_string_not_equal(ops->entry.name,
						receive_path(i)->entry.name);
		for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
			found += !strcmp(ops->entry.name, wanted[i]);
		if (ops->entry.unavailable_reason)
			continue;
		assert_true(ops->entry.size >= sizeof(struct receive));
		assert_non_null(ops->open);
		assert_non_null(ops->poll);
		assert_non_null(ops->close);
	}
	assert_int_equal(found, ARRAY_SIZE(wanted));
	assert_null(receive_path(n + 1000));
}

/* Runs of white space become one blank: help is wrapped where it is shown. */
static char *squeezed(const char *text)
{
	char *copy = calloc(1, strlen(text) + 1), *end = copy;

	assert_non_null(copy);
	for (; *text; text++)
		if (!isspace((unsigned char)*text))
			*end++ = *text;
		else if (end == copy || end[-1] != ' ')
			*end++ = ' ';
	return copy;
}

static bool holds(const char *text, const char *help)
{
	char *where = squeezed(text), *what = squeezed(help);
	bool found = strstr(where, what) != NULL;

	free(what);
	free(where);
	return found;
}

/* Its second word. */
static void capabilities_of(const char *name, const char *words)
{
	char *text = NULL, found[64] = "", start[32];
	const char *line;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	receive_print_paths(out);
	fclose(out);
	snprintf(start, sizeof(start), "\n%s ", name);
	line = strstr(text, start);
	assert_non_null(line);
	assert_int_equal(sscanf(line, " %*s %63s", found), 1);
	assert_string_equal(found, words);
	free(text);
}

static void capabilities_are_called_by_their_names(void **state)
{
	(void)state;
	capabilities_of("null", "memory");
	capabilities_of("block", "sleeps");
	capabilities_of("spin", "-");
	capabilities_of("packet", "frames");
	if (!registry_find(&receive_paths, "xdp")->unavailable_reason)
		capabilities_of("xdp", "bypass,frames,exclusive");
	capabilities_of("dpdk", "bypass,frames,exclusive,merged");
}

/* Each row of the table begins its last column where the head does. */
static void table_is_aligned_and_complete(void **state)
{
	const struct receive_ops *ops;
	char *text = NULL, *line;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	ptrdiff_t column;

	(void)state;
	assert_non_null(out);
	receive_print_paths(out);
	fclose(out);
	line = strstr(text, "WHAT IT IS");
	assert_non_null(line);
	column = line - text;
	line = text;
	for (unsigned int i = 0; (ops = receive_path(i)); i++) {
		line = strchr(line, '\n') + 1;
		assert_memory_equal(line, ops->entry.name,
				    strlen(ops->entry.name));
		assert_memory_equal(line + column, ops->entry.help,
				    strlen(ops->entry.help));
		if (ops->entry.unavailable_reason)
			assert_non_null(
				strstr(line, ops->entry.unavailable_reason));
		for (const struct option_row *row = ops->entry.options;
		     row && row->name; row++)
			assert_true(holds(text, row->help));
	}
	assert_non_null(strstr(text, "sleeps"));
	assert_non_null(strstr(text, "memory"));
	assert_non_null(strstr(text, "\nspin:\n  rcvbuf="));
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_an_interface_all_is_well),
		cmocka_unit_test(who_joins_leaves),
		cmocka_unit_test(unknown_name_lists_the_known),
		cmocka_unit_test(wrong_options_are_named),
		cmocka_unit_test(network_paths_need_interface_and_group),
		cmocka_unit_test(missing_interface_is_enodev),
		cmocka_unit_test(memory_paths_need_neither),
		cmocka_unit_test(every_path_is_whole),
		cmocka_unit_test(capabilities_are_called_by_their_names),
		cmocka_unit_test(table_is_aligned_and_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
