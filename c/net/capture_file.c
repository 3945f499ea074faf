/* SPDX-License-Identifier: MIT */
#include "net/capture_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define LINKTYPE_RAW  101
#define COMPLAINT_MAX 256

extern char **environ;

struct capture_file {
	char *path;
	pcap_t *pcap;
	unsigned int link;
	uint64_t number; /* of the frame read last, from 1 */
	pid_t editcap;	 /* 0: libpcap reads the file itself */
	int complaints;	 /* what editcap says on stderr */
	bool regular;
	bool ahead; /* the first frame was read by the open already */
	bool ended;
	int result; /* of the end: 0 or -EIO */
	int status; /* of pcap_next_ex() */
	struct pcap_pkthdr *header;
	const uint8_t *bytes;
	char why[PCAP_ERRBUF_SIZE]; /* libpcap's reason */
};

/* libpcap has no other way to tell a cut file from a damaged one. */
static bool is_cut(const char *why)
{
	return strncmp(why, "truncated", strlen("truncated")) == 0;
}

static void frame_fetch(struct capture_file *file)
{
	file->status = pcap_next_ex(file->pcap, &file->header, &file->bytes);
	if (file->status == PCAP_ERROR)
		snprintf(file->why, sizeof(file->why), "%s",
			 pcap_geterr(file->pcap));
}

/*
 * Takes the stream over, also when it fails. The first frame is read here
 * since libpcap tells only then that it can't read what the interfaces of a
 * pcapng are. 0 or -EBADMSG with file->why.
 */
static int stream_open(struct capture_file *file, FILE *stream)
{
	file->pcap = pcap_fopen_offline_with_tstamp_precision(
		stream, PCAP_TSTAMP_PRECISION_NANO, file->why);
	if (!file->pcap) {
		if (stream != stdin)
			fclose(stream);
		return -EBADMSG;
	}
	/* The one link type that libpcap numbers otherwise than files do. */
	file->link = (unsigned int)pcap_datalink(file->pcap);
	if (file->link == DLT_RAW)
		file->link = LINKTYPE_RAW;
	frame_fetch(file);
	file->ahead = true;
	if (file->status != PCAP_ERROR || is_cut(file->why))
		return 0;
	pcap_close(file->pcap);
	file->pcap = NULL;
	return -EBADMSG;
}

/* Wait for editcap; its first complaint, or an empty text. It may complain
 * of a damaged file and still exit with 0. */
static void editcap_end(struct capture_file *file, char why[COMPLAINT_MAX])
{
	static const char prefix[] = "editcap: ";
	int status = 0;
	ssize_t len;

	while (file->editcap && waitpid(file->editcap, &status, 0) < 0 &&
	       errno == EINTR)
		;
	file->editcap = 0;
	len = pread(file->complaints, why, COMPLAINT_MAX - 1, 0);
	why[len > 0 ? len : 0] = '\0';
	why[strcspn(why, "\n")] = '\0';
	if (strncmp(why, prefix, strlen(prefix)) == 0)
		memmove(why, why + strlen(prefix),
			strlen(why + strlen(prefix)) + 1);
	if (!*why && status)
		snprintf(why, COMPLAINT_MAX, "ended with status %d", status);
}

/* Its stdout becomes output, its stderr the complaints. */
static int editcap_spawn(struct capture_file *file, int output)
{
	char *const arguments[] = { (char[]){ "editcap" },
				    (char[]){ "-F" },
				    (char[]){ "nsecpcap" },
				    (char[]){ "--" },
				    file->path,
				    (char[]){ "-" },
				    NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	int err;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	err = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
					       "/dev/null", O_RDONLY, 0);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&actions, output,
						       STDOUT_FILENO);
	if (!err)
		err = posix_spawn_file_actions_adddup2(
			&actions, file->complaints, STDERR_FILENO);
	if (!err)
		err = posix_spawnp(&file->editcap, arguments[0], &actions,
				   &attributes, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return -err;
}

