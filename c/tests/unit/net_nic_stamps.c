/* SPDX-License-Identifier: MIT */
/* A NIC of the test's own, which answers in the place of the kernel; and a veth
 * pair, which stamps nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "net/nic_stamps.h"
#include "net_support.h"

/* Shared with the keeper. */
static struct nic {
	struct ethtool_ts_info info;
	struct hwtstamp_config now;
	int makes_of_all; /* the filter that it takes in the place of ALL */
	int info_err, get_err, set_err;
	volatile unsigned int sets;
} * nic;

static int nic_answer(int fd, unsigned long request, struct ifreq *ifreq)
{
	struct hwtstamp_config config;

	(void)fd;
	if (strcmp(ifreq->ifr_name, "nic0"))
		return -ENODEV;
	switch (request) {
	case SIOCETHTOOL:
		memcpy(ifreq->ifr_data, &nic->info, sizeof(nic->info));
		return nic->info_err;
	case SIOCGHWTSTAMP:
		memcpy(ifreq->ifr_data, &nic->now, sizeof(nic->now));
		return nic->get_err;
	case SIOCSHWTSTAMP:
		nic->sets++;
		if (nic->set_err)
			return nic->set_err;
		memcpy(&config, ifreq->ifr_data, sizeof(config));
		if (config.rx_filter == HWTSTAMP_FILTER_ALL)
			config.rx_filter = nic->makes_of_all;
		nic->now = config;
		memcpy(ifreq->ifr_data, &config, sizeof(config));
		return 0;
	}
	return -ENOTTY;
}

static int setup(void **state)
{
	(void)state;
	*nic = (struct nic){
		.info = { .so_timestamping = SOF_TIMESTAMPING_RX_HARDWARE |
					     SOF_TIMESTAMPING_RAW_HARDWARE,
			  .rx_filters = 1 << HWTSTAMP_FILTER_NONE |
					1 << HWTSTAMP_FILTER_ALL,
			  .phc_index = 3 },
		.now = { .tx_type = HWTSTAMP_TX_ON,
			 .rx_filter = HWTSTAMP_FILTER_PTP_V2_EVENT },
		.makes_of_all = HWTSTAMP_FILTER_ALL,
	};
	return 0;
}

static void put_back(void)
{
	assert_int_equal(nic->now.rx_filter, HWTSTAMP_FILTER_PTP_V2_EVENT);
	assert_int_equal(nic->now.tx_type, HWTSTAMP_TX_ON);
}

static void test_set_and_put_back(void **state)
{
	char why[NIC_STAMPS_WHY_MAX];
	struct nic_stamps stamps;

	(void)state;
	assert_int_equal(nic_stamps_open(&stamps, "nic0", nic_answer, why), 0);
	assert_int_equal(stamps.clock, 3);
	assert_int_equal(nic->now.rx_filter, HWTSTAMP_FILTER_ALL);
	/* What it stamps of what goes out is somebody else's. */
	assert_int_equal(nic->now.tx_type, HWTSTAMP_TX_ON);
	assert_int_equal(nic_stamps_close(&stamps), 0);
	put_back();
	assert_int_equal(nic->sets, 2);
}

static void test_what_stamps_already_is_left_alone(void **state)
{
	char why[NIC_STAMPS_WHY_MAX];
	struct nic_stamps stamps;

	(void)state;
	nic->now.rx_filter = HWTSTAMP_FILTER_ALL;
	assert_int_equal(nic_stamps_open(&stamps, "nic0", nic_answer, why), 0);
	assert_int_equal(nic_stamps_close(&stamps), 0);
	assert_int_equal(nic->sets, 0);
}

/* Who captures is killed, and what it turned is put back all the same. */
static void test_put_back_after_a_kill(void **state)
{
	char why[NIC_STAMPS_WHY_MAX];
	struct nic_stamps stamps;
	int status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		if (nic_stamps_open(&stamps, "nic0", nic_answer, why) == 0)
			raise(SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	for (int i = 0; i < 5000 && nic->sets < 2; i++)
		usleep(1000);
	put_back();
}

static void test_what_can_not_be_put_back_is_told(void **state)
{
	char why[NIC_STAMPS_WHY_MAX];
	struct nic_stamps stamps;

	(void)state;
	assert_int_equal(nic_stamps_open(&stamps, "nic0", nic_answer, why), 0);
	nic->set_err = -EBUSY;
	assert_int_equal(nic_stamps_close(&stamps), -EIO);
}

static void refused(int wanted_err, const char *wanted)
{
	char why[NIC_STAMPS_WHY_MAX] = "";
	struct nic_stamps stamps;

	assert_int_equal(nic_stamps_open(&stamps, "nic0", nic_answer, why),
			 wanted_err);
	assert_non_null(strstr(why, wanted));
	assert_int_equal(stamps.fd, -1);
	put_back();
	setup(NULL);
}

static void test_what_a_nic_lacks(void **state)
{
	(void)state;
	nic->info.so_timestamping = SOF_TIMESTAMPING_RX_SOFTWARE;
	refused(-EOPNOTSUPP, "no hardware stamps");
	nic->info.so_timestamping = SOF_TIMESTAMPING_RX_HARDWARE;
	refused(-EOPNOTSUPP, "no hardware stamps");
	nic->info.rx_filters = 1 << HWTSTAMP_FILTER_PTP_V2_EVENT;
	refused(-EOPNOTSUPP, "frames of PTP alone");
	nic->info_err = -EOPNOTSUPP;
	refused(-EOPNOTSUPP, "ETHTOOL_GET_TS_INFO: ");
	nic->get_err = -EOPNOTSUPP;
	refused(-EOPNOTSUPP, "SIOCGHWTSTAMP: ");
	nic->makes_of_all = HWTSTAMP_FILTER_PTP_V2_EVENT;
	refused(-EOPNOTSUPP, "SIOCSHWTSTAMP: ");
	nic->set_err = -EPERM;
	log_catch();
	refused(-EPERM, "CAP_NET_ADMIN");
	/* Nothing was turned, so nobody fails to put it back. */
	assert_string_equal(log_caught(), "");
}

static void test_a_veth_pair_has_none(void **state)
{
	char why[NIC_STAMPS_WHY_MAX];
	struct nic_stamps stamps;

	(void)state;
	RIG_NEEDED();
	assert_int_equal(nic_stamps_open(&stamps, NEAR_NAME, NULL, why),
			 -EOPNOTSUPP);
	assert_string_equal(why, "its driver has no hardware stamps");
	assert_int_equal(nic_stamps_open(&stamps, "nowhere0", NULL, why),
			 -ENODEV);
}

static int group_setup(void **state)
{
	nic = mmap(NULL, sizeof(*nic), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return nic == MAP_FAILED ? -1 : rig_open(state);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(test_##name, setup)
	const struct CMUnitTest tests[] = {
		TEST(set_and_put_back),
		TEST(what_stamps_already_is_left_alone),
		TEST(put_back_after_a_kill),
		TEST(what_can_not_be_put_back_is_told),
		TEST(what_a_nic_lacks),
		TEST(a_veth_pair_has_none),
	};

	return cmocka_run_group_tests_name("net_nic_stamps", tests, group_setup,
					   rig_close);
}
