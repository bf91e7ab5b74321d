#include "consumption/restatement.h"

#include "base/instant.h"

bool restatement_is_due(const struct tally_row *row, int64_t reported_at, bool was_asked)
{
	/* Under another contract than today's, the period may have ended later, and so have been open. */
	int64_t end = row->reported_end > row->period.end ? row->reported_end : row->period.end;
	return was_asked && reported_at != INSTANT_NONE && end <= reported_at && row->now.units != row->reported.units;
}

const char *restatement_cause(const struct tally_row *row, bool policy_changed, int64_t account_delta)
{
	if (policy_changed)
		return "policy";
	if (account_delta == 0)
		return "plan_item";
	return row->now.units > row->reported.units ? "late" : "status";
}
