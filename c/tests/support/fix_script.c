/* SPDX-License-Identifier: MIT */
#include "tests/support/fix_script.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "order/fix_hold.h"
#include "order/fix_refuse.h"

#define BEGIN_NS (UINT64_C(1737892800) * CLOCK_NS_PER_S)
#define OUT_SIZE 4096
#define TEXT_MAX 2048
#define OURS	 "ISLD"
#define PEER	 "TW"

struct script {
	struct fix_session session;
	struct fix_session_config config;
	struct fix_store_content store;
	struct channel_buffer out;
	uint8_t bytes[OUT_SIZE];
	uint64_t now_ns, received_ns;
	int last;
	const char *line;
};

static struct script script;

static int store_open(struct fix_session *session)
{
	if (fix_store_next_in(&script.store) == 0)
		fix_store_reset(&script.store);
	session->store = &script.store;
	return 0;
}

static void wrong(const char *what, const char *text)
{
	fail_msg("%s, version %d: %.*s: %s", what, script.config.version,
		 (int)strcspn(script.line, "\n"), script.line, text);
}

static void session_begin(void)
{
	script.out = (struct channel_buffer){ .bytes = script.bytes,
					      .size = OUT_SIZE };
	script.received_ns = script.now_ns;
	assert_int_equal(
		fix_session_open(&script.session, &script.config, &script.out),
		0);
	script.session.wall_ns = BEGIN_NS + script.now_ns;
	if (script.config.role == FIX_INITIATOR)
		fix_session_logon(&script.session);
}

/*
 * Text to bytes.
 */

static void time_put(char *to, int64_t seconds)
{
	uint64_t ns =
		script.session.wall_ns + (uint64_t)seconds * CLOCK_NS_PER_S;

	fix_time_write(ns, (uint8_t *)to);
	to[FIX_TIME_LEN] = '\0';
}

/* What stands between braces. */
static void placeholder_put(char *to, const char *name)
{
	const enum fix_version version = script.config.version;

	if (!strncmp(name, "now", 3))
		time_put(to, strtol(name + 3, NULL, 10));
	else if (!strcmp(name, "logon"))
		strcpy(to, version == FIX_5_0 ? "98=0|108=30|1137=7"
					      : "98=0|108=30");
	else if (!strcmp(name, "5.0"))
		strcpy(to, version == FIX_5_0 ? "|1137=7" : "");
	else if (!strcmp(name, "order")) {
		strcpy(to, "11=ID|21=1|38=100|40=2|44=1.5|54=1|55=INTC|60=");
		time_put(to + strlen(to), 0);
	} else if (name[0] == 'r' && version != FIX_4_2)
		sprintf(to, "|373=%s", name + 1);
	else
		*to = '\0';
}

static void placeholders_fill(const char *text, size_t len, char *to)
{
	for (size_t i = 0; i < len; i++) {
		char name[16];

		if (text[i] != '{') {
			*to++ = text[i];
			continue;
		}
		sscanf(text + i + 1, "%15[^}]", name);
		i += strlen(name) + 1;
		placeholder_put(to, name);
		to += strlen(to);
	}
	*to = '\0';
}

static bool has_field(const char *text, const char *tag)
{
	char inner[16];

	snprintf(inner, sizeof(inner), "|%s", tag);
	return !strncmp(text, tag, strlen(tag)) || strstr(text, inner);
}

/* The header's fields that are not there, behind MsgSeqNum. */
static void header_fill(char *text)
{
	char rest[TEXT_MAX], *at = strstr(text, "34=");

	if (!at || has_field(text, "49=") || has_field(text, "none"))
		return;
	at += strcspn(at, "|");
	strcpy(rest, at);
	at += sprintf(at, "|49=" PEER);
	if (!has_field(text, "52=")) {
		at += sprintf(at, "|52=");
		time_put(at, 0);
		at += FIX_TIME_LEN;
	}
	if (!strstr(rest, "|56="))
		at += sprintf(at, "|56=" OURS);
	strcpy(at, rest);
}

/* Where the text is a whole message: its length. */
static size_t message_put(const char *body, uint8_t *to)
{
	const char *begin = fix_begin_string(script.config.version);
	unsigned int sum = 0;
	int n;

	if (!strncmp(body, "8=", 2)) {
		begin = body + 2;
		body += strcspn(body, "|") + 1;
	}
	n = sprintf((char *)to, "8=%.*s|9=%zu|%s|", (int)strcspn(begin, "|"),
		    begin, strlen(body) + 1, body);
	for (int i = 0; i < n; i++) {
		to[i] = to[i] == '|' ? FIX_SOH : to[i];
		sum += to[i];
	}
	return (size_t)(n + sprintf((char *)to + n, "10=%03u\1", sum % 256));
}

/*
 * Steps.
 */

