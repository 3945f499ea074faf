/* SPDX-License-Identifier: MIT */
#include "exchange/formatter.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "exchange/line_format_state.h"

/* A formatter is a function and no more: one for each dialect. */
#define DIALECT_FORMAT(id)                                               \
	static ssize_t format_##id(struct line_format *context,          \
				   const char *line, size_t line_len,    \
				   uint8_t *datagram, size_t size)       \
	{                                                                \
		return line_format_dialect(&dialect_##id, context, line, \
					   line_len, datagram, size);    \
	}
DIALECTS(DIALECT_FORMAT)

/* Those that are no dialect. */
static const struct {
	const char *name;
	line_format_function *format;
	const char *help, *looks;
} shipped[] = {
	{ "auto", line_format_auto,
	  "each line as it is: CSV or JSON, whatever the dialect", NULL },
	{ "tardis-csv", line_format_csv,
	  "CSV, a level a row; columns by the names in a header, else in\n"
	  "tardis' order; parted by , ; | or tabs",
	  "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,"
	  "amount" },
	{ "json-lines", line_format_json,
	  "JSON, a message a line, in any of the dialects below", NULL },
};

#define DIALECT_ROW(id) format_##id,
static line_format_function *const dialect_formats[] = { DIALECTS(
	DIALECT_ROW) };

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
		return refused(path, log_strerror(-ENAMETOOLONG));
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

static line_format_function *shipped_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(shipped); i++)
		if (!strcmp(shipped[i].name, name))
			return shipped[i].format;
	for (size_t i = 0; i < ARRAY_SIZE(dialect_formats); i++)
		if (!strcmp(dialects[i]->name, name))
			return dialect_formats[i];
	return NULL;
}

bool formatter_is_shipped(line_format_function *format)
{
	for (size_t i = 0; i < ARRAY_SIZE(shipped); i++)
		if (shipped[i].format == format)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(dialect_formats); i++)
		if (dialect_formats[i] == format)
			return true;
	return false;
}

static void one_print(FILE *stream, const char *name, const char *help,
		      const char *looks)
{
	fprintf(stream, "%-18s ", name);
	for (; *help; help++) {
		fputc(*help, stream);
		if (*help == '\n')
			fprintf(stream, "%-18s ", "");
	}
	fputc('\n', stream);
	if (looks)
		fprintf(stream, "%-18s   %s\n", "", looks);
}

void formatter_print_list(FILE *stream)
{
	for (size_t i = 0; i < ARRAY_SIZE(shipped); i++)
		one_print(stream, shipped[i].name, shipped[i].help,
			  shipped[i].looks);
	for (size_t i = 0; dialects[i]; i++)
		one_print(stream, dialects[i]->name, dialects[i]->help,
			  dialects[i]->looks);
	fputs("A JSON line may have a time and a blank in front, as tardis' "
	      "raw files have.\n"
	      "Anything else: FILE.so, made from "
	      "exchange/line_format_example.c.\n",
	      stream);
}

int formatter_open(const char *text, struct formatter *formatter)
{
	*formatter = (struct formatter){ .format = shipped_find(text) };
	if (formatter->format)
		return 0;
	if (is_file(text))
		return file_load(text, formatter);
	log_error("--format: '%s' is neither a FILE.so nor one of those that "
		  "--format help lists",
		  text);
	return -EINVAL;
}

void formatter_close(struct formatter *formatter)
{
	if (formatter->library)
		dlclose(formatter->library);
	*formatter = (struct formatter){ 0 };
}
