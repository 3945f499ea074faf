/* SPDX-License-Identifier: MIT */
#include "campaign/arm_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "receive/receive_ops.h"

/* Behind a receive path: a slow-down, to see whether the lab finds it. */
#define HANDICAP "@handicap="
#define AGAIN	 "@again"

/* Is the text a receive path of this name, whatever its options? */
static bool path_is(const char *text, const char *name, size_t name_len)
{
	return strcspn(text, ":+@") == name_len &&
	       !memcmp(text, name, name_len);
}

/* Its program, if the arm is one of the peer's. */
static const char *program_of(const char *arm, const char *peer)
{
	size_t len = peer ? strcspn(peer, "=") : 0;

	return peer && path_is(arm, peer, len) ? peer + len + 1 : NULL;
}

static struct arm arm_make(const char *name, const char *more, const char *peer,
			   struct arm_text *text)
{
	const char *handicap = strstr(name, HANDICAP);
	size_t receive_len = strcspn(name, "+@");
	unsigned int n = 0;

	snprintf(text->name, sizeof(text->name), "%s%s", name, more);
	snprintf(text->receive, sizeof(text->receive), "%.*s", (int)receive_len,
		 name);
	if (name[receive_len] == '+') {
		const char *transport = name + receive_len + 1;

		snprintf(text->transport, sizeof(text->transport), "%.*s",
			 (int)strcspn(transport, "@"), transport);
		text->trader[n++] = "--transport";
		text->trader[n++] = text->transport;
	}
	if (handicap) {
		snprintf(text->handicap, sizeof(text->handicap), "%s",
			 handicap + strlen(HANDICAP));
		text->trader[n++] = "--inject-delay-ns";
		text->trader[n++] = text->handicap;
	}
	return (struct arm){ .name = text->name,
			     .receive = text->receive,
			     .program = program_of(name, peer),
			     .trader = n ? text->trader : NULL };
}

/* The A/A pair's, or a slow-down in digits. */
static bool suffix_known(const char *suffix)
{
	const size_t len = strlen(HANDICAP);

	if (!strcmp(suffix, AGAIN))
		return true;
	if (strncmp(suffix, HANDICAP, len) != 0 || !suffix[len])
		return false;
	return strspn(suffix + len, "0123456789") == strlen(suffix + len);
}

/* What stands behind a receive path is known. */
static int suffix_check(const char *arm)
{
	const char *suffix = strchr(arm, '@');

	if (!suffix || suffix_known(suffix))
		return 0;
	log_error("--arms: '%s': expected PATH" HANDICAP "NS, not '%s'", arm,
		  suffix);
	return -EINVAL;
}

static int peer_check(const char *peer)
{
	size_t len = peer ? strcspn(peer, "=") : 0;

	if (!peer || (len > 0 && peer[len] && peer[len + 1]))
		return 0;
	log_error("--trader: '%s': expected PATH=PROGRAM", peer);
	return -EINVAL;
}

int arm_text_read(char *text, const char *peer,
		  struct campaign_config *campaign,
		  struct arm_text texts[static CAMPAIGN_ARMS_MAX])
{
	unsigned int n = 0;
	char *arm;

	if (peer_check(peer) < 0)
		return -EINVAL;
	while ((arm = strsep(&text, " "))) {
		if (!*arm)
			continue;
		if (n == CAMPAIGN_ARMS_MAX - 1)
			goto wrong_number;
		if (suffix_check(arm) < 0)
			return -EINVAL;
		campaign->arms[n] = arm_make(arm, "", peer, &texts[n]);
		n++;
	}
	if (n == 0)
		goto wrong_number;
	/* The A/A pair, always. */
	campaign->arms[n] = arm_make(texts[0].name, AGAIN, peer, &texts[n]);
	campaign->arm_count = n + 1;
	return 0;
wrong_number:
	log_error("--arms: expected 1 to %d receive paths",
		  CAMPAIGN_ARMS_MAX - 1);
	return -EINVAL;
}

int arm_text_check(const struct arm *arm)
{
	const struct receive_ops *ops;

	if (arm->program) {
		if (access(arm->program, X_OK) == 0)
			return 0;
		log_error("--trader: %s: %s", arm->program,
			  log_strerror(-errno));
		return -EINVAL;
	}
	for (unsigned int i = 0; (ops = receive_path(i)); i++)
		if (path_is(arm->receive, ops->entry.name,
			    strlen(ops->entry.name)) &&
		    !(ops->caps & RECEIVE_MEMORY))
			return 0;
	log_error("--arms: '%s' is not a receive path of the network: "
		  "'t2t-trader --receive help' lists them",
		  arm->receive);
	return -EINVAL;
}
