/*
 * policy.h: the counting policy: which envelopes are consumed once they are sent. doc/policy.md is the manual of the file.
 *
 * A policy decides by status and by sending method, and only when the ledger is read: the ledger keeps every envelope with a time of
 * sending, with any status and method. So a new policy does not rewrite the ledger; it restates figures.
 *
 * Its hash is the SHA-256 of what policy_append() writes of how it counts, one line. Files that count the same have the same hash,
 * independent of white space and order, and of how the contract settles: that restates nothing.
 */
#ifndef ENVTALLY_POLICY_H
#define ENVTALLY_POLICY_H

#include "base/buffer.h"

#define POLICY_HASH_LENGTH 64

struct policy_status {
	char *name; /* lower case */
	bool counts;
};

/* Envelopes sent by a method: counted or not; in a pool, counted under that plan item instead of the envelope's own. */
struct policy_method {
	char *name; /* lower case */
	bool counts;
	char *pool; /* NULL: none */
};

/* How the contract settles, which reconcile and forecast go by: each day for itself, or each period as a whole. */
enum settlement { SETTLEMENT_DAY, SETTLEMENT_PERIOD };

struct policy {
	char *name; /* as the file has it */
	int version;
	bool others_count; /* statuses that it does not name */
	struct policy_status *statuses; /* by name */
	size_t count;
	bool other_methods_count; /* methods that it does not name, and envelopes without one */
	struct policy_method *methods; /* by name */
	size_t method_count;
	enum settlement settlement;
};

/* The built-in policy. */
extern const struct policy policy_default;

/* `path` NULL or "default": the built-in one. A wrong file is EX_CONFIG and says where. */
int policy_load(const char *path, struct policy *policy, struct error *error);
void policy_release(struct policy *policy);

/* Does it count envelopes of this status, by any method? */
bool policy_counts_status(const struct policy *policy, const char *status, size_t length);

/* Does it count envelopes of this status and method, "" for one that is not known? Sets *pool to the plan item under which; NULL: their own. */
bool policy_counts(const struct policy *policy, const char *status, const char *method, const char **pool);

/* Appends the canonical text, without a newline; with how the contract settles, or only how it counts. */
void policy_append(const struct policy *policy, bool with_settlement, struct buffer *text);

/* Of how it counts. */
int policy_hash(const struct policy *policy, char hash[POLICY_HASH_LENGTH + 1], struct error *error);

#endif
