/* SPDX-License-Identifier: MIT */
#include "net/nic_stamps.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/privileges.h"

static int ioctl_ask(int fd, unsigned long request, struct ifreq *ifreq)
{
	return ioctl(fd, request, ifreq) < 0 ? -errno : 0;
}

static int nic_ask(const struct nic_stamps *stamps, unsigned long request,
		   void *data)
{
	struct ifreq ifreq = { .ifr_data = data };

	memcpy(ifreq.ifr_name, stamps->name, sizeof(ifreq.ifr_name));
	return stamps->ask(stamps->fd, request, &ifreq);
}

const char *nic_stamps_lack(const struct ethtool_ts_info *info)
{
	const unsigned int needed =
		SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE;

	if ((info->so_timestamping & needed) != needed)
		return "its driver has no hardware stamps";
	if (!(info->rx_filters & 1u << HWTSTAMP_FILTER_ALL))
		return "it stamps frames of PTP alone, not all that come in";
	return NULL;
}

static int refuse(char why[static NIC_STAMPS_WHY_MAX], const char *what,
		  int err)
{
	snprintf(why, NIC_STAMPS_WHY_MAX, "%s: %s%s", what, log_strerror(err),
		 err == -EPERM ? " (CAP_NET_ADMIN is needed)" : "");
	/* A driver that knows nothing of it answers in one of these ways. */
	return err == -ENOTTY || err == -EINVAL || err == -ERANGE ? -EOPNOTSUPP
								  : err;
}

/* Can it, and what does it do now? */
static int look(struct nic_stamps *stamps, struct hwtstamp_config *now,
		char why[static NIC_STAMPS_WHY_MAX])
{
	struct ethtool_ts_info info = { .cmd = ETHTOOL_GET_TS_INFO };
	const char *lack;
	int err = nic_ask(stamps, SIOCETHTOOL, &info);

	if (err)
		return refuse(why, "ETHTOOL_GET_TS_INFO", err);
	lack = nic_stamps_lack(&info);
	if (lack) {
		snprintf(why, NIC_STAMPS_WHY_MAX, "%s", lack);
		return -EOPNOTSUPP;
	}
	stamps->clock = info.phc_index;
	/* What can't be read can't be put back. */
	err = nic_ask(stamps, SIOCGHWTSTAMP, now);
	return err ? refuse(why, "SIOCGHWTSTAMP", err) : 0;
}

static int set(const struct nic_stamps *stamps, struct hwtstamp_config config,
	       int filter)
{
	int err;

	config.rx_filter = filter;
	err = nic_ask(stamps, SIOCSHWTSTAMP, &config);
	/* The driver tells what it has made of it. */
	return !err && config.rx_filter != filter ? -ERANGE : err;
}

/* Waits for the end of who captures, and puts back. */
static int keep(const struct nic_stamps *stamps,
		const struct hwtstamp_config *before, int end)
{
	char byte;
	int err;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	/* Who kills a whole group does not mean this one. */
	setsid();
	privileges_drop(PRIVILEGES_BIT(CAP_NET_ADMIN));
	do
		err = (int)read(end, &byte, 1);
	while (err < 0 && errno == EINTR);
	if (err > 0)
		return 0; /* it was not turned */
	err = set(stamps, *before, before->rx_filter);
	if (!err || err == -ENODEV)
		return 0;
	log_error("%s: what its NIC stamps could not be put back: %s",
		  stamps->name, log_strerror(err));
	return 1;
}

/* Before anything is turned. */
static int keeper_start(struct nic_stamps *stamps,
			const struct hwtstamp_config *before)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	stamps->keeper_pid = fork();
	if (stamps->keeper_pid < 0) {
		int err = -errno;

		stamps->keeper_pid = 0;
		close(ends[0]);
		close(ends[1]);
		return err;
	}
	if (stamps->keeper_pid == 0) {
		close(ends[1]);
		_exit(keep(stamps, before, ends[0]));
	}
	close(ends[0]);
	stamps->keeper = ends[1];
	return 0;
}

static int turn(struct nic_stamps *stamps, const struct hwtstamp_config *before,
		char why[static NIC_STAMPS_WHY_MAX])
{
	int err;

	if (before->rx_filter == HWTSTAMP_FILTER_ALL)
		return 0;
	err = keeper_start(stamps, before);
	if (err)
		return refuse(why, "can't fork", err);
	err = set(stamps, *before, HWTSTAMP_FILTER_ALL);
	if (!err)
		return 0;
	/* Refused, and not made something else of: nothing is to be put back.
	 * Without the byte it is all the same. */
	if (err != -ERANGE && write(stamps->keeper, "", 1) != 1)
		log_debug("%s: the keeper is gone", stamps->name);
	return refuse(why, "SIOCSHWTSTAMP", err);
}

int nic_stamps_open(struct nic_stamps *stamps, const char *interface,
		    nic_stamps_ask *ask, char why[static NIC_STAMPS_WHY_MAX])
{
	struct hwtstamp_config before = { 0 };
	int err;

	*stamps = (struct nic_stamps){ .ask = ask ? ask : ioctl_ask,
				       .clock = -1,
				       .keeper = -1 };
	snprintf(stamps->name, sizeof(stamps->name), "%s", interface);
	stamps->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (stamps->fd < 0)
		return refuse(why, "socket", -errno);
	err = look(stamps, &before, why);
	if (!err)
		err = turn(stamps, &before, why);
	if (err)
		nic_stamps_close(stamps);
	return err;
}

int nic_stamps_close(struct nic_stamps *stamps)
{
	int status = 0;

	if (stamps->keeper_pid > 0) {
		close(stamps->keeper);
		while (waitpid(stamps->keeper_pid, &status, 0) < 0 &&
		       errno == EINTR)
			;
		stamps->keeper_pid = 0;
	}
	if (stamps->fd >= 0)
		close(stamps->fd);
	stamps->fd = -1;
	return status ? -EIO : 0;
}
