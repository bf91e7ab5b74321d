/*
 * group_type.h: what accounts are grouped by, for allocations and for positions per group.
 *
 * In the order in which allocated rights are drawn: the narrower first. The organization is that of the account's records, the
 * site that of its `account` record, the rest comes from groups.csv.
 */
#ifndef ENVTALLY_GROUP_TYPE_H
#define ENVTALLY_GROUP_TYPE_H

enum group_type {
	GROUP_ACCOUNT,
	GROUP_SITE,
	GROUP_COST_CENTER,
	GROUP_DEPARTMENT,
	GROUP_COMPANY,
	GROUP_COUNTRY,
	GROUP_ORGANIZATION,
	GROUP_TYPES,
	GROUP_POOL = GROUP_TYPES, /* rights that are allocated to no group */
};

#define GROUP_FIRST_OF_FILE GROUP_COST_CENTER /* those that groups.csv tells: from here … */
#define GROUPS_OF_FILE 4

extern const char *const group_type_names[]; /* "account" …, NULL-terminated */

#endif
