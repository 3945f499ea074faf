/* SPDX-License-Identifier: MIT */
#include "net/capture_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <signal.h>
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
#include "net/editcap.h"
#include "wire/pcapng_reader.h"

#define LINKTYPE_RAW  101
#define COMPLAINT_MAX 256

#define PCAPNG_FIRST_BYTE 0x0a /* and no other format's */
#define BUFFER_FIRST	  (1 << 18)
#define BLOCK_MAX	  (1 << 26) /* no frame comes near */

struct capture_file {
	char *path;
	pcap_t *pcap; /* or, of a pcapng, NULL and: */
	FILE *stream;
	uint8_t *buffer;
	size_t buffer_size;
	size_t buffer_at, buffer_end; /* what was read and is to be looked at */
	struct pcapng_reader pcapng;
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

static void pcap_fetch(struct capture_file *file)
{
	file->status = pcap_next_ex(file->pcap, &file->header, &file->bytes);
	if (file->status == PCAP_ERROR)
		snprintf(file->why, sizeof(file->why), "%s",
			 pcap_geterr(file->pcap));
}

/* At least len bytes of the stream in the buffer. 1, 0 at its end, -EIO in the
 * middle of them or -ENOMEM. */
static int pcapng_fill(struct capture_file *file, size_t len)
{
	size_t left = file->buffer_end - file->buffer_at;
	uint8_t *larger;

	if (left >= len)
		return 1;
	memmove(file->buffer, file->buffer + file->buffer_at, left);
	file->buffer_at = 0;
	file->buffer_end = left;
	if (len > file->buffer_size) {
		larger = realloc(file->buffer, len);
		if (!larger)
			return -ENOMEM;
		file->buffer = larger;
		file->buffer_size = len;
	}
	file->buffer_end += fread(file->buffer + left, 1,
				  file->buffer_size - left, file->stream);
	if (file->buffer_end >= len)
		return 1;
	return file->buffer_end == 0 && !ferror(file->stream) ? 0 : -EIO;
}

/* 1 with a frame, 0 at the end, or -EIO with file->why. */
static int pcapng_next(struct capture_file *file,
		       struct pcapng_reader_frame *frame)
{
	int64_t len;
	int rc;

