/* SPDX-License-Identifier: MIT */
#include "campaign/trial_spaces.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <unistd.h>

#include "net/namespace.h"

#define EXCHANGE_ADDRESS "10.77.0.1"
#define TRADER_ADDRESS	 "10.77.0.2"
#define FRAMES		 "4000" /* of the known bias, and how many a second */

static int spaces_make(struct trial_spaces *spaces)
{
	struct namespace_end exchange, trader;
	int err;

	err = namespace_open(&spaces->exchange);
	if (!err)
		err = namespace_open(&spaces->trader);
	if (err)
		return err;
	exchange = (struct namespace_end){ .fd = spaces->exchange,
					   .name = TRIAL_SPACES_EXCHANGE,
					   .prefix_len = 24 };
	trader = (struct namespace_end){ .fd = spaces->trader,
					 .name = TRIAL_SPACES_TRADER,
					 .prefix_len = 24 };
	inet_pton(AF_INET, EXCHANGE_ADDRESS, &exchange.address);
	inet_pton(AF_INET, TRADER_ADDRESS, &trader.address);
	return namespace_veth(&exchange, &trader);
}

/* An agent of our own programs. It opens the namespace's descriptor while we
 * hold it, and keeps it. */
static struct trial_machine space_machine(const char *name, const char *folder,
					  int space, const char *program,
					  const char *argv[static 6],
					  char text[static 64])
{
	snprintf(text, 64, "/proc/%d/fd/%d", (int)getpid(), space);
	argv[0] = program;
	argv[1] = "--folder";
	argv[2] = folder;
	argv[3] = "--namespace";
	argv[4] = text;
	argv[5] = NULL;
	return (struct trial_machine){ .name = name,
				       .connect = argv,
				       .folder = folder };
}

static void spaces_describe(struct trial_spaces *spaces,
			    const struct trial_config *config,
			    const char *folder)
{
	/* u32 is in every kernel that has filters at all. */
	static const char *const loop[] = {
		"sh", "-c",
		"tc qdisc add dev \"$0\" clsact && tc filter add dev \"$0\" "
		"ingress u32 match u32 0 0 action mirred egress redirect dev "
		"\"$0\"",
		TRIAL_SPACES_TRADER, NULL
	};

	snprintf(spaces->program, sizeof(spaces->program), "%s/t2t-agent",
		 config->programs);
	spaces->machines[0] = space_machine(
		"the exchange", folder, spaces->exchange, spaces->program,
		spaces->exchange_argv, spaces->exchange_space);
	spaces->machines[1] = space_machine(
		"the trader", folder, spaces->trader, spaces->program,
		spaces->trader_argv, spaces->trader_space);
	spaces->site = (struct trial_site){
		.machines = spaces->machines,
		.machine_count = 2,
		.listen = EXCHANGE_ADDRESS ":" TRIAL_ORDER_PORT,
		.feed = config->feed,
		.timeout_ms = -1,
		.loop = { .machine = 1, .turn = loop },
		.frames = FRAMES,
		.frames_rate = FRAMES,
	};
	/* The wiretap stands outside of the trader's machine. */
	for (int i = 0; i < TRIAL_ROLES; i++) {
		if (config->cpu[i] >= 0)
			snprintf(spaces->cpus[i], sizeof(spaces->cpus[i]), "%d",
				 config->cpu[i]);
		spaces->site.seats[i] = (struct trial_seat){
			.machine = i == TRIAL_TRADER ? 1 : 0,
			.programs = config->programs,
			.interface = i == TRIAL_TRADER ? TRIAL_SPACES_TRADER
						       : TRIAL_SPACES_EXCHANGE,
			.cpus = spaces->cpus[i],
		};
	}
}

void trial_spaces_close(struct trial_spaces *spaces)
{
	namespace_close(&spaces->trader);
	namespace_close(&spaces->exchange);
}

int trial_spaces_open(struct trial_spaces *spaces,
		      const struct trial_config *config, const char *folder)
{
	int err;

	*spaces = (struct trial_spaces){ .exchange = -1, .trader = -1 };
	err = spaces_make(spaces);
	if (err)
		trial_spaces_close(spaces);
	else
		spaces_describe(spaces, config, folder);
	return err;
}
