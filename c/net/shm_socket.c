/* SPDX-License-Identifier: MIT */
#include "net/shm_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "net/address.h"
#include "net/shm_region.h"
#include "net/shm_ring.h"
#include "net/socket.h"

#define BACKLOG 16
#define TAP_MS	5000
/* A machine that is gone: asked after so many seconds, each second. */
#define PROBE_S 10
#define PROBES	(SHM_SOCKET_GONE_S - PROBE_S)

/* "ADDR:PORT"; what else has a colon is a path. */
static bool is_network(const char *text, struct sockaddr_in *address)
{
	const char *why;

	return *text != '@' && !strchr(text, '/') &&
	       address_parse(text, address, &why) == 0;
}

/* The folder by a descriptor, since an address has room for 107 bytes. *folder:
 * -1 of an abstract one. The address's length, or a negative errno. */
static int address_make(const char *text, struct sockaddr_un *address,
			int *folder)
{
	const char *last = strrchr(text, '/');
	const char *name = *text == '@' ? text + 1 : last ? last + 1 : text;
	char path[PATH_MAX] = ".";
	int len;

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	*folder = -1;
	if (!*name)
		return -EINVAL;
	if (strlen(name) > SHM_SOCKET_MAX)
		return -ENAMETOOLONG;
	if (*text == '@') {
		strcpy(address->sun_path + 1, name);
		return (int)(offsetof(struct sockaddr_un, sun_path) + 1 +
			     strlen(name));
	}
	if (last && snprintf(path, sizeof(path), "%.*s/", (int)(last - text),
			     text) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	*folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*folder < 0)
		return -errno;
	len = snprintf(address->sun_path, sizeof(address->sun_path),
		       "/proc/self/fd/%d/%s", *folder, name);
	return (int)offsetof(struct sockaddr_un, sun_path) + len + 1;
}

/* 0; -EACCES when the other end is neither this user's nor root's. */
static int peer_check(int fd, const char *who, const char *address)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	if (peer.uid == geteuid() || peer.uid == 0)
		return 0;
	log_error("%s: %s: the other end is a process of user %u, not of this "
		  "one, %u: refused",
		  who, address, (unsigned int)peer.uid,
		  (unsigned int)geteuid());
	return -EACCES;
}

