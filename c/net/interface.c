/* SPDX-License-Identifier: MIT */
#include "net/interface.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The request's name stays, the rest is what the kernel answered. */
static int ask(int fd, unsigned long question, struct ifreq *request)
{
	return ioctl(fd, question, request) < 0 ? -errno : 0;
}

static int facts_read(int fd, struct ifreq *request,
		      struct interface *interface)
{
	int err = ask(fd, SIOCGIFINDEX, request);

	if (err)
		return err;
	interface->index = (unsigned int)request->ifr_ifindex;
	err = ask(fd, SIOCGIFFLAGS, request);
	if (err)
		return err;
	interface->up = request->ifr_flags & IFF_UP;
	interface->multicast = request->ifr_flags & IFF_MULTICAST;
	interface->loopback = request->ifr_flags & IFF_LOOPBACK;
	err = ask(fd, SIOCGIFMTU, request);
	if (err)
		return err;
	interface->mtu = (unsigned int)request->ifr_mtu;
	err = ask(fd, SIOCGIFHWADDR, request);
	if (err)
		return err;
	interface->link_type = request->ifr_hwaddr.sa_family;
	memcpy(interface->ethernet, request->ifr_hwaddr.sa_data,
	       sizeof(interface->ethernet));
	request->ifr_addr.sa_family = AF_INET;
	err = ask(fd, SIOCGIFADDR, request);
	if (err == -EADDRNOTAVAIL)
		return 0;
	if (!err) {
		struct sockaddr_in address;

		memcpy(&address, &request->ifr_addr, sizeof(address));
		interface->address = address.sin_addr;
	}
	return err;
}

int interface_find(const char *name, struct interface *interface)
{
	size_t len = strlen(name);
	struct ifreq request = { 0 };
	int fd, err;

	/* ioctl would take "lo:1" for lo, and cut a name that is too long. */
	if (len == 0 || len >= sizeof(request.ifr_name) || strchr(name, ':'))
		return -ENODEV;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	memcpy(request.ifr_name, name, len);
	*interface = (struct interface){ 0 };
	memcpy(interface->name, name, len);
	err = facts_read(fd, &request, interface);
	close(fd);
	return err;
}

int interface_parse_names(const char *text, void *target, const char **why)
{
	char names[MARKET_DATA_LINES_MAX][IFNAMSIZ] = { "" };

	for (unsigned int i = 0; text; i++) {
		const size_t len = strcspn(text, ",");

		if (i == MARKET_DATA_LINES_MAX) {
			*why = "there are two lines at most: NAME,NAME";
			return -EINVAL;
		}
		if (!len || len >= IFNAMSIZ) {
			*why = "a name has 1 to 15 characters";
			return -EINVAL;
		}
		memcpy(names[i], text, len);
		text = text[len] ? text + len + 1 : NULL;
	}
	memcpy(target, names, sizeof(names));
	return 0;
}
