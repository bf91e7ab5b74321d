#include "reconcile/eligible_accounts.h"

#include <stdlib.h>

bool eligible_accounts_is_fed(const struct membership *membership, uint32_t rank)
{
	return membership_account(membership, rank)->is_fed || !membership->usage->has_watermarks;
}

bool eligible_accounts_is_reported(const struct membership *membership, uint32_t rank)
{
	const struct input_account *account = membership_account(membership, rank);
	return account->has_units || !membership->usage->has_watermarks;
}

/* Marks the asset groups that plan items of the metric are for; false when none is told. */
static bool mark_asset_groups(const struct reconcile_input *usage, uint32_t metric, const uint32_t metric_of_item[], bool marked[])
{
	bool any = false;
	for (size_t i = 0; i < usage->eligible_count; i++)
		if (metric_of_item[usage->reaches[i].plan_item] == metric)
			any = marked[usage->reaches[i].asset_group] = true;
	return any;
}

int eligible_accounts_build(struct eligible_accounts *reach, const struct membership *membership, uint32_t profile, uint32_t metric,
	const uint32_t metric_of_item[], struct error *error)
{
	const struct reconcile_input *usage = membership->usage;
	bool *marked = calloc(usage->asset_group_ids.count + 1, sizeof *marked);
	*reach = (struct eligible_accounts){.ranks = calloc(usage->account_count + 1, sizeof *reach->ranks)};
	if (!marked || !reach->ranks) {
		free(marked);
		eligible_accounts_release(reach);
		return error_set(error, EX_OSERR, "out of memory");
	}
	bool any = mark_asset_groups(usage, metric, metric_of_item, marked);
	for (uint32_t rank = 0; rank < usage->account_count; rank++) {
		const struct input_account *account = membership_account(membership, rank);
		if (!account->is_known || !input_account_is_of(account, profile) ||
			(any && (account->asset_group == INPUT_NONE || !marked[account->asset_group])))
			continue;
		reach->ranks[reach->count++] = rank;
		bool is_fed = eligible_accounts_is_fed(membership, rank);
		reach->not_yet_fed += !is_fed;
		reach->not_reported += is_fed && !eligible_accounts_is_reported(membership, rank);
	}
	for (size_t item = 0; item < usage->plan_item_count; item++)
		if (metric_of_item[item] == metric) {
			reach->is_listed |= usage->plan_items[item].subscriptions > 0;
			reach->was_used |= usage->plan_items[item].has_units;
		}
	free(marked);
	return 0;
}

void eligible_accounts_release(struct eligible_accounts *reach)
{
	free(reach->ranks);
	*reach = (struct eligible_accounts){.count = 0};
}

enum usage_state eligible_accounts_state(const struct eligible_accounts *reach)
{
	if (reach->count && reach->not_yet_fed == (int64_t)reach->count)
		return USAGE_NOT_YET_FED;
	return reach->is_listed && !reach->was_used ? USAGE_NOT_REPORTED : USAGE_ZERO;
}
