/* SPDX-License-Identifier: MIT */
#include "net/xdp_beside.h"

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "base/log.h"
#include "net/netdev.h"

/* The note. */
struct note {
	uint32_t tag;
	uint32_t merged;
};

/* Where the stack's structs have what is asked for, in bytes. */
struct places {
	int device, tag, head, end; /* of struct sk_buff */
	int index;		    /* of struct net_device */
	int merged;		    /* of struct skb_shared_info */
};

/* Places on a program's stack. */
enum { KEY = -8, VALUE = -16, OTHER = -24 };

/*
 * The kernel's own types.
 */

/* Of a member, in bytes, which may lie in structs without a name; or
 * -ENOENT. */
static int member_find(const struct btf *btf, uint32_t id, const char *name)
{
	const struct btf_type *type = btf__type_by_id(btf, id);
	const struct btf_member *member;

	if (!type || !btf_is_composite(type))
		return -ENOENT;
	member = btf_members(type);
	for (uint32_t i = 0; i < btf_vlen(type); i++, member++) {
		const char *own = btf__name_by_offset(btf, member->name_off);
		int at = (int)(btf_member_bit_offset(type, i) / 8), inner;

		if (!strcmp(own, name))
			return at;
		if (*own)
			continue;
		inner = member_find(btf, member->type, name);
		if (inner >= 0)
			return at + inner;
	}
	return -ENOENT;
}

static int place(const struct btf *btf, const char *type, const char *member)
{
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_STRUCT);

	return id < 0 ? -ENOENT : member_find(btf, (uint32_t)id, member);
}

static bool places_find(const struct btf *btf, struct places *places)
{
	*places = (struct places){
		.device = place(btf, "sk_buff", "dev"),
		.tag = place(btf, "sk_buff", "vlan_tci"),
		.head = place(btf, "sk_buff", "head"),
		.end = place(btf, "sk_buff", "end"),
		.index = place(btf, "net_device", "ifindex"),
		.merged = place(btf, "skb_shared_info", "gso_size"),
	};
	return places->device >= 0 && places->tag >= 0 && places->head >= 0 &&
	       places->end >= 0 && places->index >= 0 && places->merged >= 0;
}

/*
 * Native: the driver.
 */

void xdp_beside_ask_driver(struct bpf_code *to, const struct xdp_beside *beside,
			   uint8_t context, uint8_t tag)
{
	struct bpf_jumps none = { .count = 0 };

	bpf_clear(to, VALUE);
	bpf_clear(to, OTHER);
	bpf_copy(to, BPF_REG_1, context);
	bpf_stack(to, BPF_REG_2, OTHER); /* its protocol */
	bpf_stack(to, BPF_REG_3, VALUE);
	bpf_call_kernel(to, beside->function);
	bpf_set(to, tag, 0);
	bpf_jump(to, &none, BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_0, 0);
	bpf_load(to, BPF_H, tag, BPF_REG_10, VALUE);
	bpf_land(to, &none);
}

/* Does the NIC, or what stands for it, take tags off the bytes? */
static bool takes_tags_off(const struct interface *interface)
{
	struct ethtool_value flags = { .cmd = ETHTOOL_GFLAGS };
	struct ifreq request = { .ifr_data = (void *)&flags };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool known;

	if (fd < 0)
		return true;
	memcpy(request.ifr_name, interface->name, sizeof(request.ifr_name));
	known = ioctl(fd, SIOCETHTOOL, &request) == 0;
	close(fd);
	return !known || flags.data & ETH_FLAG_RXVLAN;
}

static int driver_open(struct xdp_beside *beside,
		       const struct interface *interface, const char *who)
{
	struct btf *btf = NULL;
	int id = -ENOENT;

	/* Asked first: veth has tags beside frames whatever its flag is. */
	if (netdev_tells_vlan(interface->index))
		btf = btf__load_vmlinux_btf();
	else if (!takes_tags_off(interface))
		return 0;
	if (btf)
		id = btf__find_by_name_kind(btf, "bpf_xdp_metadata_rx_vlan_tag",
					    BTF_KIND_FUNC);
	btf__free(btf);
	if (id < 0) {
		log_warning("%s: %s: its driver takes VLAN tags off and does "
			    "not tell an XDP program: no native mode, unless "
			    "'ethtool -K %s rxvlan off' leaves them on",
			    who, interface->name, interface->name);
		return -EOPNOTSUPP;
	}
	beside->way = XDP_BESIDE_DRIVER;
	beside->function = id;
	return 0;
}

/*
 * Generic: the stack.
 */

static void note_find(struct bpf_code *to, struct bpf_jumps *leave, int map_fd)
{
	bpf_clear(to, KEY);
	bpf_load_map(to, BPF_REG_1, map_fd);
	bpf_stack(to, BPF_REG_2, KEY);
	bpf_call(to, BPF_FUNC_map_lookup_elem);
	bpf_jump(to, leave, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0);
}

