/*
 * most_sent.h: the account with the most units of a sum, kept as records come, without the units of the others.
 *
 * An account has one record of a sum, as merge prints them; units of another right after it are added to it. Of two with equal units it is
 * the one whose id is smaller in bytes. What excluded users sent is taken away when all is added, and may leave it less than another has: then
 * it is not known which has the most. So what is known does not depend on the order of records.
 */
#ifndef ENVTALLY_MOST_SENT_H
#define ENVTALLY_MOST_SENT_H

#include "base/name_table.h"

#include <stdbool.h>

struct most_sent {
	uint32_t account; /* its number */
	uint32_t others; /* no other account has more; UINT32_MAX: or more */
	int64_t units; /* 0 for none */
	int64_t taken; /* of them, of excluded users */
};

/* Of the account `account` of a table of ids; less than 0 to take away. */
void most_sent_add(struct most_sent *most, uint32_t account, int64_t units, const struct name_table *accounts);

/* Makes it that of two sums together, of different accounts, by what they were before any was taken away. */
void most_sent_join(struct most_sent *most, const struct most_sent *other, const struct name_table *accounts);

/* Takes away. */
void most_sent_settle(struct most_sent *most);

bool most_sent_is_known(const struct most_sent *most);

#endif
