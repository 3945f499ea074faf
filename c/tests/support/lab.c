/* SPDX-License-Identifier: MIT */
#include "tests/support/lab.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "net/namespace.h"

#define ARGUMENTS_MAX 40

int lab_link(struct lab *lab)
{
	struct namespace_end exchange = { .fd = lab->exchange,
					  .name = LAB_EXCHANGE_INTERFACE,
					  .prefix_len = 24 };
	struct namespace_end trader = { .fd = lab->trader,
					.name = LAB_TRADER_INTERFACE,
					.prefix_len = 24 };
	int err;

	inet_pton(AF_INET, LAB_EXCHANGE_ADDRESS, &exchange.address);
	inet_pton(AF_INET, LAB_TRADER_ADDRESS, &trader.address);
	err = namespace_veth(&exchange, &trader);
	return err < 0 ? err : namespace_enter(lab->trader);
}

static void lab_open(struct lab *lab)
{
	lab->exchange = lab->trader = -1;
	strcpy(lab->folder, "/tmp/t2t-lab-XXXXXX");
	lab->fault = "no folder can be made in /tmp";
	if (!mkdtemp(lab->folder))
		return;
	lab->fault = "network namespaces are not permitted here";
	if (namespace_become_root() < 0 || namespace_open(&lab->exchange) < 0 ||
	    namespace_open(&lab->trader) < 0)
		return;
	lab->fault = "no veth pair can be made here";
	if (lab_link(lab) == 0)
		lab->fault = NULL;
}

