/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/privileges.h"
#include "net/capture_file.h"
#include "net/interface.h"
#include "net/namespace.h"
#include "tests/support/log_catch.h"
#include "tests/support/sanitizer.h"
#include "wire/frame.h"
#include "wire/pcapng.h"
#include "wiretap/wiretap.h"

#define PORT 5555

/* The tapped end and the other one. */
static int near_space = -1, far_space = -1;
static int near_fd = -1, far_fd = -1;

static char path[] = "/tmp/t2t-wiretap-XXXXXX";
static volatile sig_atomic_t stop;
static pthread_t thread;
static struct wiretap_result result;
static int capture_rc;
static const struct wiretap_config *other; /* NULL: the usual one */

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static struct sockaddr_in address(const char *text)
{
	struct sockaddr_in made = { .sin_family = AF_INET,
				    .sin_port = htons(PORT) };

	assert_int_equal(inet_pton(AF_INET, text, &made.sin_addr), 1);
	return made;
}

static int sender(int space, const char *peer)
{
	struct sockaddr_in to = address(peer);
	int fd;

	assert_int_equal(namespace_enter(space), 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static int group_setup(void **state)
{
	struct namespace_end near = { .name = "near0", .prefix_len = 24 };
	struct namespace_end far = { .name = "far0", .prefix_len = 24 };

	(void)state;
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = on_signal },
		  NULL);
	if (namespace_become_root() < 0)
		return 0;
	near.address = address("10.1.1.1").sin_addr;
	far.address = address("10.1.1.2").sin_addr;
	if (namespace_open(&near_space) < 0 || namespace_open(&far_space) < 0)
		return -1;
	near.fd = near_space;
	far.fd = far_space;
	if (namespace_veth(&near, &far) < 0)
		return -1;
	far_fd = sender(far_space, "10.1.1.1");
	near_fd = sender(near_space, "10.1.1.2");
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	namespace_close(&near_space);
	namespace_close(&far_space);
	return 0;
}

static int setup(void **state)
{
	int fd;

	(void)state;
	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	close(fd);
	stop = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static off_t file_size(void)
{
	struct stat facts;

	assert_int_equal(stat(path, &facts), 0);
	return facts.st_size;
}

static int capture_try(const char *interface, const char *file,
		       struct wiretap_result *found)
{
	const struct wiretap_config config = { .interface = interface,
					       .path = file,
					       .privileges = PRIVILEGES_KEEP };

	return wiretap_capture(&config, &stop, found);
}

static void *capture(void *context)
{
	capture_rc = other ? wiretap_capture(other, &stop, &result)
			   : capture_try("near0", context, &result);
	return NULL;
}

static void capture_begin(void)
{
	if (near_fd < 0) {
		print_message("# skipped: no veth pair can be made here\n");
		skip();
	}
	assert_int_equal(pthread_create(&thread, NULL, capture, path), 0);
	for (int i = 0; i < 5000 && file_size() == 0; i++)
		usleep(1000);
	assert_true(file_size() > 0);
}

/* As the program is stopped, by a signal that wakes it. */
static void stop_tell(void)
{
	assert_int_equal(pthread_kill(thread, SIGUSR1), 0);
}

static void capture_end(void)
{
	struct timespec until;
	int err = ETIMEDOUT;

	stop_tell();
	while (SANITIZER_LOSES_SIGNALS && err == ETIMEDOUT) {
		assert_int_equal(clock_gettime(CLOCK_REALTIME, &until), 0);
		until.tv_sec++;
		err = pthread_timedjoin_np(thread, NULL, &until);
		if (err == ETIMEDOUT)
			stop_tell();
	}
	if (err == ETIMEDOUT)
		err = pthread_join(thread, NULL);
	assert_int_equal(err, 0);
}

static void send_some(int fd, unsigned int count, size_t len)
{
	static const uint8_t bytes[1400];

	/* Nobody listens: what comes back as an ICMP error is of no interest.
	 */
	for (unsigned int i = 0; i < count; i++)
		if (send(fd, bytes, len, 0) < 0)
			assert_int_equal(send(fd, bytes, len, 0), len);
}

struct found {
	unsigned int inbound, outbound; /* datagrams to PORT */
	uint64_t frames, statistics_received;
	unsigned int statistics;
	uint64_t last_ns[3]; /* by direction */
};

static uint32_t read32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return le32toh(value);
}

