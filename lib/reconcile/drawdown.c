#include "reconcile/drawdown.h"

#include "base/instant.h"

#include <stdlib.h>
#include <string.h>

/* A grant with the group that its entitlement is allocated to. */
struct placed {
	struct grant grant;
	uint32_t group;
};

static int compare_placed(const void *left, const void *right)
{
	const struct placed *a = left, *b = right;
	const struct entitlement *x = a->grant.entitlement, *y = b->grant.entitlement;
	if (x->allocation_type != y->allocation_type)
		return x->allocation_type < y->allocation_type ? -1 : 1;
	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (x->is_unlimited != y->is_unlimited)
		return x->is_unlimited ? -1 : 1;
	if (a->grant.end_day != b->grant.end_day)
		return a->grant.end_day < b->grant.end_day ? -1 : 1;
	if (a->grant.start_day != b->grant.start_day)
		return a->grant.start_day < b->grant.start_day ? -1 : 1;
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

/* Says of a pool's group where the pool is. */
static int index_pool(struct drawdown *draw, size_t number, struct error *error)
{
	const struct pool *pool = &draw->pools[number];
	size_t type = pool->type, count = pool->type == GROUP_POOL ? 1 : draw->membership->values[pool->type].count;
	if (draw->pool_of_count[type] < count) {
		uint32_t *grown = reallocarray(draw->pool_of[type], count, sizeof *grown);
		if (!grown)
			return error_set(error, EX_OSERR, "out of memory");
		for (size_t i = draw->pool_of_count[type]; i < count; i++)
			grown[i] = MEMBERSHIP_NONE;
		draw->pool_of[type] = grown;
		draw->pool_of_count[type] = count;
	}
	draw->pool_of[type][pool->group] = (uint32_t)number;
	return 0;
}

int drawdown_open(struct drawdown *draw, struct membership *membership, struct grants *grants, struct error *error)
{
	*draw = (struct drawdown){.membership = membership, .grants = *grants};
	*grants = (struct grants){.count = 0};
	struct placed *placed = place(membership, &draw->grants, error);
	draw->pools = calloc(draw->grants.count + 1, sizeof *draw->pools);
	int result = !placed ? -1 : draw->pools ? 0 : error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < draw->grants.count && result == 0; i++) {
		struct pool *last = draw->pool_count ? &draw->pools[draw->pool_count - 1] : NULL;
		enum group_type type = placed[i].grant.entitlement->allocation_type;
		draw->grants.list[i] = placed[i].grant;
		if (last && last->type == type && last->group == placed[i].group)
			last->count++;
		else
			draw->pools[draw->pool_count++] = (struct pool){.type = type, .group = placed[i].group, .first = i, .count = 1};
	}
	for (size_t i = 0; i < draw->pool_count && result == 0; i++)
		result = index_pool(draw, i, error);
	free(placed);
	return result;
}

void drawdown_release(struct drawdown *draw)
{
	grants_release(&draw->grants);
	free(draw->pools);
	for (int type = 0; type <= GROUP_TYPES; type++)
		free(draw->pool_of[type]);
	*draw = (struct drawdown){.pool_count = 0};
}

bool grant_is_in_force(const struct grant *grant, const struct period *period)
{
	return grant->start_day * DAY_MS < period->end && grant->end_day * DAY_MS > period->start;
}

static void open_pool(struct drawdown *draw, struct pool *pool, const struct period *period)
{
	pool->is_in_force = pool->is_unlimited = pool->is_enterprise = false;
	pool->owned = pool->drawn = pool->lapsing = pool->need = pool->served = pool->passed = 0;
	for (size_t i = pool->first; i < pool->first + pool->count; i++) {
		const struct grant *grant = &draw->grants.list[i];
		if (!grant_is_in_force(grant, period))
			continue;
		pool->is_in_force = true;
		pool->is_unlimited |= grant->entitlement->is_unlimited;
		pool->is_enterprise |= grant->entitlement->is_enterprise;
		pool->owned += grant->rights - grant->drawn;
	}
}

