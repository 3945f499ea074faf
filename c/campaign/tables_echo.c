/* SPDX-License-Identifier: MIT */
#include "campaign/tables_echo.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/log.h"
#include "base/mem.h"
#include "campaign/trial_keys.h"
#include "net/process.h"

#define PORT	   9100
#define GROUP	   "239.255.0.9"
#define SERVING_MS 10000
#define CLIENT_MS  120000
#define STOP_MS	   2000
#define WORDS_MAX  40

/* A command line, and what it points into. */
struct command {
	const char *argv[WORDS_MAX + 1];
	unsigned int count;
	char text[4096];
	size_t used;
};

struct pair {
	char name[64]; /* of its file */
	char address[32];
	int server_cpu, client_cpu;
	struct process server, client;
	struct command server_command, client_command;
	char serving[PATH_MAX], out[PATH_MAX], log[PATH_MAX];
};

static void word_add(struct command *command, const char *word, size_t len)
{
	char *to = command->text + command->used;

	if (command->count == WORDS_MAX ||
	    command->used + len + 1 > sizeof(command->text))
		return;
	memcpy(to, word, len);
	to[len] = '\0';
	command->used += len + 1;
	command->argv[command->count++] = to;
	command->argv[command->count] = NULL;
}

static void text_add(struct command *command, const char *text)
{
	word_add(command, text, strlen(text));
}

/* Words with blanks between; an encrypted channel has that end's keys. */
static void words_add(struct command *command, const char *text,
		      const struct tables_site *site, enum trial_role role)
{
	while (text && *text) {
		const size_t len = strcspn(text, " ");
		char word[PATH_MAX], with[CHANNEL_TEXT_MAX];

		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		if (site->keys[0] >= 0 && channel_is_encrypted(word) &&
		    trial_keys_name(site->keys, role, word, with) == 0)
			text_add(command, with);
		else
			text_add(command, word);
		text += len;
		text += strspn(text, " ");
	}
}

static void commands_make(const struct tables_site *site,
			  const struct measure *measure, struct pair *pair)
{
	struct command *server = &pair->server_command;
	struct command *client = &pair->client_command;
	const bool group = !strncmp(pair->address, GROUP, strlen(GROUP));
	char program[PATH_MAX], number[32];

	snprintf(program, sizeof(program), "%s/t2t-echo", site->programs);
	text_add(server, program);
	text_add(server, "--serve");
	text_add(server, pair->address);
	words_add(server, measure->both, site, TRIAL_EXCHANGE);
	text_add(client, program);
	text_add(client, "--connect");
	text_add(client, pair->address);
	words_add(client, measure->both, site, TRIAL_TRADER);
	words_add(client, measure->client, site, TRIAL_TRADER);
	if (group) {
		text_add(server, "--interface");
		text_add(server, TABLES_SERVER_INTERFACE);
		text_add(client, "--interface");
		text_add(client, TABLES_CLIENT_INTERFACE);
	}
	snprintf(number, sizeof(number), "%" PRIu64,
		 measure->fewer && site->messages > measure->fewer
			 ? site->messages / measure->fewer
			 : site->messages);
	text_add(client, "--messages");
	text_add(client, number);
	snprintf(number, sizeof(number), "%" PRIu64, site->handshakes);
	text_add(client, "--handshakes");
	text_add(client, number);
	text_add(client, "--json");
	text_add(client, "--quiet");
	text_add(client, "--timeout-ms");
	text_add(client, "10000");
}

/* 0, or a negative errno: not of its own doing. */
static int pair_serve(const struct tables_site *site, struct pair *pair)
{
	const struct process_place place = { .namespace = site->server,
					     .cpu = pair->server_cpu,
					     .out = pair->serving,
					     .err = pair->log };
	int err =
		process_start(&pair->server, pair->server_command.argv, &place);

	return err ? err
		   : process_wait_text(&pair->server, pair->serving, "serving",
				       SERVING_MS, site->stop);
}

static int pair_connect(const struct tables_site *site, struct pair *pair)
{
	const struct process_place place = { .namespace = site->client,
					     .cpu = pair->client_cpu,
					     .out = pair->out,
					     .err = pair->log };

	return process_start(&pair->client, pair->client_command.argv, &place);
}

