/* SPDX-License-Identifier: MIT */
#include "tests/support/channel_choice.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "order/tls_keys.h"

static char folder[] = "/tmp/t2t-keys-XXXXXX";
static pid_t owner;

static void folder_remove(void)
{
	static const char *const files[] = { "ca.pem", "exchange.pem",
					     "exchange.key", "trader.pem",
					     "trader.key" };
	char path[PATH_MAX];

	if (getpid() != owner)
		return;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		unlink(path);
	}
	rmdir(folder);
}

const char *channel_choice_keys(void)
{
	const struct tls_keys_config config = { .folder = folder,
						.host = "exchange",
						.days = 1 };

	if (owner)
		return folder;
	if (!mkdtemp(folder) || tls_keys_make(&config) < 0)
		abort();
	owner = getpid();
	atexit(folder_remove);
	return folder;
}

const char *channel_choice(const char *name)
{
	static char text[PATH_MAX];

	if (strcmp(name, "tls") != 0)
		return name;
	snprintf(text, sizeof(text), "tls:folder=%s,inner=login",
		 channel_choice_keys());
	return text;
}
