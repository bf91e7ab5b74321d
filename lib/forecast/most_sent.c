#include "forecast/most_sent.h"

#include <string.h>

static uint32_t greatest(uint32_t others, int64_t units)
{
	if (units <= others)
		return others;
	return units < UINT32_MAX ? (uint32_t)units : UINT32_MAX;
}

void most_sent_join(struct most_sent *most, const struct most_sent *other, const struct name_table *accounts)
{
	struct most_sent less = *other;
	if (other->units > most->units ||
		(other->units == most->units && strcmp(accounts->names[other->account].text, accounts->names[most->account].text) < 0)) {
		less = *most;
		*most = *other;
	}
	most->others = greatest(greatest(most->others, less.others), less.units);
}

void most_sent_add(struct most_sent *most, uint32_t account, int64_t units, const struct name_table *accounts)
{
	const struct most_sent new = {.account = account, .units = units};
	if (account == most->account && units < 0)
		most->taken -= units;
	else if (account == most->account)
		most->units += units;
	else if (units > 0)
		most_sent_join(most, &new, accounts);
}

void most_sent_settle(struct most_sent *most)
{
	most->units -= most->taken;
	most->taken = 0;
}

bool most_sent_is_known(const struct most_sent *most)
{
	return most->units > 0 && most->units >= most->others;
}