	do {
		rc = pcapng_fill(file, PCAPNG_READER_HEAD_LEN);
		if (rc == 0)
			return 0;
		len = rc < 0 ? 0
			     : pcapng_reader_block_len(&file->pcapng,
						       file->buffer +
							       file->buffer_at);
		if (len > BLOCK_MAX) {
			file->pcapng.why = "a block of impossible length";
			len = -EBADMSG;
		}
		if (rc > 0 && len > 0)
			rc = pcapng_fill(file, (size_t)len);
		if (rc <= 0) {
			snprintf(file->why, sizeof(file->why), "%s",
				 rc == -ENOMEM ? "no memory" : "truncated");
			return -EIO;
		}
		if (len > 0)
			rc = pcapng_reader_block(&file->pcapng,
						 file->buffer + file->buffer_at,
						 (size_t)len, frame);
		if (len < 0 || rc < 0) {
			snprintf(file->why, sizeof(file->why), "%s",
				 file->pcapng.why);
			return -EIO;
		}
		file->buffer_at += (size_t)len;
	} while (rc == 0);
	return 1;
}

/* The section's head is read here, so that what is none is refused. */
static int pcapng_open(struct capture_file *file, FILE *stream)
{
	int rc;

	file->stream = stream;
	if (!file->buffer)
		file->buffer = malloc(BUFFER_FIRST);
	if (!file->buffer)
		return -ENOMEM;
	file->buffer_size = BUFFER_FIRST;
	file->buffer_at = file->buffer_end = 0;
	file->pcapng.section = false;
	rc = pcapng_fill(file, PCAPNG_READER_HEAD_LEN);
	if (rc > 0 && pcapng_reader_block_len(&file->pcapng, file->buffer) > 0)
		return 0;
	snprintf(file->why, sizeof(file->why), "%s",
		 rc > 0 ? file->pcapng.why : "truncated");
	return -EBADMSG;
}

/*
 * Takes the stream over, also when it fails. Of a pcap the first frame is read
 * here: libpcap finds some faults no sooner. 0 or -EBADMSG with file->why.
 */
static int stream_open(struct capture_file *file, FILE *stream)
{
	int first = getc(stream);

	if (first != EOF)
		ungetc(first, stream);
	if (first == PCAPNG_FIRST_BYTE)
		return pcapng_open(file, stream);
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
	pcap_fetch(file);
	file->ahead = true;
	if (file->status != PCAP_ERROR || is_cut(file->why))
		return 0;
	pcap_close(file->pcap);
	file->pcap = NULL;
	return -EBADMSG;
}

static void stream_close(struct capture_file *file)
{
	if (file->pcap)
		pcap_close(file->pcap);
	if (file->stream && file->stream != stdin)
		fclose(file->stream);
	file->pcap = NULL;
	file->stream = NULL;
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
	/* Opened with our rights, which it does not have. */
	int input = open(file->path, O_RDONLY | O_CLOEXEC);
	int err;

	if (input < 0)
		return -errno;
	err = editcap_start(input, output, file->complaints, &file->editcap);
	close(input);
	return err;
}

/* 0 or a negative errno, logged with what libpcap said before. */
static int editcap_open(struct capture_file *file)
{
	char why[COMPLAINT_MAX], own_why[PCAP_ERRBUF_SIZE];
	const char *reader = file->stream ? "as pcapng it has" : "libpcap says";
	FILE *stream;
	int ends[2], err;

	memcpy(own_why, file->why, sizeof(own_why));
	stream_close(file);
	file->complaints = memfd_create("editcap", MFD_CLOEXEC);
	if (file->complaints < 0 || pipe2(ends, O_CLOEXEC) < 0) {
		err = -errno;
		log_error("%s: can't run editcap: %s", file->path,
			  log_strerror(err));
		return err;
	}
	err = editcap_spawn(file, ends[1]);
	close(ends[1]);
	if (err) {
		close(ends[0]);
		file->editcap = 0;
		log_error("%s: %s; can't run editcap, which reads more "
			  "formats (Debian package wireshark-common): %s",
			  file->path, own_why, log_strerror(err));
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
		log_error("%s: not a readable capture: %s: "
			  "%s; editcap says: %s",
			  file->path, reader, own_why, *why ? why : file->why);
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
		log_error("%s: %s", path, log_strerror(*err));
		goto failed;
	}
	if (S_ISDIR(status.st_mode)) {
		*err = -EISDIR;
		log_error("%s: %s", path, log_strerror(*err));
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
	stream_close(file);
	if (file->complaints >= 0)
		close(file->complaints);
	free(file->buffer);
	free(file->path);
	free(file);
}

static int capture_end(struct capture_file *file, bool failed)
{
	char complaint[COMPLAINT_MAX] = "";
	const char *why = NULL;

	if (failed)
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

static int pcap_next_frame(struct capture_file *file,
			   struct capture_frame *frame)
{
	if (!file->ahead)
		pcap_fetch(file);
	file->ahead = false;
	if (file->status != 1)
		return capture_end(file, file->status == PCAP_ERROR);
	*frame = (struct capture_frame){
		.bytes = file->bytes,
		.captured_len = file->header->caplen,
		.wire_len = file->header->len,
		.link = file->link,
	};
	/* Nanoseconds under the magic of microseconds are more than a second
	 * of them. */
	if (file->header->ts.tv_sec > 0 && file->header->ts.tv_usec >= 0 &&
	    file->header->ts.tv_usec < (suseconds_t)CLOCK_NS_PER_S)
		frame->stamp_ns =
			(uint64_t)file->header->ts.tv_sec * CLOCK_NS_PER_S +
			(uint64_t)file->header->ts.tv_usec;
	return 1;
}

int capture_file_next(struct capture_file *file, struct capture_frame *frame)
{
	struct pcapng_reader_frame found;
	int rc;

	if (file->ended)
		return file->result;
	if (file->pcap) {
		rc = pcap_next_frame(file, frame);
		if (rc > 0)
			file->number++;
		return rc;
	}
	rc = pcapng_next(file, &found);
	if (rc <= 0)
		return capture_end(file, rc < 0);
	file->number++;
	*frame = (struct capture_frame){
		.stamp_ns = found.stamp_ns,
		.bytes = found.bytes,
		.captured_len = found.captured_len,
		.wire_len = found.wire_len,
		.link = found.link,
		.clock = found.clock,
		.gso_size = found.gso_size,
	};
	return 1;
}

uint64_t capture_file_dropped(const struct capture_file *file)
{
	return file->pcap ? 0 : pcapng_reader_dropped(&file->pcapng);
}
