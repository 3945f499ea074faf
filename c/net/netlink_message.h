/* SPDX-License-Identifier: MIT */
/*
 * Messages to rtnetlink(7): a header, then attributes, each a length, a type
 * and a value, nested by lengths that cover what is inside.
 */
#ifndef NET_NETLINK_MESSAGE_H
#define NET_NETLINK_MESSAGE_H

#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netlink_message {
	_Alignas(NLMSG_ALIGNTO) uint8_t bytes[512];
	bool full; /* something did not find room: it must not be sent */
};

static inline struct nlmsghdr *netlink_header(struct netlink_message *message)
{
	return (struct nlmsghdr *)message->bytes;
}

/* Begin a message: type RTM_, flags NLM_F_ beside NLM_F_REQUEST, and the body
 * that belongs to the type. */
void netlink_message_start(struct netlink_message *message, uint16_t type,
			   uint16_t flags, const void *body, size_t len);
void netlink_message_append(struct netlink_message *message, const void *value,
			    size_t len);
void netlink_attribute(struct netlink_message *message, uint16_t type,
		       const void *value, size_t len);

/* Opens an attribute; what is appended until netlink_nest_close(), which is
 * given what this returns, lies in it. */
uint32_t netlink_nest_open(struct netlink_message *message, uint16_t type);
void netlink_nest_close(struct netlink_message *message, uint32_t at);

#endif
