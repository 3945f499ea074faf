/* SPDX-License-Identifier: MIT */
/*
 * What the table of receive paths costs: receive_poll() beside the same loop
 * written by hand. Datagrams wait, and are taken; nothing else is in the time
 * but what the kernel does for both. Two sockets of one group get the same
 * datagrams, so both are open at once and take turns of CHUNK packets, a few
 * microseconds apart: what else the machine does meets both. A queue has one
 * AF_XDP socket, so those are opened in turn.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/interface.h"
#include "net/socket.h"
#include "net/xdp_socket.h"
#include "stats/statistics.h"
#include "tests/bench/support/bench.h"
#include "tests/bench/support/paths.h"

#define WAITING	 4000 /* an AF_XDP ring of 8192 frames holds them */
#define CHUNK	 64   /* some system calls, and some ten microseconds */
#define TURNS	 (WAITING / CHUNK / 2)
#define BURST	 32
#define ROUNDS	 51
#define BOUND_NS 10
#define PATIENCE 1000000 /* empty polls in a row: no more will come */
#define BUFFER	 (16u << 20)
#define HEADERS	 (14 + 20 + 8)

/* Of one way through one path. */
struct way {
	struct paths_rig *rig;
	const char *text;
	struct receive *receive;
	int fd;
	struct xdp_socket xdp;
	uint64_t sum; /* of what was read, so that it is read */
};

/*
 * The library's.
 */

static int library_open(struct way *way)
{
	return receive_open(way->text, &way->rig->config, &way->receive);
}

static void library_drain(struct way *way, size_t count)
{
	struct packet packets[BURST];
	unsigned int empty = 0;
	size_t taken = 0;

	while (taken < count && empty < PATIENCE) {
		int n = receive_poll(way->receive, packets, BURST);

		for (int i = 0; i < n; i++)
			way->sum += packets[i].data[0] + packets[i].len +
				    packets[i].kernel_ns;
		taken += n > 0 ? (size_t)n : 0;
		empty = n > 0 ? 0 : empty + 1;
	}
}

static void library_close(struct way *way)
{
	receive_close(way->receive);
}

/*
 * By hand: a socket with stamps, as the paths have it.
 */

static int socket_by_hand(struct way *way)
{
	struct interface interface;
	unsigned int buffer = BUFFER;
	int err = interface_find(way->rig->config.interface, &interface);

	if (err)
		return err;
	way->fd = socket_multicast_receiver(&way->rig->config.group, &interface,
					    &buffer);
	return way->fd < 0 ? way->fd : socket_receive_stamps(way->fd, true);
}

static void socket_close(struct way *way)
{
	close(way->fd);
}

static uint64_t stamp_read(struct msghdr *message)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(message);
	struct timespec stamp;

	if (!control || control->cmsg_type != SCM_TIMESTAMPNS)
		return 0;
	memcpy(&stamp, CMSG_DATA(control), sizeof(stamp));
	return (uint64_t)stamp.tv_sec * CLOCK_NS_PER_S +
	       (uint64_t)stamp.tv_nsec;
}

static void spin_drain(struct way *way, size_t count)
{
	_Alignas(struct cmsghdr)
		uint8_t control[CMSG_SPACE(sizeof(struct timespec))];
	uint8_t bytes[2048];
	struct iovec part = { bytes, sizeof(bytes) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control };
	unsigned int empty = 0;
	size_t taken = 0;

	while (taken < count && empty < PATIENCE) {
		ssize_t len;

		message.msg_controllen = sizeof(control);
		len = recvmsg(way->fd, &message, MSG_DONTWAIT);
		if (len < 0) {
			empty++;
			continue;
		}
		way->sum += bytes[0] + (uint64_t)len + stamp_read(&message);
		taken++;
	}
}

