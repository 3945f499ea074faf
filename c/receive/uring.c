/* SPDX-License-Identifier: MIT */
/*
 * recvmsg(2) by io_uring. Single: one receive in flight, asked for again when
 * its datagram was handled (several would complete in any order). Multishot:
 * asked for once; the kernel takes a buffer of a ring that both sides map for
 * each datagram. With sqpoll and wait=spin there is no system call at all.
 */
#include "receive/receive_ops.h"

#ifdef HAVE_LIBURING

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "net/socket.h"
#include "net/uring.h"
#include "receive/receive_socket.h"

#define SLEEP_NS 100000000
#define GROUP	 0 /* of buffers */
/* By number, since liburing has it from 2.6 on and kernels from 6.9 on. */
#define REGISTER_NAPI 27

enum { SINGLE, MULTISHOT };
enum { SPIN, SLEEP };
enum { DEFER_AUTO, DEFER_ON, DEFER_OFF };

static const char *const mode_names[] = { "single", "multishot", NULL };
static const char *const wait_names[] = { "spin", "sleep", NULL };
static const char *const defer_names[] = { "auto", "on", "off", NULL };

/* A buffer of multishot as the kernel fills it: its header, the control
 * data, then the datagram: placed so that this begins a cache line. */
struct multishot_buffer {
	_Alignas(64) uint8_t unused[16];
	struct io_uring_recvmsg_out out;
	_Alignas(struct cmsghdr)
		uint8_t control[CMSG_SPACE(sizeof(struct timespec))];
	uint8_t data[RECEIVE_SOCKET_DATAGRAM_MAX];
};

#define BUFFER_LEN                         \
	(sizeof(struct multishot_buffer) - \
	 offsetof(struct multishot_buffer, out))

struct receive_uring {
	struct receive_socket socket;
	unsigned int mode, wait, defer_taskrun;
	uint64_t buffer_count;
	uint64_t napi_us;
	bool registered_file, single_issuer, coop_taskrun;
	struct uring_sqpoll sqpoll;

	struct io_uring ring;
	bool armed;	    /* the receive is under way */
	unsigned int given; /* buffers that the last poll yielded */
	uint16_t gives[RECEIVE_BURST_MAX];
	struct msghdr pattern; /* of multishot: how much room for what */
	struct mem_arena arena;
	struct io_uring_buf_ring *buffer_ring;
	struct multishot_buffer *buffers;
};

#define AT(member) offsetof(struct receive_uring, member)

static const struct option_row uring_options[] = {
	RECEIVE_SOCKET_ROWS,
	RECEIVE_SOCKET_BUSY_ROWS,
	RECEIVE_SOCKET_TUNING_ROWS,
	{ .name = "mode",
	  .metavar = "MODE",
	  .def = "multishot",
	  .type = OPTION_CHOICE,
	  .choices = mode_names,
	  .offset = AT(mode),
	  .help = "ask once for each datagram, or once for all" },
	{ .name = "wait",
	  .metavar = "HOW",
	  .def = "spin",
	  .type = OPTION_CHOICE,
	  .choices = wait_names,
	  .offset = AT(wait),
	  .help = "for completions: look again and again, or sleep" },
	{ .name = "buffers",
	  .metavar = "N",
	  .def = "256",
	  .type = OPTION_UNSIGNED,
	  .min = 2,
	  .max = 32768,
	  .offset = AT(buffer_count),
	  .help = "that the kernel may fill in mode multishot; a power of 2" },
	URING_SQPOLL_ROWS(struct receive_uring, sqpoll),
	URING_REGISTERED_FILE_ROW(struct receive_uring, registered_file),
	{ .name = "single_issuer",
	  .metavar = "on|off",
	  .def = "on",
	  .type = OPTION_FLAG,
	  .offset = AT(single_issuer),
	  .help = "promise that one thread submits" },
	{ .name = "defer_taskrun",
	  .metavar = "auto|on|off",
	  .def = "auto",
	  .type = OPTION_CHOICE,
	  .choices = defer_names,
	  .offset = AT(defer_taskrun),
	  .help = "the kernel does its part when asked, and interrupts "
		  "nothing; auto: where the kernel has it (6.1), without "
		  "sqpoll and coop_taskrun" },
	{ .name = "coop_taskrun",
	  .metavar = "on|off",
	  .def = "off",
	  .type = OPTION_FLAG,
	  .offset = AT(coop_taskrun),
	  .help = "... or at the next system call; not with sqpoll" },
	{ .name = "napi",
	  .metavar = "US",
	  .def = "0",
	  .type = OPTION_UNSIGNED,
	  .max = 1000000,
	  .offset = AT(napi_us),
	  .help = "how long a waiting thread polls the NIC (Linux 6.9); needs "
		  "wait=sleep or sqpoll; 0: doesn't" },
	OPTION_END,
};