static int remove_one(const char *path, const struct stat *status, int type,
		      struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static void lab_close(struct lab *lab)
{
	nftw(lab->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	namespace_close(&lab->exchange);
	namespace_close(&lab->trader);
}

static void test_skip(void **state)
{
	(void)state;
	skip();
}

int lab_run(struct lab *lab, const char *name, const struct CMUnitTest *tests,
	    size_t count, int argc, char **argv)
{
	struct CMUnitTest *skipped;
	int failed;

	log_open(name, LOG_WARNING);
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	lab_open(lab);
	if (!lab->fault) {
		failed =
			_cmocka_run_group_tests(name, tests, count, NULL, NULL);
		lab_close(lab);
		return failed;
	}
	skipped = calloc(count, sizeof(*skipped));
	for (size_t i = 0; skipped && i < count; i++) {
		char *text;

		if (asprintf(&text, "%s: skipped: %s", tests[i].name,
			     lab->fault) >= 0)
			skipped[i] =
				(struct CMUnitTest){ .name = text,
						     .test_func = test_skip };
	}
	failed = skipped ? _cmocka_run_group_tests(name, skipped, count, NULL,
						   NULL)
			 : 1;
	for (size_t i = 0; skipped && i < count; i++)
		free((char *)(uintptr_t)skipped[i].name);
	free(skipped);
	lab_close(lab);
	return failed;
}

const char *lab_path(const struct lab *lab, const char *name,
		     char path[static PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", lab->folder, name);
	return path;
}

const char *lab_feed(struct lab *lab, unsigned int snapshots,
		     unsigned int updates)
{
	struct feed_text text = { 0 };

	feed_text_plain(&text, snapshots, updates);
	feed_file_take(lab_path(lab, "feed.csv.gz", lab->feed), &text);
	return lab->feed;
}

int lab_connect(void)
{
	return order_client_open(LAB_EXCHANGE_ADDRESS, LAB_ORDER_PORT);
}

void lab_session_end(struct program *exchange, struct listener *listener,
		     int *client)
{
	if (*client >= 0)
		order_client_close(*client);
	*client = -1;
	program_end(exchange);
	listener_close(listener);
}

void lab_skip(const char *reason)
{
	print_message("# skipped: %s\n", reason);
	skip();
}

/* The rest of the arguments, up to NULL, behind those that are there. */
static void arguments_append(const char *argv[static ARGUMENTS_MAX],
			     va_list arguments)
{
	size_t n = 0;
	const char *text;

	while (argv[n])
		n++;
	while ((text = va_arg(arguments, const char *))) {
		assert_true(n < ARGUMENTS_MAX - 1);
		argv[n++] = text;
	}
}

static void exchange_start(const struct lab *lab, struct program *program,
			   enum program_out out, const char *feed,
			   va_list arguments)
{
	const struct program_place place = { .space = lab->exchange,
					     .out = out };
	const char *argv[ARGUMENTS_MAX] = {
		"t2t-exchange",		"--listen", LAB_CONNECT, "--interface",
		LAB_EXCHANGE_INTERFACE, "--feed",   feed
	};

	arguments_append(argv, arguments);
	program_start(program, &place, argv);
}

void lab_exchange(const struct lab *lab, struct program *program,
		  const char *feed, ...)
{
	va_list arguments;

	va_start(arguments, feed);
	exchange_start(lab, program, PROGRAM_OUT_READ, feed, arguments);
	va_end(arguments);
	lab_line(program, "state INIT");
}

void lab_exchange_out(const struct lab *lab, struct program *program,
		      enum program_out out, const char *feed, ...)
{
	va_list arguments;

	va_start(arguments, feed);
	exchange_start(lab, program, out, feed, arguments);
	va_end(arguments);
}

void lab_trader(const struct lab *lab, struct program *program, ...)
{
	const struct program_place place = { .space = lab->trader };
	const char *argv[ARGUMENTS_MAX] = { "t2t-trader", "--connect",
					    LAB_CONNECT, "--interface",
					    LAB_TRADER_INTERFACE };
	va_list arguments;

	va_start(arguments, program);
	arguments_append(argv, arguments);
	va_end(arguments);
	program_start(program, &place, argv);
}

void lab_wiretap(const struct lab *lab, struct program *program,
		 const char *path)
{
	lab_start(program, lab->exchange, "t2t-wiretap", "--interface",
		  LAB_EXCHANGE_INTERFACE, "--write", path, NULL);
	lab_says(program, "capturing on");
}

void lab_start(struct program *program, int space, const char *name, ...)
{
	const struct program_place place = { .space = space };
	const char *argv[ARGUMENTS_MAX] = { name };
	va_list arguments;

	va_start(arguments, name);
	arguments_append(argv, arguments);
	va_end(arguments);
	program_start(program, &place, argv);
}

int lab_call(struct program *program, int space, const char *name, ...)
{
	const struct program_place place = { .space = space };
	const char *argv[ARGUMENTS_MAX] = { name };
	va_list arguments;

	va_start(arguments, name);
	arguments_append(argv, arguments);
	va_end(arguments);
	program_start(program, &place, argv);
	return program_wait(program, LAB_SOON_MS);
}

const char *lab_generated(const struct lab *lab, const char *name,
			  const char *bytes, const char *triggers,
			  const char *seed, char path[static PATH_MAX])
{
	struct program feedgen = { 0 };

	lab_path(lab, name, path);
	assert_int_equal(lab_call(&feedgen, -1, "t2t-feedgen", "--output", path,
				  "--bytes", bytes, "--triggers", triggers,
				  seed ? "--seed" : NULL, seed, NULL),
			 0);
	program_end(&feedgen);
	return path;
}

void lab_ip(const struct lab *lab, int space, const char *format, ...)
{
	char command[256] = "ip ";
	va_list arguments;
	int failed;

	va_start(arguments, format);
	vsnprintf(command + 3, sizeof(command) - 3, format, arguments);
	va_end(arguments);
	assert_int_equal(namespace_enter(space), 0);
	failed = system(command);
	lab_go_trader(lab);
	if (failed)
		fail_msg("%s: failed", command);
}

void lab_go_exchange(const struct lab *lab)
{
	assert_int_equal(namespace_enter(lab->exchange), 0);
}

void lab_go_trader(const struct lab *lab)
{
	assert_int_equal(namespace_enter(lab->trader), 0);
}

const char *lab_line(struct program *program, const char *prefix)
{
	const char *line =
		program_line(program, PROGRAM_OUT, prefix, LAB_SOON_MS);

	if (!line) {
		program_show(program);
		fail_msg("no line \"%s\" on stdout", prefix);
	}
	return line;
}

void lab_states(struct program *program, const char *states)
{
	char name[32], expected[64];
	int used;

	while (sscanf(states, "%31s%n", name, &used) == 1) {
		snprintf(expected, sizeof(expected), "state %s", name);
		assert_string_equal(lab_line(program, "state "), expected);
		states += used;
	}
}

void lab_descriptors(const struct program *program, size_t count)
{
	size_t found = 0;

	/* What a state's line announces may be done a moment later. */
	for (int i = 0; i < LAB_SOON_MS / 10; i++) {
		found = program_descriptors(program);
		if (found == count)
			return;
		usleep(10000);
	}
	assert_int_equal(found, count);
}

void lab_says(struct program *program, const char *text)
{
	if (program_says(program, PROGRAM_ERR, text, LAB_SOON_MS))
		return;
	program_show(program);
	fail_msg("\"%s\" is not on stderr", text);
}

long long lab_number(const char *line, const char *name)
{
	size_t len = strlen(name);
	const char *at = line;

	while ((at = strstr(at, name))) {
		if ((at == line || at[-1] == ' ') && at[len] == '=')
			return strtoll(at + len + 1, NULL, 10);
		at += len;
	}
	fail_msg("no %s= in \"%s\"", name, line);
	return 0;
}
