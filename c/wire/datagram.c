/* SPDX-License-Identifier: MIT */
#include "wire/datagram.h"

#include <arpa/inet.h>
#include <string.h>

enum {
	IP = 14,
	IP_LEN = 20,
	SEGMENT = IP + IP_LEN,
	UDP_LEN = 8,
	UDP_CHECKSUM = 6,
	TCP_LEN = 20,
	TCP_CHECKSUM = 16,
	TAG_LEN = 4,
	TYPE_IPV4 = 0x0800,
	TYPE_VLAN = 0x8100,
	VLAN_ID = 0x0fff,
	FRAGMENT = 0x3fff, /* more of them, or an offset; not "don't" */
	OPTION_LAST = 0,
	OPTION_NOTHING = 1,
	OPTION_LOOSE_ROUTE = 131,
	OPTION_STRICT_ROUTE = 137,
};

static uint16_t load16(const uint8_t *bytes)
{
	uint16_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static uint64_t load64(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static uint64_t load32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static uint64_t header_sum(const uint8_t *ip)
{
	return checksum_add(checksum_add(load64(ip), load64(ip + 8)),
			    load32(ip + 16));
}

/* The datagram's bytes behind the IP header; 0: the header is wrong. */
static size_t segment_len(const uint8_t *frame, size_t len, size_t least)
{
	size_t total;

	if (len < SEGMENT + least)
		return 0;
	total = ntohs(load16(frame + IP + 2));
	if (total < IP_LEN + least || total > len - IP ||
	    !checksum_sums_up(header_sum(frame + IP)))
		return 0;
	return total - IP_LEN;
}

static uint64_t pseudo_sum(const uint8_t *frame, size_t len)
{
	return checksum_add(load64(frame + IP + 12),
			    (uint64_t)htons(frame[IP + 9]) +
				    htons((uint16_t)len));
}

/* The UDP checksum, over the bytes if need be; pseudo: the pseudo header. */
static bool checksum_right(const uint8_t *udp, size_t len, uint64_t pseudo)
{
	uint16_t checksum = load16(udp + UDP_CHECKSUM);

	return !checksum ||
	       checksum_sums_up(checksum_add(pseudo, (uint16_t)~checksum)) ||
	       checksum_sums_up(checksum_sum(udp, len, checksum_fold(pseudo)));
}

/* The datagram at udp, which has room bytes. */
static bool udp_read(const uint8_t *frame, const uint8_t *udp, size_t room,
		     struct datagram *datagram)
{
	size_t len = ntohs(load16(udp + 4));

	if (len < UDP_LEN || len > room)
		return false;
	datagram->payload = udp + UDP_LEN;
	datagram->len = (uint32_t)(len - UDP_LEN);
	return checksum_right(udp, len, pseudo_sum(frame, len));
}

bool datagram_sums_up(const uint8_t *frame)
{
	const uint8_t *udp = frame + SEGMENT;
	size_t len = ntohs(load16(udp + 4));

	return checksum_right(udp, len, pseudo_sum(frame, len));
}

/* Would the kernel take them? RFC 791, 3.1. */
static bool options_pass(const uint8_t *options, size_t len)
{
	size_t at = 0;

	while (at < len && options[at] != OPTION_LAST) {
		size_t option_len;

		if (options[at] == OPTION_NOTHING) {
			at++;
			continue;
		}
		/* Routes of the sender's making: net.ipv4's
		 * accept_source_route is off where nobody turned it on. */
		if (options[at] == OPTION_LOOSE_ROUTE ||
		    options[at] == OPTION_STRICT_ROUTE || at + 1 == len)
			return false;
		option_len = options[at + 1];
		if (option_len < 2 || option_len > len - at)
			return false;
		at += option_len;
	}
	return true;
}

enum datagram_result datagram_read_any(const uint8_t *frame, size_t len,
				       struct datagram *datagram)
{
	const uint8_t *ip;
	size_t ip_len, total;

	if (len >= IP + TAG_LEN && load16(frame + IP - 2) == htons(TYPE_VLAN) &&
	    !(load16(frame + IP) & htons(VLAN_ID))) {
		frame += TAG_LEN;
		len -= TAG_LEN;
	}
	ip = frame + IP;
	if (len < SEGMENT || load16(ip - 2) != htons(TYPE_IPV4) ||
	    ip[0] >> 4 != 4)
		return DATAGRAM_MALFORMED;
	ip_len = (ip[0] & 0xfU) * 4;
	total = ntohs(load16(ip + 2));
	if (ip_len < IP_LEN || total < ip_len + UDP_LEN || total > len - IP ||
	    !checksum_sums_up(checksum_sum(ip, ip_len, 0)) ||
	    !options_pass(ip + IP_LEN, ip_len - IP_LEN))
		return DATAGRAM_MALFORMED;
	if (load16(ip + 6) & htons(FRAGMENT))
		return DATAGRAM_FRAGMENT;
	return udp_read(frame, ip + ip_len, total - ip_len, datagram)
		       ? DATAGRAM_WHOLE
		       : DATAGRAM_MALFORMED;
}

bool datagram_segment_check(uint8_t *frame, size_t len)
{
	size_t tcp_len = segment_len(frame, len, TCP_LEN);
	uint8_t *tcp = frame + SEGMENT;
	uint64_t pseudo;
	uint16_t checksum;

	if (__builtin_expect(!tcp_len, 0))
		return false;
	pseudo = pseudo_sum(frame, tcp_len);
	if (load16(tcp + TCP_CHECKSUM) != checksum_fold(pseudo))
		return checksum_fold(checksum_sum(tcp, tcp_len,
						  checksum_fold(pseudo))) ==
		       UINT16_MAX;
	/* The field holds the pseudo header's sum, so it counts for it. */
	checksum = checksum_end(checksum_sum(tcp, tcp_len, 0));
	memcpy(tcp + TCP_CHECKSUM, &checksum, sizeof(checksum));
	return true;
}
