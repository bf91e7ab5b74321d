/* fuzz_money: amounts as texts, and arithmetic with them, against OpenSSL's integers of any length. */
#include "fuzz.h"

#include "base/money.h"

#include <openssl/bn.h>
#include <stdlib.h>

static BN_CTX *context;

static BIGNUM *big(__int128 value)
{
	unsigned __int128 size = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
	BIGNUM *number = BN_lebin2bn((const unsigned char *)&size, sizeof size, NULL);
	BN_set_negative(number, value < 0);
	return number;
}

static BIGNUM *product(BIGNUM *a, BIGNUM *b)
{
	BIGNUM *result = BN_new();
	BN_mul(result, a, b, context);
	BN_free(a);
	BN_free(b);
	return result;
}

static void check_parse(const char *text)
{
	money amount;
	int digits;
	size_t leading = strspn(text, "0123456789"), fraction = text[leading] == '.' ? strspn(text + leading + 1, "0123456789") : 0;
	bool is_decimal = leading >= 1 && leading <= 12 && fraction <= 6 && (text[leading] != '.' || fraction) &&
		!text[leading + (fraction ? fraction + 1 : 0)];
	FUZZ_CHECK((money_parse(text, &amount, &digits) == 0) == is_decimal);
	if (!is_decimal)
		return;
	char millionths[8] = "000000";
	memcpy(millionths, text + leading + 1, fraction);
	FUZZ_CHECK(amount == (strtoll(text, NULL, 10) * (money)1000000 + strtoll(millionths, NULL, 10)) * 1000000);
	FUZZ_CHECK(digits == (int)fraction);
}

/* The nearest integer to amount × numerator × 10^digits / (10^12 × denominator), the even one of two. */
static void check_round(money amount, int64_t numerator, int64_t denominator, int digits)
{
	struct error error = ERROR_INIT;
	int64_t rounded;
	int result = money_round(amount, numerator, denominator, digits, &rounded, &error);
	money scale = 1;
	for (int i = 0; i < digits; i++)
		scale *= 10;
	BIGNUM *above = product(product(big(amount), big(numerator)), big(scale));
	BIGNUM *below = product(big(MONEY_UNIT), big(denominator)), *whole = BN_new(), *rest = BN_new();
	BN_div(whole, rest, above, below, context);
	BN_set_negative(rest, 0);
	BN_lshift1(rest, rest);
	int beyond_half = BN_ucmp(rest, below);
	if (beyond_half > 0 || (beyond_half == 0 && BN_is_odd(whole)))
		BN_is_negative(above) ? BN_sub_word(whole, 1) : BN_add_word(whole, 1);
	BIGNUM *got = big(rounded), *least = big(INT64_MIN), *most = big(INT64_MAX);
	if (result == 0)
		FUZZ_CHECK(BN_cmp(got, whole) == 0);
	else /* the fraction may be too large before it is divided */
		FUZZ_CHECK(error.status == EX_DATAERR &&
			(BN_cmp(whole, least) < 0 || BN_cmp(whole, most) > 0 || BN_num_bits(above) > 127 || BN_num_bits(below) > 127));
	BIGNUM *all[] = {above, below, whole, rest, got, least, most};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		BN_free(all[i]);
}

static void check_append(int64_t value, int digits)
{
	struct buffer text = BUFFER_INIT;
	money amount;
	int parsed;
	money_append(&text, value, digits);
	if (money_parse(text.data + (*text.data == '-'), &amount, &parsed) == 0) {
		int64_t rounded;
		FUZZ_CHECK(parsed == digits && money_round(*text.data == '-' ? -amount : amount, 1, 1, digits, &rounded, NULL) == 0);
		FUZZ_CHECK(rounded == value);
	} else
		FUZZ_CHECK(digits > 6 || strcspn(text.data + (*text.data == '-'), ".") > 12);
	buffer_release(&text);
}

void fuzz_money(const uint8_t *bytes, size_t length)
{
	struct fuzz_input input = {bytes, length};
	struct buffer text = BUFFER_INIT;
	if (!context)
		context = BN_CTX_new();
	int64_t units = fuzz_number(&input), millionths = fuzz_range(&input, 0, 999999), numerator = fuzz_number(&input);
	int64_t denominator = fuzz_range(&input, 1, INT64_MAX - 1), small = fuzz_range(&input, 1, 8);
	int digits = (int)fuzz_range(&input, 0, 12);
	money amount = (units % 1000000000000 * (money)1000000 + millionths) * 1000000;
	check_round(amount, numerator, denominator, digits);
	/* Small fractions, many of which lie in the middle of two. */
	check_round(amount % (1000 * MONEY_UNIT), numerator % 100, small, digits % 4);
	check_append(units, digits % 7);
	while (fuzz_line(&input, &text)) {
		check_parse(text.data);
		FUZZ_CHECK(currency_digits(text.data) < 0 || text.length >= 3);
	}
	buffer_release(&text);
}
