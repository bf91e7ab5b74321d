/*
 * report_anomalies.h: use that departs from the usual: days of one-off sends, and accounts whose use has changed.
 *
 * One-off sends are those that the forecasts name (forecast/one_off.h). An account's use has changed where all of these hold, by days of 28 that
 * are counted back from the last day that its feed has passed:
 *
 *   the last of them has come to the usual twice or more, or to half of it or less, or is above a usual of nothing. The usual is the median of
 *   the six before it; of fewer, but at least three, where the report has no more days
 *   it lies more than 8 units off the usual, and more than three standard deviations: 1.4826 × the median distance of the six from the usual, but
 *   at least its square root, the deviation of sends that do not depend on each other
 */
#ifndef ENVTALLY_REPORT_ANOMALIES_H
#define ENVTALLY_REPORT_ANOMALIES_H

#include "report/report.h"

struct report_send {
	int32_t day;
	int64_t units; /* beyond the usual */
	const char *account; /* the id of that with the most units of the day; NULL where it is not known */
	uint32_t account_number; /* RECORD_NO_NAME where the report has no more of it than its id */
	int64_t account_units; /* its of that day */
	const struct report_row *forecast; /* whose it is */
};

struct report_change {
	uint32_t account;
	int64_t usual, last; /* units of 28 days */
	int32_t until; /* the last day that its feed has passed */
};

struct report_anomalies {
	struct report_send *sends; /* the most units first */
	struct report_change *changes; /* the largest change first */
	size_t send_count, change_count;
	struct arena texts;
};

/* Are days known, so that there is something to go by? */
bool report_has_days(const struct report *report);

int report_anomalies_build(struct report_anomalies *anomalies, const struct report *report, struct error *error);
void report_anomalies_release(struct report_anomalies *anomalies);

/* What tells of a send who made it: REPORT_SENDERS, and "envtally explain --day 2025-03-04". */
#define REPORT_SENDERS "For the accounts and senders of a day: "
void report_send_command(const struct report_send *send, struct buffer *text);

/* "has stopped", "has doubled" … */
const char *report_change_word(const struct report_change *change);

#endif
