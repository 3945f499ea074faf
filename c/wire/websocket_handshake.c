/* SPDX-License-Identifier: MIT */
#include "wire/websocket_handshake.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "wire/sha1.h"

#define GUID	     "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define VERSION	     "13"
#define REQUEST_END  " HTTP/1.1"
#define REQUEST_LINE "GET "
#define STATUS_LINE  "HTTP/1.1 "
#define KEY_MAX	     64
#define UPGRADE                  \
	"Upgrade: websocket\r\n" \
	"Connection: Upgrade\r\n"

/* Text that lies somewhere, without a NUL. */
struct span {
	const char *at;
	size_t len;
};

/* A request or an answer, whole. */
struct head {
	struct span line; /* the first one */
	struct span fields;
};

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* RFC 4648, 4; with a NUL. */
static void base64_write(const uint8_t *bytes, size_t len, char *text)
{
	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)bytes[i] << 16;

		bits |= i + 1 < len ? (uint32_t)bytes[i + 1] << 8 : 0;
		bits |= i + 2 < len ? bytes[i + 2] : 0;
		*text++ = base64_digits[bits >> 18];
		*text++ = base64_digits[bits >> 12 & 63];
		*text++ = i + 1 < len ? base64_digits[bits >> 6 & 63] : '=';
		*text++ = i + 2 < len ? base64_digits[bits & 63] : '=';
	}
	*text = '\0';
}

/* Is it a nonce's, to the last bit? */
static bool is_key(struct span key)
{
	if (key.len != WEBSOCKET_HANDSHAKE_KEY ||
	    memcmp(key.at + key.len - 2, "==", 2) != 0)
		return false;
	for (size_t i = 0; i < key.len - 2; i++) {
		const char *digit =
			key.at[i] ? strchr(base64_digits, key.at[i]) : NULL;

		if (!digit ||
		    (i == key.len - 3 && (digit - base64_digits) % 16))
			return false;
	}
	return true;
}

void websocket_handshake_accept(
	const char *key, size_t len,
	char accept[static WEBSOCKET_HANDSHAKE_ACCEPT + 1])
{
	char text[KEY_MAX + sizeof(GUID)];
	uint8_t digest[SHA1_LEN];

	len = len < KEY_MAX ? len : KEY_MAX;
	memcpy(text, key, len);
	memcpy(text + len, GUID, sizeof(GUID) - 1);
	sha1(text, len + sizeof(GUID) - 1, digest);
	base64_write(digest, sizeof(digest), accept);
}

/*
 * HTTP.
 */

/* RFC 9110, 5.6.2. */
static bool is_token(struct span name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] <= ' ' || name.at[i] > '~' ||
		    strchr("\"(),/:;<=>?@[\\]{}", name.at[i]))
			return false;
	return name.len > 0;
}

/* Printable, and without blanks. */
static bool is_visible(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] <= ' ' || text.at[i] > '~')
			return false;
	return true;
}