static void mmsg_drain(struct way *way, size_t count)
{
	static struct {
		_Alignas(struct cmsghdr)
			uint8_t control[CMSG_SPACE(sizeof(struct timespec))];
		_Alignas(64) uint8_t bytes[2048];
		struct iovec part;
	} slots[BURST];
	struct mmsghdr messages[BURST] = { 0 };
	unsigned int empty = 0;
	size_t taken = 0;

	for (unsigned int i = 0; i < BURST; i++) {
		slots[i].part = (struct iovec){ slots[i].bytes,
						sizeof(slots[i].bytes) };
		messages[i].msg_hdr.msg_iov = &slots[i].part;
		messages[i].msg_hdr.msg_iovlen = 1;
		messages[i].msg_hdr.msg_control = slots[i].control;
	}
	while (taken < count && empty < PATIENCE) {
		int n;

		for (unsigned int i = 0; i < BURST; i++)
			messages[i].msg_hdr.msg_controllen =
				sizeof(slots[i].control);
		n = recvmmsg(way->fd, messages, BURST, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++)
			way->sum += slots[i].bytes[0] + messages[i].msg_len +
				    stamp_read(&messages[i].msg_hdr);
		taken += n > 0 ? (size_t)n : 0;
		empty = n > 0 ? 0 : empty + 1;
	}
}

/*
 * By hand: the rings. Headers are skipped, not looked at: the program on the
 * interface has let in this group and port alone.
 */

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)

static int xdp_by_hand(struct way *way)
{
	const struct xdp_socket_config config = {
		.who = "xdp by hand",
		.interface = way->rig->config.interface,
		.flow = { .protocol = IPPROTO_UDP,
			  .destination = way->rig->config.group },
		.frames = 8192,
		.need_wakeup = true,
	};
	int err = socket_by_hand(way); /* joins the group */

	return err ? err : xdp_socket_open(&way->xdp, &config);
}

static void xdp_drain(struct way *way, size_t count)
{
	struct xdp_socket *xs = &way->xdp;
	unsigned int empty = 0;
	size_t taken = 0;

	while (taken < count && empty < PATIENCE) {
		uint32_t at, to = 0;
		unsigned int n = xsk_ring_cons__peek(&xs->received, BURST, &at);

		if (!n) {
			if (xsk_ring_prod__needs_wakeup(&xs->fill))
				recvfrom(xs->fd, NULL, 0, MSG_DONTWAIT, NULL,
					 NULL);
			empty++;
			continue;
		}
		/* There is room: the ring holds as many as there are. */
		xsk_ring_prod__reserve(&xs->fill, n, &to);
		for (unsigned int i = 0; i < n; i++) {
			const struct xdp_desc *desc =
				xsk_ring_cons__rx_desc(&xs->received, at + i);

			way->sum +=
				xs->memory[desc->addr + HEADERS] + desc->len;
			*xsk_ring_prod__fill_addr(&xs->fill, to + i) =
				desc->addr;
		}
		xsk_ring_prod__submit(&xs->fill, n);
		xsk_ring_cons__release(&xs->received, n);
		taken += n;
		empty = 0;
	}
}

static void xdp_close(struct way *way)
{
	xdp_socket_close(&way->xdp);
	socket_close(way);
}

#endif

struct drain {
	int (*open)(struct way *way);
	void (*drain)(struct way *way, size_t count);
	void (*close)(struct way *way);
};

static const struct drain library = { library_open, library_drain,
				      library_close };

static const struct claim {
	const char *path, *name;
	struct drain hand;
	bool together; /* both can be open at once */
} claims[] = {
	{ "spin:rcvbuf=16m",
	  "poll: spin over a loop by hand",
	  { socket_by_hand, spin_drain, socket_close },
	  true },
	{ "mmsg:rcvbuf=16m",
	  "poll: mmsg over a loop by hand",
	  { socket_by_hand, mmsg_drain, socket_close },
	  true },
#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)
	{ "xdp",
	  "poll: xdp over a loop by hand",
	  { xdp_by_hand, xdp_drain, xdp_close },
	  false },
#endif
};

/* ns a packet, of what waits. */
static double drain_time(const struct drain *drain, struct way *way,
			 size_t count)
{
	uint64_t begin = clock_monotonic_ns();

	drain->drain(way, count);
	return (double)(clock_monotonic_ns() - begin) / (double)count;
}

