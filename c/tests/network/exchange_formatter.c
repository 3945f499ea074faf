/* SPDX-License-Identifier: MIT */
/* The formatter as a shared object of the user's, good and bad; and how a
 * line's snapshot field reads in a format of one's own. */
#include "tests/support/lab.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct lab lab;
static struct program exchange;
static struct listener listener;
static struct feed_text text;
static int client = -1;

static int clean(void **state)
{
	(void)state;
	lab_session_end(&exchange, &listener, &client);
	feed_text_free(&text);
	return 0;
}

/* Begins a formatter that makes a header alone of each line. */
#define PREAMBLE                                                    \
	"#include \"exchange/line_format.h\"\n"                     \
	"#include <string.h>\n"                                     \
	"const unsigned int line_format_version =\n"                \
	"\tLINE_FORMAT_VERSION;\n"                                  \
	"ssize_t line_format(struct line_format *context,\n"        \
	"\tconst char *line, size_t line_len, uint8_t *datagram,\n" \
	"\tsize_t size);\n"                                         \
	"ssize_t line_format(struct line_format *context,\n"        \
	"\tconst char *line, size_t line_len, uint8_t *datagram,\n" \
	"\tsize_t size)\n"                                          \
	"{\n"                                                       \
	"\t(void)line; (void)line_len; (void)size;\n"               \
	"\tmemset(datagram, 0, 8);\n"                               \
	"\tmemcpy(datagram, &context->sequence, 4);\n"

/* The path of a formatter made of this source. */
static const char *compile(const char *source)
{
	static char path[PATH_MAX];
	char source_path[PATH_MAX], command[3 * PATH_MAX];

	if (system("command -v cc >/dev/null") != 0)
		lab_skip("no C compiler (cc) here");
	lab_path(&lab, "formatter.c", source_path);
	feed_file_raw(source_path, source, strlen(source));
	lab_path(&lab, "formatter.so", path);
	unlink(path);
	snprintf(command, sizeof(command), "cc -shared -fPIC -I. -o %s %s",
		 path, source_path);
	assert_int_equal(system(command), 0);
	return path;
}

static void publish(const char *format)
{
	feed_file_take(lab_path(&lab, "feed.csv.gz", lab.feed), &text);
	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	lab_exchange(&lab, &exchange, lab.feed, "--format", format, NULL);
	client = lab_connect();
}

static void own_formatter(void **state)
{
	(void)state;
	feed_text_add(&text, "snapshot=true a\n"
			     "snapshot = true b\n"
			     "\"snapshot\": true c\n"
			     "time=5 snapshot=true price=3\n"
			     "mysnapshot=true d\n"
			     "snapshot=trueish e\n"
			     "snapshot=false f\n"
			     "a snapshot is true\n"
			     "nothing\n");
	publish(compile(PREAMBLE "\tdatagram[6] = context->snapshot;\n"
				 "\treturn 8;\n}\n"));
	assert_int_equal(listener_hear(&listener, 9, LAB_SOON_MS), 9);
	for (size_t i = 0; i < 9; i++) {
		assert_int_equal(listener.datagrams[i].header.sequence, i);
		assert_int_equal(listener.datagrams[i].header.flags, i < 4);
	}
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
}

static void example(void **state)
{
	const char *build = getenv("BUILD");
	char path[PATH_MAX];

	(void)state;
	snprintf(path, sizeof(path), "%s/exchange/line_format_example.so",
		 build ? build : "build");
	assert_int_equal(access(path, R_OK), 0);
	feed_text_plain(&text, 0, 2);
	publish(path);
	/* Whatever it makes of the lines, the session lives. */
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	order_client_order(client, 1, 1, 0);
	lab_line(&exchange, "order ");
}

static void returns_too_much(void **state)
{
	const char *format = compile(PREAMBLE "\tif (line[0] != 'b')\n"
					      "\t\treturn 8;\n"
					      "\tmemset(datagram, 1, 60000);\n"
					      "\treturn 60000;\n}\n");

	(void)state;
	feed_text_add(&text, "a\nb\nc\n");
	publish(format);
	lab_states(&exchange, "HANDSHAKE TRANSMIT INIT");
	lab_says(&exchange, lab.feed);
	lab_says(&exchange, "line 2");
	lab_says(&exchange, "60000");
	assert_int_equal(listener_hear(&listener, 2, LAB_QUIET_MS), 1);
	assert_true(order_client_closed(client, LAB_SOON_MS));
	order_client_close(client);

	/* The next one is served, as far as its lines go. */
	client = lab_connect();
	lab_states(&exchange, "HANDSHAKE TRANSMIT INIT");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 1);
}

static void never_done(void **state)
{
	(void)state;
	feed_text_add(&text, "a\n");
	publish(compile(PREAMBLE "\tcontext->more = true;\n\treturn 0;\n}\n"));
	lab_states(&exchange, "HANDSHAKE INIT");
	lab_says(&exchange, "line 1");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 1);
}

static void refuses(void **state)
{
	(void)state;
	feed_text_add(&text, "a\nb\n");
	publish(compile(PREAMBLE "\tcontext->fault = \"not to my taste\";\n"
				 "\treturn line[0] == 'b' ? 8 : -1;\n}\n"));
	assert_int_equal(listener_hear(&listener, 1, LAB_SOON_MS), 1);
	lab_says(&exchange, "line 1");
	lab_says(&exchange, "not to my taste");
}

/* Bad ones are found before anything is served. */
static void not_taken(const char *format)
{
	int code = lab_call(&exchange, lab.exchange, "t2t-exchange", "--feed",
			    lab_feed(&lab, 1, 1), "--interface",
			    LAB_EXCHANGE_INTERFACE, "--format", format, NULL);

	assert_in_range(code, 1, 2);
	lab_says(&exchange, "--format");
	lab_says(&exchange, format);
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "state "), 0);
}

static void missing_symbol(void **state)
{
	(void)state;
	not_taken(compile("int nothing_of_use;\n"));
	lab_says(&exchange, "line_format");
	not_taken(compile("const unsigned int line_format_version = 1;\n"));
	lab_says(&exchange, "line_format");
	not_taken(compile("const unsigned int line_format_version = 99;\n"
			  "int line_format;\n"));
	lab_says(&exchange, "99");
}

static void not_shared(void **state)
{
	char path[PATH_MAX];

	(void)state;
	lab_path(&lab, "text.so", path);
	feed_file_raw(path, "this is no ELF\n", 15);
	not_taken(path);
	lab_path(&lab, "missing.so", path);
	not_taken(path);
	lab_path(&lab, "", path);
	not_taken(path);
	not_taken("no-such-format");
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("A.11 the line formatter is a function of the user's",
		 own_formatter, clean),
	LAB_TEST("A.8 snapshot=true in free text, as whole words",
		 own_formatter, clean),
	LAB_TEST("A.11 the shipped example is taken", example, clean),
	LAB_TEST("A.11 a line that it refuses is named and left out", refuses,
		 clean),
	LAB_TEST("bad input: a formatter that returns too much ends the "
		 "session, named with the line",
		 returns_too_much, clean),
	LAB_TEST("bad input: a formatter that is never done", never_done,
		 clean),
	LAB_TEST("bad input: a formatter without the function", missing_symbol,
		 clean),
	LAB_TEST("bad input: a formatter that is no shared object", not_shared,
		 clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "exchange_formatter", tests, ARRAY_SIZE(tests),
		       argc, argv);
}