static struct span trim(struct span text)
{
	while (text.len > 0 && (*text.at == ' ' || *text.at == '\t')) {
		text.at++;
		text.len--;
	}
	while (text.len > 0 &&
	       (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
		text.len--;
	return text;
}

/* The next one up to the byte, which goes, too; false: there is none. */
static bool part_next(struct span *rest, char end, struct span *part)
{
	const char *found;

	*part = (struct span){ rest->at, 0 };
	if (rest->len == 0)
		return false;
	found = memchr(rest->at, end, rest->len);
	part->len = found ? (size_t)(found - rest->at) : rest->len;
	rest->at += part->len + (found ? 1 : 0);
	rest->len -= part->len + (found ? 1 : 0);
	return true;
}

/* The next field of lines that are all well formed. */
static bool field_next(struct span *rest, struct span *name, struct span *value)
{
	if (!part_next(rest, '\n', value))
		return false;
	value->len--; /* its CR */
	part_next(value, ':', name);
	*value = trim(*value);
	return true;
}

static bool is_named(struct span name, const char *wanted)
{
	return name.len == strlen(wanted) &&
	       strncasecmp(name.at, wanted, name.len) == 0;
}

/* How many fields of that name there are, and the last one's value. */
static unsigned int field_find(const struct head *head, const char *wanted,
			       struct span *value)
{
	struct span rest = head->fields, name, text;
	unsigned int count = 0;

	*value = (struct span){ "", 0 };
	while (field_next(&rest, &name, &text)) {
		if (!is_named(name, wanted))
			continue;
		*value = text;
		count++;
	}
	return count;
}

/* Does a list of that name hold the word? case: RFC 6455, 11.3.4, means it. */
static bool list_holds(const struct head *head, const char *wanted,
		       const char *word, bool exact)
{
	struct span rest = head->fields, name, text, part;

	while (field_next(&rest, &name, &text)) {
		if (!is_named(name, wanted))
			continue;
		while (part_next(&text, ',', &part)) {
			part = trim(part);
			if (is_named(part, word) &&
			    (!exact || !memcmp(part.at, word, part.len)))
				return true;
		}
	}
	return false;
}

/* RFC 9110, 5.5: no field has it. */
static bool is_control(char character)
{
	return ((uint8_t)character < ' ' && character != '\t') ||
	       character == '\x7f';
}

/* NULL, or what is wrong with the lines behind the first. */
static const char *fields_fault(struct span rest)
{
	struct span line, name;
	unsigned int count = 0;

	while (part_next(&rest, '\n', &line)) {
		if (line.len == 0 || line.at[line.len - 1] != '\r')
			return "a line does not end with CR and LF";
		line.len--;
		for (size_t i = 0; i < line.len; i++)
			if (is_control(line.at[i]))
				return "there is a control character in it";
		if (!memchr(line.at, ':', line.len) ||
		    !part_next(&line, ':', &name) || !is_token(name))
			return "a line of it is not a field";
		if (++count > WEBSOCKET_HANDSHAKE_FIELDS)
			return "it has too many fields";
	}
	return NULL;
}

/*
 * Find the end, and the lines. How long it is; 0: not whole, with *why NULL, or
 * it is none.
 */
static size_t head_read(const uint8_t *bytes, size_t len, const char *beginning,
			struct head *head, const char **why)
{
	const char *text = (const char *)bytes, *end;
	size_t most =
		len < WEBSOCKET_HANDSHAKE_MAX ? len : WEBSOCKET_HANDSHAKE_MAX;
	size_t known = strlen(beginning);

	*why = NULL;
	if (memcmp(text, beginning, len < known ? len : known) != 0) {
		*why = "it is not HTTP/1.1";
		return 0;
	}
	end = memmem(text, most, "\r\n\r\n", 4);
	if (!end) {
		if (len >= WEBSOCKET_HANDSHAKE_MAX)
			*why = "it is too long";
		return 0;
	}
	/* Each line with its end, without the empty one. */
	head->fields = (struct span){ text, (size_t)(end - text) + 2 };
	part_next(&head->fields, '\n', &head->line);
	if (head->line.len < known || head->line.at[head->line.len - 1] != '\r')
		*why = "a line does not end with CR and LF";
	else
		*why = fields_fault(head->fields);
	head->line.len--;
	return *why ? 0 : (size_t)(end - text) + 4;
}

/*
 * The client's end.
 */

const char *websocket_handshake_fault(const struct websocket_handshake *shake)
{
	const char *const strings[] = { shake->host, shake->path };

	for (size_t i = 0; i < 2; i++) {
		if (strlen(strings[i]) > WEBSOCKET_HANDSHAKE_STRING)
			return "a host or path is too long";
		if (!is_visible(
			    (struct span){ strings[i], strlen(strings[i]) }))
			return "a host or path has a character that HTTP does "
			       "not know";
	}
	if (*shake->path && *shake->path != '/')
		return "a path begins with '/'";
	if (strlen(shake->protocol) > WEBSOCKET_HANDSHAKE_STRING)
		return "a subprotocol is too long";
	if (*shake->protocol &&
	    !is_token(
		    (struct span){ shake->protocol, strlen(shake->protocol) }))
		return "a subprotocol is one word";
	return NULL;
}

void websocket_handshake_ask(
	struct websocket_handshake *shake,
	const uint8_t nonce[static WEBSOCKET_HANDSHAKE_NONCE])
{
	base64_write(nonce, WEBSOCKET_HANDSHAKE_NONCE, shake->key);
	shake->text_len = (size_t)snprintf(
		shake->text, sizeof(shake->text),
		REQUEST_LINE "%s" REQUEST_END "\r\n"
			     "Host: %s\r\n" UPGRADE "Sec-WebSocket-Key: %s\r\n"
			     "Sec-WebSocket-Version: " VERSION "\r\n"
			     "%s%s%s\r\n",
		*shake->path ? shake->path : "/", shake->host, shake->key,
		*shake->protocol ? "Sec-WebSocket-Protocol: " : "",
		shake->protocol, *shake->protocol ? "\r\n" : "");
}

/* What stands in an answer is quoted as far as it can be printed. */
static void status_quote(struct websocket_handshake *shake, struct span status)
{
	size_t n =
		(size_t)snprintf(shake->why, sizeof(shake->why), "refused: ");

	for (size_t i = 0; i < status.len && n < sizeof(shake->why) - 1; i++)
		shake->why[n++] = status.at[i] >= ' ' && status.at[i] <= '~'
					  ? status.at[i]
					  : '?';
	shake->why[n] = '\0';
}

/* RFC 6455, 4.1: NULL, or why the connection has failed. */
static const char *answer_fault(const struct websocket_handshake *shake,
				const struct head *head)
{
	char accept[WEBSOCKET_HANDSHAKE_ACCEPT + 1];
	struct span value;
	unsigned int count;

	if (!list_holds(head, "Upgrade", "websocket", false) ||
	    !list_holds(head, "Connection", "upgrade", false))
		return "its answer does not upgrade to websocket";
	websocket_handshake_accept(shake->key, strlen(shake->key), accept);
	if (field_find(head, "Sec-WebSocket-Accept", &value) != 1 ||
	    value.len != strlen(accept) ||
	    memcmp(value.at, accept, value.len) != 0)
		return "its Sec-WebSocket-Accept is not that of our key";
	if (field_find(head, "Sec-WebSocket-Extensions", &value) > 0)
		return "it takes an extension that was not offered";
	count = field_find(head, "Sec-WebSocket-Protocol", &value);
	if (count > 0 && !*shake->protocol)
		return "it takes a subprotocol that was not offered";
	if (*shake->protocol &&
	    (count != 1 || value.len != strlen(shake->protocol) ||
	     memcmp(value.at, shake->protocol, value.len) != 0))
		return "it does not take our subprotocol";
	return NULL;
}

int websocket_handshake_answered(struct websocket_handshake *shake,
				 const uint8_t *bytes, size_t len)
{
	struct head head;
	const char *why;
	size_t whole = head_read(bytes, len, STATUS_LINE, &head, &why);

	if (whole == 0 && !why)
		return 0;
	if (!why) {
		struct span status = { head.line.at + strlen(STATUS_LINE),
				       head.line.len - strlen(STATUS_LINE) };

		if (status.len < 3 || memcmp(status.at, "101", 3) != 0 ||
		    (status.len > 3 && status.at[3] != ' ')) {
			status_quote(shake, status);
			return -EPROTO;
		}
		why = answer_fault(shake, &head);
		if (!why)
			return (int)whole;
	} else {
		snprintf(shake->why, sizeof(shake->why),
			 "the answer is not a handshake: %s", why);
		return -EPROTO;
	}
	snprintf(shake->why, sizeof(shake->why), "%s", why);
	return -EPROTO;
}

/*
 * The server's end.
 */

struct refusal {
	const char *status, *more, *why;
};

/* RFC 6455, 4.2.1: all NULL, or why not. */
static struct refusal request_fault(const struct websocket_handshake *shake,
				    const struct head *head, struct span *key)
{
	static const char bad[] = "400 Bad Request";
	struct span rest = head->line, target, value;

	rest.at += strlen(REQUEST_LINE);
	rest.len -= strlen(REQUEST_LINE);
	if (!part_next(&rest, ' ', &target) || target.len == 0 ||
	    !is_visible(target) || rest.len != strlen(REQUEST_END) - 1 ||
	    memcmp(rest.at, &REQUEST_END[1], rest.len) != 0)
		return (struct refusal){ bad, "", "it is not HTTP/1.1" };
	if (field_find(head, "Host", &value) != 1)
		return (struct refusal){ bad, "", "it names no host, or two" };
	if (!list_holds(head, "Upgrade", "websocket", false) ||
	    !list_holds(head, "Connection", "upgrade", false))
		return (struct refusal){ "426 Upgrade Required", UPGRADE,
					 "it asks for no websocket" };
	if (field_find(head, "Sec-WebSocket-Version", &value) != 1 ||
	    !is_named(value, VERSION))
		return (struct refusal){ "426 Upgrade Required",
					 UPGRADE
					 "Sec-WebSocket-Version: " VERSION
					 "\r\n",
					 "its version is not " VERSION };
	if (field_find(head, "Sec-WebSocket-Key", key) != 1 || !is_key(*key))
		return (struct refusal){ bad, "", "its key is not 16 bytes" };
	if (*shake->path && (target.len != strlen(shake->path) ||
			     memcmp(target.at, shake->path, target.len) != 0))
		return (struct refusal){ "404 Not Found", "",
					 "its path is not known" };
	if (*shake->protocol &&
	    !list_holds(head, "Sec-WebSocket-Protocol", shake->protocol, true))
		return (struct refusal){ bad, "",
					 "it does not offer our subprotocol" };
	return (struct refusal){ NULL, NULL, NULL };
}

static int refuse(struct websocket_handshake *shake,
		  const struct refusal *refusal)
{
	shake->text_len =
		(size_t)snprintf(shake->text, sizeof(shake->text),
				 "HTTP/1.1 %s\r\n"
				 "%sConnection: close\r\n"
				 "Content-Type: text/plain\r\n"
				 "Content-Length: %zu\r\n"
				 "\r\n"
				 "%s\n",
				 refusal->status, refusal->more,
				 strlen(refusal->why) + 1, refusal->why);
	snprintf(shake->why, sizeof(shake->why),
		 "its request is not a handshake: %s", refusal->why);
	return -EPROTO;
}

int websocket_handshake_answer(struct websocket_handshake *shake,
			       const uint8_t *bytes, size_t len)
{
	char accept[WEBSOCKET_HANDSHAKE_ACCEPT + 1];
	struct refusal refusal = { "400 Bad Request", "", NULL };
	struct span key;
	struct head head;
	size_t whole = head_read(bytes, len, REQUEST_LINE, &head, &refusal.why);

	if (whole == 0 && !refusal.why)
		return 0;
	if (!refusal.why)
		refusal = request_fault(shake, &head, &key);
	if (refusal.why)
		return refuse(shake, &refusal);
	websocket_handshake_accept(key.at, key.len, accept);
	shake->text_len = (size_t)snprintf(
		shake->text, sizeof(shake->text),
		"HTTP/1.1 101 Switching Protocols\r\n" UPGRADE
		"Sec-WebSocket-Accept: %s\r\n"
		"%s%s%s\r\n",
		accept, *shake->protocol ? "Sec-WebSocket-Protocol: " : "",
		shake->protocol, *shake->protocol ? "\r\n" : "");
	return (int)whole;
}
