#include "report/report_anomalies.h"

#include "base/array.h"
#include "base/instant.h"
#include "json/json_slice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_UNITS 8
#define DEVIATIONS 3

/* ---- accounts ---- */

static int compare_units(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;
	return (a > b) - (a < b);
}

static double median(double values[], size_t count)
{
	qsort(values, count, sizeof *values, compare_units);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* How many times 28 days there are before the last, back to the first day of all. */
static size_t blocks_before(const struct report *report, const struct report_account *account)
{
	int32_t days = account->unknown_from - REPORT_BLOCK_DAYS - report->first_day;
	size_t count = days < 0 ? 0 : (size_t)days / REPORT_BLOCK_DAYS;
	return count < REPORT_BLOCKS - 1 ? count : REPORT_BLOCKS - 1;
}

static bool has_changed(const struct report *report, const struct report_account *account, struct report_change *change)
{
	double values[REPORT_BLOCKS], last = (double)account->blocks[0];
	size_t count = blocks_before(report, account);
	if (count < REPORT_BLOCKS_LEAST)
		return false;
	for (size_t i = 0; i < count; i++)
		values[i] = (double)account->blocks[i + 1];
	double usual = median(values, count), off = fabs(last - usual);
	for (size_t i = 0; i < count; i++)
		values[i] = fabs((double)account->blocks[i + 1] - usual);
	double deviation = fmax(1.4826 * median(values, count), sqrt(usual));
	change->usual = (int64_t)floor(usual + 0.5);
	change->last = account->blocks[0];
	change->until = account->unknown_from - 1;
	return off > LEAST_UNITS && off > DEVIATIONS * deviation && (last >= 2 * usual || 2 * last <= usual);
}

static int64_t size_of(const struct report_change *change)
{
	return change->last > change->usual ? change->last - change->usual : change->usual - change->last;
}

static int compare_changes(const void *left, const void *right, void *context)
{
	const struct report_change *a = left, *b = right;
	const struct name *names = ((const struct report *)context)->account_ids.names;
	if (size_of(a) != size_of(b))
		return size_of(a) > size_of(b) ? -1 : 1;
	return strcmp(names[a->account].text, names[b->account].text);
}

static int find_changes(struct report_anomalies *anomalies, const struct report *report, struct error *error)
{
	for (uint32_t i = 0; i < report->account_count && report_has_days(report); i++) {
		struct report_change change = {.account = i};
		if (!has_changed(report, &report->accounts[i], &change))
			continue;
		struct report_change *new = array_grow((void **)&anomalies->changes, &anomalies->change_count, sizeof *new, error);
		if (!new)
			return -1;
		*new = change;
	}
	if (anomalies->change_count)
		qsort_r(anomalies->changes, anomalies->change_count, sizeof *anomalies->changes, compare_changes,
			(void *)(uintptr_t)report);
	return 0;
}

const char *report_change_word(const struct report_change *change)
{
	return change->last == 0               ? "has stopped"
		: change->usual == 0           ? "has begun"
		: change->last < change->usual ? "less than half"
					       : "doubled or more";
}

/* ---- days ---- */

static int compare_sends(const void *left, const void *right)
{
	const struct report_send *a = left, *b = right;
	if (a->units != b->units)
		return a->units > b->units ? -1 : 1;
	if (a->day != b->day)
		return a->day > b->day ? -1 : 1;
	return (a->forecast > b->forecast) - (a->forecast < b->forecast); /* rows are sorted */
}

struct sends_reading {
	struct report_anomalies *anomalies;
	const struct report *report;
	const struct report_row *forecast;
	struct json_scanner *scanner;
	struct error *error;
};

static int read_account(struct sends_reading *reading, const struct json_slice *id, struct report_send *send)
{
	const struct name *name = name_table_find(&reading->report->account_ids, id->text, id->length);
	size_t number = name ? (size_t)(name - reading->report->account_ids.names) : SIZE_MAX;
	char *text = arena_take(&reading->anomalies->texts, id->length + 1);
	if (!text)
		return error_set(reading->error, EX_OSERR, "out of memory");
	memcpy(text, id->text, id->length);
	text[id->length] = 0;
	send->account = text;
	send->account_number = number < reading->report->account_count ? (uint32_t)number : RECORD_NO_NAME;
	return 0;
}

/* An element that is no send is passed over. */
static int read_send(void *context, const char *text, size_t length, const struct json_slice fields[])
{
	struct sends_reading *reading = context;
	struct report_anomalies *anomalies = reading->anomalies;
	struct report_send send = {.forecast = reading->forecast};
	(void)text, (void)length;
	if (fields[0].kind != JSON_STRING || day_parse(fields[0].text, fields[0].length, &send.day) < 0 ||
		!json_slice_integer(&fields[1], &send.units))
		return 0;
	if (fields[2].kind == JSON_STRING && json_slice_integer(&fields[3], &send.account_units) &&
		read_account(reading, &fields[2], &send) < 0)
		return -1;
	struct report_send *new = array_grow((void **)&anomalies->sends, &anomalies->send_count, sizeof *new, reading->error);
	if (!new)
		return -1;
	*new = send;
	return 0;
}

static int read_sends(struct sends_reading *reading)
{
	const char *json = report_row_text(reading->forecast, "one_off_sends");
	struct buffer text = BUFFER_INIT; /* has the bytes after it that a scan needs */
	struct json_slice array;
	if (!json)
		return 0;
	buffer_append_format(&text, "{\"sends\":%s}", json);
	int result = buffer_check(&text, reading->error);
	if (result == 0)
		result = json_scan(reading->scanner, text.data, text.length, &array, reading->error);
	if (result == 0 && array.kind == JSON_ARRAY)
		result = json_scan_picked(reading->scanner, &array, read_send, reading, reading->error);
	buffer_release(&text);
	return result;
}

static int find_sends(struct report_anomalies *anomalies, const struct report *report, struct error *error)
{
	static const char *const all[] = {"/sends"}, *const fields[] = {"/day", "/units", "/account_id", "/account_units"};
	struct sends_reading reading = {anomalies, report, .scanner = json_scanner_new(all, 1, error), .error = error};
	int result = reading.scanner ? json_scanner_pick(reading.scanner, 0, fields, 4, error) : -1;
	for (size_t i = 0; i < report->forecasts.count && result == 0; i++) {
		reading.forecast = report_row_at(&report->forecasts, i);
		result = read_sends(&reading);
	}
	json_scanner_free(reading.scanner);
	if (anomalies->send_count)
		qsort(anomalies->sends, anomalies->send_count, sizeof *anomalies->sends, compare_sends);
	return result;
}

void report_send_command(const struct report_send *send, struct buffer *text)
{
	buffer_append_format(text, "envtally explain --day %s", day_text(send->day).text);
}

int report_anomalies_build(struct report_anomalies *anomalies, const struct report *report, struct error *error)
{
	*anomalies = (struct report_anomalies){.sends = NULL};
	int result = find_changes(anomalies, report, error);
	return result == 0 && report->forecasts.count ? find_sends(anomalies, report, error) : result;
}

void report_anomalies_release(struct report_anomalies *anomalies)
{
	free(anomalies->sends);
	arena_release(&anomalies->texts);
	free(anomalies->changes);
	*anomalies = (struct report_anomalies){.sends = NULL};
}

bool report_has_days(const struct report *report)
{
	return !report->lacks_days && report->first_day != INT32_MAX;
}
