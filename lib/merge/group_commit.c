#include "merge/group_commit.h"

#include "base/instant.h"
#include "json/json_write.h"

#include <poll.h>
#include <string.h>

#define TAIL_LIMIT ((size_t)8 << 20)
#define HELD_LIMIT ((size_t)16 << 20)
#define PAUSE_MS 200

void group_commit_open(struct group_commit *group, struct ledger_envelopes *envelopes, struct ledger_records *records,
	struct output *output, int64_t interval)
{
	*group = (struct group_commit){.interval = interval,
		.envelopes = envelopes,
		.records = records,
		.output = output,
		.held = BUFFER_INIT,
		.tail = BUFFER_INIT,
		.passed = BUFFER_INIT,
		.due_at = monotonic_ms() + interval};
}

void group_commit_release(struct group_commit *group)
{
	buffer_release(&group->held);
	buffer_release(&group->tail);
	buffer_release(&group->passed);
}

static int commit(struct group_commit *group, struct error *error)
{
	struct ledger *ledger = group->envelopes->ledger;
	int64_t began_at = monotonic_ms();
	if (!ledger->writing && sqlite3_db_readonly(ledger->database, "main") == 1) /* nothing came: it can be printed all the same */
		return 0;
	if (ledger_begin(ledger, error) < 0 || ledger_forget_mark(ledger, error) < 0 ||
		ledger_envelopes_flush(group->envelopes, error) < 0 || ledger_records_flush(group->records, error) < 0 ||
		ledger_commit(ledger, error) < 0)
		return -1;
	int64_t ended_at = monotonic_ms(), took = ended_at - began_at;
	group->due_at = ended_at + (took * 4 > group->interval ? took * 4 : group->interval);
	if (buffer_check(&group->held, error) < 0)
		return -1;
	if (group->held.length) {
		buffer_append(&group->output->pending, group->held.data, group->held.length);
		output_flush(group->output);
		buffer_reset(&group->held);
	}
	return 0;
}

/* Undoes what was merged after the last STATE. */
static int rewind_to_state(struct group_commit *group, struct error *error)
{
	ledger_envelopes_forget_names(group->envelopes);
	envelope_batch_rewind(&group->envelopes->batch, &group->mark.batch);
	group->envelopes->weeks.count = group->mark.weeks;
	group->envelopes->received = group->mark.received;
	group->records->promoted = group->mark.promoted;
	buffer_reset(&group->passed);
	return ledger_rewind(group->envelopes->ledger, error);
}

static int merge_message(struct group_commit *group, const struct message *message, struct error *error);

/* Merges the lines of `tail` again; they were right the first time. */
static int merge_again(struct group_commit *group, struct message_reader *reader, struct error *error)
{
	struct buffer lines = group->tail;
	group->tail = (struct buffer)BUFFER_INIT;
	int result = buffer_check(&lines, error);
	for (char *at = lines.data, *end = at + lines.length; at < end && result == 0;) {
		char *newline = memchr(at, '\n', (size_t)(end - at));
		struct message message = {.line = {.text = at, .length = (size_t)(newline - at)}};
		result = message_parse(reader, &message, error) < 0 ? -1 : merge_message(group, &message, error);
		at = newline + 1;
	}
	buffer_release(&lines);
	return result;
}

static int commit_at_state(struct group_commit *group, struct message_reader *reader, struct error *error)
{
	if (!group->tail.length)
		return commit(group, error);
	return rewind_to_state(group, error) < 0 || commit(group, error) < 0 || merge_again(group, reader, error) < 0 ? -1 : 0;
}

/* The lines passed on since the last STATE go behind it; commit() finds out if memory was short. */
static void hold_passed(struct group_commit *group)
{
	buffer_append(&group->held, group->passed.data, group->passed.length);
	group->held.failed |= group->passed.failed;
	buffer_reset(&group->passed);
}

int group_commit_finish(struct group_commit *group, struct error *error)
{
	if (group->envelopes->ledger->in_memory && ledger_envelopes_count(group->envelopes, error) < 0)
		return -1;
	hold_passed(group);
	return commit(group, error);
}

/* As JSON: a string's slice is its content. */
static int save_state(struct ledger *ledger, const struct json_slice *value, struct error *error)
{
	if (value->kind != JSON_STRING)
		return ledger_save_state(ledger, value->text, value->length, error);
	struct buffer text = BUFFER_INIT;
	json_string(&text, value->text, value->length);
	json_finish(&text);
	int result = buffer_check(&text, error);
	if (result == 0)
		result = ledger_save_state(ledger, text.data, text.length, error);
	buffer_release(&text);
	return result;
}

static void append_line(struct buffer *lines, const struct line *line)
{
	buffer_append(lines, line->text, line->length);
	buffer_append_byte(lines, '\n');
}

static void pass(struct group_commit *group, const struct line *line)
{
	if (group->held.length)
		append_line(&group->passed, line);
	else
		output_line(group->output, line->text, line->length);
}

static int merge_state(struct group_commit *group, const struct message *message, struct error *error)
{
	struct ledger *ledger = group->envelopes->ledger;
	if (ledger_begin(ledger, error) < 0 || save_state(ledger, &message->value, error) < 0)
		return -1;
	if (ledger->in_memory) { /* nothing is ever durable: there is nothing to wait for */
		pass(group, &message->line);
		return 0;
	}
	hold_passed(group);
	append_line(&group->held, &message->line);
	buffer_reset(&group->tail);
	if (group->held.length > HELD_LIMIT || group->interval == 0 || monotonic_ms() >= group->due_at)
		return commit(group, error);
	envelope_batch_mark(&group->envelopes->batch, &group->mark.batch);
	group->mark.weeks = group->envelopes->weeks.count;
	group->mark.received = group->envelopes->received;
	group->mark.promoted = group->records->promoted;
	return ledger_mark(ledger, error);
}

static int merge_message(struct group_commit *group, const struct message *message, struct error *error)
{
	const struct stream *stream = NULL;
	if (message->type == MESSAGE_RECORD || message->type == MESSAGE_SCHEMA)
		stream = stream_find(message->stream.text, message->stream.length);
	if (!stream || stream == &stream_daily_consumption)
		pass(group, &message->line);
	else if (stream == &stream_envelope && message->type == MESSAGE_RECORD)
		return ledger_envelopes_add(group->envelopes, message->fields, error);
	else if (message->type == MESSAGE_RECORD)
		return ledger_records_store(group->records, stream, message, error);
	return 0;
}

int group_commit_add(struct group_commit *group, const struct message *message, struct error *error)
{
	if (message->type == MESSAGE_STATE)
		return merge_state(group, message, error);
	if (group->held.length)
		append_line(&group->tail, &message->line);
	return merge_message(group, message, error);
}

int group_commit_wait(struct group_commit *group, struct message_reader *reader, struct error *error)
{
	if (!group->held.length)
		return 0;
	/* Rows that have left memory could not be undone. */
	if (group->tail.length > TAIL_LIMIT || !ledger_envelopes_have_room(group->envelopes))
		return commit_at_state(group, reader, error);
	if (line_reader_has_line(&reader->lines))
		return 0;
	struct pollfd input = {.fd = reader->lines.descriptor, .events = POLLIN};
	return poll(&input, 1, PAUSE_MS) == 0 ? commit_at_state(group, reader, error) : 0;
}

int group_commit_recover(struct group_commit *group, struct error *error)
{
	if (!group->held.length)
		return 0;
	return rewind_to_state(group, error) < 0 ? -1 : commit(group, error);
}
