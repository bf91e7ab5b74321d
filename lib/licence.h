/*
 * licence.h: the licence files: software models with the identifiers that map to them, and entitlements. doc/licence.md is
 * their manual.
 *
 * CSV by RFC 4180 with a header line, UTF-8 with or without BOM, columns in any order. All mistakes of a file are
 * found at once: they are given to `complain`, a line each, and the load fails with EX_DATAERR; nothing of the file is used.
 */
#ifndef ENVTALLY_LICENCE_H
#define ENVTALLY_LICENCE_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void licence_complain(const char *message);

enum identifier_type { IDENTIFIER_PLAN_ITEM_ID, IDENTIFIER_PLAN_ITEM_NAME, IDENTIFIER_SUBSCRIPTION_NAME };

/* One identifier of one software model: a row of models.csv. */
struct model_identifier {
	char *publisher, *product, *version, *edition, *software_model, *license_metric, *unit;
	enum identifier_type type;
	char *identifier; /* exact, or a glob with * and ? */
	size_t row;       /* line in the file */
};

struct models {
	struct model_identifier *identifiers;
	size_t count;
};

struct entitlement {
	char *entitlement_id, *software_model, *agreement_type, *license_metric;
	int32_t start_day, end_day; /* end exclusive: the day after end_date; INT32_MAX when it has none */
	bool unlimited;
	int64_t purchased_rights;
	bool retired; /* status is not active: it counts for nothing */
	size_t row;
};

struct entitlements {
	struct entitlement *entitlements;
	size_t count;
};

int models_load(const char *path, struct models *models, licence_complain *complain, struct error *error);
void models_release(struct models *models);

int entitlements_load(const char *path, struct entitlements *entitlements, licence_complain *complain, struct error *error);
void entitlements_release(struct entitlements *entitlements);

/* Is it an enterprise-wide agreement (ELA, ULA …), which is compliant whatever is used? */
bool agreement_is_enterprise(const char *agreement_type);

/* Does an identifier's pattern match a text? Case does not matter; NULL matches nothing. */
bool identifier_matches(const struct model_identifier *identifier, const char *text);

#endif
