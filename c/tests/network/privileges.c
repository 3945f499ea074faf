/* SPDX-License-Identifier: MIT */
/* What the programs may still do once they are open: nothing of root's, and
 * they work on and leave nothing behind. Read back from /proc. */
#include "tests/support/oracle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/privileges.h"
#include "tests/support/choice.h"
#include "tests/support/fake_exchange.h"

#define TEXT_MAX 8192 /* of a thread's status */

static struct lab lab;
static struct program program;
static struct fake_exchange fake = FAKE_EXCHANGE_NONE;

static int clean(void **state)
{
	(void)state;
	program_end(&program);
	fake_exchange_close(&fake);
	return 0;
}

/* A small file of a thread's in /proc, whole; false: the thread has ended, as
 * those do that a library needs while it is opened. */
static bool thread_read(const char *thread, const char *file,
			char text[static TEXT_MAX])
{
	char path[PATH_MAX];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/%s", program.pid, thread,
		 file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, TEXT_MAX - 1);
		close(fd);
	}
	if (n < 0)
		assert_true(errno == ENOENT || errno == ESRCH);
	else
		assert_in_range(n, 1, TEXT_MAX - 2);
	text[n < 0 ? 0 : n] = '\0';
	return n >= 0;
}

/* "CapEff:\t00000000" of its status. */
static uint64_t value_of(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	assert_non_null(at);
	return strtoull(at + strlen(key), NULL, 16);
}

/* The kernel's own (SQPOLL) runs none of our code. */
static bool thread_dropped(const char *thread, uint64_t kept)
{
	char name[TEXT_MAX], text[TEXT_MAX];

	return !thread_read(thread, "comm", name) ||
	       !thread_read(thread, "status", text) ||
	       !strncmp(name, "iou-", 4) ||
	       (!(value_of(text, "\nCapEff:") & ~kept) &&
		!(value_of(text, "\nCapPrm:") & ~kept) &&
		value_of(text, "\nNoNewPrivs:") == 1);
}

/* All of its threads have at most these, soon. */
static bool dropped(uint64_t kept)
{
	char path[PATH_MAX];
	struct dirent *thread;
	bool all = true;
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", program.pid);
	threads = opendir(path);
	assert_non_null(threads);
	while ((thread = readdir(threads)))
		if (thread->d_name[0] != '.')
			all &= thread_dropped(thread->d_name, kept);
	closedir(threads);
	return all;
}

static void dropped_wait(uint64_t kept)
{
	for (int i = 0; !dropped(kept); i++) {
		assert_in_range(i, 0, LAB_SOON_MS);
		assert_int_equal(program_wait(&program, 0), -1);
		usleep(1000);
	}
}

static void begin(const char *option, const char *value, const char *more,
		  const char *of_it)
{
	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &program, option, value, more, of_it, NULL);
	fake_exchange_accept(&fake);
	dropped_wait(0);
	fake_exchange_book(&fake);
	for (int i = 0; i < 10; i++) {
		fake_exchange_level(&fake, false, 'B', "160", "10000");
		fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	}
	assert_true(dropped(0));
	fake_exchange_end(&fake);
	assert_int_equal(program_wait(&program, LAB_SOON_MS), 0);
	clean(NULL);
}

/* Twice: nothing was left on the interface. */
static void trader_receives(void **state)
{
	const char *path = *state;

	choice_receive_needed(path);
	for (int i = 0; i < 2; i++)
		begin("--receive", path, "--json", NULL);
}

static void trader_sends(void **state)
{
	const char *transport = *state;

	choice_transport_needed(transport);
	begin("--transport", transport, "--json", NULL);
}

static void trader_bypasses(void **state)
{
	(void)state;
	choice_receive_needed("xdp");
	for (int i = 0; i < 2; i++)
		begin("--receive", "xdp", "--transport", "bypass");
}