/* The last line of its log, without the program's name. */
static void reason_read(const char *path, int code, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	char line[512];

	snprintf(text, size, "t2t-echo ended with %d", code);
	while (file && fgets(line, sizeof(line), file)) {
		const char *said = strstr(line, "error: ");

		line[strcspn(line, "\n")] = '\0';
		if (said)
			snprintf(text, size, "%s", said + strlen("error: "));
	}
	if (file)
		fclose(file);
}

/* What a client that failed leaves in place of its figures. */
static int failure_write(const char *path, const char *reason)
{
	json_t *json = json_pack("{s:s,s:s}", "schema", "t2t-echo/1", "failed",
				 reason);
	struct atomic_file whole;
	int err = json ? atomic_file_open(&whole, path) : -ENOMEM;

	if (!err) {
		json_dumpf(json, whole.file, JSON_INDENT(2));
		fputc('\n', whole.file);
		err = atomic_file_close(&whole, 0);
	}
	json_decref(json);
	return err;
}

/* Give the figures their name. */
static int pair_keep(struct pair *pair, int code, const char *folder)
{
	char path[PATH_MAX + 80], reason[512];
	int err = 0;

	snprintf(path, sizeof(path), "%s/%s.json", folder, pair->name);
	if (code != 0) {
		reason_read(pair->log, code, reason, sizeof(reason));
		err = failure_write(path, reason);
		unlink(pair->out);
	} else if (rename(pair->out, path) < 0) {
		err = -errno;
		log_error("%s: %s", path, log_strerror(err));
	}
	unlink(pair->serving);
	unlink(pair->log);
	return err;
}

static void pair_name(const struct tables_site *site,
		      const struct measure *measure, const char *folder,
		      unsigned int i, struct pair *pair)
{
	const bool many = measure->kind == MEASURE_MANY;
	const unsigned int n = site->cpu_count;
	const bool group = strstr(measure->both, "--over multicast");

	memset(pair, 0, sizeof(*pair));
	snprintf(pair->name, sizeof(pair->name), many ? "%s.%u" : "%s",
		 measure->name, i);
	snprintf(pair->address, sizeof(pair->address), "%s:%u",
		 group ? GROUP : TABLES_SERVER_ADDRESS, PORT + i);
	pair->server_cpu = n < 2 ? -1 : site->cpus[many ? i : 0];
	pair->client_cpu = n < 2 ? -1 : site->cpus[many ? (i + 1) % n : n - 1];
	snprintf(pair->serving, sizeof(pair->serving), "%s/%.63s.serving",
		 folder, pair->name);
	snprintf(pair->out, sizeof(pair->out), "%s/%.63s.part", folder,
		 pair->name);
	snprintf(pair->log, sizeof(pair->log), "%s/%.63s.log", folder,
		 pair->name);
	commands_make(site, measure, pair);
}

int tables_echo(const struct tables_site *site, const struct measure *measure,
		const char *folder)
{
	static struct pair pairs[TABLES_CPUS_MAX];
	const unsigned int count =
		measure->kind == MEASURE_MANY ? site->cpu_count : 1;
	int err = 0;

	for (unsigned int i = 0; i < count; i++)
		pair_name(site, measure, folder, i, &pairs[i]);
	/* A server that ends at once has said why: its pair's failure. */
	for (unsigned int i = 0; err != -EINTR && i < count; i++)
		err = pair_serve(site, &pairs[i]);
	for (unsigned int i = 0; !err && i < count; i++)
		err = pair_connect(site, &pairs[i]);
	for (unsigned int i = 0; i < count; i++) {
		struct pair *pair = &pairs[i];
		int code = err ? 1
			       : process_wait(&pair->client, CLIENT_MS,
					      site->stop);

		if (code == -EINTR)
			err = -EINTR;
		process_stop(&pair->client, SIGTERM, STOP_MS);
		process_stop(&pair->server, SIGTERM, STOP_MS);
		if (err != -EINTR) {
			int kept = pair_keep(pair, code, folder);

			err = kept ? kept : err;
		}
	}
	return err == -EINTR || err == -ENOSPC ? err : 0;
}
