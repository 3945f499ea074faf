/* SPDX-License-Identifier: MIT */
#include "exchange/formatter.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "exchange/line_format_state.h"

static const struct {
	const char *name;
	line_format_function *format;
} shipped[] = {
	{ "auto", line_format_auto },
	{ "tardis-csv", line_format_csv },
	{ "json-lines", line_format_json },
};

static bool is_file(const char *text)
{
	size_t len = strlen(text);

	return strchr(text, '/') || (len > 3 && !strcmp(text + len - 3, ".so"));
}

static int refused(const char *path, const char *why)
{
	log_error("--format: %s: %s", path, why);
	return -ELIBACC;
}

static int file_load(const char *path, struct formatter *formatter)
{
	const unsigned int *version;
	char here[4096], why[96];

	/* Without a slash dlopen(3) would search the system's folders. */
	if (snprintf(here, sizeof(here), "%s%s", strchr(path, '/') ? "" : "./",
		     path) >= (int)sizeof(here))
		return refused(path, log_reason(-ENAMETOOLONG));
	formatter->library = dlopen(here, RTLD_NOW | RTLD_LOCAL);
	if (!formatter->library) {
		log_error("--format: %s", dlerror());
		return -ELIBACC;
	}
	version = dlsym(formatter->library, "line_format_version");
	if (version && *version != LINE_FORMAT_VERSION) {
		snprintf(why, sizeof(why),
			 "it is made for line_format.h version %u, this is %u",
			 *version, LINE_FORMAT_VERSION);
		formatter_close(formatter);
		return refused(path, why);
	}
	/* POSIX has dlsym() give functions this way: dlsym(3). */
	*(void **)&formatter->format =
		version ? dlsym(formatter->library, "line_format") : NULL;
	if (!formatter->format) {
		formatter_close(formatter);
		return refused(path, version ? "it does not export line_format"
					     : "it does not export "
					       "line_format_version");
	}
	return 0;
}

int formatter_open(const char *text, struct formatter *formatter)
{
	*formatter = (struct formatter){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(shipped); i++)
		if (!strcmp(shipped[i].name, text))
			formatter->format = shipped[i].format;
	if (formatter->format)
		return 0;
	if (is_file(text))
		return file_load(text, formatter);
	log_error("--format: '%s' is neither a FILE.so nor one of auto, "
		  "tardis-csv, json-lines",
		  text);
	return -EINVAL;
}

void formatter_close(struct formatter *formatter)
{
	if (formatter->library)
		dlclose(formatter->library);
	*formatter = (struct formatter){ 0 };
}