static struct receive_uring *uring_self(struct receive *receive)
{
	return container_of(receive, struct receive_uring,
			    socket.interface.receive);
}

static int wrong(const char *text)
{
	log_error("--receive uring: %s", text);
	return -EINVAL;
}

static int options_check(const struct receive_uring *self)
{
	bool defer = self->defer_taskrun == DEFER_ON;

	if (self->buffer_count & (self->buffer_count - 1))
		return wrong("buffers: expected a power of 2");
	if (self->sqpoll.on && (defer || self->coop_taskrun))
		return wrong("sqpoll: its thread does the kernel's part: "
			     "no defer_taskrun, no coop_taskrun");
	if (defer && self->coop_taskrun)
		return wrong("defer_taskrun and coop_taskrun: one of them");
	if (defer && !self->single_issuer)
		return wrong("defer_taskrun: needs single_issuer");
	if (self->napi_us && self->wait == SPIN && !self->sqpoll.on)
		return wrong("napi: needs wait=sleep or sqpoll=on: nobody in "
			     "the kernel waits else");
	return 0;
}

static int ring_open(struct receive_uring *self)
{
	/* Two, for the one in flight: sqpoll's thread may say that it took a
	 * submission after its completion was seen. */
	const unsigned int entries = 2;
	unsigned int completions = entries, flags = 0;
	int err;

	if (self->mode == MULTISHOT)
		completions += (unsigned int)self->buffer_count;
	if (self->single_issuer)
		flags |= IORING_SETUP_SINGLE_ISSUER;
	if (self->coop_taskrun)
		flags |= IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
	else if (self->defer_taskrun != DEFER_OFF && self->single_issuer &&
		 !self->sqpoll.on)
		flags |= IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG;

	err = uring_open(&self->ring, entries, completions, flags,
			 &self->sqpoll, "--receive uring");
	if (err == -EINVAL && flags & IORING_SETUP_DEFER_TASKRUN &&
	    self->defer_taskrun == DEFER_AUTO) {
		log_info("--receive uring: goes on without defer_taskrun, "
			 "which this kernel lacks");
		flags &= ~(IORING_SETUP_DEFER_TASKRUN |
			   IORING_SETUP_TASKRUN_FLAG);
		err = uring_open(&self->ring, entries, completions, flags,
				 &self->sqpoll, "--receive uring");
	}
	if (err == -EINVAL && self->sqpoll.cpu < 0)
		return wrong("this kernel refuses such a ring (defer_taskrun "
			     "needs Linux 6.1)");
	return err;
}

static int napi_register(struct receive_uring *self)
{
	struct {
		uint32_t busy_poll_us;
		uint8_t prefer_busy_poll;
		uint8_t zero[11];
	} napi = { .busy_poll_us = (uint32_t)self->napi_us,
		   .prefer_busy_poll = 1 };
	int err;

	if (!self->napi_us)
		return 0;
	err = io_uring_register((unsigned int)self->ring.ring_fd, REGISTER_NAPI,
				&napi, 1);
	if (err)
		log_error("--receive uring: napi: %s",
			  err == -EINVAL ? "this kernel's io_uring has no busy "
					   "poll (Linux 6.9 has)"
					 : log_strerror(err));
	return err;
}

static void buffer_return(struct receive_uring *self, uint16_t number,
			  int offset)
{
	io_uring_buf_ring_add(
		self->buffer_ring, &self->buffers[number].out, BUFFER_LEN,
		number, io_uring_buf_ring_mask((uint32_t)self->buffer_count),
		offset);
}

