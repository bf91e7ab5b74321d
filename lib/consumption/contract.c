#include "consumption/contract.h"

#include "base/instant.h"

int contracts_add(struct contracts *contracts, struct contract contract, struct error *error)
{
	if (contracts->count == CONTRACT_LIMIT)
		return error_set(error, EX_CONFIG, "cannot keep more than %d contracts of a profile", CONTRACT_LIMIT);
	contracts->list[contracts->count++] = contract;
	return 0;
}

int contracts_apply(struct contracts *contracts, int32_t contract_start, int renewal_months, int64_t now, struct error *error)
{
	struct contract present = {contract_start, renewal_months, contract_start};
	if (contracts->count) {
		const struct contract *last = &contracts->list[contracts->count - 1];
		if (last->contract_start == contract_start && last->renewal_months == renewal_months)
			return 0;
		contracts->changed = true;
		if (last->contract_start == contract_start) {
			int32_t today = instant_day(now), first = contracts->list[0].effective_from;
			present.effective_from = instant_day(contracts_period_of_day(contracts, today > first ? today : first).end);
		}
		while (contracts->count && contracts->list[contracts->count - 1].effective_from >= present.effective_from)
			contracts->count--;
		/* A change that was taken back before it took effect leaves nothing. */
		last = contracts->count ? &contracts->list[contracts->count - 1] : NULL;
		if (last && last->contract_start == contract_start && last->renewal_months == renewal_months)
			return 0;
	}
	return contracts_add(contracts, present, error);
}

/* The number of the contract of a day: the first one's is all time before it, too. */
static size_t contract_of_day(const struct contracts *contracts, int32_t day)
{
	size_t at = contracts->count - 1;
	while (at > 0 && contracts->list[at].effective_from > day)
		at--;
	return at;
}

struct period_rule contracts_rule_of_day(const struct contracts *contracts, int32_t day)
{
	const struct contract *contract = &contracts->list[contract_of_day(contracts, day)];
	return period_rule_contract(contract->effective_from, contract->renewal_months);
}

struct period contracts_period_of_day(const struct contracts *contracts, int32_t day)
{
	size_t at = contract_of_day(contracts, day);
	const struct period_rule rule = contracts_rule_of_day(contracts, day);
	struct period period = period_of_day(&rule, day);
	if (at + 1 < contracts->count && period.end > contracts->list[at + 1].effective_from * DAY_MS)
		period.end = contracts->list[at + 1].effective_from * DAY_MS;
	return period;
}

bool contracts_precede(const struct contracts *contracts, int64_t instant)
{
	return contracts->count && instant < contracts->list[0].effective_from * DAY_MS;
}