void xdp_beside_ask_stack(struct bpf_code *to, struct bpf_jumps *leave,
			  const struct xdp_beside *beside, uint8_t tag,
			  uint8_t merged)
{
	note_find(to, leave, beside->map_fd);
	bpf_load(to, BPF_W, tag, BPF_REG_0, offsetof(struct note, tag));
	bpf_load(to, BPF_W, merged, BPF_REG_0, offsetof(struct note, merged));
}

/* The tag of what comes in by this interface alone: one that is of a VLAN
 * itself is met after its tag was taken for it. */
static void note_write(struct bpf_code *to, const struct xdp_beside *beside,
		       const struct places *places)
{
	enum { SKB = BPF_REG_6, AT = BPF_REG_7, TAG = BPF_REG_8 };
	struct bpf_jumps other = { .count = 0 }, leave = { .count = 0 };

	bpf_load(to, BPF_DW, SKB, BPF_REG_1, 0);
	bpf_set(to, TAG, 0);
	bpf_load(to, BPF_DW, AT, SKB, (int16_t)places->device);
	bpf_load(to, BPF_W, AT, AT, (int16_t)places->index);
	bpf_jump(to, &other, BPF_JMP32 | BPF_JNE | BPF_K, AT,
		 (int32_t)beside->interface_index);
	bpf_load(to, BPF_H, TAG, SKB, (int16_t)places->tag);
	bpf_land(to, &other);
	bpf_load(to, BPF_DW, AT, SKB, (int16_t)places->head);
	bpf_load(to, BPF_W, BPF_REG_1, SKB, (int16_t)places->end);
	bpf_add(to, AT, BPF_REG_1);
	bpf_with(to, BPF_ADD, AT, places->merged);
	bpf_clear(to, VALUE);
	bpf_stack(to, BPF_REG_1, VALUE);
	bpf_set(to, BPF_REG_2, sizeof(uint16_t));
	bpf_copy(to, BPF_REG_3, AT);
	bpf_call(to, BPF_FUNC_probe_read_kernel);
	note_find(to, &leave, beside->map_fd);
	bpf_store(to, BPF_W, BPF_REG_0, offsetof(struct note, tag), TAG);
	bpf_load(to, BPF_H, BPF_REG_1, BPF_REG_10, VALUE);
	bpf_store(to, BPF_W, BPF_REG_0, offsetof(struct note, merged),
		  BPF_REG_1);
	bpf_land(to, &leave);
	bpf_set(to, BPF_REG_0, 0);
	bpf_leave(to);
}

/* 0 or a negative errno; beside's descriptors are for the caller to close. */
static int note_open(struct xdp_beside *beside, const struct places *places,
		     int tracepoint)
{
	struct bpf_prog_load_opts options = {
		.sz = sizeof(options),
		.expected_attach_type = BPF_TRACE_RAW_TP,
		.attach_btf_id = (uint32_t)tracepoint,
	};
	struct bpf_code to = { .len = 0 };

	beside->map_fd =
		bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "t2t_beside",
			       sizeof(uint32_t), sizeof(struct note), 1, NULL);
	if (beside->map_fd < 0)
		return -errno;
	note_write(&to, beside, places);
	beside->program_fd =
		bpf_prog_load(BPF_PROG_TYPE_TRACING, "t2t_beside",
			      "Dual MIT/GPL", to.code, to.len, &options);
	if (beside->program_fd < 0)
		return -errno;
	beside->link_fd = bpf_raw_tracepoint_open(NULL, beside->program_fd);
	return beside->link_fd < 0 ? -errno : 0;
}

static int stack_open(struct xdp_beside *beside, const char *who)
{
	struct btf *btf = btf__load_vmlinux_btf();
	struct places places;
	int tracepoint = -ENOENT, err = -EOPNOTSUPP;

	if (btf && places_find(btf, &places))
		tracepoint = btf__find_by_name_kind(
			btf, "btf_trace_netif_receive_skb", BTF_KIND_TYPEDEF);
	if (tracepoint > 0)
		err = note_open(beside, &places, tracepoint);
	btf__free(btf);
	if (!err) {
		beside->way = XDP_BESIDE_STACK;
		return 0;
	}
	xdp_beside_close(beside);
	if (err == -EPERM)
		return err;
	log_warning("%s: no generic mode: this kernel does not let a program "
		    "see which VLAN a frame is of (BTF, tracepoints): %s",
		    who, log_strerror(err));
	return -EOPNOTSUPP;
}

int xdp_beside_open(struct xdp_beside *beside,
		    const struct interface *interface, bool generic,
		    const char *who)
{
	*beside = (struct xdp_beside){ .interface_index = interface->index,
				       .map_fd = -1,
				       .program_fd = -1,
				       .link_fd = -1 };
	return generic ? stack_open(beside, who)
		       : driver_open(beside, interface, who);
}

void xdp_beside_close(struct xdp_beside *beside)
{
	const int fds[] = { beside->link_fd, beside->program_fd,
			    beside->map_fd };

	for (unsigned int i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] > 0)
			close(fds[i]);
	*beside = (struct xdp_beside){ .map_fd = -1,
				       .program_fd = -1,
				       .link_fd = -1 };
}

#endif
