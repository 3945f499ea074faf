/* SPDX-License-Identifier: MIT */
#include "agent/agent_restores.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/json_get.h"
#include "base/log.h"

struct agent_restores *agent_restores_open(void)
{
	void *shared =
		mmap(NULL, sizeof(struct agent_restores),
		     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared != MAP_FAILED)
		return shared;
	log_error("no memory for what is to be put back: %s",
		  log_strerror(-errno));
	return NULL;
}

int agent_restores_add(struct agent_restores *restores, const json_t *argv)
{
	unsigned int count = atomic_load(&restores->count);
	size_t len;

	if (count == AGENT_RESTORES_MAX)
		return -ENOSPC;
	len = json_dumpb(argv, restores->text[count], AGENT_RESTORE_TEXT_MAX,
			 JSON_COMPACT);
	if (len == 0 || len >= AGENT_RESTORE_TEXT_MAX)
		return -ENOSPC;
	restores->text[count][len] = '\0';
	/* Now it is whole: a kill right here loses nothing that was turned. */
	atomic_store(&restores->count, count + 1);
	return 0;
}

/* A new reference; NULL: none is owed. */
static json_t *last_owed(const struct agent_restores *restores)
{
	unsigned int count = atomic_load(&restores->count);

	return count ? json_loads(restores->text[count - 1], 0, NULL) : NULL;
}

json_t *agent_restores_run(struct agent_restores *restores,
			   struct agent_standby *standby, int namespace,
			   int timeout_ms)
{
	json_t *commands = json_array(), *argv;

	while ((argv = last_owed(restores))) {
		json_t *answer = agent_standby_run(standby, argv, namespace,
						   timeout_ms, NULL);

		/* Not sooner: we may have been killed amidst it. */
		atomic_fetch_sub(&restores->count, 1);
		if (json_get_integer(answer, "code") != 0)
			log_error("can't put back, by %s: exit code %lld: %s",
				  json_string_value(json_array_get(argv, 0)),
				  (long long)json_get_integer(answer, "code"),
				  json_get_text(answer, "err", ""));
		json_array_append_new(commands, answer);
		json_decref(argv);
	}
	return commands;
}

int agent_restores_end(struct agent_restores *restores, int namespace,
		       int timeout_ms)
{
	json_t *commands =
		agent_restores_run(restores, NULL, namespace, timeout_ms);
	const json_t *one;
	int err = 0;
	size_t i;

	json_array_foreach(commands, i, one)
	{
		if (json_get_integer(one, "code") != 0)
			err = -EIO;
	}
	json_decref(commands);
	return err;
}