/* 0 or a negative errno, logged with what libpcap said before. */
static int editcap_open(struct capture_file *file)
{
	char why[COMPLAINT_MAX], libpcap_why[PCAP_ERRBUF_SIZE];
	FILE *stream;
	int ends[2], err;

	memcpy(libpcap_why, file->why, sizeof(libpcap_why));
	file->complaints = memfd_create("editcap", MFD_CLOEXEC);
	if (file->complaints < 0 || pipe2(ends, O_CLOEXEC) < 0) {
		err = -errno;
		log_error("%s: cannot run editcap: %s", file->path,
			  log_reason(err));
		return err;
	}
	err = editcap_spawn(file, ends[1]);
	close(ends[1]);
	if (err) {
		close(ends[0]);
		file->editcap = 0;
		log_error("%s: %s; cannot run editcap, which reads more "
			  "formats (Debian package wireshark-common): %s",
			  file->path, libpcap_why, log_reason(err));
		return err == -ENOENT ? -EBADMSG : err;
	}
	stream = fdopen(ends[0], "rb");
	if (!stream) {
		close(ends[0]);
		return -ENOMEM;
	}
	err = stream_open(file, stream);
	if (err) {
		editcap_end(file, why);
		log_error("%s: no capture that can be read: libpcap says: "
			  "%s; editcap says: %s",
			  file->path, libpcap_why, *why ? why : file->why);
	}
	return err;
}

/* The stream, or NULL with *err, logged. */
static FILE *path_open(struct capture_file *file, int *err)
{
	const char *path = file->path;
	struct stat status;
	FILE *stream;

	if (strcmp(path, "-") == 0)
		return stdin;
	stream = fopen(path, "rbe");
	if (!stream || fstat(fileno(stream), &status) < 0) {
		*err = -errno;
		log_error("%s: %s", path, log_reason(*err));
		goto failed;
	}
	if (S_ISDIR(status.st_mode)) {
		*err = -EISDIR;
		log_error("%s: %s", path, log_reason(*err));
		goto failed;
	}
	file->regular = S_ISREG(status.st_mode);
	if (file->regular && status.st_size == 0) {
		*err = -ENODATA;
		log_error("%s: the file is empty", path);
		goto failed;
	}
	return stream;
failed:
	if (stream)
		fclose(stream);
	return NULL;
}

int capture_file_open(const char *path, struct capture_file **opened)
{
	struct capture_file *file = calloc(1, sizeof(*file));
	FILE *stream;
	int err = -ENOMEM;

	if (!file)
		return err;
	file->complaints = -1;
	file->path = strdup(path);
	if (!file->path)
		goto close_file;
	stream = path_open(file, &err);
	if (!stream)
		goto close_file;
	err = stream_open(file, stream);
	if (err && file->regular)
		err = editcap_open(file);
	else if (err)
		log_error("%s: %s", path, file->why);
	if (err)
		goto close_file;
	*opened = file;
	return 0;
close_file:
	capture_file_close(file);
	return err;
}

void capture_file_close(struct capture_file *file)
{
	if (file->editcap) {
		kill(file->editcap, SIGKILL);
		waitpid(file->editcap, NULL, 0);
	}
	if (file->pcap)
		pcap_close(file->pcap);
	if (file->complaints >= 0)
		close(file->complaints);
	free(file->path);
	free(file);
}

static int capture_end(struct capture_file *file)
{
	char complaint[COMPLAINT_MAX] = "";
	const char *why = NULL;

	if (file->status == PCAP_ERROR)
		why = is_cut(file->why) ? "cut short" : file->why;
	if (file->complaints >= 0)
		editcap_end(file, complaint);
	if (*complaint)
		why = complaint;
	file->ended = true;
	if (!why)
		return 0;
	file->result = -EIO;
	log_error("%s: frame %llu: %s", file->path,
		  (unsigned long long)file->number + 1, why);
	return file->result;
}

int capture_file_next(struct capture_file *file, struct capture_frame *frame)
{
	if (file->ended)
		return file->result;
	if (!file->ahead)
		frame_fetch(file);
	file->ahead = false;
	if (file->status != 1)
		return capture_end(file);
	file->number++;
	frame->stamp_ns = (uint64_t)file->header->ts.tv_sec * CLOCK_NS_PER_S +
			  (uint64_t)file->header->ts.tv_usec;
	frame->bytes = file->bytes;
	frame->captured_len = file->header->caplen;
	frame->wire_len = file->header->len;
	frame->link = file->link;
	return 1;
}
