/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "net/shm_readers.h"
#include "tests/support/descriptors.h"
#include "tests/support/log_catch.h"

#define SOON_MS 20000

static char folder[] = "/tmp/t2t-shm-XXXXXX";
static char path[64];

static int folder_make(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/ring", folder);
	return 0;
}

static int folder_remove(void **state)
{
	(void)state;
	return rmdir(folder);
}

static int accept_soon(const struct shm_listener *listener)
{
	struct pollfd readable = { .fd = listener->fd, .events = POLLIN };

	assert_int_equal(poll(&readable, 1, SOON_MS), 1);
	return shm_socket_accept(listener);
}

static void meets(const char *address)
{
	struct shm_hello hello = { .kind = SHM_HELLO_DATA, .next = 5 }, found;
	struct shm_listener listener;
	int fd, other, memory;

	assert_int_equal(shm_socket_listen(&listener, "test", address), 0);
	assert_int_equal(shm_socket_accept(&listener), -EAGAIN);
	fd = shm_socket_connect("test", address, SOON_MS);
	assert_true(fd >= 0);
	other = accept_soon(&listener);
	assert_true(other >= 0);
	assert_int_equal(
		shm_hello_receive(other, SHM_HELLO_DATA, &found, &memory),
		-EAGAIN);
	assert_int_equal(shm_hello_send(fd, &hello, STDIN_FILENO), 0);
	assert_int_equal(
		shm_hello_receive(other, SHM_HELLO_DATA, &found, &memory), 0);
	assert_int_equal(found.next, 5);
	assert_true(memory >= 0);
	close(memory);
	assert_false(shm_socket_ended(other));
	close(fd);
	assert_true(shm_socket_ended(other));
	assert_int_equal(
		shm_hello_receive(other, SHM_HELLO_DATA, &found, &memory),
		-EPIPE);
	close(other);
	shm_socket_unlisten(&listener);
	assert_int_equal(shm_socket_connect("test", address, SOON_MS),
			 *address == '@' ? -ECONNREFUSED : -ENOENT);
}

/* Of programs on two machines; a ring is named there, not handed over. */
static void two_meet_over_a_network(void **state)
{
	const char *address = "127.0.0.1:47113";
	struct shm_hello hello = { .kind = SHM_HELLO_DATA, .next = 5 }, found;
	const uint8_t *bytes = (const void *)&hello;
	struct pollfd readable = { .events = POLLIN };
	struct shm_listener listener;
	int fd, other, memory, err;

	(void)state;
	assert_int_equal(shm_socket_connect("test", address, SOON_MS),
			 -ECONNREFUSED);
	assert_int_equal(shm_socket_listen(&listener, "test", address), 0);
	assert_int_equal(shm_socket_accept(&listener), -EAGAIN);
	fd = shm_socket_connect("test", address, SOON_MS);
	assert_true(fd >= 0);
	other = accept_soon(&listener);
	assert_true(other >= 0);
	readable.fd = other;
	assert_int_equal(
		shm_hello_receive(other, SHM_HELLO_DATA, &found, &memory),
		-EAGAIN);
	assert_int_equal(shm_hello_send(fd, &hello, -1), 0);
	poll(&(struct pollfd){ other, POLLIN, 0 }, 1, SOON_MS);
	assert_int_equal(
		shm_hello_receive(other, SHM_HELLO_DATA, &found, &memory), 0);
	assert_int_equal(found.next, 5);
	assert_int_equal(memory, -1);
	/* In parts, as a stream may have it: nobody is woken for less than
	 * all. */
	for (size_t i = 0; i < sizeof(hello); i++) {
		assert_int_equal(send(fd, bytes + i, 1, 0), 1);
		if (i % 16 != 0)
			continue;
		assert_int_equal(poll(&readable, 1, 2), 0);
		assert_int_equal(shm_hello_receive(other, SHM_HELLO_DATA,
						   &found, &memory),
				 -EAGAIN);
	}
	assert_int_equal(poll(&readable, 1, SOON_MS), 1);
	assert_int_equal(
		shm_hello_receive(other, SHM_HELLO_DATA, &found, &memory), 0);
	assert_memory_equal(&found, &hello, sizeof(hello));
	/* What begins otherwise is waited for no longer. */
	assert_int_equal(send(fd, "GET", 3, 0), 3);
	while ((err = shm_hello_receive(other, SHM_HELLO_DATA, &found,
					&memory)) == -EAGAIN)
		poll(NULL, 0, 1);
	assert_int_equal(err, -EPROTO);
	assert_false(shm_socket_ended(fd));
	close(other);
	poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, SOON_MS);
	assert_true(shm_socket_ended(fd));
	close(fd);
	shm_socket_unlisten(&listener);
}

