/* SPDX-License-Identifier: MIT */
/* How the two ends of a stream meet. */
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/shm_region.h"
#include "net/shm_stream.h"

#define AGAIN_MS 50  /* as socket_connect() has it */
#define SLICE_MS 100 /* of a wait that a signal may end */

/* Our own. 0 or a negative errno, logged. */
static int ring_make(struct shm_stream *stream,
		     const struct shm_stream_config *config, enum shm_area area)
{
	int err;

	if (config->region) {
		err = shm_writer_open_in(&stream->out, config->slots,
					 config->region, area);
	} else {
		err = shm_writer_open(&stream->out, config->slots);
		if (err)
			log_error("%s: no memory for %u slots to share: %s",
				  config->who, config->slots,
				  log_strerror(err));
	}
	stream->given = stream->out.next;
	return err;
}

/* The other end's. 0 or a negative errno, silent. */
static int ring_take(struct shm_stream *stream, const struct shm_hello *hello,
		     int memory)
{
	int err = shm_hello_map(hello, memory, stream->config->region,
				&stream->in);

	if (!err)
		atomic_store(&stream->out.head->taken, stream->in.next);
	return err;
}

/* The address that a connection to that one would have here. */
static struct in_addr address_towards(const struct sockaddr_in *to)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in own = { .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in found;
	socklen_t len = sizeof(found);

	if (fd < 0)
		return own.sin_addr;
	if (connect(fd, (const void *)to, sizeof(*to)) == 0 &&
	    getsockname(fd, (void *)&found, &len) == 0)
		own = found;
	close(fd);
	return own.sin_addr;
}

/*
 * Who connects.
 */

static int nobody(const struct shm_stream_config *config, const char *path)
{
	log_error("%s: nobody takes orders at %s", config->who, path);
	return -ECONNREFUSED;
}

static int path_connect(const struct shm_stream_config *config,
			const char *path, uint64_t deadline_ns,
			const volatile int *stop)
{
	const struct timespec pause = { .tv_nsec = AGAIN_MS * CLOCK_NS_PER_MS };
	int fd;

	for (;;) {
		fd = shm_socket_connect(config->who, path, SLICE_MS);
		if (fd != -ENOENT && fd != -ECONNREFUSED)
			return fd;
		if (stop && *stop)
			return -EINTR;
		if (clock_monotonic_ns() >= deadline_ns)
			return nobody(config, path);
		nanosleep(&pause, NULL);
	}
}

static int answer_receive(struct shm_stream *stream, uint64_t deadline_ns,
			  const volatile int *stop, struct shm_hello *hello,
			  int *memory)
{
	bool waits;
	int err;

	do {
		err = shm_hello_receive(stream->fd, SHM_HELLO_ORDERS, hello,
					memory);
		/* A signal that means nothing, such as SIGCONT, ends none. */
		waits = err == -EAGAIN || err == -EINTR;
		if (waits && stop && *stop)
			return -EINTR;
	} while (waits && clock_monotonic_ns() < deadline_ns);
	if (waits)
		return -ETIMEDOUT;
	return err;
}

/* 0 or a negative errno, logged. */
static int answer_take(struct shm_stream *stream, const char *path,
		       const struct shm_hello *answer, int memory)
{
	const struct shm_stream_config *config = stream->config;
	const int err = ring_take(stream, answer, memory);

	if (err) {
		log_error("%s: %s: %s", config->who, path,
			  shm_hello_fault(err));
		return err;
	}
	stream->own.sin_port = answer->to.sin_port;
	stream->other_sleeps = answer->sleeps;
	return 0;
}

/* Both rings are handed over, ours to the tap too, before the other end may
 * begin. 0, -EINTR or another negative errno, logged. */
static int rings_exchange(struct shm_stream *stream, const char *path,
			  uint64_t deadline_ns, const volatile int *stop)
{
	const struct shm_stream_config *config = stream->config;
	struct shm_hello hello = { .kind = SHM_HELLO_ORDERS,
				   .from = stream->own,
				   .to = stream->other,
				   .sleeps = config->sleeps },
			 answer;
	int memory = -1, err;

	shm_hello_tell(&hello, &stream->out);
	err = shm_hello_send(stream->fd, &hello, stream->out.fd);
	if (!err)
		err = answer_receive(stream, deadline_ns, stop, &answer,
				     &memory);
	if (err && err != -EINTR)
		log_error("%s: %s: %s", config->who, path,
			  shm_hello_fault(err));
	if (err)
		return err;
	err = answer_take(stream, path, &answer, memory);
	if (memory >= 0)
		close(memory);
	if (err)
		return err;
	hello.from = stream->own;
	if (config->tap) {
		stream->now = clock_realtime_ns;
		stream->tap = shm_tap_tell(config->who, config->tap, &hello,
					   stream->out.fd);
		err = stream->tap < 0 ? stream->tap : 0;
	}
	if (err)
		goto close_reader;
	err = shm_hello_send(stream->fd, &hello, -1);
	if (!err)
		return 0;
	log_error("%s: %s: %s", config->who, path, log_strerror(err));
	if (stream->tap >= 0)
		close(stream->tap);
close_reader:
	shm_reader_close(&stream->in);
	return err;
}

