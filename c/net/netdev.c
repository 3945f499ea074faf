/* SPDX-License-Identifier: MIT */
#include "net/netdev.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of linux/netdev.h, by number: headers older than the kernel lack it. */
enum {
	DEV_GET = 1,
	DEV_INDEX = 1,
	DEV_METADATA_FEATURES = 5,
	METADATA_VLAN = 1 << 2,
};

#define ANSWER_MAX 8192

struct question {
	struct nlmsghdr netlink;
	struct genlmsghdr generic;
	struct nlattr attribute;
	uint8_t value[32];
};

/* One attribute, and the answer to it: its first attribute; *len bytes. NULL:
 * none. */
static const struct nlattr *ask(int fd, uint16_t family, uint8_t command,
				uint16_t type, const void *value,
				uint16_t value_len, uint8_t *answer,
				size_t *len)
{
	struct question question = {
		.netlink = { .nlmsg_type = family,
			     .nlmsg_flags = NLM_F_REQUEST },
		.generic = { .cmd = command, .version = 1 },
		.attribute = { .nla_type = type,
			       .nla_len = (uint16_t)(NLA_HDRLEN + value_len) },
	};
	const struct nlmsghdr *got = (const struct nlmsghdr *)answer;
	ssize_t n;

	memcpy(question.value, value, value_len);
	question.netlink.nlmsg_len = NLMSG_LENGTH(
		GENL_HDRLEN + NLA_ALIGN(question.attribute.nla_len));
	if (send(fd, &question, question.netlink.nlmsg_len, 0) < 0)
		return NULL;
	n = recv(fd, answer, ANSWER_MAX, 0);
	if (n < (ssize_t)NLMSG_LENGTH(GENL_HDRLEN) || !NLMSG_OK(got, n) ||
	    got->nlmsg_type != family)
		return NULL;
	*len = got->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);
	return (const struct nlattr *)(answer + NLMSG_LENGTH(GENL_HDRLEN));
}

/* A number among the attributes; 0 where it is missing. */
static uint64_t number(const struct nlattr *at, size_t len, uint16_t type)
{
	uint64_t value = 0;

	while (at && len >= NLA_HDRLEN && at->nla_len >= NLA_HDRLEN &&
	       at->nla_len <= len) {
		size_t value_len = at->nla_len - NLA_HDRLEN;
		size_t step = NLA_ALIGN(at->nla_len);

		if ((at->nla_type & NLA_TYPE_MASK) == type) {
			/* Little endian, as all this runs on. */
			memcpy(&value, (const uint8_t *)at + NLA_HDRLEN,
			       value_len < sizeof(value) ? value_len
							 : sizeof(value));
			return value;
		}
		if (step > len)
			return 0;
		at = (const struct nlattr *)((const uint8_t *)at + step);
		len -= step;
	}
	return 0;
}

bool netdev_tells_vlan(unsigned int interface_index)
{
	static const char name[] = "netdev";
	_Alignas(struct nlmsghdr) uint8_t answer[ANSWER_MAX];
	const uint32_t index = interface_index;
	const struct nlattr *attributes;
	uint64_t family, features = 0;
	size_t len = 0;
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0)
		return false;
	attributes =
		ask(fd, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME,
		    name, sizeof(name), answer, &len);
	family = number(attributes, len, CTRL_ATTR_FAMILY_ID);
	if (family) {
		attributes = ask(fd, (uint16_t)family, DEV_GET, DEV_INDEX,
				 &index, sizeof(index), answer, &len);
		features = number(attributes, len, DEV_METADATA_FEATURES);
	}
	close(fd);
	return features & METADATA_VLAN;
}