/* Its rest never comes. */
static void a_hello_that_is_cut_off_is_no_hello(void **state)
{
	struct shm_hello hello = { .magic = SHM_RING_MAGIC }, found;
	struct shm_listener listener;
	int fd, other, memory;

	(void)state;
	assert_int_equal(
		shm_socket_listen(&listener, "test", "127.0.0.1:47114"), 0);
	fd = shm_socket_connect("test", "127.0.0.1:47114", SOON_MS);
	assert_true(fd >= 0);
	other = accept_soon(&listener);
	assert_true(other >= 0);
	assert_int_equal(send(fd, &hello, 16, 0), 16);
	close(fd);
	assert_int_equal(poll(&(struct pollfd){ other, POLLIN, 0 }, 1, SOON_MS),
			 1);
	assert_int_equal(
		shm_hello_receive(other, SHM_HELLO_DATA, &found, &memory),
		-EPIPE);
	close(other);
	shm_socket_unlisten(&listener);
}

static void two_meet_by_path_or_name(void **state)
{
	char text[4200], *at = text;

	(void)state;
	meets(path);
	meets("@t2t-test-shm");
	/* Longer than an address has room for. */
	at += sprintf(at, "%s", folder);
	for (int i = 0; i < 100; i++)
		at += sprintf(at, "/./././.");
	strcpy(at, "/ring");
	meets(text);
}

/* Others may come by it as long as it is no word of ours. */
static void what_is_no_hello_is_refused(void **state)
{
	struct shm_hello hello = { .kind = SHM_HELLO_DATA + 1 }, found;
	int fds[2], memory;

	(void)state;
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	assert_int_equal(shm_hello_send(fds[0], &hello, STDIN_FILENO), 0);
	assert_int_equal(
		shm_hello_receive(fds[1], SHM_HELLO_DATA, &found, &memory),
		-EPROTO);
	assert_int_equal(memory, -1);
	hello.kind = SHM_HELLO_DATA;
	assert_int_equal(shm_hello_send(fds[0], &hello, -1), 0);
	assert_int_equal(
		shm_hello_receive(fds[1], SHM_HELLO_DATA, &found, &memory), 0);
	hello.magic++;
	assert_int_equal(send(fds[0], &hello, sizeof(hello), 0), sizeof(hello));
	hello.magic--;
	hello.version++;
	assert_int_equal(send(fds[0], &hello, sizeof(hello), 0), sizeof(hello));
	hello.version--;
	assert_int_equal(send(fds[0], &hello, sizeof(hello) - 1, 0),
			 sizeof(hello) - 1);
	assert_int_equal(send(fds[0], (char[512]){ 0 }, 512, 0), 512);
	for (int i = 0; i < 4; i++)
		assert_int_equal(shm_hello_receive(fds[1], SHM_HELLO_DATA,
						   &found, &memory),
				 -EPROTO);
	close(fds[0]);
	close(fds[1]);
}

static void an_address_that_is_taken_or_wrong_is_refused(void **state)
{
	const unsigned int before = descriptors();
	struct shm_listener first, second;
	char name[128] = "@";
	FILE *file;

	(void)state;
	log_catch();
	assert_int_equal(shm_socket_listen(&first, "test", path), 0);
	assert_int_equal(shm_socket_listen(&second, "test", path), -EADDRINUSE);
	/* It did not notice. */
	assert_true(close(shm_socket_connect("test", path, SOON_MS)) == 0);
	shm_socket_unlisten(&first);
	memset(name + 1, 'x', 100);
	assert_int_equal(shm_socket_listen(&first, "test", name),
			 -ENAMETOOLONG);
	assert_int_equal(shm_socket_listen(&first, "test", "@"), -EINVAL);
	assert_int_equal(shm_socket_listen(&first, "test", "/nowhere/x"),
			 -ENOENT);
	/* What is no socket is nobody's to remove. */
	file = fopen(path, "we");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(shm_socket_listen(&first, "test", path), -EADDRINUSE);
	assert_int_equal(unlink(path), 0);
	assert_non_null(strstr(log_caught(), "can't listen at"));
	assert_int_equal(descriptors(), before);
}

