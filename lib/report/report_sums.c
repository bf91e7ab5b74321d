#include "report/report_sums.h"

#include <string.h>

static bool add(struct report_sums *sums, const char *amount, const char *currency)
{
	size_t at = 0;
	money value;
	int digits;
	bool is_negative = amount && *amount == '-';
	if (!amount || !currency || money_parse(amount + is_negative, &value, &digits) < 0)
		return false;
	while (at < sums->count && strcmp(sums->sums[at].currency, currency) != 0)
		at++;
	if (at == REPORT_CURRENCIES)
		return false;
	struct report_sum *sum = &sums->sums[at];
	if (at == sums->count) {
		*sum = (struct report_sum){.currency = currency};
		sums->count++;
	}
	sum->digits = digits > sum->digits ? digits : sum->digits;
	return money_add(&sum->amount, is_negative ? -value : value, NULL) == 0;
}

void report_sums_add(struct report_sums *sums, const char *amount, const char *currency)
{
	sums->unknown += !add(sums, amount, currency);
}

void report_sums_append(struct report_sums *sums, struct buffer *text)
{
	for (size_t i = 0; i < sums->count; i++) {
		int64_t rounded;
		if (money_round(sums->sums[i].amount, 1, 1, sums->sums[i].digits, &rounded, NULL) < 0) {
			sums->unknown++;
			continue;
		}
		buffer_append_string(text, i == 0 ? "" : i + 1 < sums->count ? ", " : " and ");
		money_append(text, rounded, sums->sums[i].digits);
		buffer_append_format(text, " %.20s", sums->sums[i].currency);
	}
}
