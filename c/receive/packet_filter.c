/* SPDX-License-Identifier: MIT */
#include "receive/packet_filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "base/mem.h"

/* Where fields lie in a frame whose tag, if it had one, the kernel has taken
 * off. What is behind the IP header's options is found by its length. */
enum {
	ETHERNET_TYPE = 12,
	IP = 14,
	IP_FRAGMENT = IP + 6,
	IP_PROTOCOL_AT = IP + 9,
	IP_SOURCE = IP + 12,
	IP_DESTINATION = IP + 16,
	UDP_DESTINATION_PORT = IP + 2, /* with X */
};

#define CODE_MAX 40

/* A program in the making. What is not let in jumps to its end. */
struct filter {
	struct sock_filter code[CODE_MAX];
	unsigned short len;
};

static void emit(struct filter *to, struct sock_filter instruction)
{
	to->code[to->len++] = instruction;
}

static void load(struct filter *to, uint16_t size, uint32_t at)
{
	emit(to, (struct sock_filter)BPF_STMT(
			 (uint16_t)(BPF_LD | BPF_ABS | size), at));
}

/* What the kernel knows beside the frame. */
static void load_known(struct filter *to, int what)
{
	load(to, BPF_B, (uint32_t)(SKF_AD_OFF + what));
}

static void mask(struct filter *to, uint32_t bits)
{
	emit(to, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits));
}

static void expect(struct filter *to, uint32_t value)
{
	emit(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value,
					      0, CODE_MAX));
}

static void expect_none(struct filter *to, uint32_t bits)
{
	emit(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits,
					      CODE_MAX, 0));
}

static void end(struct filter *to)
{
	emit(to, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX));
	for (unsigned short i = 0; i < to->len; i++) {
		uint8_t away = (uint8_t)(to->len - i - 1);

		if (BPF_CLASS(to->code[i].code) != BPF_JMP)
			continue;
		if (to->code[i].jt == CODE_MAX)
			to->code[i].jt = away;
		if (to->code[i].jf == CODE_MAX)
			to->code[i].jf = away;
	}
	emit(to, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0));
}

int packet_filter_attach(int fd, const struct receive_config *config)
{
	struct filter filter = { .len = 0 };
	struct sock_fprog program = { .filter = filter.code };

	load_known(&filter, SKF_AD_PKTTYPE);
	emit(&filter,
	     (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
					  PACKET_OTHERHOST, CODE_MAX, 0));
	emit(&filter,
	     (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
					  PACKET_OUTGOING, CODE_MAX, 0));
	/* The tag lies beside the frame; 0 where there was none. */
	load_known(&filter, SKF_AD_VLAN_TAG);
	expect_none(&filter, 0x0fff);
	load(&filter, BPF_H, ETHERNET_TYPE);
	expect(&filter, ETH_P_IP);
	load(&filter, BPF_B, IP);
	mask(&filter, 0xf0);
	expect(&filter, 0x40);
	load(&filter, BPF_H, IP_FRAGMENT);
	expect_none(&filter, 0x1fff);
	load(&filter, BPF_B, IP_PROTOCOL_AT);
	expect(&filter, IPPROTO_UDP);
	if (config->source.s_addr) {
		load(&filter, BPF_W, IP_SOURCE);
		expect(&filter, ntohl(config->source.s_addr));
	}
	load(&filter, BPF_W, IP_DESTINATION);
	expect(&filter, ntohl(config->group.sin_addr.s_addr));
	emit(&filter,
	     (struct sock_filter)BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, IP));
	emit(&filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_H | BPF_IND,
						   UDP_DESTINATION_PORT));
	expect(&filter, ntohs(config->group.sin_port));
	end(&filter);
	program.len = filter.len;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program)) < 0
		       ? -errno
		       : 0;
}