int shm_stream_connect(struct shm_stream *stream,
		       const struct shm_stream_config *config, const char *path,
		       unsigned int timeout_ms, const volatile int *stop)
{
	const uint64_t deadline_ns =
		clock_monotonic_ns() + timeout_ms * CLOCK_NS_PER_MS;
	int err;

	*stream = (struct shm_stream){ .config = config,
				       .other = config->address };
	stream->tap = -1;
	stream->own.sin_family = AF_INET;
	stream->own.sin_addr = address_towards(&config->address);
	/* Before anybody waits for it: much memory takes a while. */
	err = ring_make(stream, config, SHM_AREA_ORDERS);
	if (err)
		return err;
	err = stream->fd = path_connect(config, path, deadline_ns, stop);
	if (err < 0)
		goto close_ring;
	err = rings_exchange(stream, path, deadline_ns, stop);
	if (!err)
		return 0;
	close(stream->fd);
close_ring:
	shm_writer_close(&stream->out);
	return err;
}

/*
 * Who accepts.
 */

int shm_stream_accept(struct shm_stream *stream,
		      const struct shm_stream_config *config,
		      const struct shm_listener *listener, uint16_t other_port)
{
	const int fd = shm_socket_accept(listener);
	int err;

	if (fd == -EAGAIN || fd == -EACCES)
		return -EAGAIN;
	if (fd < 0) {
		log_error("%s: can't accept: %s", config->who,
			  log_strerror(fd));
		return fd;
	}
	*stream =
		(struct shm_stream){ .config = config, .own = config->address };
	stream->fd = fd;
	stream->tap = -1;
	stream->other.sin_family = AF_INET;
	stream->other.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	stream->other.sin_port = htons(other_port);
	/* A region has room for one connection: who says hello. */
	err = config->region ? 0 : ring_make(stream, config, SHM_AREA_NONE);
	if (err)
		close(fd);
	return err;
}

static bool is_ours(const struct shm_stream *stream,
		    const struct sockaddr_in *wanted)
{
	const struct sockaddr_in *own = &stream->own;

	return wanted->sin_port == own->sin_port &&
	       (own->sin_addr.s_addr == htonl(INADDR_ANY) ||
		wanted->sin_addr.s_addr == own->sin_addr.s_addr);
}

/* Its ring, and ours back. 0 or a negative errno, logged. */
static int first_hello(struct shm_stream *stream, const struct shm_hello *hello,
		       int memory)
{
	struct shm_hello answer = { .kind = SHM_HELLO_ORDERS,
				    .sleeps = stream->config->sleeps };
	int err = 0;

	if (stream->config->region)
		err = ring_make(stream, stream->config, SHM_AREA_ANSWERS);
	if (err)
		return err;
	err = ring_take(stream, hello, memory);
	if (err) {
		log_warning("%s: %s", stream->config->who,
			    shm_hello_fault(err));
		return err;
	}
	if (!is_ours(stream, &hello->to)) {
		log_warning("%s: a hello to another address than this one's",
			    stream->config->who);
		return -EADDRNOTAVAIL;
	}
	stream->other.sin_addr = hello->from.sin_addr;
	stream->other_sleeps = hello->sleeps;
	/* What it sends first wakes us. */
	if (stream->config->sleeps)
		atomic_store(&stream->out.head->asks, 1);
	answer.from = stream->own;
	answer.to = stream->other;
	shm_hello_tell(&answer, &stream->out);
	return shm_hello_send(stream->fd, &answer, stream->out.fd);
}

/* The last connection has our only ring still: its end is not yet seen. */
static bool is_next_one(const struct shm_stream *stream)
{
	const struct shm_region *region = stream->config->region;

	return region && stream->hellos == 0 && region->taken[SHM_AREA_ANSWERS];
}

int shm_stream_greet(struct shm_stream *stream)
{
	struct shm_hello hello;
	int memory = -1, err;

	if (shm_stream_is_met(stream))
		return 1;
	if (is_next_one(stream))
		return shm_stream_alive(stream);
	err = shm_hello_receive(stream->fd, SHM_HELLO_ORDERS, &hello, &memory);
	if (err)
		return err == -EAGAIN ? 0 : err;
	if (stream->hellos == 0)
		err = first_hello(stream, &hello, memory);
	else if (memory >= 0)
		err = -EPROTO;
	if (memory >= 0)
		close(memory);
	if (err)
		return err;
	stream->hellos++;
	return shm_stream_is_met(stream);
}
