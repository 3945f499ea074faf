/* SPDX-License-Identifier: MIT */
#include "report/output.h"

#include <errno.h>

#include "base/atomic_file.h"
#include "base/log.h"

int output_write(const char *path, void (*write)(FILE *, const json_t *),
		 const json_t *json)
{
	struct atomic_file whole;
	int err = atomic_file_open(&whole, path);

	if (err)
		return err;
	write(whole.file, json);
	return atomic_file_close(&whole, 0);
}

void output_json(FILE *out, const json_t *json)
{
	json_dumpf(json, out, JSON_INDENT(2));
	fputc('\n', out);
}

int output_check(void)
{
	if (fflush(stdout) != EOF && !ferror(stdout))
		return 0;
	log_error("can't write to stdout: %s", log_strerror(-errno));
	return -EIO;
}
