#include "base/money.h"

#include "base/instant.h"

#include <string.h>

#define LEADING_LIMIT 12
#define FRACTION_LIMIT 6

static int too_large(struct error *error)
{
	return error_set(error, EX_DATAERR, "an amount of money is too large for exact arithmetic");
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

int money_parse(const char *text, money *amount, int *digits)
{
	money unit = MONEY_UNIT;
	int leading = 0, fraction = 0;
	*amount = 0;
	for (; is_digit(*text); text++, leading++) {
		if (leading == LEADING_LIMIT)
			return -1;
		*amount = *amount * 10 + (*text - '0') * MONEY_UNIT;
	}
	if (*text == '.')
		for (text++; is_digit(*text); text++, fraction++) {
			if (fraction == FRACTION_LIMIT)
				return -1;
			unit /= 10;
			*amount += (*text - '0') * unit;
		}
	if (digits)
		*digits = fraction;
	return *text || !leading || (text[-1] == '.') ? -1 : 0;
}

int money_add(money *sum, money amount, struct error *error)
{
	return __builtin_add_overflow(*sum, amount, sum) ? too_large(error) : 0;
}

int money_multiply(money *amount, int64_t factor, struct error *error)
{
	return __builtin_mul_overflow(*amount, (money)factor, amount) ? too_large(error) : 0;
}

money money_power_of_ten(int exponent)
{
	money power = 1;
	while (exponent-- > 0)
		power *= 10;
	return power;
}

static __int128 greatest_divisor(__int128 a, __int128 b)
{
	while (b) {
		__int128 rest = a % b;
		a = b;
		b = rest;
	}
	return a < 0 ? -a : a;
}

__int128 money_divide(__int128 dividend, __int128 divisor)
{
	__int128 whole = dividend / divisor, rest = dividend % divisor, distance = rest < 0 ? -rest : rest;
	if (distance > divisor - distance || (distance == divisor - distance && whole % 2 != 0))
		whole += dividend < 0 ? -1 : 1;
	return whole;
}

int money_scale(money *amount, money numerator, money denominator, struct error *error)
{
	money product, common = greatest_divisor(numerator, denominator), shared = greatest_divisor(*amount, denominator / common);
	if (__builtin_mul_overflow(*amount / shared, numerator / common, &product))
		return too_large(error);
	*amount = money_divide(product, denominator / common / shared);
	return 0;
}

int money_round(money amount, int64_t numerator, int64_t denominator, int digits, int64_t *rounded, struct error *error)
{
	/* amount / 10^12 × numerator / denominator × 10^digits, the fraction reduced first so that more fits. */
	__int128 divisor, product, step = MONEY_UNIT / money_power_of_ten(digits);
	int64_t common = (int64_t)greatest_divisor(numerator, denominator);
	if (common > 1) {
		numerator /= common;
		denominator /= common;
	}
	__int128 shared = greatest_divisor(amount, step);
	if (shared > 1) {
		amount /= shared;
		step /= shared;
	}
	if (__builtin_mul_overflow(amount, (__int128)numerator, &product) || __builtin_mul_overflow(step, (__int128)denominator, &divisor))
		return too_large(error);
	__int128 whole = money_divide(product, divisor);
	*rounded = (int64_t)whole;
	return *rounded == whole ? 0 : too_large(error);
}

void money_append(struct buffer *text, int64_t value, int digits)
{
	char written[48];
	size_t at = sizeof written;
	/* Unsigned, since INT64_MIN has no positive counterpart. */
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
	for (int place = 0; left || place <= digits; place++, left /= 10) {
		if (place == digits && digits > 0)
			written[--at] = '.';
		written[--at] = (char)('0' + left % 10);
	}
	if (value < 0)
		buffer_append_byte(text, '-');
	buffer_append(text, written + at, sizeof written - at);
}

/* ISO 4217, list one: codes in use, by the digits of their minor unit; without funds and metals. */
static const struct {
	int digits;
	const char *codes;
} currencies[] = {
	{0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF "},
	{3, "BHD IQD JOD KWD LYD OMR TND "},
	{2,
		"AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC "
		"CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD "
		"KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO "
		"NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL "
		"THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG "},
};

/* ISO 4217, list three: codes that were in use after 2004, with the last day on which they were. */
static const struct {
	char code[4];
	int digits, year, month, day;
} ended[] = {{"AZM", 2, 2005, 12, 31}, {"BGN", 2, 2025, 12, 31}, {"BYR", 0, 2016, 12, 31}, {"CSD", 2, 2006, 10, 31},
	{"CUC", 2, 2021, 6, 30}, {"CYP", 2, 2007, 12, 31}, {"EEK", 2, 2010, 12, 31}, {"GHC", 2, 2007, 12, 31}, {"GWP", 2, 2017, 6, 30},
	{"HRK", 2, 2022, 12, 31}, {"LTL", 2, 2014, 12, 31}, {"LVL", 2, 2013, 12, 31}, {"MGF", 2, 2004, 12, 31}, {"MRO", 2, 2017, 12, 31},
	{"MTL", 2, 2007, 12, 31}, {"MZM", 2, 2006, 6, 30}, {"ROL", 2, 2005, 6, 30}, {"SDD", 2, 2007, 7, 31}, {"SIT", 2, 2006, 12, 31},
	{"SKK", 2, 2008, 12, 31}, {"SLL", 2, 2023, 12, 31}, {"SRG", 2, 2003, 12, 31}, {"STD", 2, 2017, 12, 31}, {"TMM", 2, 2009, 1, 31},
	{"TRL", 0, 2005, 12, 31}, {"VEB", 2, 2008, 1, 31}, {"VEF", 2, 2018, 8, 31}, {"ZMK", 2, 2012, 12, 31}, {"ZWD", 2, 2008, 8, 31},
	{"ZWL", 2, 2024, 8, 31}, {"ZWR", 2, 2009, 6, 30}};

int32_t currency_last_day(const char *code)
{
	for (size_t i = 0; i < sizeof ended / sizeof *ended; i++)
		if (strcmp(ended[i].code, code) == 0)
			return day_from_civil(ended[i].year, ended[i].month, ended[i].day);
	return INT32_MAX;
}

int currency_digits(const char *code)
{
	if (strlen(code) != 3)
		return -1;
	for (size_t i = 0; i < sizeof currencies / sizeof *currencies; i++)
		for (const char *at = currencies[i].codes; *at; at += 4)
			if (memcmp(at, code, 3) == 0)
				return currencies[i].digits;
	for (size_t i = 0; i < sizeof ended / sizeof *ended; i++)
		if (strcmp(ended[i].code, code) == 0)
			return ended[i].digits;
	return -1;
}