/* Of one round, ns a packet. more: ours over theirs, of the pair measured
 * closest together. */
struct round {
	double ours, theirs, more;
};

/* 0, or -EIO when a way could not be opened or the datagrams not sent. */
static int round_apart(const struct claim *claim, struct way *way, bool turned,
		       struct round *round)
{
	double times[2]; /* ours, theirs */

	for (unsigned int turn = 0; turn < 2; turn++) {
		unsigned int who = turn ^ turned;
		const struct drain *drain = who ? &claim->hand : &library;
		bool sent;

		if (drain->open(way) < 0)
			return -EIO;
		sent = paths_rig_send(way->rig, 0, WAITING) == WAITING;
		if (sent)
			times[who] = drain_time(drain, way, WAITING);
		drain->close(way);
		if (!sent)
			return -EIO;
	}
	*round = (struct round){ times[0], times[1], times[0] - times[1] };
	return 0;
}

static int round_together(const struct claim *claim, struct way *way,
			  bool turned, struct round *round)
{
	double ours[TURNS], theirs[TURNS], more[TURNS];
	int err = -EIO;

	if (library.open(way) < 0)
		return err;
	if (claim->hand.open(way) < 0)
		goto close_library;
	if (paths_rig_send(way->rig, 0, WAITING) != WAITING)
		goto close_hand;
	for (size_t i = 0; i < TURNS; i++) {
		/* What comes first pays for the memory, what comes last for
		 * its release: each is that as often, A B B A. */
		bool hand_outside = (i + turned) % 2;
		const struct drain *outer =
			hand_outside ? &claim->hand : &library;
		const struct drain *inner =
			hand_outside ? &library : &claim->hand;
		double out = drain_time(outer, way, CHUNK);
		double in = drain_time(inner, way, CHUNK);

		in = (in + drain_time(inner, way, CHUNK)) / 2;
		out = (out + drain_time(outer, way, CHUNK)) / 2;
		ours[i] = hand_outside ? in : out;
		theirs[i] = hand_outside ? out : in;
		more[i] = ours[i] - theirs[i];
	}
	*round = (struct round){ statistics_median(ours, TURNS),
				 statistics_median(theirs, TURNS),
				 statistics_median(more, TURNS) };
	err = 0;
close_hand:
	claim->hand.close(way);
close_library:
	library_close(way);
	return err;
}

static int claim_measure(struct bench *bench, struct paths_rig *rig,
			 const struct claim *claim)
{
	double ours[ROUNDS], theirs[ROUNDS], more[ROUNDS];
	const size_t rounds = bench_rounds_of(bench, ROUNDS);
	struct way way = { .rig = rig, .text = claim->path };

	for (size_t i = 0; i < rounds; i++) {
		/* Each goes first as often. */
		struct round round;
		int err = claim->together
				  ? round_together(claim, &way, i % 2, &round)
				  : round_apart(claim, &way, i % 2, &round);

		if (err)
			return err;
		ours[i] = round.ours;
		theirs[i] = round.theirs;
		more[i] = round.more;
	}
	bench_figure(bench, claim->name, "ns", more, NULL, NULL, rounds,
		     BENCH_AT_MOST, BOUND_NS);
	bench_figure(bench, "  a packet", "ns", ours, "by hand", theirs, rounds,
		     BENCH_NO_BOUND, 0);
	return 0;
}

int bench_poll(struct bench *bench)
{
	struct paths_rig rig;
	int err = paths_rig_open(&rig);

	if (err)
		return err;
	for (size_t i = 0; i < sizeof(claims) / sizeof(*claims) && !err; i++) {
		const char *fault = paths_fault(claims[i].path);

		if (fault)
			bench_note(bench, "%s: skipped: %s", claims[i].name,
				   fault);
		else
			err = claim_measure(bench, &rig, &claims[i]);
	}
	paths_rig_close(&rig);
	return err;
}