static void take_all(const uint8_t *bytes, size_t len)
{
	struct fix_message message;
	size_t taken;

	if (fix_read(bytes, len, &message, &taken) <= 0) {
		script.last = -EBADMSG;
		return;
	}
	script.last = fix_session_take(&script.session, &message);
	while (script.last >= 0 &&
	       fix_session_held(&script.session, &message) > 0)
		script.last = fix_session_take(&script.session, &message);
}

static void step_in(const char *text, bool raw)
{
	uint8_t bytes[TEXT_MAX + 64];
	char filled[TEXT_MAX];
	size_t len;

	script.session.wall_ns = BEGIN_NS + script.now_ns;
	placeholders_fill(text, strcspn(text, "\n"), filled);
	if (raw) {
		len = strlen(filled);
		for (size_t i = 0; i < len; i++)
			bytes[i] =
				filled[i] == '|' ? FIX_SOH : (uint8_t)filled[i];
	} else {
		header_fill(filled);
		len = message_put(filled, bytes);
	}
	script.received_ns = script.now_ns;
	take_all(bytes, len);
}

/* Without what is the same in all, or another each time. */
static void plain_text(const struct fix_message *message, char *to)
{
	to[0] = '\0';
	for (unsigned int i = 2; i < message->count; i++) {
		const struct fix_field *field = &message->fields[i];

		if (field->tag == 49 || field->tag == 52 || field->tag == 56 ||
		    field->tag == 122 || field->tag == 60)
			continue;
		to += sprintf(to, "%s%u=%.*s", i == 2 ? "" : "|", field->tag,
			      field->len, fix_value(message, field));
	}
}

static void step_out(const char *text)
{
	char wanted[TEXT_MAX], said[TEXT_MAX];
	struct fix_message message;
	size_t taken, len = channel_buffer_len(&script.out);
	char *time;

	placeholders_fill(text, strcspn(text, "\n"), wanted);
	time = strstr(wanted, "|60=");
	if (time)
		*time = '\0';
	if (fix_read(script.out.bytes + script.out.begin, len, &message,
		     &taken) <= 0)
		wrong("silence", "it has said nothing");
	if (!fix_is(&message, fix_find(&message, 49), OURS) ||
	    !fix_is(&message, fix_find(&message, 56), PEER) ||
	    !fix_find(&message, 52))
		wrong("header", "CompIDs or SendingTime");
	plain_text(&message, said);
	channel_buffer_take(&script.out, taken);
	if (strcmp(said, wanted) != 0)
		wrong("it says something else", said);
}

static void quiet_check(void)
{
	struct fix_message message;
	char said[TEXT_MAX];
	size_t taken;

	if (fix_read(script.out.bytes + script.out.begin,
		     channel_buffer_len(&script.out), &message, &taken) <= 0)
		return;
	plain_text(&message, said);
	wrong("it says more", said);
}

static void step_time(unsigned int seconds, bool heard)
{
	for (script.last = 0; seconds > 0 && script.last == 0; seconds--) {
		script.now_ns += CLOCK_NS_PER_S;
		script.session.wall_ns = BEGIN_NS + script.now_ns;
		if (!heard)
			script.received_ns = script.now_ns;
		script.last = fix_session_tick(&script.session, script.now_ns,
					       script.received_ns);
	}
}

static void step_result(const char *word)
{
	static const struct {
		const char *word;
		int result;
	} words[] = {
		{ "nothing", FIX_SESSION_NOTHING },
		{ "application", FIX_SESSION_APPLICATION },
		{ "over", -EPIPE },
		{ "refused", -EPROTO },
		{ "unknown", -EACCES },
		{ "silent", -ETIMEDOUT },
		{ "garbled", -EBADMSG },
	};
	char text[16];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strncmp(word, words[i].word, strlen(words[i].word))) {
			snprintf(text, sizeof(text), "%d", script.last);
			if (script.last != words[i].result)
				wrong("another result", text);
			return;
		}
	wrong("no such word", word);
}

void fix_script_run(enum fix_session_role role, enum fix_version version,
		    const char *text)
{
	memset(&script, 0, sizeof(script));
	script.now_ns = CLOCK_NS_PER_S;
	script.config = (struct fix_session_config){
		.role = role,
		.version = version,
		.ours = OURS,
		.peer = role == FIX_INITIATOR ? PEER : "",
		.heartbeat = 30,
		.store_open = store_open,
	};
	session_begin();
	for (; *text; text += strcspn(text, "\n") + 1) {
		script.line = text;
		if (*text != '<' && *text != '=')
			quiet_check();
		if (*text == '>' || *text == '!')
			step_in(text + 2, *text == '!');
		else if (*text == '<')
			step_out(text + 2);
		else if (*text == '+' || *text == '~')
			step_time((unsigned int)strtoul(text + 2, NULL, 10),
				  *text == '+');
		else if (*text == '=')
			step_result(text + 2);
		else if (!strncmp(text, "again", 5))
			session_begin();
		else
			wrong("no such step", "");
	}
	quiet_check();
}
