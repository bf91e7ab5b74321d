/*
 * policy_diff.h: how figures and positions of one ledger differ between two counting policies: `envtally policy diff`.
 *
 * Each side is the consumption and metric_result records that reconcile printed under one policy. doc/policy.md has the fields of the
 * policy_difference records.
 */
#ifndef ENVTALLY_POLICY_DIFF_H
#define ENVTALLY_POLICY_DIFF_H

#include "base/buffer.h"

#include <stdint.h>

enum policy_period { POLICY_ALL_PERIODS, POLICY_PERIOD_INDEX, POLICY_PERIOD_DAY };

struct policy_diff_options {
	const char *profile; /* name */
	const char *files[2]; /* records before and after */
	const char *hashes[2]; /* of the policies */
	enum policy_period period;
	int64_t index; /* POLICY_PERIOD_INDEX */
	int32_t day; /* POLICY_PERIOD_DAY: the period that holds it */
	bool ndjson; /* policy_difference messages instead of lines for people */
};

int policy_diff_append(const struct policy_diff_options *options, struct buffer *text, struct error *error);

#endif