/* The ring of buffers, then the buffers. */
static int buffers_open(struct receive_uring *self)
{
	size_t count = self->buffer_count;
	size_t ring_len = (count * sizeof(struct io_uring_buf) + 63) & ~63UL;
	struct io_uring_buf_reg request = { .ring_entries = (uint32_t)count,
					    .bgid = GROUP };
	int err;

	if (self->mode != MULTISHOT)
		return 0;
	err = mem_arena_open(&self->arena,
			     ring_len + count * sizeof(*self->buffers), false);
	if (err)
		return err;
	self->buffer_ring = self->arena.base;
	self->buffers = (void *)((uint8_t *)self->arena.base + ring_len);
	request.ring_addr = (uintptr_t)self->buffer_ring;
	err = io_uring_register_buf_ring(&self->ring, &request, 0);
	if (err) {
		log_error("--receive uring: buffers: %s", log_strerror(err));
		mem_arena_close(&self->arena);
		return err;
	}
	io_uring_buf_ring_init(self->buffer_ring);
	for (size_t i = 0; i < count; i++)
		buffer_return(self, (uint16_t)i, (int)i);
	io_uring_buf_ring_advance(self->buffer_ring, (int)count);
	if (self->socket.timestamps)
		self->pattern.msg_controllen = sizeof(self->buffers[0].control);
	return 0;
}

static int file_register(struct receive_uring *self)
{
	int err = self->registered_file
			  ? io_uring_register_files(&self->ring,
						    &self->socket.fd, 1)
			  : 0;

	if (err)
		log_error("--receive uring: registered_file: %s",
			  log_strerror(err));
	return err;
}

/* Ask for a datagram, or for all. There is room: ring_open(). */
static void ask(struct receive_uring *self)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);
	int fd = self->registered_file ? 0 : self->socket.fd;

	if (self->mode == MULTISHOT) {
		io_uring_prep_recvmsg_multishot(sqe, fd, &self->pattern,
						MSG_TRUNC);
		sqe->flags |= IOSQE_BUFFER_SELECT;
		sqe->buf_group = GROUP;
	} else {
		struct msghdr *message = &self->socket.slots->message;

		message->msg_controllen =
			self->socket.timestamps
				? sizeof(self->socket.slots->control)
				: 0;
		io_uring_prep_recvmsg(sqe, fd, message, MSG_TRUNC);
	}
	if (self->registered_file)
		sqe->flags |= IOSQE_FIXED_FILE;
	self->armed = true;
}

static int uring_path_open(struct receive *receive)
{
	struct receive_uring *self = uring_self(receive);
	int err = options_check(self);

	if (err)
		return err;
	if (self->wait == SLEEP)
		receive->caps |= RECEIVE_SLEEPS;
	err = receive_socket_open(&self->socket, 1);
	if (err)
		return err;
	err = ring_open(self);
	if (err)
		goto close_socket;
	err = napi_register(self);
	if (!err)
		err = file_register(self);
	if (!err)
		err = buffers_open(self);
	if (err)
		goto close_ring;
	return 0;
close_ring:
	uring_close(&self->ring);
close_socket:
	receive_socket_close(receive);
	return err;
}

/* Give back what the last poll yielded. */
static void give_back(struct receive_uring *self)
{
	for (unsigned int i = 0; i < self->given; i++)
		buffer_return(self, self->gives[i], (int)i);
	if (self->given)
		io_uring_buf_ring_advance(self->buffer_ring, (int)self->given);
	self->given = 0;
	if (!self->armed)
		ask(self);
}

/* 1 with the packet; 0 when it was too long or an error that passes; else a
 * negative errno. What it holds is in gives[] then. */
