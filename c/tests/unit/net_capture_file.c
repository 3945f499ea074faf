/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "net/capture_file.h"
#include "net_support.h"
#include "tests/support/descriptors.h"
#include "wire/frame.h"
#include "wire/pcapng.h"

#define STAMP_NS    UINT64_C(1714521600123456789)
#define FRAME_COUNT 5
#define FRAME_LEN   60

static char folder[] = "/tmp/t2t-capture.XXXXXX";

static const char *path_of(const char *name)
{
	static _Thread_local char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static const uint8_t *frame_bytes(unsigned int i)
{
	static uint8_t bytes[FRAME_LEN];

	memset(bytes, (int)(i + 1), sizeof(bytes));
	return bytes;
}

static void file_write(const char *name, const void *bytes, size_t len)
{
	FILE *file = fopen(path_of(name), "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static size_t file_read(const char *name, uint8_t *bytes, size_t size)
{
	FILE *file = fopen(path_of(name), "rb");
	size_t len;

	assert_non_null(file);
	len = fread(bytes, 1, size, file);
	assert_int_equal(fclose(file), 0);
	return len;
}

/* Stamps are a second and 111 ns apart. */
static uint64_t stamp_of(unsigned int i)
{
	return STAMP_NS + i * UINT64_C(1000000111);
}

/* A pcapng with that many frames, going round the interfaces. */
static size_t pcapng_make(uint8_t *out, size_t size, unsigned int count,
			  const uint16_t *links, const uint32_t *snap_lens,
			  unsigned int interfaces)
{
	size_t at = 0;
	int len = pcapng_section(out, size, NULL, NULL, NULL);

	assert_true(len > 0);
	at += (size_t)len;
	for (unsigned int i = 0; i < interfaces; i++) {
		len = pcapng_interface(out + at, size - at, links[i],
				       snap_lens[i], NULL, NULL);
		assert_true(len > 0);
		at += (size_t)len;
	}
	for (unsigned int i = 0; i < count; i++) {
		len = pcapng_packet(out + at, size - at, i % interfaces,
				    stamp_of(i), frame_bytes(i), FRAME_LEN,
				    FRAME_LEN + i, PCAPNG_INBOUND);
		assert_true(len > 0);
		at += (size_t)len;
	}
	return at;
}

static uint8_t plain[4096];
static size_t plain_len;

static const uint16_t one_link[] = { FRAME_LINK_ETHERNET };
static const uint32_t one_snap_len[] = { 65535 };

static int folder_make(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	plain_len = pcapng_make(plain, sizeof(plain), FRAME_COUNT, one_link,
				one_snap_len, 1);
	file_write("plain.pcapng", plain, plain_len);
	return 0;
}

static int folder_remove(void **state)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;

	(void)state;
	while (directory && (entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			remove(path_of(entry->d_name));
	closedir(directory);
	return rmdir(folder);
}

static bool have_editcap(void)
{
	static int have = -1;

	if (have < 0)
		have = system("editcap --version >/dev/null 2>&1") == 0;
	return have;
}

#define EDITCAP_NEEDED()                                                 \
	do {                                                             \
		if (!have_editcap()) {                                   \
			print_message("# skipped: editcap is not "       \
				      "installed (wireshark-common)\n"); \
			skip();                                          \
		}                                                        \
	} while (0)

/* The frames of pcapng_make(), with stamps cut to unit_ns, then the end. */
static void reads_all(struct capture_file *file, uint64_t unit_ns)
{
	struct capture_frame frame;

	for (unsigned int i = 0; i < FRAME_COUNT; i++) {
		assert_int_equal(capture_file_next(file, &frame), 1);
		assert_int_equal(frame.stamp_ns,
				 stamp_of(i) / unit_ns * unit_ns);
		assert_int_equal(frame.captured_len, FRAME_LEN);
		assert_int_equal(frame.wire_len, FRAME_LEN + i);
		assert_int_equal(frame.link, FRAME_LINK_ETHERNET);
		assert_memory_equal(frame.bytes, frame_bytes(i), FRAME_LEN);
	}
	assert_int_equal(capture_file_next(file, &frame), 0);
	assert_int_equal(capture_file_next(file, &frame), 0);
}

static void reads_whole(const char *name, uint64_t unit_ns)
{
	unsigned int before = descriptors();
	struct capture_file *file;

	assert_int_equal(capture_file_open(path_of(name), &file), 0);
	reads_all(file, unit_ns);
	capture_file_close(file);
	assert_int_equal(descriptors(), before);
	/* No child is left either. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* Opening fails with one line that has both texts. */
static void refuses(const char *name, int wanted, const char *text,
		    const char *more)
{
	unsigned int before = descriptors();
	struct capture_file *file;
	const char *caught;

	log_catch();
	assert_int_equal(capture_file_open(path_of(name), &file), wanted);
	caught = log_caught();
	assert_true(is_one_line(caught, path_of(name)));
	assert_true(is_one_line(caught, text));
	assert_true(is_one_line(caught, more));
	assert_int_equal(descriptors(), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* That many frames, then -EIO, said once. */
static void breaks_after(const char *name, unsigned int count, const char *text)
{
	unsigned int before = descriptors();
	struct capture_frame frame;
	struct capture_file *file;

	assert_int_equal(capture_file_open(path_of(name), &file), 0);
	for (unsigned int i = 0; i < count; i++)
		assert_int_equal(capture_file_next(file, &frame), 1);
	log_catch();
	assert_int_equal(capture_file_next(file, &frame), -EIO);
	assert_int_equal(capture_file_next(file, &frame), -EIO);
	assert_true(is_one_line(log_caught(), text));
	capture_file_close(file);
	assert_int_equal(descriptors(), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void test_pcapng_in_nanoseconds(void **state)
{
	(void)state;
	reads_whole("plain.pcapng", 1);
}

static void pcap_write(const char *name, int link, bool nano)
{
	pcap_t *pcap = pcap_open_dead_with_tstamp_precision(
		link, 65535,
		nano ? PCAP_TSTAMP_PRECISION_NANO
		     : PCAP_TSTAMP_PRECISION_MICRO);
	pcap_dumper_t *dumper;

	assert_non_null(pcap);
	dumper = pcap_dump_open(pcap, path_of(name));
	assert_non_null(dumper);
	for (unsigned int i = 0; i < FRAME_COUNT; i++) {
		uint64_t ns = stamp_of(i) % 1000000000;
		struct pcap_pkthdr header = {
			.ts = { .tv_sec = (time_t)(stamp_of(i) / 1000000000),
				.tv_usec =
					(suseconds_t)(nano ? ns : ns / 1000) },
			.caplen = FRAME_LEN,
			.len = FRAME_LEN + i,
		};

		pcap_dump((u_char *)dumper, &header, frame_bytes(i));
	}
	pcap_dump_close(dumper);
	pcap_close(pcap);
}

static void test_pcap_in_either_unit(void **state)
{
	(void)state;
	pcap_write("micro.pcap", DLT_EN10MB, false);
	pcap_write("nano.pcap", DLT_EN10MB, true);
	reads_whole("micro.pcap", 1000);
	reads_whole("nano.pcap", 1);
}

static void test_link_types_by_their_file_numbers(void **state)
{
	static const struct {
		int dlt;
		unsigned int link;
	} types[] = {
		{ DLT_NULL, FRAME_LINK_NULL },
		{ DLT_EN10MB, FRAME_LINK_ETHERNET },
		{ DLT_RAW, FRAME_LINK_RAW },
		{ DLT_LOOP, FRAME_LINK_LOOP },
		{ DLT_LINUX_SLL, FRAME_LINK_SLL },
		{ DLT_IPV4, FRAME_LINK_IPV4 },
		{ DLT_LINUX_SLL2, FRAME_LINK_SLL2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct capture_frame frame;
		struct capture_file *file;

		pcap_write("link.pcap", types[i].dlt, true);
		assert_int_equal(capture_file_open(path_of("link.pcap"), &file),
				 0);
		assert_int_equal(capture_file_next(file, &frame), 1);
		assert_int_equal(frame.link, types[i].link);
		capture_file_close(file);
	}
}

static void test_a_capture_without_frames(void **state)
{
	struct capture_frame frame;
	struct capture_file *file;
	uint8_t bytes[1024];

	(void)state;
	file_write("none.pcapng", bytes,
		   pcapng_make(bytes, sizeof(bytes), 0, one_link, one_snap_len,
			       1));
	assert_int_equal(capture_file_open(path_of("none.pcapng"), &file), 0);
	assert_int_equal(capture_file_next(file, &frame), 0);
	capture_file_close(file);
}

static void test_a_cut_file(void **state)
{
	static const struct {
		unsigned int left_out;
		unsigned int whole;
		const char *text;
	} cuts[] = {
		{ 1, 4, "cut.pcapng: frame 5: cut short" },
		{ 60, 4, "cut.pcapng: frame 5: cut short" },
		{ 105, 3, "cut.pcapng: frame 4: cut short" },
		{ 425, 0, "cut.pcapng: frame 1: cut short" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		file_write("cut.pcapng", plain, plain_len - cuts[i].left_out);
		breaks_after("cut.pcapng", cuts[i].whole, cuts[i].text);
	}
}

static void test_what_is_no_file_to_read(void **state)
{
	(void)state;
	refuses("missing", -ENOENT, ": No such file or directory", "");
	refuses(".", -EISDIR, ": Is a directory", "");
	file_write("empty", "", 0);
	refuses("empty", -ENODATA, ": the file is empty", "");
}

static void test_garbage(void **state)
{
	uint8_t junk[5000];

	(void)state;
	EDITCAP_NEEDED();
	for (size_t i = 0; i < sizeof(junk); i++)
		junk[i] = (uint8_t)(i * 2654435761 >> 13);
	file_write("junk", junk, sizeof(junk));
	refuses("junk", -EBADMSG, "libpcap says: unknown file format",
		"editcap says: The standard input isn't");
	file_write("short", "abc", 3);
	refuses("short", -EBADMSG, "libpcap says: truncated", "editcap says: ");
}

static void gzip_write(const char *name, const void *bytes, size_t len)
{
	gzFile file = gzopen(path_of(name), "wb");

	assert_non_null(file);
	assert_int_equal(gzwrite(file, bytes, (unsigned int)len), len);
	assert_int_equal(gzclose(file), Z_OK);
}

/* A path that getopt would take for an option. */
static void test_a_name_with_a_dash(void **state)
{
	char before[256];
	struct capture_file *file;

	(void)state;
	EDITCAP_NEEDED();
	gzip_write("-T", plain, plain_len);
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(capture_file_open("-T", &file), 0);
	assert_int_equal(chdir(before), 0);
	reads_all(file, 1);
	capture_file_close(file);
}

static void test_a_compressed_capture(void **state)
{
	uint8_t bytes[4096];
	size_t len;

	(void)state;
	EDITCAP_NEEDED();
	gzip_write("plain.gz", plain, plain_len);
	reads_whole("plain.gz", 1);
	/* editcap itself ends with 0 then. */
	gzip_write("cut.gz", plain, plain_len - 60);
	breaks_after("cut.gz", 4, "frame 5: The standard input ");
	len = file_read("plain.gz", bytes, sizeof(bytes));
	file_write("torn.gz", bytes, len - 12);
	breaks_after("torn.gz", 4, "cut short");
}

static void test_a_snoop_capture(void **state)
{
	char command[1200], pcapng[512];

	(void)state;
	EDITCAP_NEEDED();
	snprintf(pcapng, sizeof(pcapng), "%s", path_of("plain.pcapng"));
	snprintf(command, sizeof(command), "editcap -F snoop %s %s", pcapng,
		 path_of("plain.snoop"));
	assert_int_equal(system(command), 0);
	reads_whole("plain.snoop", 1000);
}

static void reads_links(const char *name, const uint16_t *links,
			unsigned int count)
{
	struct capture_frame frame;
	struct capture_file *file;
	unsigned int i = 0;

	assert_int_equal(capture_file_open(path_of(name), &file), 0);
	while (capture_file_next(file, &frame) == 1)
		assert_int_equal(frame.link, links[i++ % count]);
	assert_true(i > 0);
	capture_file_close(file);
}

static void test_interfaces_that_differ(void **state)
{
	static const uint16_t same[] = { FRAME_LINK_ETHERNET,
					 FRAME_LINK_ETHERNET };
	static const uint16_t different[] = { FRAME_LINK_ETHERNET,
					      FRAME_LINK_RAW };
	static const uint32_t snap_lens[] = { 65535, 96 };
	uint8_t bytes[4096];

	(void)state;
	EDITCAP_NEEDED();
	file_write("snap.pcapng", bytes,
		   pcapng_make(bytes, sizeof(bytes), FRAME_COUNT, same,
			       snap_lens, 2));
	reads_whole("snap.pcapng", 1);
	file_write("links.pcapng", bytes,
		   pcapng_make(bytes, sizeof(bytes), FRAME_COUNT, different,
			       snap_lens, 2));
	reads_links("links.pcapng", different, 2);
	/* An interface without frames. */
	file_write(
		"unused.pcapng", bytes,
		pcapng_make(bytes, sizeof(bytes), 1, different, snap_lens, 2));
	reads_links("unused.pcapng", different, 1);
}

/* More than a pipe holds, of which one frame is read. */
static void test_a_close_in_the_middle(void **state)
{
	static uint8_t bytes[4 << 20];
	unsigned int before = descriptors();
	struct capture_frame frame;
	struct capture_file *file;

	(void)state;
	EDITCAP_NEEDED();
	gzip_write("large.gz", bytes,
		   pcapng_make(bytes, sizeof(bytes), 30000, one_link,
			       one_snap_len, 1));
	assert_int_equal(capture_file_open(path_of("large.gz"), &file), 0);
	assert_int_equal(capture_file_next(file, &frame), 1);
	capture_file_close(file);
	assert_int_equal(descriptors(), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void test_without_editcap(void **state)
{
	const char *path = getenv("PATH");
	char *kept = path ? strdup(path) : NULL;

	(void)state;
	gzip_write("plain.gz", plain, plain_len);
	setenv("PATH", folder, 1);
	refuses("plain.gz", -EBADMSG, "unknown file format",
		"editcap, which reads more formats (Debian package "
		"wireshark-common): No such file");
	/* What libpcap reads needs no editcap. */
	reads_whole("plain.pcapng", 1);
	if (kept)
		setenv("PATH", kept, 1);
	free(kept);
}

/* A program of that name in the folder, and the folder before all others. */
static char *editcap_fake(const char *where)
{
	static const char script[] =
		"#!/bin/sh\n"
		"echo uid=$(id -u) gid=$(id -G) "
		"$(grep NoNewPrivs /proc/self/status) >&2\n";
	const char *path = getenv("PATH");
	char *kept = strdup(path ? path : ""), text[4096], name[256];
	int fd;

	assert_non_null(kept);
	snprintf(text, sizeof(text), "%s:%s", where, kept);
	assert_int_equal(setenv("PATH", text, 1), 0);
	snprintf(name, sizeof(name), "%s/editcap", where);
	fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, script, sizeof(script) - 1),
			 sizeof(script) - 1);
	close(fd);
	return kept;
}

static void editcap_fake_end(const char *where, char *kept)
{
	char name[256];

	setenv("PATH", kept, 1);
	free(kept);
	snprintf(name, sizeof(name), "%s/editcap", where);
	unlink(name);
}

#define ROOT_NEEDED()                                                    \
	do {                                                             \
		if (geteuid() != 0) {                                    \
			print_message("# skipped: only root has rights " \
				      "to give up\n");                   \
			skip();                                          \
		}                                                        \
	} while (0)

/* Anybody may write into /tmp, if not into the folder. */
static void test_root_runs_no_strangers_program(void **state)
{
	char *kept;

	(void)state;
	ROOT_NEEDED();
	EDITCAP_NEEDED();
	kept = editcap_fake(folder);
	gzip_write("plain.gz", plain, plain_len);
	reads_whole("plain.gz", 1);
	editcap_fake_end(folder, kept);
}

static void test_roots_rights_are_given_up(void **state)
{
	char where[] = "/run/t2t-editcap.XXXXXX";
	char *kept;

	(void)state;
	ROOT_NEEDED();
	if (!mkdtemp(where)) {
		print_message("# skipped: no folder can be made in /run\n");
		skip();
	}
	assert_int_equal(chmod(where, 0755), 0);
	kept = editcap_fake(where);
	file_write("short", "abc", 3);
	refuses("short", -EBADMSG,
		"editcap says: uid=65534 gid=65534 NoNewPrivs: 1", "");
	editcap_fake_end(where, kept);
	rmdir(where);
}

static void *fifo_write(void *name)
{
	file_write(name, plain, plain_len);
	return NULL;
}

static void test_a_pipe(void **state)
{
	pthread_t thread;
	char name[] = "fifo";

	(void)state;
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	assert_int_equal(pthread_create(&thread, NULL, fifo_write, name), 0);
	reads_whole("fifo", 1);
	pthread_join(thread, NULL);
}

static void test_standard_input(void **state)
{
	int kept = dup(STDIN_FILENO), fd;
	struct capture_file *file;

	(void)state;
	fd = open(path_of("plain.pcapng"), O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(capture_file_open("-", &file), 0);
	reads_all(file, 1);
	capture_file_close(file);
	/* It stays the caller's. */
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
	close(fd);
	if (kept >= 0) {
		dup2(kept, STDIN_FILENO);
		close(kept);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pcapng_in_nanoseconds),
		cmocka_unit_test(test_pcap_in_either_unit),
		cmocka_unit_test(test_link_types_by_their_file_numbers),
		cmocka_unit_test(test_a_capture_without_frames),
		cmocka_unit_test(test_a_cut_file),
		cmocka_unit_test(test_what_is_no_file_to_read),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_a_name_with_a_dash),
		cmocka_unit_test(test_a_compressed_capture),
		cmocka_unit_test(test_a_snoop_capture),
		cmocka_unit_test(test_interfaces_that_differ),
		cmocka_unit_test(test_a_close_in_the_middle),
		cmocka_unit_test(test_without_editcap),
		cmocka_unit_test(test_root_runs_no_strangers_program),
		cmocka_unit_test(test_roots_rights_are_given_up),
		cmocka_unit_test(test_a_pipe),
		cmocka_unit_test(test_standard_input),
	};

	return cmocka_run_group_tests_name("net_capture_file", tests,
					   folder_make, folder_remove);
}
