#include "reconcile/eligible_accounts.h"

#include <stdlib.h>

bool eligible_accounts_is_fed(const struct membership *membership, uint32_t rank)
{
	return membership_account(membership, rank)->is_fed || !membership->input->has_watermarks;
}

bool eligible_accounts_is_reported(const struct membership *membership, uint32_t rank)
{
	const struct input_account *account = membership_account(membership, rank);
	return account->has_units || !membership->input->has_watermarks;
}

/* Marks the asset groups that plan items of the metric are for; false when none is known. */
static bool mark_asset_groups(const struct reconcile_input *input, uint32_t metric, const uint32_t metric_of_item[], bool marked[])
{
	bool any = false;
	for (size_t i = 0; i < input->eligibility_count; i++)
		if (metric_of_item[input->eligibilities[i].plan_item] == metric)
			any = marked[input->eligibilities[i].asset_group] = true;
	return any;
}

int eligible_accounts_build(struct eligible_accounts *eligible, const struct membership *membership, uint32_t profile, uint32_t metric,
	const uint32_t metric_of_item[], struct error *error)
{
	const struct reconcile_input *input = membership->input;
	bool *marked = calloc(input->asset_group_ids.count + 1, sizeof *marked);
	*eligible = (struct eligible_accounts){.ranks = calloc(input->account_count + 1, sizeof *eligible->ranks)};
	if (!marked || !eligible->ranks) {
		free(marked);
		eligible_accounts_release(eligible);
		return error_set(error, EX_OSERR, "out of memory");
	}
	bool any = mark_asset_groups(input, metric, metric_of_item, marked);
	for (uint32_t rank = 0; rank < input->account_count; rank++) {
		const struct input_account *account = membership_account(membership, rank);
		if (!account->is_known || (profile != input->workspace && !input_account_is_of(account, profile)) ||
			(any && (account->asset_group == INPUT_NONE || !marked[account->asset_group])))
			continue;
		eligible->ranks[eligible->count++] = rank;
		bool is_fed = eligible_accounts_is_fed(membership, rank);
		eligible->not_yet_fed += !is_fed;
		eligible->not_reported += is_fed && !eligible_accounts_is_reported(membership, rank);
	}
	for (size_t item = 0; item < input->plan_items.count; item++)
		if (metric_of_item[item] == metric)
			eligible->is_listed |= input->plan_items.list[item].subscriptions > 0;
	free(marked);
	return 0;
}

void eligible_accounts_release(struct eligible_accounts *eligible)
{
	free(eligible->ranks);
	*eligible = (struct eligible_accounts){.count = 0};
}

enum usage_state usage_state_of(const struct eligible_accounts *eligible, const struct usage_evidence *evidence)
{
	if (evidence->units > 0)
		return USAGE_COUNTED;
	if (evidence->accounts && evidence->not_yet_fed == evidence->accounts)
		return USAGE_NOT_YET_FED;
	return eligible->is_listed && !(eligible->was_used && evidence->is_reported) ? USAGE_NOT_REPORTED : USAGE_ZERO;
}