static int multishot_take(struct receive_uring *self,
			  const struct io_uring_cqe *cqe, struct packet *packet)
{
	const struct multishot_buffer *buffer;
	struct msghdr message = { 0 };

	if (!(cqe->flags & IORING_CQE_F_MORE))
		self->armed = false;
	/* -ENOBUFS, all buffers are full, is one that passes. */
	if (cqe->res < 0)
		return errno_is_transient(cqe->res);
	self->gives[self->given] =
		(uint16_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
	buffer = &self->buffers[self->gives[self->given++]];
	if (__builtin_expect(buffer->out.payloadlen > sizeof(buffer->data),
			     0)) {
		self->socket.oversized++;
		return 0;
	}
	message.msg_control = (void *)(uintptr_t)buffer->control;
	message.msg_controllen = buffer->out.controllen;
	*packet = (struct packet){
		.data = self->socket.timestamps ? buffer->data
						: buffer->control,
		.len = buffer->out.payloadlen,
		.kernel_ns = socket_message_stamp(&message),
	};
	return 1;
}

static int single_take(struct receive_uring *self,
		       const struct io_uring_cqe *cqe, struct packet *packet)
{
	const struct receive_socket_slot *slot = self->socket.slots;

	self->armed = false;
	if (cqe->res < 0)
		return errno_is_transient(cqe->res);
	if (__builtin_expect((size_t)cqe->res > sizeof(slot->data), 0)) {
		self->socket.oversized++;
		return 0;
	}
	*packet = (struct packet){
		.data = slot->data,
		.len = (uint32_t)cqe->res,
		.kernel_ns = self->socket.timestamps
				     ? socket_message_stamp(&slot->message)
				     : 0,
	};
	return 1;
}

/* Hand over what was asked for, and look or wait for what came. */
static int enter(struct receive_uring *self)
{
	struct __kernel_timespec timeout = { .tv_nsec = SLEEP_NS };
	struct io_uring *ring = &self->ring;
	struct io_uring_cqe *cqe;
	int err = 0;

	if (io_uring_cq_ready(ring) || self->wait == SPIN) {
		if (io_uring_sq_ready(ring))
			err = io_uring_submit(ring);
		/* Enters the kernel only if that has work put by for us. */
		if (err >= 0 && !io_uring_cq_ready(ring))
			err = io_uring_peek_cqe(ring, &cqe);
	} else {
		err = io_uring_submit_and_wait_timeout(ring, &cqe, 1, &timeout,
						       NULL);
	}
	return err == -EAGAIN || err == -ETIME || err == -EINTR || err > 0
		       ? 0
		       : err;
}

static int uring_poll(struct receive *receive, struct packet *packets,
		      unsigned int max)
{
	struct receive_uring *self = uring_self(receive);
	unsigned int n = 0, head, seen = 0;
	struct io_uring_cqe *cqe;
	int got = 0;

	give_back(self);
	got = enter(self);
	if (__builtin_expect(got < 0, 0))
		return got;
	io_uring_for_each_cqe(&self->ring, head, cqe)
	{
		if (seen == max)
			break;
		seen++;
		got = self->mode == MULTISHOT
			      ? multishot_take(self, cqe, &packets[n])
			      : single_take(self, cqe, &packets[n]);
		if (__builtin_expect(got < 0, 0))
			break;
		n += (unsigned int)got;
	}
	io_uring_cq_advance(&self->ring, seen);
	/* What was had counts; an error that stays is met again. */
	return n ? (int)n : got;
}

/* Of the ring: nothing waits in the socket once it was asked for. */
static int uring_descriptor(struct receive *receive)
{
	struct receive_uring *self = uring_self(receive);
	struct io_uring_cqe *cqe;
	int err = 0;

	give_back(self);
	if (io_uring_sq_ready(&self->ring))
		err = io_uring_submit(&self->ring);
	/* Busy: its poll tries again. */
	if (err < 0)
		return err == -EINTR || err == -EBUSY ? -EAGAIN : err;
	/* Work that is put by for us makes the ring readable, too: done now, it
	 * is a completion or nothing. */
	if (!io_uring_cq_ready(&self->ring))
		io_uring_peek_cqe(&self->ring, &cqe);
	return self->ring.ring_fd;
}

static void uring_path_close(struct receive *receive)
{
	struct receive_uring *self = uring_self(receive);

	uring_close(&self->ring);
	mem_arena_close(&self->arena);
	receive_socket_close(receive);
}

static int uring_path_probe(const char **why)
{
	return uring_probe(IORING_OP_RECVMSG, why);
}

#endif

const struct receive_ops receive_uring_ops = {
	.entry.name = "uring",
	.entry.help =
		"io_uring: recvmsg single or multishot, by system call or "
		"by a kernel thread",
#ifdef HAVE_LIBURING
	.entry.size = sizeof(struct receive_uring),
	.entry.options = uring_options,
	.entry.probe = uring_path_probe,
	.open = uring_path_open,
	.join = receive_interface_watch,
	.leave = receive_interface_leave,
	.alive = receive_interface_alive,
	.strangers = receive_interface_strangers,
	.poll = uring_poll,
	.descriptor = uring_descriptor,
	.drops = receive_socket_drops,
	.close = uring_path_close,
#else
	.entry.unavailable_reason = "built without liburing",
#endif
};
