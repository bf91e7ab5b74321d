/*
 * world.h: the organisation that is served.
 *
 * Loaded once, from DIR (service/organizations.json, asset-group-accounts.json, plan-items.json, feed.ndjson) or made up
 * (--accounts), and never changed after. Record texts are the bytes of the file.
 */
#ifndef SIMULATOR_WORLD_H
#define SIMULATOR_WORLD_H

#include "base/buffer.h"

#include <jv.h>
#include <stdint.h>

struct world_entry {
	int64_t arrived_at;
	int64_t modified_at; /* INSTANT_NONE when the record names no time that can be read */
	int64_t sent_at; /* the same */
	uint32_t account;
	uint32_t text_length;
	const char *text; /* the raw record */
	char envelope_id[40];
};

struct world_account {
	char id[40];
	char name[120];
	uint32_t entry_count;
	uint32_t *entries; /* in arrival order */
	uint32_t *versions; /* by envelope, then by time of change, then by arrival: what a live list of envelopes needs */
};

struct world {
	char organization_id[40];
	char contract_start[16]; /* YYYY-MM-DD, from the profile; "" when there is none */
	int renewal_months;
	char integration_key[40]; /* "" when there is none */
	char key_pair_id[40]; /* the same */
	char profile_name[80];
	jv organizations, asset_group_accounts, plan_items, profile;
	struct world_account *accounts;
	uint32_t account_count;
	struct world_entry *entries; /* in arrival order */
	uint32_t entry_count;
	struct buffer text;
};

int world_load(struct world *world, const char *directory, struct error *error);
int world_make(struct world *world, unsigned accounts, int64_t now, struct error *error);
void world_release(struct world *world);

/* The account of that id (in either case), or NULL. */
const struct world_account *world_find_account(const struct world *world, const char *id);

#endif
