/* SPDX-License-Identifier: MIT */
#include "campaign/trial_rdma.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/log.h"
#include "campaign/arm_told.h"

#define KIND "rdma"

static bool is_rdma(const char *choice)
{
	const size_t len = strlen(KIND);

	return choice && !strncmp(choice, KIND, len) &&
	       (choice[len] == ':' || !choice[len]);
}

int trial_rdma_check(const struct arm *arm)
{
	const char *send = arm_told(arm->exchange, "--send", NULL);

	/* Who is no t2t-trader hears market data as it likes. */
	if (arm->program || is_rdma(arm->receive) == is_rdma(send) ||
	    (is_rdma(arm->receive) && !send))
		return 0;
	log_error("arm %s: %s", arm->name,
		  is_rdma(send) ? "--send rdma needs --receive rdma: no UDP "
				  "socket hears it"
				: "--receive rdma needs --send rdma, which it "
				  "has by itself where no --send is named");
	return -EINVAL;
}

void trial_rdma_exchange(const struct arm *arm,
			 const char *arguments[static TRIAL_RDMA_ARGUMENTS])
{
	const char *transport = arm_told(arm->trader, "--transport", NULL);
	unsigned int n = 0;

	if (!arm->program && is_rdma(arm->receive) &&
	    !arm_told(arm->exchange, "--send", NULL)) {
		arguments[n++] = "--send";
		arguments[n++] = KIND;
	}
	if (!arm->program && is_rdma(transport)) {
		arguments[n++] = "--transport";
		arguments[n++] = transport;
	}
	arguments[n] = NULL;
}