/* kill -9: the path stays, and its next owner takes it over. */
static void what_a_killed_one_left_is_taken_over(void **state)
{
	struct shm_listener listener;
	struct stat status;
	int told[2], ended;
	char byte;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(told), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (shm_socket_listen(&listener, "test", path) < 0)
			_exit(1);
		if (write(told[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(told[0], &byte, 1), 1);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &ended, 0), child);
	assert_int_equal(lstat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(shm_socket_connect("test", path, SOON_MS),
			 -ECONNREFUSED);
	meets(path);
	close(told[0]);
	close(told[1]);
}

/* Another user, for whom the path's mode is no hindrance. */
static void another_user_is_refused(void **state)
{
	struct shm_listener listener;
	int status, told[2];
	pid_t child;

	(void)state;
	if (geteuid() != 0) {
		print_message("# skipped: needs root\n");
		skip();
	}
	assert_int_equal(pipe(told), 0);
	assert_int_equal(
		shm_socket_listen(&listener, "test", "@t2t-test-shm-user"), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct shm_hello hello;
		int fd, memory;

		if (setresuid(4242, 4242, 4242) < 0)
			_exit(1);
		/* Root may be whom we connect to. */
		fd = shm_socket_connect("test", "@t2t-test-shm-user", SOON_MS);
		_exit(fd < 0 ? 2
			     : -shm_hello_receive(fd, SHM_HELLO_DATA, &hello,
						  &memory));
	}
	log_catch();
	assert_int_equal(accept_soon(&listener), -EACCES);
	assert_true(is_one_line(log_caught(), "process of user 4242"));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), EPIPE);
	shm_socket_unlisten(&listener);

	/* And the other way round. */
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (setresuid(4242, 4242, 4242) < 0 ||
		    shm_socket_listen(&listener, "test", "@t2t-test-shm-user") <
			    0 ||
		    write(told[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(told[0], &(char){ 0 }, 1), 1);
	log_catch();
	assert_int_equal(
		shm_socket_connect("test", "@t2t-test-shm-user", SOON_MS),
		-EACCES);
	assert_true(is_one_line(log_caught(), "process of user 4242"));
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	close(told[0]);
	close(told[1]);
}

static void readers_wait(const struct shm_readers *readers,
			 unsigned int sleepers)
{
	for (int i = 0; atomic_load(&readers->sleepers) != sleepers; i++) {
		assert_true(i < SOON_MS);
		usleep(1000);
	}
}

static int reader_come(uint32_t sleeps, struct shm_hello *hello)
{
	int fd = shm_socket_connect("test", path, SOON_MS), memory = -1;

	assert_true(fd >= 0);
	*hello = (struct shm_hello){ .kind = SHM_HELLO_DATA, .sleeps = sleeps };
	/* Who is not wanted may be told so before it has said a word. */
	if (shm_hello_send(fd, hello, -1) == 0 &&
	    shm_hello_receive(fd, SHM_HELLO_DATA, hello, &memory) == 0) {
		assert_true(memory >= 0);
		close(memory);
		return fd;
	}
	close(fd);
	return -1;
}

/* Of a writer's ring, at the path. */
static void readers_begin(struct shm_readers *readers,
			  struct shm_writer *writer,
			  const struct shm_hello *hello)
{
	assert_int_equal(shm_writer_open(writer, 4), 0);
	assert_int_equal(
		shm_readers_open(readers, writer, "test", path, NULL, hello),
		0);
}

static void readers_come_and_go(void **state)
{
	const unsigned int before = descriptors();
	struct shm_hello hello = { .kind = SHM_HELLO_DATA };
	int fds[SHM_READERS_MAX], fd;
	struct shm_readers readers;
	struct shm_writer writer;

	(void)state;
	readers_begin(&readers, &writer, &hello);
	shm_writer_put(&writer, "x", 1, NULL);
	for (unsigned int i = 0; i < SHM_READERS_MAX; i++) {
		fds[i] = reader_come(i % 2, &hello);
		assert_true(fds[i] >= 0);
		assert_int_equal(hello.next, 1);
	}
	assert_int_equal(atomic_load(&readers.sleepers), SHM_READERS_MAX / 2);
	/* One too many. */
	log_catch();
	assert_int_equal(reader_come(1, &hello), -1);
	assert_true(is_one_line(log_caught(), "refused a reader"));
	for (unsigned int i = 0; i < SHM_READERS_MAX; i++)
		close(fds[i]);
	readers_wait(&readers, 0);
	/* One that talks out of turn is let go, and nobody else. */
	log_catch();
	fds[0] = reader_come(1, &hello);
	fd = reader_come(1, &hello);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	readers_wait(&readers, 1);
	assert_true(shm_socket_ended(fd));
	assert_false(shm_socket_ended(fds[0]));
	assert_non_null(strstr(log_caught(), "does not speak this protocol"));
	close(fd);
	shm_readers_close(&readers);
	assert_true(shm_socket_ended(fds[0]));
	close(fds[0]);
	shm_writer_close(&writer);
	assert_int_equal(descriptors(), before);
}

/* As many as may come, of whom the first has said hello. */
static void who_says_nothing_makes_room(void **state)
{
	struct shm_hello hello = { .kind = SHM_HELLO_DATA };
	int fds[SHM_READERS_MAX], late[2];
	struct shm_readers readers;
	struct shm_writer writer;

	(void)state;
	readers_begin(&readers, &writer, &hello);
	fds[0] = reader_come(0, &hello);
	assert_true(fds[0] >= 0);
	for (unsigned int i = 1; i < SHM_READERS_MAX; i++) {
		fds[i] = shm_socket_connect("test", path, SOON_MS);
		assert_true(fds[i] >= 0);
	}
	for (unsigned int i = 0; i < 2; i++) {
		late[i] = reader_come(0, &hello);
		assert_true(late[i] >= 0);
	}
	for (unsigned int i = 0; i < SHM_READERS_MAX; i++) {
		assert_int_equal(shm_socket_ended(fds[i]), i == 1 || i == 2);
		close(fds[i]);
	}
	assert_false(shm_socket_ended(late[0]) || shm_socket_ended(late[1]));
	close(late[0]);
	close(late[1]);
	shm_readers_close(&readers);
	shm_writer_close(&writer);
}

/* By name, and nothing is left. */
static void a_tap_that_is_not_there_is_told(void **state)
{
	const unsigned int before = descriptors();
	struct shm_hello hello = { .kind = SHM_HELLO_DATA };
	struct shm_readers readers;
	struct shm_writer writer;

	(void)state;
	assert_int_equal(shm_writer_open(&writer, 4), 0);
	log_catch();
	assert_int_equal(shm_readers_open(&readers, &writer, "test", path,
					  "@t2t-no-tap", &hello),
			 -ECONNREFUSED);
	assert_true(is_one_line(log_caught(), "no t2t-wiretap --ring at"));
	shm_writer_close(&writer);
	assert_int_equal(descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_meet_by_path_or_name),
		cmocka_unit_test(two_meet_over_a_network),
		cmocka_unit_test(a_hello_that_is_cut_off_is_no_hello),
		cmocka_unit_test(what_is_no_hello_is_refused),
		cmocka_unit_test(an_address_that_is_taken_or_wrong_is_refused),
		cmocka_unit_test(what_a_killed_one_left_is_taken_over),
		cmocka_unit_test(another_user_is_refused),
		cmocka_unit_test(readers_come_and_go),
		cmocka_unit_test(who_says_nothing_makes_room),
		cmocka_unit_test(a_tap_that_is_not_there_is_told),
	};

	return cmocka_run_group_tests_name("net/shm_socket", tests, folder_make,
					   folder_remove);
}
