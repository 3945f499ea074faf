/* SPDX-License-Identifier: MIT */
#include "net/onload.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define DEVICE	"/dev/onload" /* of its driver, sfc_char and onload */
#define COMMAND "onload"
#define STARTED "T2T_ONLOAD" /* set: the command was asked already */
#define NO_FAIL "EF_NO_FAIL" /* 1, its default: rather the kernel than fail */
#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define CAPITAL "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS	"0123456789"

/* "EF_NAME=VALUE", so long. */
static bool is_setting(const char *text, size_t len)
{
	const size_t name = strspn(text, CAPITAL DIGITS "_");

	return name > 3 && name + 1 < len && !strncmp(text, "EF_", 3) &&
	       text[name] == '=';
}

int onload_parse(const char *text, void *target, const char **why)
{
	const char *at = text + strspn(text, LETTERS CAPITAL DIGITS "-_");

	*why = "expected PROFILE[:EF_NAME=VALUE,...], as in "
	       "latency:EF_POLL_USEC=100";
	if (at == text || *text == '-' || strlen(text) >= ONLOAD_TEXT_MAX ||
	    (*at && *at != ':'))
		return -EINVAL;
	while (*at) {
		const size_t len = strcspn(++at, ",");

		if (!is_setting(at, len))
			return -EINVAL;
		at += len;
	}
	*(const char **)target = text;
	return 0;
}

bool onload_is_here(void)
{
	int (*is_present)(void);

	*(void **)&is_present = dlsym(RTLD_DEFAULT, "onload_is_present");
	return is_present && is_present();
}

/* Of a list that is cut to pieces. */
static int settings_take(char *settings)
{
	char *rest = NULL;

	for (char *one = strtok_r(settings, ",", &rest); one;
	     one = strtok_r(NULL, ",", &rest)) {
		char *value = strchr(one, '=');

		*value = '\0';
		if (setenv(one, value + 1, 1) < 0)
			return -errno;
	}
	return 0;
}

static int start(char *profile, char **argv)
{
	char option[ONLOAD_TEXT_MAX + 16], *settings = strchr(profile, ':');
	char command[] = COMMAND;
	char **under;
	int argc = 0, err;

	if (settings)
		*settings++ = '\0';
	while (argv[argc])
		argc++;
	under = calloc((size_t)argc + 3, sizeof(*under));
	if (!under)
		return -ENOMEM;
	snprintf(option, sizeof(option), "--profile=%s", profile);
	under[0] = command;
	under[1] = option;
	memcpy(under + 2, argv, (size_t)argc * sizeof(*under));
	/* A socket that it can't take over ends the trial, and is not quietly
	 * one of the kernel's; unless that is asked for. */
	err = setenv(NO_FAIL, "0", 0) < 0 ? -errno : 0;
	if (!err && settings)
		err = settings_take(settings);
	if (!err && setenv(STARTED, "1", 1) < 0)
		err = -errno;
	if (!err) {
		execvp(COMMAND, under);
		err = -errno;
	}
	free(under);
	return err;
}

int onload_enter(const char *text, char **argv)
{
	char profile[ONLOAD_TEXT_MAX];
	int err;

	if (onload_is_here())
		return 0;
	if (getenv(STARTED)) {
		log_error("--onload %s: %s started this without its library",
			  text, COMMAND);
		return -ELIBACC;
	}
	if (access(DEVICE, R_OK | W_OK) < 0) {
		err = -errno;
		log_error("--onload %s: %s: %s%s", text, DEVICE,
			  log_strerror(err),
			  err == -ENOENT ? ": its driver is not loaded here"
					 : "");
		return err == -ENOENT ? -ENODEV : err;
	}
	snprintf(profile, sizeof(profile), "%s", text);
	err = start(profile, argv);
	log_error("--onload %s: can't start %s: %s", text, COMMAND,
		  log_strerror(err));
	return err;
}
