/* SPDX-License-Identifier: MIT */
#include "agent/agent.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent_command.h"
#include "agent/agent_files.h"
#include "agent/canary.h"
#include "agent/cpu_look.h"
#include "agent/json_lines.h"
#include "base/json_get.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/process.h"

#define END_MS	     5000 /* for a program to end, when nobody asks any more */
#define NAME_MAX_LEN 32

struct agent_program {
	char name[NAME_MAX_LEN];
	struct process process;
};

struct agent {
	const struct agent_config *config;
	struct agent_restores *restores;
	const struct agent_stop *stop;
	struct agent_program programs[AGENT_PROGRAMS_MAX];
	struct agent_standby standby;
	struct json_lines lines;
	char piece[AGENT_PIECE_MAX];
	size_t behind; /* bytes of piece that follow the answer */
};

/*
 * Answers: each a new reference.
 */

static json_t *done(void)
{
	return json_pack("{s:b}", "ok", 1);
}

static json_t *refused(int err, const char *why)
{
	return json_pack("{s:b,s:i,s:s}", "ok", 0, "errno", -err, "why", why);
}

/* What came of it; whether a command went well its exit code tells. */
static json_t *answered(json_t *answer)
{
	json_object_set_new(answer, "ok", json_true());
	return answer;
}

/*
 * What a request says.
 */