/* The value of an option, or NULL. */
static const uint8_t *option(const uint8_t *options, const uint8_t *end,
			     uint16_t wanted)
{
	while (options + 4 <= end) {
		uint32_t head = read32(options);

		if ((head & 0xffff) == wanted)
			return options + 4;
		if ((head & 0xffff) == 0)
			break;
		options += 4 + ((head >> 16) + 3) / 4 * 4;
	}
	return NULL;
}

static void packet_block(const uint8_t *block, uint32_t len,
			 struct found *found)
{
	uint64_t stamp_ns =
		(uint64_t)read32(block + 12) << 32 | read32(block + 16);
	uint32_t captured_len = read32(block + 20);
	const uint8_t *flags = option(block + 28 + (captured_len + 3) / 4 * 4,
				      block + len - 4, 2);
	struct frame frame;
	uint32_t direction;

	found->frames++;
	assert_non_null(flags);
	direction = read32(flags) & 3;
	assert_in_range(direction, 1, 2);
	if (frame_decode(FRAME_LINK_ETHERNET, block + 28, captured_len,
			 &frame) != FRAME_OK ||
	    frame.destination_port != PORT)
		return;
	found->inbound += direction == 1;
	found->outbound += direction == 2;
	assert_true(stamp_ns >= found->last_ns[direction]);
	found->last_ns[direction] = stamp_ns;
}

/* Walk the blocks, each of which must be whole. */
static struct found file_read(void)
{
	struct found found = { 0 };
	size_t size = (size_t)file_size(), at = 0;
	uint8_t *bytes = malloc(size + 1);
	FILE *file = fopen(path, "r");
	const uint8_t *received;
	uint32_t len;

	assert_non_null(file);
	assert_int_equal(fread(bytes, 1, size, file), size);
	fclose(file);
	for (; at < size; at += len) {
		assert_true(size - at >= 12);
		len = read32(bytes + at + 4);
		assert_true(len <= size - at);
		assert_int_equal(read32(bytes + at + len - 4), len);
		if (read32(bytes + at) == 6)
			packet_block(bytes + at, len, &found);
		if (read32(bytes + at) != 5)
			continue;
		found.statistics++;
		received = option(bytes + at + 20, bytes + at + len - 4, 4);
		assert_non_null(received);
		found.statistics_received = read32(received);
		assert_int_equal(at + len, size);
	}
	free(bytes);
	return found;
}

static void both_directions(void **state)
{
	uint64_t begin_ns = clock_realtime_ns();
	struct found found;

	(void)state;
	capture_begin();
	send_some(near_fd, 70, 36);
	send_some(far_fd, 30, 36);
	/* At once: what the ring still holds is to be written. */
	capture_end();
	assert_int_equal(capture_rc, 0);
	found = file_read();
	assert_int_equal(found.outbound, 70);
	assert_int_equal(found.inbound, 30);
	assert_int_equal(found.frames, result.frames);
	assert_int_equal(found.statistics, 1);
	assert_int_equal(found.statistics_received, result.frames);
	assert_int_equal(result.dropped, 0);
	assert_int_equal(result.bytes, file_size());
	assert_in_range(found.last_ns[2], begin_ns, found.last_ns[1]);
	assert_true(found.last_ns[1] <= clock_realtime_ns());
}

/* Somebody is impatient: what came before the first one is written all the
 * same. */
static void a_second_signal_takes_nothing_away(void **state)
{
	(void)state;
	capture_begin();
	send_some(near_fd, 70, 36);
	stop_tell();
	usleep(10000);
	capture_end();
	assert_int_equal(capture_rc, 0);
	assert_int_equal(file_read().outbound, 70);
	assert_int_equal(file_read().statistics, 1);
}