/* Nobody listens at it: its owner was killed. */
static bool is_left_behind(const struct sockaddr_un *address, int len)
{
	struct stat status;
	bool refused;
	int fd;

	if (lstat(address->sun_path, &status) < 0 || !S_ISSOCK(status.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	refused = fd >= 0 &&
		  connect(fd, (const void *)address, (socklen_t)len) < 0 &&
		  errno == ECONNREFUSED;
	if (fd >= 0)
		close(fd);
	return refused;
}

static int address_bind(int fd, const struct sockaddr_un *address, int len)
{
	if (bind(fd, (const void *)address, (socklen_t)len) == 0)
		return 0;
	if (errno != EADDRINUSE || !*address->sun_path ||
	    !is_left_behind(address, len))
		return -errno;
	unlink(address->sun_path);
	return bind(fd, (const void *)address, (socklen_t)len) < 0 ? -errno : 0;
}

int shm_socket_listen(struct shm_listener *listener, const char *who,
		      const char *address)
{
	const int kind = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC;
	struct sockaddr_un unix_address;
	struct sockaddr_in network;
	int err, len;

	*listener = (struct shm_listener){ .who = who, .address = address };
	listener->fd = listener->folder = -1;
	listener->is_network = is_network(address, &network);
	if (listener->is_network) {
		listener->fd = socket_listen(&network, BACKLOG);
		return listener->fd < 0 ? listener->fd : 0;
	}
	err = len = address_make(address, &unix_address, &listener->folder);
	if (err < 0)
		goto log_cause;
	listener->fd = socket(AF_UNIX, kind, 0);
	err = listener->fd < 0 ? -errno
			       : address_bind(listener->fd, &unix_address, len);
	if (err)
		goto close_listener;
	/* Nobody can connect before the listen(2). */
	if (*unix_address.sun_path && chmod(unix_address.sun_path, 0600) < 0)
		err = -errno;
	if (!err && listen(listener->fd, BACKLOG) < 0)
		err = -errno;
	if (!err)
		return 0;
	if (*unix_address.sun_path)
		unlink(unix_address.sun_path);
close_listener:
	if (listener->fd >= 0)
		close(listener->fd);
	if (listener->folder >= 0)
		close(listener->folder);
log_cause:
	listener->fd = -1;
	log_error("%s: can't listen at %s: %s", who, address,
		  log_strerror(err));
	return err;
}

void shm_socket_unlisten(struct shm_listener *listener)
{
	const char *last = strrchr(listener->address, '/');

	if (listener->fd < 0)
		return;
	if (listener->folder >= 0) {
		unlinkat(listener->folder, last ? last + 1 : listener->address,
			 0);
		close(listener->folder);
	}
	close(listener->fd);
	listener->fd = -1;
}

/* Its end is noticed, and poll(2) tells of a hello once all of it is there;
 * socket(7), SO_RCVLOWAT. */
static int network_prepare(int fd)
{
	const int len = sizeof(struct shm_hello);
	int err = socket_keepalive(fd, PROBE_S, 1, PROBES);

	if (!err &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &len, sizeof(len)) < 0)
		err = -errno;
	return err;
}

int shm_socket_accept(const struct shm_listener *listener)
{
	int err, fd = accept4(listener->fd, NULL, NULL,
			      SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return -errno;
	err = listener->is_network
		      ? network_prepare(fd)
		      : peer_check(fd, listener->who, listener->address);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/* A socket that is connected, and waits for so long. */
static int address_connect(const void *address, int len, int kind,
			   unsigned int timeout_ms)
{
	const struct timeval timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000,
	};
	int err, fd = socket(((const struct sockaddr *)address)->sa_family,
			     kind | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) <
		    0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) <
		    0 ||
	    connect(fd, address, (socklen_t)len) < 0) {
		/* Of a network: nobody answered so soon. */
		err = errno == EINPROGRESS ? -ETIMEDOUT : -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int connect_fault(const char *who, const char *text, int err)
{
	if (err != -ENOENT && err != -ECONNREFUSED)
		log_error("%s: %s: %s", who, text, log_strerror(err));
	return err;
}

static int network_connect(const char *who, const char *text,
			   const struct sockaddr_in *address,
			   unsigned int timeout_ms)
{
	int fd = address_connect(address, sizeof(*address), SOCK_STREAM,
				 timeout_ms);
	int err;

	if (fd < 0)
		return connect_fault(who, text, fd);
	err = socket_keepalive(fd, PROBE_S, 1, PROBES);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int path_connect(const char *who, const char *text,
			unsigned int timeout_ms)
{
	struct sockaddr_un address;
	int folder, fd, err, len = address_make(text, &address, &folder);

	fd = len < 0 ? len
		     : address_connect(&address, len, SOCK_SEQPACKET,
				       timeout_ms);
	if (folder >= 0)
		close(folder);
	if (fd < 0)
		return connect_fault(who, text, fd);
	err = peer_check(fd, who, text);
	if (!err)
		return fd;
	close(fd);
	return err;
}

int shm_socket_connect(const char *who, const char *address,
		       unsigned int timeout_ms)
{
	struct sockaddr_in network;

	return is_network(address, &network)
		       ? network_connect(who, address, &network, timeout_ms)
		       : path_connect(who, address, timeout_ms);
}

int shm_hello_send(int fd, struct shm_hello *hello, int memory)
{
	alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec bytes = { hello, sizeof(*hello) };
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };

	hello->magic = SHM_RING_MAGIC;
	hello->version = SHM_RING_VERSION;
	if (memory >= 0) {
		struct cmsghdr *rights = (struct cmsghdr *)control;

		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(rights), &memory, sizeof(int));
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static bool is_of(const struct shm_hello *hello, enum shm_hello_kind kind)
{
	return hello->kind == kind ||
	       (kind == SHM_HELLO_ANY && (hello->kind == SHM_HELLO_DATA ||
					  hello->kind == SHM_HELLO_ORDERS));
}

/* Of a stream, in which a hello may come in parts: is it all there? 0; -EAGAIN:
 * not yet; -EPIPE: nor will it be; -EPROTO: it begins like no hello. */
static int hello_await(int fd, struct shm_hello *hello)
{
	struct pollfd gone = { .fd = fd, .events = POLLRDHUP };
	const uint64_t magic = SHM_RING_MAGIC;
	ssize_t n = recv(fd, hello, sizeof(*hello), MSG_PEEK | MSG_WAITALL);

	if (n <= 0)
		return n < 0 && errno != ECONNRESET ? -errno : -EPIPE;
	if (memcmp(hello, &magic,
		   (size_t)n < sizeof(magic) ? (size_t)n : sizeof(magic)) != 0)
		return -EPROTO;
	if (n == (ssize_t)sizeof(*hello))
		return 0;
	return poll(&gone, 1, 0) > 0 ? -EPIPE : -EAGAIN;
}

static bool is_stream(int fd)
{
	int kind = 0;
	socklen_t len = sizeof(kind);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &len) == 0 &&
	       kind == SOCK_STREAM;
}

int shm_hello_receive(int fd, enum shm_hello_kind kind, struct shm_hello *hello,
		      int *memory)
{
	/* For one descriptor: the kernel closes what has no room. */
	alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec bytes = { hello, sizeof(*hello) };
	struct msghdr message = { .msg_iov = &bytes,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int err = is_stream(fd) ? hello_await(fd, hello) : 0;
	const struct cmsghdr *rights;
	ssize_t n;

	*memory = -1;
	if (err)
		return err;
	n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	if (n <= 0)
		return n < 0 && errno != ECONNRESET ? -errno : -EPIPE;
	rights = CMSG_FIRSTHDR(&message);
	if (rights && rights->cmsg_level == SOL_SOCKET &&
	    rights->cmsg_type == SCM_RIGHTS &&
	    rights->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(memory, CMSG_DATA(rights), sizeof(int));
	/* Our limit of open files; unix(7). */
	if (message.msg_flags & MSG_CTRUNC) {
		if (*memory >= 0)
			close(*memory);
		*memory = -1;
		return -EMFILE;
	}
	if (n == sizeof(*hello) && !(message.msg_flags & MSG_TRUNC) &&
	    hello->magic == SHM_RING_MAGIC &&
	    hello->version == SHM_RING_VERSION && is_of(hello, kind))
		return 0;
	if (*memory >= 0)
		close(*memory);
	*memory = -1;
	return -EPROTO;
}

void shm_hello_tell(struct shm_hello *hello, const struct shm_writer *writer)
{
	hello->area = writer->area;
	hello->first = writer->head->first;
	hello->next = atomic_load(&writer->next);
}

int shm_hello_map(const struct shm_hello *hello, int memory,
		  const struct shm_region *region, struct shm_reader *reader)
{
	if (hello->area == SHM_AREA_NONE && memory < 0)
		return -EPROTO;
	if ((hello->area == SHM_AREA_NONE) != !region)
		return -EXDEV;
	return region ? shm_reader_open_in(reader, region, hello->area,
					   hello->first, hello->next)
		      : shm_reader_open(reader, memory, hello->next);
}

const char *shm_hello_fault(int err)
{
	switch (err) {
	case -EPROTO:
		return "it speaks another protocol or version";
	case -EPIPE:
		return "it hung up on us";
	case -EXDEV:
		return "one end's ring is in a region, the other end has none: "
		       "region= is for both";
	}
	return shm_reader_fault(err);
}

bool shm_socket_ended(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

int shm_tap_tell(const char *who, const char *address,
		 const struct shm_hello *hello, int memory)
{
	int fd = shm_socket_connect(who, address, TAP_MS), err, none;
	struct shm_hello copy = *hello, answer;

	if (fd == -ENOENT || fd == -ECONNREFUSED)
		log_error("%s: no t2t-wiretap --ring at %s", who, address);
	if (fd < 0)
		return fd;
	err = shm_hello_send(fd, &copy, memory);
	if (!err)
		err = shm_hello_receive(fd, hello->kind, &answer, &none);
	if (!err)
		return fd;
	log_error("%s: the tap at %s did not take the ring: %s", who, address,
		  log_strerror(err));
	close(fd);
	return err;
}