static int timeout_of(const json_t *request)
{
	const json_t *timeout = json_object_get(request, "timeout");
	json_int_t ms = json_integer_value(timeout);

	if (!json_is_integer(timeout) || ms < 0)
		return -1;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

/* A file of our folder. false: no name, or it leads elsewhere. */
static bool file_named(const struct agent *agent, const char *name,
		       char path[static PATH_MAX])
{
	return name && *name && *name != '.' && !strchr(name, '/') &&
	       snprintf(path, PATH_MAX, "%s/%s", agent->config->folder, name) <
		       PATH_MAX;
}

static bool file_of(const struct agent *agent, const json_t *request,
		    const char *member, char path[static PATH_MAX])
{
	return file_named(agent, json_get_text(request, member, NULL), path);
}

/* What an earlier program wrote must not be taken for this one's. false: there
 * is one that can't be removed, or it leads elsewhere. */
static bool files_forget(const struct agent *agent, const json_t *names)
{
	const json_t *name;
	char path[PATH_MAX];
	size_t i;

	json_array_foreach(names, i, name)
	{
		if (!file_named(agent, json_string_value(name), path) ||
		    (unlink(path) < 0 && errno != ENOENT))
			return false;
	}
	return true;
}

static struct agent_program *program_of(struct agent *agent,
					const json_t *request)
{
	const char *name = json_get_text(request, "name", "");

	for (size_t i = 0; i < ARRAY_SIZE(agent->programs); i++)
		if (*name && !strcmp(agent->programs[i].name, name))
			return &agent->programs[i];
	return NULL;
}

/*
 * What can be asked.
 */

static json_t *ask_run(struct agent *agent, const json_t *request)
{
	const char *argv[AGENT_ARGUMENTS_MAX];
	const json_t *list = json_object_get(request, "argv");

	if (!agent_argv(list, argv))
		return refused(-EINVAL, "argv: expected a list of strings");
	return answered(agent_standby_run(
		&agent->standby, list, agent->config->namespace,
		timeout_of(request), &agent->stop->set));
}

static json_t *ask_turn(struct agent *agent, const json_t *request)
{
	const json_t *restore = json_object_get(request, "restore");
	const char *argv[AGENT_ARGUMENTS_MAX];

	if (!agent_argv(restore, argv))
		return refused(-EINVAL, "restore: expected a list of strings");
	/* First: what comes half way is put back, too. */
	if (agent_restores_add(agent->restores, restore) < 0)
		return refused(-ENOSPC, "restore: too many, or too long");
	return ask_run(agent, request);
}

static json_t *ask_standby(struct agent *agent, const json_t *request)
{
	const json_t *words = json_object_get(request, "argv");
	const char *argv[AGENT_ARGUMENTS_MAX];

	if (!agent_argv(words, argv))
		return refused(-EINVAL, "argv: expected a list of strings");
	agent_standby_set(&agent->standby, words);
	return done();
}

/* Not to be interrupted: who stops us wants just that. */
static json_t *ask_restore(struct agent *agent, const json_t *request)
{
	json_t *answer = done();

	json_object_set_new(answer, "commands",
			    agent_restores_run(agent->restores, &agent->standby,
					       agent->config->namespace,
					       timeout_of(request)));
	return answer;
}

static json_t *ask_start(struct agent *agent, const json_t *request)
{
	const char *name = json_get_text(request, "name", "");
	struct process_place place = { .namespace = agent->config->namespace,
				       .cpu = -1 };
	struct agent_program *program = program_of(agent, request);
	char out[PATH_MAX], err[PATH_MAX];
	const char *argv[AGENT_ARGUMENTS_MAX];

	if (!*name || strlen(name) >= NAME_MAX_LEN)
		return refused(-EINVAL, "name: expected 1 to 31 characters");
	if (!agent_argv(json_object_get(request, "argv"), argv))
		return refused(-EINVAL, "argv: expected a list of strings");
	if (file_of(agent, request, "out", out))
		place.out = out;
	if (file_of(agent, request, "err", err))
		place.err = err;
	if (program && process_ended(&program->process) == -EAGAIN)
		return refused(-EBUSY, "it runs already");
	for (size_t i = 0; i < ARRAY_SIZE(agent->programs) && !program; i++)
		if (!*agent->programs[i].name)
			program = &agent->programs[i];
	if (!program)
		return refused(-ENOSPC, "too many programs");
	if (!files_forget(agent, json_object_get(request, "writes")))
		return refused(-EINVAL, "writes: expected files of the folder");
	if (process_start(&program->process, argv, &place) < 0)
		return refused(-EAGAIN, "can't make a process");
	program->process.name = program->name;
	snprintf(program->name, NAME_MAX_LEN, "%s", name);
	return done();
}

static json_t *ask_await(struct agent *agent, const json_t *request)
{
	struct agent_program *program = program_of(agent, request);
	const char *text = json_get_text(request, "text", NULL);
	char path[PATH_MAX];
	int err;

	if (!program)
		return refused(-ESRCH, "no such program");
	if (!text || !file_of(agent, request, "file", path))
		return refused(-EINVAL, "expected file and text");
	err = process_wait_text(&program->process, path, text,
				timeout_of(request), &agent->stop->set);
	return err ? refused(err, log_strerror(err)) : done();
}

static json_t *ask_end(struct agent *agent, const json_t *request)
{
	struct agent_program *program = program_of(agent, request);
	json_int_t signal = json_get_integer(request, "signal");
	int code;

	if (!program)
		return refused(-ESRCH, "no such program");
	code = signal > 0 ? process_stop(&program->process, (int)signal,
					 timeout_of(request))
			  : process_wait(&program->process, timeout_of(request),
					 &agent->stop->set);
	if (code < 0)
		return refused(code, log_strerror(code));
	return json_pack("{s:b,s:i,s:I,s:I}", "ok", 1, "code", code,
			 "max_rss_kib",
			 (json_int_t)program->process.max_rss_kib,
			 "involuntary_switches",
			 (json_int_t)program->process.involuntary_switches);
}

static json_t *ask_cpus(struct agent *agent, const json_t *request)
{
	struct agent_program *program = program_of(agent, request);
	char cpus[256];
	int err;

	if (!program || process_ended(&program->process) != -EAGAIN)
		return refused(-ESRCH, "no such program runs");
	err = process_cpus(&program->process, cpus, sizeof(cpus));
	return err ? refused(err, log_strerror(err))
		   : json_pack("{s:b,s:s}", "ok", 1, "cpus", cpus);
}

/* The CPU that is asked about; -1: none by itself. */
static int cpu_of(const json_t *request)
{
	const json_t *cpu = json_object_get(request, "cpu");
	json_int_t value = json_integer_value(cpu);

	return json_is_integer(cpu) && value >= 0 && value < INT_MAX
		       ? (int)value
		       : -1;
}

static json_t *ask_canary(struct agent *agent, const json_t *request)
{
	struct canary canary;
	int err = canary_take(cpu_of(request), &canary);

	(void)agent;
	return err ? refused(err, log_strerror(err))
		   : json_pack("{s:b,s:f,s:f}", "ok", 1, "call_ns",
			       canary.call_ns, "gap_ns", canary.gap_ns);
}

static json_t *ask_look(struct agent *agent, const json_t *request)
{
	(void)agent;
	return answered(cpu_look(cpu_of(request)));
}

/* Until there is something to read, or we are to stop. */
static void something_wait(const struct agent *agent)
{
	struct pollfd both[] = {
		{ .fd = agent->config->in, .events = POLLIN },
		{ .fd = agent->stop->fd, .events = POLLIN },
	};

	poll(both, ARRAY_SIZE(both), -1);
}

/* Read on. 0 or a negative errno; -EINTR when we are to stop. */
static int lines_fill(struct agent *agent)
{
	something_wait(agent);
	return agent->stop->set ? -EINTR : json_lines_fill(&agent->lines);
}

/* The bytes behind a request: they come whatever becomes of it. */
static int piece_take(struct agent *agent, size_t len)
{
	size_t have = 0;
	int err = 0;

	while (have < len && !err) {
		size_t n = json_lines_take_bytes(
			&agent->lines, agent->piece + have, len - have);

		have += n;
		if (n == 0)
			err = lines_fill(agent);
	}
	return err;
}

static json_t *ask_put(struct agent *agent, const json_t *request)
{
	json_int_t len = json_get_integer(request, JSON_LINES_BYTES);
	json_int_t at = json_get_integer(request, "at");
	char path[PATH_MAX];
	int err;

	if (len < 0 || (size_t)len > AGENT_PIECE_MAX || at < 0)
		return refused(-EINVAL, "bytes, at: out of range");
	err = piece_take(agent, (size_t)len);
	if (err)
		return refused(err, log_strerror(err));
	if (!file_of(agent, request, "file", path))
		return refused(-EINVAL, "expected a file");
	err = agent_file_write(path, (off_t)at, agent->piece, (size_t)len);
	return err ? refused(err, log_strerror(err)) : done();
}

static json_t *ask_take(struct agent *agent, const json_t *request)
{
	json_int_t at = json_get_integer(request, "at");
	char path[PATH_MAX];
	off_t size = 0;
	ssize_t n;

	if (at < 0 || !file_of(agent, request, "file", path))
		return refused(-EINVAL, "expected a file");
	n = agent_file_read(path, (off_t)at, agent->piece, AGENT_PIECE_MAX,
			    &size);
	if (n < 0)
		return refused((int)n, log_strerror((int)n));
	agent->behind = (size_t)n;
	return json_pack("{s:b,s:I,s:I}", "ok", 1, JSON_LINES_BYTES,
			 (json_int_t)n, "size", (json_int_t)size);
}

static json_t *answer_of(struct agent *agent, const json_t *request)
{
	static const struct {
		const char *name;
		json_t *(*ask)(struct agent *agent, const json_t *request);
	} all[] = {
		{ "turn", ask_turn },	  { "restore", ask_restore },
		{ "run", ask_run },	  { "start", ask_start },
		{ "await", ask_await },	  { "end", ask_end },
		{ "cpus", ask_cpus },	  { "put", ask_put },
		{ "take", ask_take },	  { "standby", ask_standby },
		{ "canary", ask_canary }, { "look", ask_look },
	};
	const char *name = json_get_text(request, "do", "");

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!strcmp(all[i].name, name))
			return all[i].ask(agent, request);
	return refused(-ENOSYS, "do: no such request");
}

