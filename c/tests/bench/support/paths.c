/* SPDX-License-Identifier: MIT */
#include "tests/bench/support/paths.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/interface.h"
#include "net/namespace.h"
#include "net/socket.h"

#define BURST 64

const char *const paths_texts[] = {
	"block",
	"epoll",
	"spin",
	"busy",
	"mmsg",
	"packet",
	"packet:ring=v2",
	"packet:ring=v3",
	"uring:mode=single",
	"uring",
	"xdp",
	NULL,
};

static int sender_open(struct paths_rig *rig)
{
	struct interface interface;

	if (namespace_enter(rig->far) < 0 ||
	    interface_find("far0", &interface) < 0)
		return -ENODEV;
	rig->sender =
		socket_multicast_sender(&rig->config.group, &interface, 1);
	return rig->sender < 0 ? rig->sender : namespace_enter(rig->near);
}

int paths_rig_open(struct paths_rig *rig)
{
	struct namespace_end near = { .name = "near0", .prefix_len = 24 };
	struct namespace_end far = { .name = "far0", .prefix_len = 24 };
	int err;

	*rig = (struct paths_rig){ .near = -1, .far = -1, .sender = -1 };
	rig->config.interface = "near0";
	rig->config.group = (struct sockaddr_in){ .sin_family = AF_INET,
						  .sin_port = htons(12345),
						  .sin_addr.s_addr = inet_addr(
							  "239.255.0.1") };
	near.address.s_addr = inet_addr("10.9.0.1");
	far.address.s_addr = inet_addr("10.9.0.2");
	rig->home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (rig->home < 0)
		return -errno;
	err = namespace_open(&rig->near);
	if (!err)
		err = namespace_open(&rig->far);
	near.fd = rig->near;
	far.fd = rig->far;
	if (!err)
		err = namespace_veth(&near, &far);
	if (!err)
		err = sender_open(rig);
	if (err)
		paths_rig_close(rig);
	return err;
}

void paths_rig_close(struct paths_rig *rig)
{
	if (rig->sender >= 0)
		close(rig->sender);
	namespace_enter(rig->home);
	close(rig->home);
	namespace_close(&rig->far);
	namespace_close(&rig->near);
}

size_t paths_rig_send(const struct paths_rig *rig, size_t first, size_t count)
{
	uint8_t bytes[BURST][PATHS_PAYLOAD] = { 0 };
	struct iovec parts[BURST];
	struct mmsghdr messages[BURST] = { 0 };
	size_t sent = 0;

	while (sent < count) {
		unsigned int want = count - sent < BURST
					    ? (unsigned int)(count - sent)
					    : BURST;
		int n;

		for (unsigned int i = 0; i < want; i++) {
			uint64_t number = first + sent + i;

			memcpy(bytes[i], &number, sizeof(number));
			parts[i] = (struct iovec){ bytes[i], PATHS_PAYLOAD };
			messages[i].msg_hdr.msg_iov = &parts[i];
			messages[i].msg_hdr.msg_iovlen = 1;
		}
		n = sendmmsg(rig->sender, messages, want, 0);
		if (n < 0 && errno != EAGAIN && errno != ENOBUFS)
			break;
		sent += n < 0 ? 0 : (size_t)n;
	}
	return sent;
}

const char *paths_fault(const char *text)
{
	const struct registry_entry *entry =
		registry_find(&receive_paths, text);

	return entry ? registry_unavailable(entry) : "no such path";
}
