/* SPDX-License-Identifier: MIT */
#include "campaign/arm_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "receive/receive_ops.h"

/* Behind a receive path: a slow-down, to see whether the lab finds it; and a
 * build of the trader. */
#define HANDICAP "@handicap="
#define BUILD	 "@build="
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

/* The value behind one of an arm's suffixes, up to the next one; NULL: it has
 * none. */
static const char *suffix_value(const char *arm, const char *suffix,
				size_t *length)
{
	const char *at = strstr(arm, suffix);

	if (!at)
		return NULL;
	at += strlen(suffix);
	*length = strcspn(at, "@");
	return at;
}

static struct arm arm_make(const char *name, const char *more,
			   const struct arm_programs *programs,
			   struct arm_text *text)
{
	size_t receive_len = strcspn(name, "+@"), length;
	const struct arm_build *build = NULL;
	const char *value;
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
	value = suffix_value(name, HANDICAP, &length);
	if (value) {
		snprintf(text->handicap, sizeof(text->handicap), "%.*s",
			 (int)length, value);
		text->trader[n++] = "--inject-delay-ns";
		text->trader[n++] = text->handicap;
	}
	value = suffix_value(name, BUILD, &length);
	if (value)
		build = arm_build_find(programs->builds, value, length);
	return (struct arm){ .name = text->name,
			     .receive = text->receive,
			     .program =
				     build ? build->layouts[0]
					   : program_of(name, programs->peer),
			     .layouts = build ? build->layouts : NULL,
			     .trader = n ? text->trader : NULL };
}

/* A slow-down in digits, or one of the builds. */
static bool suffix_known(const char *suffix, size_t length,
			 const struct arm_programs *programs)
{
	const size_t handicap = strlen(HANDICAP), build = strlen(BUILD);

	if (length > handicap && !strncmp(suffix, HANDICAP, handicap))
		return strspn(suffix + handicap, "0123456789") ==
		       length - handicap;
	return length > build && !strncmp(suffix, BUILD, build) &&
	       arm_build_find(programs->builds, suffix + build, length - build);
}

/* What stands behind a receive path is known. */
static int suffixes_check(const char *arm, const struct arm_programs *programs)
{
	const char *suffix = strchr(arm, '@');

	while (suffix) {
		const size_t length = 1 + strcspn(suffix + 1, "@");

		if (!suffix_known(suffix, length, programs)) {
			log_error("--arms: '%s': expected PATH" HANDICAP
				  "NS or PATH" BUILD "NAME of --builds, not "
				  "'%.*s'",
				  arm, (int)length, suffix);
			return -EINVAL;
		}
		suffix = suffix[length] ? suffix + length : NULL;
	}
	return 0;
}

static int peer_check(const char *peer)
{
	size_t len = peer ? strcspn(peer, "=") : 0;

	if (!peer || (len > 0 && peer[len] && peer[len + 1]))
		return 0;
	log_error("--trader: '%s': expected PATH=PROGRAM", peer);
	return -EINVAL;
}

int arm_text_read(char *text, const struct arm_programs *programs,
		  struct campaign_config *campaign,
		  struct arm_text texts[static CAMPAIGN_ARMS_MAX])
{
	unsigned int n = 0;
	char *arm;

	if (peer_check(programs->peer) < 0)
		return -EINVAL;
	while ((arm = strsep(&text, " "))) {
		if (!*arm)
			continue;
		if (n == CAMPAIGN_ARMS_MAX - 1)
			goto wrong_number;
		if (suffixes_check(arm, programs) < 0)
			return -EINVAL;
		campaign->arms[n] = arm_make(arm, "", programs, &texts[n]);
		n++;
	}
	if (n == 0)
		goto wrong_number;
	/* The A/A pair, always. */
	campaign->arms[n] = arm_make(texts[0].name, AGAIN, programs, &texts[n]);
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
		/* Of machines it lies on one of them. */
		if (arm->site || access(arm->program, X_OK) == 0)
			return 0;
		log_error("%s: %s: %s: %s",
			  arm->layouts ? "a build" : "--trader", arm->name,
			  arm->program, log_strerror(-errno));
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