/*
 * The connection.
 */

static int line_answer(struct agent *agent, json_t *request, int taken)
{
	json_t *answer;
	int err;

	agent->behind = 0;
	answer = taken < 0 ? refused(taken, "expected a JSON object")
			   : answer_of(agent, request);
	err = json_lines_write(agent->config->out, answer);
	if (!err)
		err = json_lines_write_bytes(agent->config->out, agent->piece,
					     agent->behind);
	json_decref(request);
	json_decref(answer);
	return err;
}

static int lines_serve(struct agent *agent)
{
	int err = 0;

	while (!agent->stop->set && !err) {
		json_t *request = NULL;
		int taken = json_lines_take(&agent->lines, &request);

		err = taken ? line_answer(agent, request, taken)
			    : lines_fill(agent);
	}
	return err == -EPIPE || err == -EINTR ? 0 : err;
}

int agent_serve(const struct agent_config *config,
		struct agent_restores *restores, const struct agent_stop *stop)
{
	json_t *greeting = json_pack("{s:s}", "agent", AGENT_GREETING);
	struct agent *agent = calloc(1, sizeof(*agent));
	int err = agent && greeting ? json_lines_write(config->out, greeting)
				    : -ENOMEM;

	json_decref(greeting);
	if (agent) {
		agent->config = config;
		agent->restores = restores;
		agent->stop = stop;
		agent->lines.fd = config->in;
	}
	if (!err)
		err = lines_serve(agent);
	if (err)
		log_error("the connection: %s", log_strerror(err));
	if (!agent)
		return err;
	json_lines_close(&agent->lines);
	agent_standby_close(&agent->standby);
	/* Last started, first ended: the trader before its exchange. */
	for (size_t i = AGENT_PROGRAMS_MAX; i-- > 0;)
		process_stop(&agent->programs[i].process, SIGTERM, END_MS);
	free(agent);
	return err;
}
