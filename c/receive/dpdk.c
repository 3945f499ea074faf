/* SPDX-License-Identifier: MIT */
/* DPDK: frames by a poll mode driver, in this process. */
#include <errno.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/privileges.h"
#include "net/dpdk_port.h"
#include "receive/packet_filter.h"
#include "receive/receive_frames.h"
#include "receive/receive_interface.h"

_Static_assert(RECEIVE_BURST_MAX <= FRAME_PORT_BURST_MAX, "a burst fits");

struct receive_dpdk {
	struct receive_interface interface;
	struct dpdk_port port;
	struct receive_frames frames;
	unsigned int device;
	uint64_t descriptors;
	bool promiscuous;
	bool huge_pages;
	uint64_t queue;
	uint64_t budget;
	bool zero_copy;
};

static const struct option_row dpdk_options[] = {
	{ .name = "device",
	  .metavar = "DRIVER",
	  .def = "af_packet",
	  .type = OPTION_CHOICE,
	  .choices = dpdk_port_device_names,
	  .offset = offsetof(struct receive_dpdk, device),
	  .help = "DPDK's driver for an interface that the kernel\n"
		  "keeps; pci: for a NIC that it has given away" },
	{ .name = "descriptors",
	  .metavar = "N",
	  .def = "128",
	  .type = OPTION_UNSIGNED,
	  .min = 64,
	  .max = 16384,
	  .offset = offsetof(struct receive_dpdk, descriptors),
	  .help = "frames there is room for; of af_xdp a power\n"
		  "of 2" },
	{ .name = "promiscuous",
	  .metavar = "on|off",
	  .def = "off",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct receive_dpdk, promiscuous),
	  .help = "let in frames to other hosts, too; they are\n"
		  "left out here" },
	{ .name = "huge_pages",
	  .metavar = "on|off",
	  .def = "off",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct receive_dpdk, huge_pages),
	  .help = "DPDK's memory in huge pages, refused where none\n"
		  "are free" },
	{ .name = "queue",
	  .metavar = "N",
	  .def = "0",
	  .type = OPTION_UNSIGNED,
	  .max = 4095,
	  .offset = offsetof(struct receive_dpdk, queue),
	  .help = "af_xdp: receive queue; packets on others are\n"
		  "not seen" },
	{ .name = "budget",
	  .metavar = "N",
	  .def = "0",
	  .type = OPTION_UNSIGNED,
	  .max = 65535,
	  .offset = offsetof(struct receive_dpdk, budget),
	  .help = "af_xdp: frames of one busy poll of the NIC's\n"
		  "driver; 0: off" },
	{ .name = "zero_copy",
	  .metavar = "on|off",
	  .def = "off",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct receive_dpdk, zero_copy),
	  .help = "af_xdp: the NIC writes into DPDK's memory,\n"
		  "refused where it can't; needs budget" },
	OPTION_END,
};

static struct receive_dpdk *self_of(struct receive *receive)
{
	return container_of(receive, struct receive_dpdk, interface.receive);
}

static int dpdk_probe(const char **why)
{
	return dpdk_port_probe(why);
}

static int dpdk_open(struct receive *receive)
{
	struct receive_dpdk *self = self_of(receive);
	const struct dpdk_port_config config = {
		.who = "--receive dpdk",
		.interface = receive->config.interface,
		.flow = { .protocol = IPPROTO_UDP,
			  .destination = receive->config.group,
			  .source.sin_addr = receive->config.source },
		.device = self->device,
		.descriptors = (unsigned int)self->descriptors,
		.promiscuous = self->promiscuous,
		.huge_pages = self->huge_pages,
		.queue = (unsigned int)self->queue,
		.budget = (unsigned int)self->budget,
		.zero_copy = self->zero_copy,
	};
	int err = dpdk_port_open(&self->port, &config);

	if (err)
		return err;
	receive->frames = &self->port.port;
	if (self->device != DPDK_AF_PACKET) {
		receive->caps &= ~(unsigned int)RECEIVE_MERGED;
		return 0;
	}
	/* The ring is for the group alone, and so is the count of what it had
	 * no room for; until a transport sends on the port. */
	err = packet_filter_attach(self->port.fd, &receive->config);
	if (err) {
		log_error("--receive dpdk: SO_ATTACH_FILTER: %s",
			  log_strerror(err));
		dpdk_port_close(&self->port);
		return err;
	}
	return 0;
}

static int dpdk_poll(struct receive *receive, struct packet *packets,
		     unsigned int max)
{
	struct receive_dpdk *self = self_of(receive);
	struct frame_port_frame frames[RECEIVE_BURST_MAX];
	int n = dpdk_port_take(&self->port, frames, max), count = 0;

	for (int i = 0; i < n; i++) {
		packets[count].kernel_ns = 0;
		count += receive_frames_read(&self->frames, frames[i].bytes,
					     frames[i].len, 0, &packets[count]);
	}
	return n < 0 ? n : count;
}

/* The driver's, which takes a frame from its ring when it is polled; a NIC has
 * none. */
static int dpdk_descriptor(struct receive *receive)
{
	struct receive_dpdk *self = self_of(receive);

	return self->port.aside_count || self->port.fd < 0 ? -EAGAIN
							   : self->port.fd;
}

static uint64_t dpdk_drops(struct receive *receive)
{
	struct receive_dpdk *self = self_of(receive);

	return dpdk_port_lost(&self->port) +
	       receive_frames_drops(&self->frames);
}

static void dpdk_close(struct receive *receive)
{
	struct receive_dpdk *self = self_of(receive);

	self->frames.cut += self->port.cut;
	receive_frames_tell(&self->frames, "--receive dpdk");
	dpdk_port_close(&self->port);
}

const struct receive_ops receive_dpdk_ops = {
	.entry.name = "dpdk",
	.entry.help = "DPDK: a poll mode driver in this process; "
		      "occupies one CPU",
	.caps = RECEIVE_BYPASS | RECEIVE_EXCLUSIVE | RECEIVE_FRAMES |
		RECEIVE_MERGED,
	.privileges = PRIVILEGES_FRAMES,
	.entry.size = sizeof(struct receive_dpdk),
	.entry.options = dpdk_options,
	.entry.probe = dpdk_probe,
	.open = dpdk_open,
	.join = receive_interface_join,
	.leave = receive_interface_leave,
	.alive = receive_interface_alive,
	.strangers = receive_interface_strangers,
	.poll = dpdk_poll,
	.descriptor = dpdk_descriptor,
	.drops = dpdk_drops,
	.close = dpdk_close,
};
