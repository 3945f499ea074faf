/* SPDX-License-Identifier: MIT */
/*
 * A NIC that the kernel has given away, by DPDK's own driver (net_virtio,
 * net_e1000_em, net_e1000_igb, net_vmxnet3). A second port, by net_af_packet on
 * the other end of the veth pair that stands in for the NIC, is the kernel's
 * way to the wire: DPDK calls that an exception path.
 *
 * https://doc.dpdk.org/guides/linux_gsg/linux_drivers.html
 */
#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "net/dpdk_port_driver.h"

#define SYS	  "/sys"
#define SLOT_SIZE 2048 /* of the kernel's rings */
#define SLOTS	  128
#define BUFFERS	  1024 /* of what the kernel sends: on its way by the NIC */

static int pci_check(struct dpdk_port *dp,
		     const struct dpdk_port_config *config)
{
	const char *why = "";
	int err = pci_nic_find(SYS, dp->interface.name, &dp->nic, &why);

	if (!err && dp->nic.physical && !config->huge_pages) {
		why = "uio_pci_generic has no IOMMU: huge_pages=on is needed";
		err = -EINVAL;
	}
	if (err)
		log_error("%s: %s: device=pci: %s", dp->who, dp->interface.name,
			  why);
	return err;
}

static int kernel_open(struct dpdk_port *dp)
{
	char name[64], arguments[160];
	const struct dpdk_device_config device = {
		.bus = "vdev",
		.device = name,
		.arguments = arguments,
		.descriptors = SLOTS,
		.buffers = BUFFERS,
	};
	const char *step = "";
	int err;

	snprintf(name, sizeof(name), "net_af_packet%u", dp->interface.index);
	snprintf(arguments, sizeof(arguments),
		 "iface=%s,framesz=%d,blocksz=%d,framecnt=%d",
		 dp->nic.other_end, SLOT_SIZE, 2 * SLOT_SIZE, SLOTS);
	err = dp->ops->open(&device, &dp->kernel, &step);
	return err ? dpdk_port_fault(dp, dp->nic.other_end, err) : 0;
}

static int pci_open(struct dpdk_port *dp, const struct dpdk_port_config *config)
{
	int err = kernel_open(dp);

	(void)config;
	if (!err)
		log_info("%s: %s: %s by %s", dp->who, dp->interface.name,
			 dp->nic.address, dp->nic.driver);
	return err;
}

static uint64_t pci_lost(struct dpdk_port *dp)
{
	return dp->ops->lost(dp->device);
}

static int pci_alive(struct dpdk_port *dp)
{
	if (!dp->ops->wanted_back(dp->device) && pci_nic_is_held(SYS, &dp->nic))
		return 0;
	log_error("%s: %s: %s is being taken from %s", dp->who,
		  dp->interface.name, dp->nic.address, dp->nic.driver);
	return -ENODEV;
}

const struct dpdk_port_driver dpdk_port_pci_driver = {
	.name = "pci",
	.pci = true,
	.check = pci_check,
	.open = pci_open,
	.lost = pci_lost,
	.alive = pci_alive,
};
