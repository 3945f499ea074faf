/* SPDX-License-Identifier: MIT */
#include "campaign/trial_files.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/atomic_file.h"
#include "base/log.h"

const char *const trial_role_names[TRIAL_ROLES] = { "exchange", "wiretap",
						    "trader" };

const char *const trial_file_names[TRIAL_FILES] = {
	[TRIAL_FILE_EXCHANGE_LOG] = "exchange.log",
	[TRIAL_FILE_WIRETAP_LOG] = "wiretap.log",
	[TRIAL_FILE_TRADER_LOG] = "trader.log",
	[TRIAL_FILE_CAPTURE] = "capture.pcapng",
	[TRIAL_FILE_LATENCIES] = "latencies.csv",
	[TRIAL_FILE_SAMPLES] = "samples.csv",
	[TRIAL_FILE_SENDS] = "sends.csv",
	[TRIAL_FILE_SESSIONS] = "sessions.jsonl",
	[TRIAL_FILE_ANALYSIS] = "analysis.json",
	[TRIAL_FILE_ANALYSIS_LOG] = "analysis.log",
	[TRIAL_FILE_TRADER_JSON] = "trader.json",
	[TRIAL_FILE_EXCHANGE_OUT] = "exchange.out",
	[TRIAL_FILE_KNOBS] = "knobs.json",
	[TRIAL_FILE_KNOBS_LOG] = "knobs.log",
	[TRIAL_FILE_COUNTERS_BEFORE] = "counters-before.txt",
	[TRIAL_FILE_COUNTERS_AFTER] = "counters-after.txt",
	[TRIAL_FILE_FOUND] = "found.json",
	[TRIAL_FILE_KEYS] = "keys.log",
};

void trial_files_name(struct trial_files *files, const char *folder)
{
	for (int i = 0; i < TRIAL_FILES; i++)
		snprintf(files->path[i], sizeof(files->path[i]), "%s/%s",
			 folder, trial_file_names[i]);
}

int trial_folder_make(const char *path)
{
	int err;

	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return 0;
	err = -errno;
	log_error("can't make %s: %s", path, log_strerror(err));
	return err;
}

int trial_text_save(const char *path, const char *text)
{
	struct atomic_file whole;
	int err = atomic_file_open(&whole, path);

	if (err)
		return err;
	/* A write that fails shows in the close, with its reason. */
	fputs(text, whole.file);
	return atomic_file_close(&whole, 0);
}