/* More than the buffer holds, in one go. */
static void many_megabytes(void **state)
{
	struct capture_frame frame;
	struct capture_file *file;
	unsigned int count = 0;
	int rc;

	(void)state;
	capture_begin();
	send_some(near_fd, 4000, 1400);
	capture_end();
	assert_int_equal(capture_rc, 0);
	assert_int_equal(file_read().outbound + result.dropped, 4000);
	assert_int_equal(capture_file_open(path, &file), 0);
	while ((rc = capture_file_next(file, &frame)) > 0)
		count += frame.captured_len == 1442;
	assert_int_equal(rc, 0);
	assert_int_equal(count + result.dropped, 4000);
	capture_file_close(file);
}

/* The next frame to PORT. */
static bool datagram_next(struct capture_file *file,
			  struct capture_frame *found)
{
	struct frame frame;
	int rc;

	while ((rc = capture_file_next(file, found)) > 0)
		if (frame_decode(FRAME_LINK_ETHERNET, found->bytes,
				 found->captured_len, &frame) == FRAME_OK &&
		    frame.destination_port == PORT)
			return true;
	assert_int_equal(rc, 0);
	return false;
}

/* What is yet to be cut, with the size that it is cut to. */
static void merged_frames_keep_their_size(void **state)
{
	const int size = 100;
	struct capture_frame frame;
	struct capture_file *file;

	(void)state;
	capture_begin();
	if (setsockopt(near_fd, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)) < 0)
		skip();
	send_some(near_fd, 1, 400);
	assert_int_equal(setsockopt(near_fd, SOL_UDP, UDP_SEGMENT, &(int){ 0 },
				    sizeof(int)),
			 0);
	send_some(near_fd, 1, 400);
	capture_end();
	assert_int_equal(capture_file_open(path, &file), 0);
	assert_true(datagram_next(file, &frame));
	assert_int_equal(frame.gso_size, 100);
	assert_int_equal(frame.captured_len, 442);
	assert_true(datagram_next(file, &frame));
	assert_int_equal(frame.gso_size, 0);
	assert_false(datagram_next(file, &frame));
	capture_file_close(file);
}

/* Whoever reads a pipe may be slow: what finds no room meanwhile is counted,
 * and the capture says so itself. */
static void what_is_lost_is_written_down(void **state)
{
	struct capture_frame frame;
	struct capture_file *file;
	unsigned int count = 0;
	FILE *copy = tmpfile();
	struct pollfd more = { .events = POLLIN };
	char bytes[65536], name[32];
	ssize_t n;
	int pipe;

	(void)state;
	if (near_fd < 0)
		skip();
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(pthread_create(&thread, NULL, capture, path), 0);
	/* Opens when the tap does, which then has a ring. */
	pipe = open(path, O_RDONLY | O_CLOEXEC);
	more.fd = pipe;
	/* 16 MiB of ring, 1 of buffer, and the pipe. */
	send_some(near_fd, 16000, 1400);
	/* Once it is read: nobody is waited for at the end. */
	for (int i = 0; (n = read(pipe, bytes, sizeof(bytes))) > 0; i++) {
		assert_int_equal(fwrite(bytes, 1, (size_t)n, copy), n);
		if (i == 0)
			stop_tell();
		while (SANITIZER_LOSES_SIGNALS && poll(&more, 1, 1000) == 0)
			stop_tell();
	}
	close(pipe);
	fflush(copy);
	assert_int_equal(pthread_join(thread, NULL), 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fileno(copy));
	assert_int_equal(capture_file_open(name, &file), 0);
	while (capture_file_next(file, &frame) > 0)
		count += frame.captured_len == 1442;
	assert_int_equal(capture_rc, 0);
	assert_true(result.dropped > 0);
	/* The kernel's own, IGMP and ARP, may be among them. */
	assert_in_range(count + result.dropped, 16000, 16008);
	assert_int_equal(capture_file_dropped(file), result.dropped);
	capture_file_close(file);
	fclose(copy);
}

