/* SPDX-License-Identifier: MIT */
#include "campaign/arm_build.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/random.h"

static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

static int layouts_find(const char *folder, struct arm_build *build)
{
	char pattern[PATH_MAX];
	glob_t found;
	int err = 0;

	snprintf(pattern, sizeof(pattern), "%s/t2t-trader*", folder);
	if (glob(pattern, 0, NULL, &found) != 0) {
		log_error("--builds: %s: no t2t-trader in %s", build->name,
			  folder);
		return -EINVAL;
	}
	if (found.gl_pathc > ARM_BUILD_LAYOUTS) {
		log_error("--builds: %s: %zu programs in %s: at most %d",
			  build->name, found.gl_pathc, folder,
			  ARM_BUILD_LAYOUTS);
		err = -EINVAL;
	}
	for (size_t i = 0; i < found.gl_pathc && !err; i++) {
		build->layouts[i] = strdup(found.gl_pathv[i]);
		err = build->layouts[i] ? 0 : -ENOMEM;
	}
	globfree(&found);
	return err;
}

static int build_read(char *text, struct arm_build *builds, unsigned int n)
{
	char *folder = strchr(text, '=');
	const size_t length = folder ? (size_t)(folder - text) : 0;

	if (length == 0 || length >= ARM_BUILD_NAME_MAX || !folder[1] ||
	    strspn(text, name_bytes) != length) {
		log_error("--builds: '%s': expected NAME=FOLDER", text);
		return -EINVAL;
	}
	if (arm_build_find(builds, text, length)) {
		log_error("--builds: '%s': there is one of that name", text);
		return -EINVAL;
	}
	memcpy(builds[n].name, text, length);
	return layouts_find(folder + 1, &builds[n]);
}

int arm_builds_read(const char *text,
		    struct arm_build builds[static ARM_BUILDS_MAX])
{
	char *copy, *rest, *one;
	unsigned int n = 0;
	int err = 0;

	memset(builds, 0, ARM_BUILDS_MAX * sizeof(*builds));
	if (!text)
		return 0;
	copy = rest = strdup(text);
	if (!copy)
		return -ENOMEM;
	while (!err && (one = strsep(&rest, " "))) {
		if (!*one)
			continue;
		if (n == ARM_BUILDS_MAX) {
			log_error("--builds: at most %d", ARM_BUILDS_MAX);
			err = -EINVAL;
		} else {
			err = build_read(one, builds, n++);
		}
	}
	free(copy);
	return err;
}

void arm_builds_close(struct arm_build builds[static ARM_BUILDS_MAX])
{
	for (unsigned int i = 0; i < ARM_BUILDS_MAX; i++)
		for (const char **layout = builds[i].layouts; *layout; layout++)
			free((char *)(uintptr_t)*layout);
	memset(builds, 0, ARM_BUILDS_MAX * sizeof(*builds));
}

const struct arm_build *arm_build_find(const struct arm_build *builds,
				       const char *name, size_t name_len)
{
	for (unsigned int i = 0; i < ARM_BUILDS_MAX && *builds[i].name; i++)
		if (strlen(builds[i].name) == name_len &&
		    !memcmp(builds[i].name, name, name_len))
			return &builds[i];
	return NULL;
}

void arm_build_draw(struct arm *arm, uint64_t seed, unsigned int number)
{
	uint64_t random = seed, count = 0;

	if (!arm->layouts)
		return;
	while (arm->layouts[count])
		count++;
	/* Of each trial its own, whatever was drawn before. */
	random = random_next(&random) + number;
	arm->program = arm->layouts[random_below(&random, count)];
	arm->padding =
		1 + (unsigned int)random_below(&random, ARM_BUILD_PADDING);
}

json_t *arm_build_json(const struct arm *arm)
{
	return json_pack("{s:s,s:i}", "program", arm->program, "padding",
			 (int)arm->padding);
}
