/* SPDX-License-Identifier: MIT */
#include "net/pci_nic.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

static const struct {
	const char *name;
	bool physical;
} drivers[] = {
	{ "vfio-pci", false },
	{ "uio_pci_generic", true },
};

/* The last part of where a link leads; an empty text: nowhere. */
static void link_read(const char *path, char *name, size_t size)
{
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	const char *last;

	target[len < 0 ? 0 : len] = '\0';
	last = strrchr(target, '/');
	snprintf(name, size, "%.*s", (int)size - 1, last ? last + 1 : target);
}

static void driver_read(const char *sys, const char *address, char *name,
			size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/driver", sys,
		 address);
	link_read(path, name, size);
}

/* 0 or a negative errno with *why. */
static int alias_read(const char *sys, const char *interface, char *alias,
		      size_t size, const char **why)
{
	char path[PATH_MAX];
	FILE *file;

	*why = "it is not in /sys";
	snprintf(path, sizeof(path), "%s/class/net/%s/ifalias", sys, interface);
	file = fopen(path, "re");
	if (!file)
		return -ENODEV;
	*alias = '\0';
	if (!fgets(alias, (int)size, file))
		*alias = '\0';
	fclose(file);
	return 0;
}

/* As the kernel writes it: domain, bus, device and function. */
static bool is_address(const char *text)
{
	static const char form[] = "xxxx:xx:xx.x";
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < sizeof(form); i++)
		if (form[i] == 'x' ? !text[i] || !strchr(digits, text[i])
				   : text[i] != form[i])
			return false;
	return true;
}

static int alias_parse(const char *alias, struct pci_nic *nic, const char **why)
{
	char address[sizeof(nic->address)], other_end[IFNAMSIZ], more;

	*why = "it is the kernel's own interface: no driver for programs has "
	       "its NIC (the knob 'driver' of an experiment's 'nic')";
	if (strncmp(alias, "nic ", 4) != 0)
		return -ENOENT;
	*why = "its alias is not like 'nic 0000:01:00.0 lab0.nic'";
	if (sscanf(alias, "nic %12s %15s %c", address, other_end, &more) != 2 ||
	    alias[4 + strlen(address)] != ' ' || !is_address(address))
		return -EPROTO;
	snprintf(nic->address, sizeof(nic->address), "%s", address);
	snprintf(nic->other_end, sizeof(nic->other_end), "%s", other_end);
	return 0;
}

int pci_nic_find(const char *sys, const char *interface, struct pci_nic *nic,
		 const char **why)
{
	char alias[256], path[PATH_MAX];
	int err = alias_read(sys, interface, alias, sizeof(alias), why);

	*nic = (struct pci_nic){ 0 };
	if (!err)
		err = alias_parse(alias, nic, why);
	if (err)
		return err;
	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s", sys,
		 nic->address);
	*why = "the NIC that it stands in for is gone";
	if (access(path, F_OK) < 0)
		return -ENXIO;
	driver_read(sys, nic->address, nic->driver, sizeof(nic->driver));
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		if (strcmp(nic->driver, drivers[i].name) != 0)
			continue;
		nic->physical = drivers[i].physical;
		return 0;
	}
	*why = "neither vfio-pci nor uio_pci_generic has the NIC that it "
	       "stands in for";
	return -EBUSY;
}

bool pci_nic_is_held(const char *sys, const struct pci_nic *nic)
{
	char driver[sizeof(nic->driver)];

	driver_read(sys, nic->address, driver, sizeof(driver));
	return strcmp(driver, nic->driver) == 0;
}
