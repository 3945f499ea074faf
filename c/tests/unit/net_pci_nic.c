/* SPDX-License-Identifier: MIT */
/* Which NIC an interface stands in for, by a /sys of our own. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/pci_nic.h"

static char sys[] = "/tmp/t2t-pci-nic.XXXXXX";

/* There, with $W. */
static void shell(const char *script, const char *word)
{
	char command[512];

	snprintf(command, sizeof(command), "cd %s && W='%s' && %s", sys, word,
		 script);
	assert_int_equal(system(command), 0);
}

static int sys_make(void **state)
{
	(void)state;
	if (!mkdtemp(sys))
		return -1;
	shell("mkdir -p class/net/lab0 bus/pci/devices/$W", "0000:01:00.0");
	shell("mkdir -p bus/pci/drivers/$W", "vfio-pci");
	shell("mkdir -p bus/pci/drivers/$W", "uio_pci_generic");
	shell("mkdir -p bus/pci/drivers/$W", "e1000e");
	return 0;
}

static int sys_remove(void **state)
{
	(void)state;
	shell("cd / && rm -rf $W", sys);
	return 0;
}

static void alias(const char *text)
{
	shell("printf '%s\n' \"$W\" >class/net/lab0/ifalias", text);
}

static void driver(const char *name)
{
	shell("ln -sfn ../../drivers/$W bus/pci/devices/0000:01:00.0/driver",
	      name);
}

static void test_the_nic_and_its_driver(void **state)
{
	struct pci_nic nic;
	const char *why;

	(void)state;
	alias("nic 0000:01:00.0 lab0.nic");
	driver("vfio-pci");
	assert_int_equal(pci_nic_find(sys, "lab0", &nic, &why), 0);
	assert_string_equal(nic.address, "0000:01:00.0");
	assert_string_equal(nic.other_end, "lab0.nic");
	assert_string_equal(nic.driver, "vfio-pci");
	assert_false(nic.physical);
	driver("uio_pci_generic");
	assert_false(pci_nic_is_held(sys, &nic));
	assert_int_equal(pci_nic_find(sys, "lab0", &nic, &why), 0);
	assert_true(nic.physical);
	assert_true(pci_nic_is_held(sys, &nic));
	shell("rm bus/pci/devices/$W/driver", "0000:01:00.0");
	assert_false(pci_nic_is_held(sys, &nic));
}

static void refused(const char *interface, int err, const char *text)
{
	struct pci_nic nic;
	const char *why = "";

	assert_int_equal(pci_nic_find(sys, interface, &nic, &why), err);
	if (!strstr(why, text))
		fail_msg("not '%s': %s", text, why);
}

static void test_what_is_refused(void **state)
{
	(void)state;
	refused("nowhere0", -ENODEV, "not in /sys");
	alias("");
	refused("lab0", -ENOENT, "the kernel's own");
	alias("a friend");
	refused("lab0", -ENOENT, "the kernel's own");
	alias("nic 0000:01:00.0");
	refused("lab0", -EPROTO, "its alias is not like");
	alias("nic 0000:01:00.0 lab0.nic more");
	refused("lab0", -EPROTO, "its alias is not like");
	alias("nic 0000:01:00.01 lab0.nic");
	refused("lab0", -EPROTO, "its alias is not like");
	alias("nic ../../etc/pas lab0.nic");
	refused("lab0", -EPROTO, "its alias is not like");
	alias("nic 0000:02:00.0 lab0.nic");
	refused("lab0", -ENXIO, "is gone");
	alias("nic 0000:01:00.0 lab0.nic");
	driver("e1000e");
	refused("lab0", -EBUSY, "neither vfio-pci nor");
	shell("rm bus/pci/devices/$W/driver", "0000:01:00.0");
	refused("lab0", -EBUSY, "neither vfio-pci nor");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_nic_and_its_driver),
		cmocka_unit_test(test_what_is_refused),
	};

	return cmocka_run_group_tests(tests, sys_make, sys_remove);
}
