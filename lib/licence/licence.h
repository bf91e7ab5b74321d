/*
 * licence.h: the licence files together: what reconcile sets consumption against. doc/licence.md is their manual.
 *
 * CSV by RFC 4180 with a header line, UTF-8 with or without BOM, columns in any order. All mistakes of all files are found at
 * once and given to `complain`, a line each; then nothing of them is used.
 */
#ifndef ENVTALLY_LICENCE_H
#define ENVTALLY_LICENCE_H

#include "licence/account_groups.h"
#include "licence/declared_use.h"
#include "licence/entitlements.h"
#include "licence/exclusions.h"
#include "licence/models.h"
#include "licence/price_list.h"
#include "licence/rates.h"

#define LICENCE_NO_PRODUCT UINT32_MAX

/* Paths; NULL for a file that is not given. The first two must be. */
struct licence_files {
	const char *entitlements, *models, *exclusions, *groups, *prices, *rates, *consumption;
};

struct licence {
	struct models models;
	struct entitlements entitlements;
	struct exclusions exclusions;
	struct account_groups groups;
	struct price_list prices;
	struct rates rates;
	struct declared_use declared;
};

/* Each file's error is given to `complain`, but the last one is returned in `error`, which must be given. */
int licence_load(struct licence *licence, const struct licence_files *files, csv_complain *complain, struct error *error);
void licence_release(struct licence *licence);

/*
 * The currency of a product's results over some days: that of the costs and prices in force then. Where they are in several, or can all be converted,
 * that of --rates; -1 with EX_DATAERR for several without. If none is in force, that of the entitlement that began last, else of a price. NULL when
 * there is no cost at all.
 */
int licence_currency(
	const struct licence *licence, uint32_t product, int32_t first_day, int32_t end_day, const char **currency, struct error *error);

/* The same for all products on a day. */
int licence_check(const struct licence *licence, int32_t day, struct error *error);

#endif