static void idle_capture_lies_in_the_file(void **state)
{
	(void)state;
	capture_begin();
	send_some(near_fd, 10, 36);
	for (int i = 0; i < 3000 && file_read().outbound < 10; i++)
		usleep(1000);
	assert_int_equal(file_read().outbound, 10);
	assert_int_equal(file_read().statistics, 0);
	capture_end();
	assert_int_equal(file_read().statistics, 1);
}

static void tshark_reads_it(void **state)
{
	char command[256];
	unsigned int lines = 0;
	FILE *output;

	(void)state;
	if (system("command -v tshark >/dev/null") != 0) {
		print_message("# skipped: tshark is not installed\n");
		skip();
	}
	capture_begin();
	send_some(near_fd, 5, 36);
	capture_end();
	snprintf(command, sizeof(command),
		 "tshark -r %s -Y 'udp.dstport == %d && frame.packet_flags_"
		 "direction == 2' 2>/dev/null",
		 path, PORT);
	output = popen(command, "r");
	assert_non_null(output);
	for (int c; (c = fgetc(output)) != EOF;)
		lines += c == '\n';
	assert_int_equal(pclose(output), 0);
	assert_int_equal(lines, 5);
}

/* RLIMIT_FSIZE stands in for a full disk: a part of a block still fits. */
static void full_disk_leaves_whole_blocks(void **state)
{
	struct rlimit before, small = { .rlim_cur = 100003 };
	struct found found;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	capture_begin();
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	send_some(near_fd, 200, 1400);
	capture_end();
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(capture_rc, -EFBIG);
	found = file_read();
	assert_int_equal(result.bytes, file_size());
	assert_in_range(file_size(), 100003 - 1600, 100003);
	assert_in_range(found.outbound, 60, 69);
	assert_int_equal(found.statistics, 0);
}

static void what_can_not_capture_keeps_the_file(void **state)
{
	struct wiretap_result nothing;
	FILE *file = fopen(path, "w");

	(void)state;
	assert_non_null(file);
	fputs("precious", file);
	fclose(file);
	assert_int_equal(capture_try("nowhere0", path, &nothing), -ENODEV);
	assert_int_equal(file_size(), 8);
}

/* A veth pair has the kernel's stamps alone: refused, or told. */
static void stamps_of_a_nic_that_has_none(void **state)
{
	struct wiretap_config config = { .interface = "near0",
					 .path = path,
					 .privileges = PRIVILEGES_KEEP,
					 .stamps = WIRETAP_STAMPS_HARDWARE };
	struct wiretap_result found;
	struct capture_frame frame;
	struct capture_file *file;

	(void)state;
	if (near_fd < 0) {
		print_message("# skipped: no veth pair can be made here\n");
		skip();
	}
	log_catch();
	assert_int_equal(wiretap_capture(&config, &stop, &found), -EOPNOTSUPP);
	assert_true(is_one_line(log_caught(),
				"--stamps hardware: near0: its driver has no "
				"hardware stamps"));
	assert_int_equal(file_size(), 0);
	config.stamps = WIRETAP_STAMPS_AUTO;
	config.promiscuous = true;
	other = &config;
	log_catch();
	capture_begin();
	send_some(near_fd, 1, 36);
	capture_end();
	other = NULL;
	assert_int_equal(capture_rc, 0);
	assert_non_null(strstr(log_caught(),
			       "near0: stamped by the kernel's clock, since "
			       "its NIC can't: its driver has no hardware"));
	assert_false(result.nic_stamps);
	assert_int_equal(capture_file_open(path, &file), 0);
	assert_int_equal(capture_file_next(file, &frame), 1);
	assert_int_equal(frame.clock, PCAPNG_CLOCK_KERNEL);
	capture_file_close(file);
}

