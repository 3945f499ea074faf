/* SPDX-License-Identifier: MIT */
#include "wiretap/analysis_rest.h"

#include "wiretap/analysis.h"
#include "wiretap/analysis_verdict.h"
#include "wiretap/lacked.h"

int analysis_rest_judge(const struct analysis_config *config, const char *path,
			const struct lacked *lacked,
			struct analysis_result *result)
{
	struct analysis_config wanted = *config;
	struct analysis_rest *rest = &result->rest;
	char reason[ANALYSIS_REASON_MAX];
	struct analysis_result by_rest;
	bool all;
	int rc;

	if (!lacked || analysis_verdict(result, true, reason) != ANALYSIS_WRONG)
		return 0;
	*rest = (struct analysis_rest){ .lacked =
						lacked_packets(lacked, &all) };
	/* Without tags numbers of several sessions are alike. */
	if (!all || (result->untagged && result->sessions > 1))
		return 0;
	wanted.lacked = lacked;
	wanted.samples = NULL;
	/* It went on behind each gap, however far. */
	wanted.impaired = true;
	wanted.jump_max = INT32_MAX;
	rc = analysis_run(&wanted, path, &by_rest);
	if (rc < 0)
		return rc;
	/* Nothing called for, and nothing sent, is right, too. */
	rest->known =
		by_rest.triggers + by_rest.orders == 0 ||
		analysis_verdict(&by_rest, true, reason) != ANALYSIS_UNJUDGED;
	rest->triggers = by_rest.triggers;
	rest->matched = by_rest.matched;
	rest->missing = by_rest.missing;
	rest->extra = by_rest.extra;
	rest->wrong = by_rest.wrong;
	return 0;
}
