/* SPDX-License-Identifier: MIT */
#include "order/tls_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

#define ENTRIES_STEP 64 /* of them memory is asked for at once */

void tls_files_name(const char *named, const char *folder, const char *file,
		    char path[static PATH_MAX])
{
	if (*named || !*folder)
		snprintf(path, PATH_MAX, "%s", named);
	else
		snprintf(path, PATH_MAX, "%s/%s", folder, file);
}

int tls_files_keylog_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	struct stat status;
	int err;

	if (fd < 0 || fstat(fd, &status) < 0) {
		err = -errno;
		log_error("--keys %s: %s", path, log_strerror(err));
		if (fd >= 0)
			close(fd);
		return err;
	}
	if (S_ISREG(status.st_mode) && status.st_mode & 077) {
		log_error("--keys %s: others may read it (mode %o), and who "
			  "has it can read all that was said: 0600 is needed",
			  path, (unsigned int)status.st_mode & 0777);
		close(fd);
		return -EACCES;
	}
	return fd;
}

void tls_files_keylog_write(int fd, const char *line)
{
	static bool failed;
	char whole[TLS_KEYLOG_LINE_MAX + 2];
	int len = snprintf(whole, sizeof(whole), "%s\n", line);

	/* At once, so that lines of two ends don't mix. */
	if (len > 0 && (size_t)len < sizeof(whole) &&
	    write(fd, whole, (size_t)len) != len && !failed) {
		failed = true;
		log_warning("--keys: the key log lacks a line: %s",
			    log_strerror(-errno));
	}
}

/* Room for one more. */
static int entry_room(struct tls_keylog *log)
{
	struct tls_keylog_entry *more;

	if (log->count % ENTRIES_STEP)
		return 0;
	more = realloc(log->entries,
		       (log->count + ENTRIES_STEP) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	log->entries = more;
	return 0;
}

static int entries_read(FILE *file, struct tls_keylog *log)
{
	char line[TLS_KEYLOG_LINE_MAX];
	int err = 0;

	while (!err && fgets(line, sizeof(line), file)) {
		err = entry_room(log);
		if (!err && tls_keylog_read(line, &log->entries[log->count]))
			log->count++;
	}
	return ferror(file) ? -EIO : err;
}

int tls_files_keylog_read(const char *path, struct tls_keylog *log)
{
	FILE *file = fopen(path, "re");
	int err;

	*log = (struct tls_keylog){ 0 };
	if (file) {
		err = entries_read(file, log);
		fclose(file);
	} else {
		err = -errno;
	}
	if (!err)
		return 0;
	log_error("--keys %s: %s", path, log_strerror(err));
	free(log->entries);
	*log = (struct tls_keylog){ 0 };
	return err;
}
