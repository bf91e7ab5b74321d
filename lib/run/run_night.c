#include "run/run_night.h"

void run_night_add(void *context, struct record *record)
{
	struct run_night *night = context;
	const struct json_slice *turn = record_slice(record, SLOT_turn), *outcome = record_slice(record, SLOT_outcome);
	if (!message_is_record(record->message, stream_account_night.name))
		return;
	bool is_put_off = json_slice_equals(outcome, "put_off");
	night->accounts++;
	night->due += json_slice_equals(turn, "never_read") || json_slice_equals(turn, "due");
	night->asked += !is_put_off && !json_slice_equals(outcome, "not_asked");
	night->with_news += json_slice_equals(outcome, "news");
	night->put_off += is_put_off;
}