/* As QEMU's e1000e does: its driver promises stamps, and none come. */
static void promised_stamps_that_never_came(void **state)
{
	(void)state;
	log_catch();
	assert_int_equal(
		wiretap_stamps_judge("near0", WIRETAP_STAMPS_HARDWARE, 7, 7),
		-ENODATA);
	assert_true(is_one_line(log_caught(), "near0: its NIC stamped none of "
					      "7 frames"));
	assert_int_equal(
		wiretap_stamps_judge("near0", WIRETAP_STAMPS_HARDWARE, 7, 6),
		0);
	assert_int_equal(
		wiretap_stamps_judge("near0", WIRETAP_STAMPS_HARDWARE, 0, 0),
		0);
	assert_int_equal(
		wiretap_stamps_judge("near0", WIRETAP_STAMPS_AUTO, 7, 7), 0);
}

static void file_that_can_not_be_made(void **state)
{
	struct wiretap_result nothing;

	(void)state;
	if (near_fd < 0) {
		print_message("# skipped: no veth pair can be made here\n");
		skip();
	}
	assert_int_equal(capture_try("near0", "/nowhere/a.pcapng", &nothing),
			 -ENOENT);
}

/* The far end is known again, and answers: that nobody listens. */
static void far_reach(void)
{
	socklen_t len = sizeof(int);
	int before;

	/* What an earlier one met is forgotten. */
	getsockopt(near_fd, SOL_SOCKET, SO_ERROR, &before, &len);
	while (send(near_fd, "", 0, 0) >= 0 || errno != ECONNREFUSED)
		usleep(1000);
}

/* Down and up; so much later there are frames again, and it is stopped. */
static void interface_blinks(unsigned int later_us)
{
	struct found found;

	stop = 0;
	assert_int_equal(truncate(path, 0), 0);
	capture_begin();
	send_some(near_fd, 10, 36);
	assert_int_equal(namespace_link(near_space, "near0", 0), 0);
	assert_int_equal(namespace_link(near_space, "near0", 1), 0);
	usleep(later_us);
	far_reach();
	capture_end();
	assert_int_equal(capture_rc, 0);
	assert_int_equal(result.holes, 0);
	found = file_read();
	assert_true(found.outbound > 10);
	assert_int_equal(found.statistics, 1);
}

/* An interface that goes down ends neither the capture nor its file, and
 * nothing is missing behind it. */
static void interface_that_goes_down(void **state)
{
	(void)state;
	interface_blinks(0);
}

/* The block of before it is there to be read, one is being filled, and the tap
 * does not know yet that it is up. */
static void stopped_before_it_is_known(void **state)
{
	(void)state;
	for (unsigned int ms = 55; ms < 100; ms += 10)
		interface_blinks(1000 * ms);
}

/* Nor does the signal have to wait until it is up again. */
static void stopped_while_it_is_down(void **state)
{
	struct found found;

	(void)state;
	far_reach();
	capture_begin();
	send_some(near_fd, 10, 36);
	assert_int_equal(namespace_link(near_space, "near0", 0), 0);
	capture_end();
	assert_int_equal(capture_rc, 0);
	found = file_read();
	assert_int_equal(found.outbound, 10);
	assert_int_equal(found.statistics, 1);
	assert_int_equal(namespace_link(near_space, "near0", 1), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(both_directions),
		TEST(a_second_signal_takes_nothing_away),
		TEST(many_megabytes),
		TEST(merged_frames_keep_their_size),
		TEST(what_is_lost_is_written_down),
		TEST(idle_capture_lies_in_the_file),
		TEST(tshark_reads_it),
		TEST(full_disk_leaves_whole_blocks),
		TEST(what_can_not_capture_keeps_the_file),
		TEST(stamps_of_a_nic_that_has_none),
		TEST(promised_stamps_that_never_came),
		TEST(file_that_can_not_be_made),
		TEST(interface_that_goes_down),
		TEST(stopped_before_it_is_known),
		TEST(stopped_while_it_is_down),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