/* They are opened anew when their interface comes back. */
static bool is_of_frames(const char *path)
{
	return !strncmp(path, "packet", 6) || !strncmp(path, "xdp", 3) ||
	       !strncmp(path, "dpdk", 4);
}

static void exchange_sends(void **state)
{
	const char *path = *state;
	const uint64_t kept = is_of_frames(path) ? PRIVILEGES_FRAMES : 0;
	char feed[PATH_MAX];
	int client;

	choice_send_needed(path);
	strcpy(feed, lab_feed(&lab, 1, 10000));
	lab_exchange(&lab, &program, feed, "--send", path, "--pace",
		     "rate:10000", "--send-times", "/dev/null", NULL);
	dropped_wait(kept);
	client = lab_connect();
	lab_states(&program, "HANDSHAKE TRANSMIT");
	assert_true(dropped(kept));
	lab_says(&program, "end of the feed");
	order_client_close(client);
	lab_states(&program, "INIT");
	assert_int_equal(program_stop(&program, SIGTERM, LAB_SOON_MS), 0);
}

static void wiretap_captures(void **state)
{
	char path[PATH_MAX];

	(void)state;
	lab_wiretap(&lab, &program, lab_path(&lab, "tap.pcapng", path));
	dropped_wait(PRIVILEGES_BIT(CAP_NET_RAW));
	assert_int_equal(program_stop(&program, SIGINT, LAB_SOON_MS), 0);
}

static void mcast_client(void **state)
{
	const char *path = *state;
	choice_receive_needed(path);
	lab_start(&program, lab.trader, "t2t-mcast-client", "--interface",
		  LAB_TRADER_INTERFACE, "--receive", path, NULL);
	dropped_wait(is_of_frames(path) || !strcmp(path, "busy")
			     ? PRIVILEGES_FRAMES
			     : 0);
	assert_int_equal(program_stop(&program, SIGINT, LAB_SOON_MS), 0);
}

static void mcast_server(void **state)
{
	int input[2];
	int kept = dup(STDIN_FILENO);

	(void)state;
	assert_int_equal(pipe(input), 0);
	dup2(input[0], STDIN_FILENO);
	lab_start(&program, lab.exchange, "t2t-mcast-server", "--interface",
		  LAB_EXCHANGE_INTERFACE, NULL);
	dup2(kept, STDIN_FILENO);
	close(kept);
	close(input[0]);
	dropped_wait(0);
	close(input[1]);
	assert_int_equal(program_wait(&program, LAB_SOON_MS), 0);
}

static void told_to_keep(void **state)
{
	(void)state;
	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &program, "--privileges", "keep", NULL);
	fake_exchange_accept(&fake);
	fake_exchange_book(&fake);
	fake_exchange_level(&fake, false, 'B', "160", "10000");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	assert_false(dropped(0));
	fake_exchange_end(&fake);
	assert_int_equal(program_wait(&program, LAB_SOON_MS), 0);
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("privileges: the trader drops them, xdp and bypass",
		 trader_bypasses, clean),
	LAB_TEST("privileges: the wiretap keeps CAP_NET_RAW alone",
		 wiretap_captures, clean),
	LAB_TEST("privileges: the multicast server drops them", mcast_server,
		 clean),
	LAB_TEST("privileges: they are kept when told so", told_to_keep, clean),
};

int main(int argc, char **argv)
{
	static struct CMUnitTest all[100];
	size_t n = ARRAY_SIZE(tests);

	memcpy(all, tests, sizeof(tests));
	n += choice_tests(all + n, "privileges: the trader drops them",
			  trader_receives, clean, choice_receive);
	n += choice_tests(all + n, "privileges: the trader drops them",
			  trader_sends, clean, choice_transport);
	n += choice_tests(all + n, "privileges: the exchange drops them",
			  exchange_sends, clean, choice_send);
	n += choice_tests(all + n, "privileges: the multicast client drops",
			  mcast_client, clean, choice_receive);
	return lab_run(&lab, "privileges", all, n, argc, argv);
}
