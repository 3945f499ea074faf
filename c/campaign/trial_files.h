/* SPDX-License-Identifier: MIT */
/* What a trial leaves in its folder, by name. */
#ifndef CAMPAIGN_TRIAL_FILES_H
#define CAMPAIGN_TRIAL_FILES_H

#include <limits.h>

#include "campaign/trial_config.h"

/* The logs first, by role. */
enum trial_file {
	TRIAL_FILE_EXCHANGE_LOG,
	TRIAL_FILE_WIRETAP_LOG,
	TRIAL_FILE_TRADER_LOG,
	TRIAL_FILE_CAPTURE,
	TRIAL_FILE_LATENCIES,
	TRIAL_FILE_SAMPLES,
	TRIAL_FILE_SENDS,
	TRIAL_FILE_SESSIONS,
	TRIAL_FILE_ANALYSIS,
	TRIAL_FILE_ANALYSIS_LOG,
	TRIAL_FILE_TRADER_JSON,
	TRIAL_FILE_EXCHANGE_OUT,
	TRIAL_FILE_KNOBS,
	TRIAL_FILE_KNOBS_LOG,
	TRIAL_FILE_COUNTERS_BEFORE,
	TRIAL_FILE_COUNTERS_AFTER,
	TRIAL_FILE_FOUND,
	TRIAL_FILE_KEYS, /* the key log, of an arm that is encrypted */
	TRIAL_FILES,
};

struct trial_files {
	char path[TRIAL_FILES][PATH_MAX];
};

extern const char *const trial_role_names[TRIAL_ROLES];
extern const char *const trial_file_names[TRIAL_FILES];

void trial_files_name(struct trial_files *files, const char *folder);

/* Make the folder, unless it is there. 0 or a negative errno, logged. */
int trial_folder_make(const char *path);

/* Make the text a file of its own. 0 or a negative errno, logged. */
int trial_text_save(const char *path, const char *text);

#endif
