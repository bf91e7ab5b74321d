#include "reconcile/position_owner.h"

#include "base/instant.h"
#include "licence/licence_cells.h"

/* The only profile that has positions; INPUT_NONE where several have. */
static uint32_t only_profile(const struct reconcile_input *input)
{
	for (size_t i = 0; i < input->period_count && input->workspace == INPUT_NONE; i++)
		if (input->periods[i].period.index >= 0)
			return input->periods[i].profile;
	return INPUT_NONE;
}

const struct period *position_true_up_period(const struct position *position, const struct entitlement *entitlement)
{
	const struct reconcile_input *input = position->input;
	uint32_t only = only_profile(input),
		 profile = *entitlement->profile ? input_profile_of_name(input, entitlement->profile)
		: only != INPUT_NONE             ? only
						 : input->workspace;
	int64_t at = entitlement->true_up_for * DAY_MS;
	for (size_t i = 0; i < input->period_count && entitlement->true_up_for != DAY_FIRST; i++) {
		const struct period *period = &input->periods[i].period;
		if (input->periods[i].profile == profile && period->index >= 0 && period->start <= at && at < period->end)
			return period;
	}
	return NULL;
}

uint32_t position_sole_profile(const struct position *position, const struct position_line lines[], size_t count)
{
	uint32_t sole = only_profile(position->input);
	for (size_t i = 0; i < count; i++) {
		uint32_t profile = position_period(position, lines[i].period)->profile;
		if (sole != INPUT_NONE && sole != profile)
			return INPUT_NONE;
		sole = profile;
	}
	return sole;
}

bool position_is_of_others(const struct position *position, const struct entitlement *entitlement)
{
	uint32_t only = only_profile(position->input);
	return *entitlement->profile && only != INPUT_NONE && input_profile_of_name(position->input, entitlement->profile) != only;
}

uint32_t position_owner_of(const struct position *position, const struct pool *pool, uint32_t sole)
{
	const struct membership *membership = &position->membership;
	uint32_t owner = INPUT_NONE;
	bool is_known = false; /* some account has a group of this type */
	/* What the only profile has is the position of the workspace: all rights are in it. */
	if (position->input->workspace == INPUT_NONE)
		return sole;
	if (pool->profile != INPUT_NONE)
		return pool->profile;
	for (uint32_t rank = 0; rank < position->input->account_count && pool->type != GROUP_POOL; rank++) {
		const struct input_account *account = membership_account(membership, rank);
		if (account->profile == INPUT_NONE)
			continue;
		is_known |= pool->type == GROUP_ORGANIZATION && account->organization != INPUT_NONE;
		if (!membership_is_in(membership, pool->type, rank, pool->group))
			continue;
		if (account->is_shared || (owner != INPUT_NONE && owner != account->profile))
			return sole;
		owner = account->profile;
	}
	/* An organization's rights are not another's. */
	return owner != INPUT_NONE ? owner : is_known ? INPUT_NONE : sole;
}

bool position_draws_on(const struct position *position, const struct pool *pool, uint32_t owner, uint32_t profile)
{
	const struct membership *membership = &position->membership;
	bool is_open = pool->profile == INPUT_NONE || pool->profile == profile;
	if (profile == position->input->workspace || owner == profile || (is_open && pool->type == GROUP_POOL))
		return true;
	for (uint32_t rank = 0; rank < position->input->account_count && is_open; rank++)
		if (input_account_is_of(membership_account(membership, rank), profile) &&
			membership_is_in(membership, pool->type, rank, pool->group))
			return true;
	return false;
}

bool position_shares_rights(const struct position *position, const struct position_cell *cell, const uint32_t owners[])
{
	const struct drawdown *drawdown = cell->drawdown;
	for (size_t i = 0; i < drawdown->pool_count && cell->is_part; i++) {
		const struct pool *pool = &drawdown->pools[i];
		if (owners[i] == cell->period->profile || !position_draws_on(position, pool, owners[i], cell->period->profile))
			continue;
		for (size_t j = pool->first; j < pool->first + pool->count; j++)
			if (grant_is_drawable(&drawdown->grants.list[j], &cell->period->period))
				return true;
	}
	return false;
}
