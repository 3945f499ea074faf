/* SPDX-License-Identifier: MIT */
#include "net/netlink_message.h"

#include <string.h>

void netlink_message_append(struct netlink_message *message, const void *value,
			    size_t len)
{
	struct nlmsghdr *header = netlink_header(message);

	if (NLMSG_ALIGN(len) > sizeof(message->bytes) - header->nlmsg_len) {
		message->full = true;
		return;
	}
	memcpy(message->bytes + header->nlmsg_len, value, len);
	header->nlmsg_len += (uint32_t)NLMSG_ALIGN(len);
}

void netlink_message_start(struct netlink_message *message, uint16_t type,
			   uint16_t flags, const void *body, size_t len)
{
	*message = (struct netlink_message){ 0 };
	*netlink_header(message) = (struct nlmsghdr){
		.nlmsg_len = NLMSG_HDRLEN,
		.nlmsg_type = type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
	};
	netlink_message_append(message, body, len);
}

void netlink_attribute(struct netlink_message *message, uint16_t type,
		       const void *value, size_t len)
{
	struct rtattr head = { .rta_type = type,
			       .rta_len = (uint16_t)RTA_LENGTH(len) };

	netlink_message_append(message, &head, sizeof(head));
	netlink_message_append(message, value, len);
}

uint32_t netlink_nest_open(struct netlink_message *message, uint16_t type)
{
	struct rtattr head = { .rta_type = type, .rta_len = RTA_LENGTH(0) };
	uint32_t at = netlink_header(message)->nlmsg_len;

	netlink_message_append(message, &head, sizeof(head));
	return at;
}

void netlink_nest_close(struct netlink_message *message, uint32_t at)
{
	uint16_t len = (uint16_t)(netlink_header(message)->nlmsg_len - at);

	if (!message->full)
		memcpy(message->bytes + at + offsetof(struct rtattr, rta_len),
		       &len, sizeof(len));
}
