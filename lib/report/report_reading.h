/*
 * report_reading.h: a record that is read into a report; its fields are found by name. report.c has them all but consumption.
 */
#ifndef ENVTALLY_REPORT_READING_H
#define ENVTALLY_REPORT_READING_H

#include "report/report.h"
#include "stream/record.h"

struct reading {
	struct report *report;
	struct record record;
	const struct stream *stream;
	const int *slots; /* of the stream's fields */
};

const struct json_slice *reading_slice(const struct reading *reading, const char *field);
int64_t reading_integer(struct reading *reading, const char *field); /* 0 for null */
int64_t reading_instant(struct reading *reading, const char *field); /* INSTANT_NONE for null */
const char *reading_text(struct reading *reading, const char *field); /* of the report's words; NULL for null */

/* Numbers of account_ids and plan_item_ids; RECORD_NO_NAME for null, and when the record failed. */
uint32_t reading_account(struct reading *reading);
uint32_t reading_plan_item(struct reading *reading);
bool reading_names_model(struct reading *reading);

/* Units by period, account, plan item, month, and four weeks of each account. */
void report_add_consumption(struct reading *reading);

#endif
