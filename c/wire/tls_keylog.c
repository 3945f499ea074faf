/* SPDX-License-Identifier: MIT */
#include "wire/tls_keylog.h"

#include <string.h>

static const char *const labels[TLS_LABELS] = {
	[TLS_CLIENT_EARLY] = "CLIENT_EARLY_TRAFFIC_SECRET",
	[TLS_CLIENT_HANDSHAKE] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
	[TLS_SERVER_HANDSHAKE] = "SERVER_HANDSHAKE_TRAFFIC_SECRET",
	[TLS_CLIENT_TRAFFIC] = "CLIENT_TRAFFIC_SECRET_0",
	[TLS_SERVER_TRAFFIC] = "SERVER_TRAFFIC_SECRET_0",
};

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* How many bytes the hexadecimal digits make; 0: none, an odd number of them,
 * or more than max. */
static size_t hex_read(const char **text, uint8_t *bytes, size_t max)
{
	size_t n = 0;
	int high, low;

	while ((high = digit((*text)[0])) >= 0) {
		low = digit((*text)[1]);
		if (low < 0 || n == max)
			return 0;
		bytes[n++] = (uint8_t)(high << 4 | low);
		*text += 2;
	}
	return n;
}

/* The label of *line, which then points behind its blank; TLS_LABELS: none. */
static enum tls_label label_read(const char **line)
{
	const size_t len = strcspn(*line, " ");

	for (int i = 0; i < TLS_LABELS; i++) {
		if (strlen(labels[i]) != len || !(*line)[len] ||
		    memcmp(labels[i], *line, len) != 0)
			continue;
		*line += len + 1;
		return (enum tls_label)i;
	}
	return TLS_LABELS;
}

bool tls_keylog_read(const char *line, struct tls_keylog_entry *entry)
{
	entry->label = label_read(&line);
	if (entry->label == TLS_LABELS)
		return false;
	if (hex_read(&line, entry->random, TLS_RANDOM_LEN) != TLS_RANDOM_LEN ||
	    *line++ != ' ')
		return false;
	entry->secret_len = hex_read(&line, entry->secret, TLS_SECRET_MAX);
	return entry->secret_len > 0 && line[strspn(line, "\r\n")] == '\0';
}

const struct tls_keylog_entry *tls_keylog_find(
	const struct tls_keylog *log, enum tls_label label,
	const uint8_t random[static TLS_RANDOM_LEN])
{
	for (size_t i = log->count; i-- > 0;)
		if (log->entries[i].label == label &&
		    !memcmp(log->entries[i].random, random, TLS_RANDOM_LEN))
			return &log->entries[i];
	return NULL;
}
