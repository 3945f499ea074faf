/* SPDX-License-Identifier: MIT */
#include "net/shm_readers.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/thread.h"

#define REST_MS 100

/* Those behind it move up: they are in the order in which they came. */
static void reader_close(struct shm_readers *readers, unsigned int i)
{
	close(readers->reader[i].fd);
	if (readers->reader[i].sleeps)
		atomic_fetch_sub(&readers->sleepers, 1);
	memmove(&readers->reader[i], &readers->reader[i + 1],
		(--readers->count - i) * sizeof(readers->reader[0]));
}

/* Whoever reaches the address may come and say nothing: the first of those
 * makes room. Is there one? */
static bool silent_close(struct shm_readers *readers)
{
	for (unsigned int i = 0; i < readers->count; i++)
		if (!readers->reader[i].told) {
			reader_close(readers, i);
			return true;
		}
	return false;
}

static void reader_accept(struct shm_readers *readers)
{
	struct pollfd rest = { readers->stop, POLLIN, 0 };
	int fd = shm_socket_accept(&readers->listener);

	/* It is still there, and can't be had: no more files may be open. */
	if (fd < 0 && fd != -EAGAIN && fd != -EACCES) {
		log_warning_repeats(&readers->refusals,
				    "%s: a reader can't be accepted: %s",
				    readers->listener.who, log_strerror(fd));
		poll(&rest, 1, REST_MS);
	}
	if (fd < 0)
		return;
	if (readers->count == SHM_READERS_MAX && !silent_close(readers)) {
		log_warning_repeats(&readers->refusals,
				    "%s: refused a reader: %u are there",
				    readers->listener.who, SHM_READERS_MAX);
		close(fd);
		return;
	}
	readers->reader[readers->count].fd = fd;
	readers->reader[readers->count].told = false;
	readers->reader[readers->count++].sleeps = false;
}

/* Its hello, and ours with the ring; or its end. false: it is to go. */
static bool reader_serve(struct shm_readers *readers, unsigned int i)
{
	struct shm_hello hello, answer = readers->hello;
	int memory, err;

	err = shm_hello_receive(readers->reader[i].fd, readers->hello.kind,
				&hello, &memory);
	if (memory >= 0)
		close(memory);
	if (err == -EAGAIN)
		return true;
	if (err || readers->reader[i].told) {
		if (err != -EPIPE)
			log_warning_repeats(&readers->refusals,
					    "%s: a reader that does not speak "
					    "this protocol is refused",
					    readers->listener.who);
		return false;
	}
	readers->reader[i].told = true;
	if (hello.sleeps) {
		readers->reader[i].sleeps = true;
		atomic_fetch_add(&readers->sleepers, 1);
	}
	shm_hello_tell(&answer, readers->writer);
	return shm_hello_send(readers->reader[i].fd, &answer,
			      readers->writer->fd) == 0;
}

static void *readers_run(void *context)
{
	struct shm_readers *readers = context;
	struct pollfd fds[2 + SHM_READERS_MAX];

	for (;;) {
		const unsigned int count = readers->count;

		fds[0] = (struct pollfd){ readers->stop, POLLIN, 0 };
		fds[1] = (struct pollfd){ readers->listener.fd, POLLIN, 0 };
		for (unsigned int i = 0; i < count; i++)
			fds[2 + i] = (struct pollfd){ readers->reader[i].fd,
						      POLLIN, 0 };
		if (poll(fds, 2 + count, -1) < 0)
			continue;
		if (fds[0].revents)
			return NULL;
		/* From the last one: a place that is given up is filled. */
		for (unsigned int i = count; i-- > 0;)
			if (fds[2 + i].revents && !reader_serve(readers, i))
				reader_close(readers, i);
		if (fds[1].revents)
			reader_accept(readers);
	}
}

int shm_readers_open(struct shm_readers *readers,
		     const struct shm_writer *writer, const char *who,
		     const char *address, const char *tap,
		     const struct shm_hello *hello)
{
	int err;

	*readers = (struct shm_readers){ .writer = writer, .hello = *hello };
	shm_hello_tell(&readers->hello, writer);
	readers->tap = -1;
	if (tap) {
		readers->tap =
			shm_tap_tell(who, tap, &readers->hello, writer->fd);
		if (readers->tap < 0)
			return readers->tap;
	}
	err = shm_socket_listen(&readers->listener, who, address);
	if (err)
		goto close_tap;
	readers->stop = eventfd(0, EFD_CLOEXEC);
	err = readers->stop < 0 ? -errno
				: thread_start(&readers->thread, NULL,
					       readers_run, readers);
	if (!err)
		return 0;
	log_error("%s: can't wait for readers: %s", who, log_strerror(err));
	if (readers->stop >= 0)
		close(readers->stop);
	shm_socket_unlisten(&readers->listener);
close_tap:
	if (readers->tap >= 0)
		close(readers->tap);
	return err;
}

void shm_readers_close(struct shm_readers *readers)
{
	eventfd_write(readers->stop, 1);
	pthread_join(readers->thread, NULL);
	while (readers->count > 0)
		reader_close(readers, 0);
	close(readers->stop);
	shm_socket_unlisten(&readers->listener);
	if (readers->tap >= 0)
		close(readers->tap);
}
