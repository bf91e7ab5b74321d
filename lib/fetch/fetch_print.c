#include "fetch/fetch_print.h"

#include "base/instant.h"
#include "fetch/fetch_progress.h"
#include "fetch/look_back.h"
#include "io/diag.h"
#include "json/json_write.h"

#define STATE_EVERY ((size_t)64 << 10) /* bytes printed between two STATEs, at least */
#define STATE_SHARE 8 /* and this many times its own length, so that STATEs stay a small part of the output */

void fetch_print_schemas(struct fetch_run *run)
{
	raw_schema_append_feed(&run->output->pending, &run->feed);
	stream_append_schema(&run->output->pending, &stream_watermark);
	if (!run->feed.per_organization)
		stream_append_schema(&run->output->pending, &stream_account_night);
}

void fetch_print_record(struct fetch_run *run, const char *account_id, const char *text, size_t length)
{
	struct buffer *pending = &run->output->pending;
	if (!run->frame.before.length || run->framed != account_id) {
		const struct raw_context context = {.stream = run->feed.stream,
			.organization_id = run->connection.organization_id,
			.account_id = account_id,
			.time_extracted = run->now};
		raw_frame_make(&run->frame, &context);
		run->framed = account_id;
	}
	size_t before = pending->length;
	raw_frame_append(pending, &run->frame, text, length);
	run->printed += pending->length - before;
	run->records++;
	output_line_end(run->output);
}

void fetch_print_watermark(struct fetch_run *run, const char *account_id, const struct bookmark *bookmark, int64_t until)
{
	struct buffer *pending = &run->output->pending;
	char time_extracted[INSTANT_LENGTH];
	size_t before = pending->length;
	instant_format(run->now, time_extracted);
	stream_begin_record(pending, &stream_watermark);
	json_member_text(pending, "account_id", account_id);
	json_member_instant(pending, "watermark", look_back_watermark(bookmark, &run->feed, until));
	stream_end_record(pending, time_extracted, sizeof time_extracted);
	run->printed += pending->length - before;
	output_line_end(run->output);
}

/* The night on which the account will be asked again: tomorrow, where it was not read. */
static int32_t next_day(const struct fetch_run *run, const struct bookmark *bookmark)
{
	int32_t tomorrow = instant_day(run->now) + 1;
	const struct feed_date date = feed_schedule_date(bookmark, &run->feed, tomorrow);
	return date.day > tomorrow ? date.day : tomorrow;
}

void fetch_print_night(struct fetch_run *run)
{
	static const char *const turns[] = {[FEED_NEVER_READ] = "never_read",
		[FEED_DUE] = "due",
		[FEED_LEARN] = "look",
		[FEED_LOOK] = "look",
		[FEED_NOT_DUE] = "not_due"};
	static const char *const outcomes[] = {[FEED_NOT_ASKED] = "not_asked",
		[FEED_PUT_OFF] = "put_off",
		[FEED_UNREAD] = "unread",
		[FEED_NOTHING_NEW] = "nothing_new",
		[FEED_NEWS] = "news"};
	const struct fetch_night night = fetch_turns_night(&run->turns);
	struct buffer *pending = &run->output->pending;
	char time_extracted[INSTANT_LENGTH];
	instant_format(run->now, time_extracted);
	fetch_turns_sort(&run->turns);
	for (size_t i = 0; i < run->turns.count; i++) {
		const struct fetch_turn *turn = &run->turns.list[i];
		stream_begin_record(pending, &stream_account_night);
		json_member_text(pending, "account_id", turn->account_id);
		json_member_text(pending, "turn", turns[turn->date.turn]);
		json_member_text(pending, "outcome", outcomes[turn->outcome]);
		if (turn->bookmark->until == INSTANT_NONE || turn->bookmark->position)
			json_member_null(pending, "read_at");
		else
			json_member_instant(pending, "read_at", turn->bookmark->until);
		json_member_day(pending, "due_on", next_day(run, turn->bookmark));
		stream_end_record(pending, time_extracted, sizeof time_extracted);
		output_line_end(run->output);
	}
	bool is_all = night.asked == night.accounts && !night.put_off;
	if (night.accounts)
		diag_print(is_all ? DIAG_INFO : DIAG_NOTE, "%zu of %zu accounts were due: %zu asked, %zu with news, %zu put off", night.due,
			night.accounts, night.asked, night.with_news, night.put_off);
}

void fetch_print_state(struct fetch_run *run)
{
	size_t before = run->output->pending.length;
	bookmarks_append_state(&run->bookmarks, &run->output->pending);
	run->state_printed = run->output->pending.length - before;
	run->printed = 0;
	output_line_end(run->output);
}

void fetch_print_state_when_due(struct fetch_run *run)
{
	if (run->printed >= STATE_EVERY && run->printed >= STATE_SHARE * run->state_printed)
		fetch_print_state(run);
}

void fetch_print_progress(const struct fetch_run *run, bool last)
{
	char text[200];
	struct fetch_progress progress = {.finished = run->finished,
		.failed = run->failed,
		.accounts = run->walk_count,
		.records = run->records,
		.unit = run->feed.per_organization           ? "organizations"
			: run->turns.count > run->walk_count ? "accounts due"
							     : "accounts"};
	if (!diag_progress_is_due() && !last)
		return;
	progress.elapsed_ms = monotonic_ms() - run->began_ms;
	fetch_source_headroom(run->source, &progress.requests_left, &progress.request_limit);
	fetch_progress_format(&progress, text, sizeof text);
	if (last)
		diag_progress_end("%s", text);
	else
		diag_progress("%s", text);
}
