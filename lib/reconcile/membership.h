/*
 * membership.h: which account belongs to which group, by type of group and, for sites and those of groups.csv, by time.
 *
 * Accounts are numbered by rank: the order of their ids' bytes, so that results do not depend on the order of the input. Groups of a type are
 * numbered from 0; MEMBERSHIP_NONE is an account without one.
 */
#ifndef ENVTALLY_MEMBERSHIP_H
#define ENVTALLY_MEMBERSHIP_H

#include "licence/account_groups.h"
#include "reconcile/reconcile_input.h"

#define MEMBERSHIP_NONE UINT32_MAX

struct membership {
	const struct reconcile_input *input;
	const struct account_groups *groups;
	uint32_t *account_of_rank, *rank_of_account; /* numbers of the input */
	struct name_table values[GROUP_TYPES]; /* the groups' keys: account id, site id, cost center … */
	uint32_t *site, *organization; /* by rank; of the site the present one */
	const struct input_site **sites; /* by rank: the first of those that the account has had; NULL for one that never moved */
	uint32_t *site_groups; /* by number of the input's sites: the group */
	struct {
		const struct account_group *rows;
		size_t count;
	} * rows; /* by rank: those of groups.csv */
	uint32_t (*row_values)[GROUPS_OF_FILE]; /* by row of groups.csv */
};

int membership_build(
	struct membership *membership, const struct reconcile_input *input, const struct account_groups *groups, struct error *error);
void membership_release(struct membership *membership);

/* The number of the group that an entitlement is allocated to, added where no account is in it; sites go by id or name. -1 with an error. */
ptrdiff_t membership_group(struct membership *membership, enum group_type type, const char *value, struct error *error);

uint32_t membership_of(const struct membership *membership, enum group_type type, uint32_t rank, const struct period *period);

/* Is the account in the group at some time? The first by the group's number, the second by its key. */
bool membership_is_in(const struct membership *membership, enum group_type type, uint32_t rank, uint32_t group);
bool membership_is_member(const struct membership *membership, enum group_type type, uint32_t rank, const char *value);

/* A number for what decides the account's groups in the period: the same where it is in the same groups for the same reason. */
uint32_t membership_epoch(const struct membership *membership, uint32_t rank, const struct period *period);

const struct input_account *membership_account(const struct membership *membership, uint32_t rank);
const char *membership_account_id(const struct membership *membership, uint32_t rank);

/* What people call the group: an account's or a site's name; NULL where it has none beside its key. */
const char *membership_group_name(const struct membership *membership, enum group_type type, uint32_t group);

#endif
