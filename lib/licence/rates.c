#include "licence/rates.h"

#include "licence/licence_cells.h"
#include "licence/local_form.h"

#include <stdlib.h>
#include <string.h>

#define DIGITS_LIMIT 18
#define EXPONENT_LEAST (-24)
#define EXPONENT_MOST 6

enum { CURRENCY, INTO, START_DATE, RATE }; /* columns */

#define AT(member) .offset = offsetof(struct rate, member)

static const struct licence_column rate_columns[] = {
	{"currency", true, CELL_CURRENCY, AT(currency)},
	{"into", true, CELL_CURRENCY, AT(into)},
	{"start_date", false, CELL_FIRST_DAY, AT(start_day)},
	{"rate", true, CELL_IGNORED, .offset = 0},
	{.name = NULL},
};

/* A decimal such as 1.085, 0.0000615 or, as spreadsheets show a small one, 6.15E-05. */
static int parse_rate(const char *text, struct rate *rate)
{
	bool has_point = false, has_digit = false;
	int digits = 0, exponent = 0, zeros = 0;
	rate->digits = 0;
	for (; *text && strchr("0123456789.", *text); text++) {
		if (*text == '.' && (has_point || !has_digit))
			return -1;
		has_point |= *text == '.';
		if (*text == '.')
			continue;
		has_digit = true;
		exponent -= has_point;
		zeros = *text == '0' ? zeros + 1 : 0;
		if ((digits += digits || *text != '0') > DIGITS_LIMIT)
			return -1;
		rate->digits = rate->digits * 10 + (*text - '0');
	}
	if (!has_digit || text[-1] == '.')
		return -1;
	if (*text == 'E' || *text == 'e') {
		size_t length = strspn(text + 2, "0123456789");
		if ((text[1] != '-' && text[1] != '+') || !length || length > 2)
			return -1;
		exponent += atoi(text + 1);
		text += 2 + length;
	}
	for (; zeros > 0 && rate->digits; zeros--, exponent++)
		rate->digits /= 10;
	rate->exponent = exponent;
	return *text || exponent < EXPONENT_LEAST || exponent > EXPONENT_MOST ? -1 : 0;
}

static void read_rate(struct csv_table *table, const char *cell, struct rate *rate)
{
	char form[LOCAL_FORM_SIZE];
	if (!*cell || (parse_rate(cell, rate) == 0 && rate->digits))
		return;
	local_form_of_amount(cell, false, form);
	if (strspn(cell, "0.") == strlen(cell))
		csv_table_complain(table, "rate", "'%s' is not a rate: nothing is worth 0", cell);
	else
		csv_table_complain(table, "rate", "'%s' is not a rate such as 1.085, of at most %d digits%s%s", cell, DIGITS_LIMIT,
			*form ? ": write " : "", form);
}

static int check_rate(struct csv_table *table, char *const cells[], void *row, void *context, struct error *error)
{
	struct rates *rates = context;
	struct rate *rate = row;
	(void)error;
	read_rate(table, cells[RATE], rate);
	for (size_t i = 0; i + 1 < rates->count; i++)
		if (strcmp(rates->list[i].currency, rate->currency) == 0 && rates->list[i].start_day == rate->start_day &&
			(strcmp(rates->list[i].into, rate->into) == 0 || strcmp(rate->currency, rates->list->into) != 0))
			csv_table_complain(table, "currency", "'%s' is in line %zu already", rate->currency, rates->list[i].row);
	rates->into = rates->list[0].into;
	if (strcmp(rates->into, rate->into) != 0 && strcmp(rates->into, rate->currency) != 0)
		csv_table_complain(
			table, "into", "'%s' is not that of the first row, '%s': results are in one currency", rate->into, rates->into);
	return 0;
}

static int check_rates(struct csv_table *table, void *context, struct error *error)
{
	const struct rates *rates = context;
	(void)error;
	table->line = 1;
	if (!rates->count)
		csv_table_complain(table, "rate", "there is no row: it must name at least one currency");
	return 0;
}

int rates_load(const char *path, struct rates *rates, csv_complain *complain, struct error *error)
{
	static const struct licence_file file = {rate_columns, sizeof(struct rate), .check = check_rate, .end = check_rates};
	*rates = (struct rates){.count = 0};
	int result = licence_read(&file, path, (void **)&rates->list, &rates->count, &rates->arena, rates, complain, error);
	if (result < 0)
		rates_release(rates);
	return result;
}

void rates_release(struct rates *rates)
{
	free(rates->list);
	arena_release(&rates->arena);
	*rates = (struct rates){.count = 0};
}

const struct rate *rates_find(const struct rates *rates, const char *currency, int32_t day)
{
	const struct rate *found = NULL;
	for (size_t i = 0; rates->into && i < rates->count; i++) {
		const struct rate *rate = &rates->list[i];
		bool is_direct = strcmp(rate->currency, currency) == 0 && strcmp(rate->into, rates->into) == 0;
		bool is_inverse = strcmp(rate->into, currency) == 0 && strcmp(rate->currency, rates->into) == 0;
		bool is_before = found && (rate->start_day < found->start_day || (rate->start_day == found->start_day && !is_direct));
		/* The latest of those that have begun, else the first to begin. */
		if ((is_direct || is_inverse) &&
			(!found || (found->start_day > day ? rate->start_day <= day || is_before : rate->start_day <= day && !is_before)))
			found = rate;
	}
	return found;
}

int rates_convert(const struct rates *rates, const char *currency, int32_t day, money *amount, struct error *error)
{
	if (rates->into && strcmp(currency, rates->into) == 0)
		return 0;
	const struct rate *rate = rates_find(rates, currency, day);
	if (!rate)
		return error_set(error, EX_DATAERR, "cannot convert %s into %s: the rates have no row for it", currency,
			rates->into ? rates->into : "anything");
	money up = money_power_of_ten(rate->exponent > 0 ? rate->exponent : 0),
	      down = money_power_of_ten(rate->exponent < 0 ? -rate->exponent : 0);
	return strcmp(rate->currency, currency) == 0 ? money_scale(amount, rate->digits * up, down, error)
						     : money_scale(amount, down, rate->digits * up, error);
}
