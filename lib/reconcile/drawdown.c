#include "reconcile/drawdown.h"

#include "base/instant.h"

#include <stdlib.h>

/* A grant with the group that its entitlement is allocated to. */
struct placed {
	struct grant grant;
	uint32_t group, profile;
};

/* The days on which it can be drawn on begin and end, but for a gap between the period that it is a true-up of and its own days. */
static int32_t first_day(const struct grant *grant)
{
	return grant->true_up_end && grant->true_up_start < grant->start_day ? grant->true_up_start : grant->start_day;
}

static int32_t end_day(const struct grant *grant)
{
	return grant->true_up_end > grant->end_day ? grant->true_up_end : grant->end_day;
}

static int32_t term_end_day(const struct grant *grant)
{
	return grant->true_up_end > grant->term_end_day ? grant->true_up_end : grant->term_end_day;
}

static int compare_placed(const void *left, const void *right)
{
	const struct placed *a = left, *b = right;
	const struct entitlement *x = a->grant.entitlement, *y = b->grant.entitlement;
	if (x->allocation_type != y->allocation_type)
		return x->allocation_type < y->allocation_type ? -1 : 1;
	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (a->profile != b->profile)
		return a->profile < b->profile ? -1 : 1;
	if (x->is_unlimited != y->is_unlimited)
		return x->is_unlimited ? -1 : 1;
	if (term_end_day(&a->grant) != term_end_day(&b->grant))
		return term_end_day(&a->grant) < term_end_day(&b->grant) ? -1 : 1;
	if (first_day(&a->grant) != first_day(&b->grant))
		return first_day(&a->grant) < first_day(&b->grant) ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

static struct placed *place(struct membership *membership, const struct grants *grants, struct error *error)
{
	struct placed *placed = calloc(grants->count + 1, sizeof *placed);
	if (!placed) {
		error_set(error, EX_OSERR, "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < grants->count; i++) {
		const struct entitlement *entitlement = grants->list[i].entitlement;
		placed[i].grant = grants->list[i];
		placed[i].profile = membership ? input_profile_of_name(membership->input, entitlement->profile) : INPUT_NONE;
		if (entitlement->allocation_type == GROUP_POOL)
			continue;
		ptrdiff_t group = membership_group(membership, entitlement->allocation_type, entitlement->allocation_value, error);
		if (group < 0) {
			free(placed);
			return NULL;
		}
		placed[i].group = (uint32_t)group;
	}
	qsort(placed, grants->count, sizeof *placed, compare_placed);
	return placed;
}

/* Says of a pool's group where its first pool is. */
static int index_pool(struct drawdown *drawdown, size_t number, struct error *error)
{
	const struct pool *pool = &drawdown->pools[number];
	size_t type = pool->type, count = pool->type == GROUP_POOL ? 1 : drawdown->membership->values[pool->type].count;
	if (drawdown->pool_of_count[type] < count) {
		uint32_t *grown = reallocarray(drawdown->pool_of[type], count, sizeof *grown);
		if (!grown)
			return error_set(error, EX_OSERR, "out of memory");
		for (size_t i = drawdown->pool_of_count[type]; i < count; i++)
			grown[i] = MEMBERSHIP_NONE;
		drawdown->pool_of[type] = grown;
		drawdown->pool_of_count[type] = count;
	}
	if (drawdown->pool_of[type][pool->group] == MEMBERSHIP_NONE)
		drawdown->pool_of[type][pool->group] = (uint32_t)number;
	drawdown->has_profiles |= pool->profile != INPUT_NONE;
	return 0;
}

int drawdown_open(struct drawdown *drawdown, struct membership *membership, struct grants *grants, struct error *error)
{
	*drawdown = (struct drawdown){.membership = membership, .grants = *grants};
	*grants = (struct grants){.count = 0};
	struct placed *placed = place(membership, &drawdown->grants, error);
	drawdown->pools = calloc(drawdown->grants.count + 1, sizeof *drawdown->pools);
	int result = !placed ? -1 : drawdown->pools ? 0 : error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < drawdown->grants.count && result == 0; i++) {
		struct pool *last = drawdown->pool_count ? &drawdown->pools[drawdown->pool_count - 1] : NULL;
		enum group_type type = placed[i].grant.entitlement->allocation_type;
		drawdown->grants.list[i] = placed[i].grant;
		if (last && last->type == type && last->group == placed[i].group && last->profile == placed[i].profile)
			last->count++;
		else
			drawdown->pools[drawdown->pool_count++] =
				(struct pool){.type = type, .group = placed[i].group, .profile = placed[i].profile, .first = i, .count = 1};
	}
	for (size_t i = 0; i < drawdown->pool_count && result == 0; i++)
		result = index_pool(drawdown, i, error);
	free(placed);
	return result;
}

void drawdown_release(struct drawdown *drawdown)
{
	grants_release(&drawdown->grants);
	free(drawdown->pools);
	for (int type = 0; type <= GROUP_TYPES; type++)
		free(drawdown->pool_of[type]);
	*drawdown = (struct drawdown){.pool_count = 0};
}

static void open_pool(struct drawdown *drawdown, struct pool *pool, const struct period *interval)
{
	pool->is_in_force = pool->is_unlimited = pool->is_enterprise = false;
	pool->wanted = pool->served = pool->passed = 0;
	for (size_t i = pool->first; i < pool->first + pool->count; i++) {
		const struct grant *grant = &drawdown->grants.list[i];
		if (!grant_is_drawable(grant, interval))
			continue;
		pool->is_in_force = true;
		pool->is_unlimited |= grant->entitlement->is_unlimited;
		pool->is_enterprise |= grant->entitlement->is_enterprise;
	}
}

/* Draws what the pool's members want out of its grants. */
static void draw_pool(struct drawdown *drawdown, struct pool *pool, const struct period *interval)
{
	if (pool->is_unlimited) {
		pool->served = pool->wanted;
		return;
	}
	for (size_t i = pool->first; i < pool->first + pool->count && pool->served < pool->wanted; i++) {
		struct grant *grant = &drawdown->grants.list[i];
		if (!grant_is_drawable(grant, interval))
			continue;
		int64_t rest = grant->rights - grant->drawn, wanted = pool->wanted - pool->served, drawn = rest < wanted ? rest : wanted;
		grant->drawn += drawn;
		pool->served += drawn;
	}
}

/* The pools of a type that the accounts of a group draw on together: those of their profiles, and that of all. */
struct tier {
	enum group_type type;
	bool is_of_profile;
};

/* The pool of a tier that the account may draw on; NULL for none. */
static struct pool *pool_of_demand(
	const struct drawdown *drawdown, struct tier tier, const struct demand *demand, const struct period *interval)
{
	enum group_type type = tier.type;
	uint32_t group = type == GROUP_POOL ? 0 : membership_of(drawdown->membership, type, demand->rank, interval);
	if (group >= drawdown->pool_of_count[type] || drawdown->pool_of[type][group] == MEMBERSHIP_NONE)
		return NULL;
	struct pool *pool = &drawdown->pools[drawdown->pool_of[type][group]], *end = drawdown->pools + drawdown->pool_count;
	uint32_t profile = tier.is_of_profile ? membership_account(drawdown->membership, demand->rank)->profile : INPUT_NONE;
	while (pool < end && pool->type == type && pool->group == group && pool->profile < profile)
		pool++;
	return pool < end && pool->type == type && pool->group == group && pool->profile == profile && pool->is_in_force ? pool : NULL;
}

static int64_t still_wanted(const struct demand *demand)
{
	return demand->units - demand->allocated - demand->pooled;
}

/* The part of a pool that its first members get who together want `passed`. */
static int64_t part_of(const struct pool *pool, int64_t passed)
{
	return (int64_t)((__int128)pool->served * passed / pool->wanted);
}

static void give(const struct drawdown *drawdown, const struct pool *pool, struct demand *demand, int64_t part)
{
	*(pool->type == GROUP_POOL ? &demand->pooled : &demand->allocated) += part;
	for (size_t i = 0; i < sizeof demand->uses / sizeof *demand->uses && part; i++) {
		struct pool_use *use = demand->uses[i] ? &demand->uses[i][pool - drawdown->pools] : NULL;
		if (use && pool->is_unlimited)
			use->is_unlimited = true;
		else if (use)
			use->drawn += part;
	}
}

/* All pools of one tier: every account is in one of them at most. */
static void draw_tier(struct drawdown *drawdown, struct tier tier, const struct period *interval, struct demand demands[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct pool *pool = pool_of_demand(drawdown, tier, &demands[i], interval);
		if (pool)
			pool->wanted += still_wanted(&demands[i]);
	}
	for (size_t i = 0; i < drawdown->pool_count; i++)
		if (drawdown->pools[i].type == tier.type && (drawdown->pools[i].profile != INPUT_NONE) == tier.is_of_profile &&
			drawdown->pools[i].wanted)
			draw_pool(drawdown, &drawdown->pools[i], interval);
	for (size_t i = 0; i < count; i++) {
		struct pool *pool = pool_of_demand(drawdown, tier, &demands[i], interval);
		int64_t wanted = still_wanted(&demands[i]);
		if (!pool || !wanted)
			continue;
		give(drawdown, pool, &demands[i], part_of(pool, pool->passed + wanted) - part_of(pool, pool->passed));
		pool->passed += wanted;
	}
}

static void cover_tier(struct drawdown *drawdown, struct tier tier, const struct period *interval, struct demand demands[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct pool *pool = pool_of_demand(drawdown, tier, &demands[i], interval);
		if (pool && pool->is_enterprise)
			demands[i].covered = still_wanted(&demands[i]);
	}
}

typedef void tier_step(struct drawdown *drawdown, struct tier tier, const struct period *interval, struct demand demands[], size_t count);

/* In the order of drawing. */
static void each_tier(struct drawdown *drawdown, tier_step *step, const struct period *interval, struct demand demands[], size_t count)
{
	for (int type = 0; type <= GROUP_POOL; type++) {
		if (drawdown->pool_of[type] && drawdown->has_profiles)
			step(drawdown, (struct tier){(enum group_type)type, true}, interval, demands, count);
		if (drawdown->pool_of[type])
			step(drawdown, (struct tier){(enum group_type)type, false}, interval, demands, count);
	}
}

void drawdown_interval(struct drawdown *drawdown, const struct period *interval, struct demand demands[], size_t count)
{
	bool is_enterprise = false;
	for (size_t i = 0; i < drawdown->pool_count; i++) {
		open_pool(drawdown, &drawdown->pools[i], interval);
		is_enterprise |= drawdown->pools[i].is_enterprise;
	}
	each_tier(drawdown, draw_tier, interval, demands, count);
	if (is_enterprise)
		each_tier(drawdown, cover_tier, interval, demands, count);
}

void drawdown_close(const struct drawdown *drawdown, const struct pool *pool, const struct period *period, struct pool_use *use)
{
	for (size_t i = pool->first; i < pool->first + pool->count; i++) {
		const struct grant *grant = &drawdown->grants.list[i];
		if (!grant_is_drawable(grant, period))
			continue;
		int64_t rest = grant->rights - grant->drawn;
		use->is_in_force = true;
		use->is_unlimited |= grant->entitlement->is_unlimited;
		use->rest += rest;
		if (end_day(grant) * DAY_MS <= period->end)
			use->lapsing += rest;
	}
}