/* Takes what the pool's members need out of its grants. */
static void drawdown_pool(struct drawdown *draw, struct pool *pool, const struct period *period)
{
	if (pool->is_unlimited) {
		pool->served = pool->need;
		return;
	}
	for (size_t i = pool->first; i < pool->first + pool->count && pool->served < pool->need; i++) {
		struct grant *grant = &draw->grants.list[i];
		if (!grant_is_in_force(grant, period))
			continue;
		int64_t rest = grant->rights - grant->drawn, wanted = pool->need - pool->served, take = rest < wanted ? rest : wanted;
		grant->drawn += take;
		pool->served += take;
	}
	pool->drawn = pool->served;
}

static void close_pool(struct drawdown *draw, struct pool *pool, const struct period *period)
{
	for (size_t i = pool->first; i < pool->first + pool->count; i++) {
		const struct grant *grant = &draw->grants.list[i];
		if (grant_is_in_force(grant, period) && grant->end_day * DAY_MS <= period->end)
			pool->lapsing += grant->rights - grant->drawn;
	}
}

static struct pool *pool_of_need(const struct drawdown *draw, enum group_type type, const struct need *need, const struct period *period)
{
	uint32_t group = type == GROUP_POOL ? 0 : membership_of(draw->membership, type, need->rank, period);
	if (group >= draw->pool_of_count[type] || draw->pool_of[type][group] == MEMBERSHIP_NONE)
		return NULL;
	struct pool *pool = &draw->pools[draw->pool_of[type][group]];
	return pool->is_in_force ? pool : NULL;
}

static int64_t still_needed(const struct need *need)
{
	return need->units - need->allocated - need->pooled;
}

/* The part of a pool that its first members get who together need `passed`. */
static int64_t part_of(const struct pool *pool, int64_t passed)
{
	return (int64_t)((__int128)pool->served * passed / pool->need);
}

/* All pools of one type: every account is in one of them at most. */
static void draw_type(struct drawdown *draw, enum group_type type, const struct period *period, struct need needs[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct pool *pool = pool_of_need(draw, type, &needs[i], period);
		if (pool)
			pool->need += still_needed(&needs[i]);
	}
	for (size_t i = 0; i < draw->pool_count; i++)
		if (draw->pools[i].type == type && draw->pools[i].need)
			drawdown_pool(draw, &draw->pools[i], period);
	for (size_t i = 0; i < count; i++) {
		struct pool *pool = pool_of_need(draw, type, &needs[i], period);
		int64_t wanted = still_needed(&needs[i]);
		if (!pool || !wanted)
			continue;
		int64_t part = part_of(pool, pool->passed + wanted) - part_of(pool, pool->passed);
		pool->passed += wanted;
		*(type == GROUP_POOL ? &needs[i].pooled : &needs[i].allocated) += part;
	}
}

static void cover(struct drawdown *draw, const struct period *period, struct need needs[], size_t count)
{
	for (int type = 0; type <= GROUP_POOL; type++)
		for (size_t i = 0; i < count && draw->pool_of[type]; i++) {
			const struct pool *pool = pool_of_need(draw, (enum group_type)type, &needs[i], period);
			if (pool && pool->is_enterprise)
				needs[i].covered = still_needed(&needs[i]);
		}
}

void drawdown_period(struct drawdown *draw, const struct period *period, struct need needs[], size_t count)
{
	bool is_enterprise = false;
	for (size_t i = 0; i < draw->pool_count; i++) {
		open_pool(draw, &draw->pools[i], period);
		is_enterprise |= draw->pools[i].is_enterprise;
	}
	for (int type = 0; type <= GROUP_POOL; type++)
		if (draw->pool_of[type])
			draw_type(draw, (enum group_type)type, period, needs, count);
	if (is_enterprise)
		cover(draw, period, needs, count);
	for (size_t i = 0; i < draw->pool_count; i++)
		close_pool(draw, &draw->pools[i], period);
}
