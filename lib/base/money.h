/*
 * money.h: exact decimal amounts, and the currencies that they are in.
 *
 * A `money` is an integer of 10^-12 of a currency's unit, in 128 bits: amounts as licence files write them (up to 12
 * digits before the point and 6 after it) times an exchange rate of 6 digits are exact. Nothing here is binary floating point.
 *
 * Rounding is half-even, to the digits of the currency (ISO 4217), and only money_divide() does it: a figure is computed as
 * one fraction, amount × numerator / denominator, and rounded once. What is rounded is an int64_t of the currency's smallest
 * unit ("minor units": cents), so sums of rounded figures are exact again.
 * Debian has no decimal library that fits (libmpdec is not in Debian 12), and this is all that is needed of one.
 */
#ifndef ENVTALLY_MONEY_H
#define ENVTALLY_MONEY_H

#include "base/buffer.h"

#include <stdint.h>

typedef __int128 money;

#define MONEY_UNIT ((money)1000000000000) /* one unit of the currency */

/* Reads a plain decimal such as 250 or 19.2308: at most 12 digits, and 6 after the point. -1 for anything else. `digits` gets how many
 * stood after the point, may be NULL. */
int money_parse(const char *text, money *amount, int *digits);

/* EX_DATAERR when the result leaves the range. */
int money_add(money *sum, money amount, struct error *error);
int money_multiply(money *amount, int64_t factor, struct error *error);

/* dividend / divisor (> 0), half-even. */
__int128 money_divide(__int128 dividend, __int128 divisor);

/* amount × numerator / denominator (> 0), half-even to 10^-12: exact wherever the result has no more digits. */
int money_scale(money *amount, money numerator, money denominator, struct error *error);

/* amount × numerator / denominator (> 0), half-even, in units of 10^-digits. EX_DATAERR when that leaves the range. */
int money_round(money amount, int64_t numerator, int64_t denominator, int digits, int64_t *rounded, struct error *error);

/* Appends `value` units of 10^-digits as a decimal: 1250 with 2 digits is 12.50. */
void money_append(struct buffer *text, int64_t value, int digits);

/* 10^exponent, which is 0 to 38. */
money money_power_of_ten(int exponent);

/* The digits after the point of an ISO 4217 currency's amounts; -1 when `code` is none. Those that ended since 2005 are known too. */
int currency_digits(const char *code);

/* The last day of a currency that is no more; INT32_MAX for one in use. */
int32_t currency_last_day(const char *code);

#endif
