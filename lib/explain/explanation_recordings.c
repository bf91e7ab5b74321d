#include "explain/explanation.h"

#include "base/array.h"

#include "base/instant.h"
#include "config/profile.h"
#include "explain/recorded_envelopes.h"
#include "ledger/promotions.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ACCOUNT_ID,
	ENVELOPE_ID,
	STATUS,
	CREATED_AT,
	SENT_AT,
	COMPLETED_AT,
	MODIFIED_AT,
	PLAN_ITEM_ID,
	SENDER_ID,
	SENDING_METHOD
}; /* of stream_envelope_method */

static bool has_id(const void *context, size_t position, const void *key)
{
	const struct explanation *explanation = context;
	return envelope_id_compare(&explanation->envelopes[position].id, key) == 0;
}

static ptrdiff_t find(const struct explanation *explanation, const char *id, size_t length)
{
	struct envelope_id parsed;
	if (!length || length > UINT8_MAX)
		return -1;
	envelope_id_parse(id, length, &parsed);
	return hash_index_find(&explanation->by_id, envelope_id_key(&parsed), has_id, explanation, &parsed);
}

static bool is_wanted(void *context, const char *id, size_t length)
{
	return find(context, id, length) >= 0;
}

static bool is_text(const struct json_slice *slice, const char *text)
{
	return slice->kind == JSON_STRING ? strlen(text) == slice->length && memcmp(text, slice->text, slice->length) == 0 : !*text;
}

static int64_t instant_of(const struct json_slice *slice)
{
	int64_t instant = INSTANT_NONE;
	if (slice->kind != JSON_STRING || instant_parse(slice->text, slice->length, &instant) < 0)
		return INSTANT_NONE;
	return instant;
}

/* Does the ledger hold this version, field by field? */
static bool is_kept(const struct explanation *explanation, const struct explained_envelope *envelope, const struct json_slice fields[])
{
	const struct explained_status *status = explanation_status(explanation, envelope);
	return status->name && is_text(&fields[ACCOUNT_ID], explanation->accounts.names[envelope->account].text) &&
		is_text(&fields[STATUS], status->name) &&
		is_text(&fields[SENDING_METHOD], status->sending_method ? status->sending_method : "") &&
		is_text(&fields[PLAN_ITEM_ID], explanation->plan_items.names[envelope->plan_item].text) &&
		is_text(&fields[SENDER_ID], explanation->senders.names[envelope->sender].text) &&
		instant_of(&fields[CREATED_AT]) == envelope->created_at && instant_of(&fields[SENT_AT]) == envelope->sent_at &&
		instant_of(&fields[COMPLETED_AT]) == envelope->completed_at && instant_of(&fields[MODIFIED_AT]) == envelope->modified_at;
}

static int add_version(void *context, const struct recorded_place *place, const struct json_slice fields[], struct error *error)
{
	struct explanation *explanation = context;
	ptrdiff_t number = find(explanation, fields[ENVELOPE_ID].text, fields[ENVELOPE_ID].length);
	if (number < 0)
		return 0;
	const char *status = explanation_keep(explanation, fields[STATUS].text, fields[STATUS].length, error);
	struct explained_version *version =
		status ? array_grow((void **)&explanation->versions, &explanation->version_count, sizeof *version, error) : NULL;
	if (!version)
		return -1;
	*version = (struct explained_version){.envelope = (uint32_t)number,
		.run = (uint32_t)explanation->run_count - 1,
		.exchange = place->exchange,
		.body_offset = place->body_offset,
		.body_length = place->body_length,
		.record = place->record,
		.sent_at = instant_of(&fields[SENT_AT]),
		.modified_at = instant_of(&fields[MODIFIED_AT]),
		.status = status,
		.is_kept = is_kept(explanation, &explanation->envelopes[number], fields)};
	return 0;
}

/* The feed descriptor of a run: frozen with its inputs, or the preset that its profile names. */
static int feed_of_run(const char *inputs, struct buffer *feed, struct error *error)
{
	struct profile profile;
	struct buffer path = BUFFER_INIT;
	buffer_append_format(feed, "%s/feed.json", inputs);
	buffer_append_format(&path, "%s/profile.json", inputs);
	int result = buffer_check(feed, error) < 0 || buffer_check(&path, error) < 0 ? -1 : 0;
	if (result == 0 && access(feed->data, F_OK) != 0) {
		buffer_reset(feed);
		if ((result = profile_load(path.data, &profile, error)) == 0) {
			buffer_append_string(feed, profile.feed);
			profile_release(&profile);
			result = buffer_check(feed, error);
		}
	}
	buffer_release(&path);
	return result;
}

/* Reads a run's recording; a folder without one is not a run. */
static int read_run(struct explanation *explanation, const char *directory, const char *name, struct error *error)
{
	const struct recorded_envelopes envelopes = {.wanted = is_wanted, .found = add_version, .context = explanation};
	struct buffer raw = BUFFER_INIT, inputs = BUFFER_INIT, feed = BUFFER_INIT, index = BUFFER_INIT;
	buffer_append_format(&raw, "%s/%s/raw", directory, name);
	buffer_append_format(&inputs, "%s/%s/inputs", directory, name);
	buffer_append_format(&index, "%s/%s.exchanges", raw.data, RECORDED_ENVELOPES_PROGRAM);
	int result = buffer_check(&raw, error) < 0 || buffer_check(&inputs, error) < 0 ? -1 : buffer_check(&index, error);
	if (result == 0 && access(index.data, F_OK) == 0) {
		char **new = array_grow((void **)&explanation->runs, &explanation->run_count, sizeof *new, error);
		if (!new || !(*new = strdup(name)))
			result = error_set(error, EX_OSERR, "out of memory");
		if (result == 0)
			result = feed_of_run(inputs.data, &feed, error);
		if (result == 0)
			result = recorded_envelopes_walk(&envelopes, raw.data, feed.data, error);
	}
	buffer_release(&raw);
	buffer_release(&inputs);
	buffer_release(&feed);
	buffer_release(&index);
	return result;
}

static int compare_versions(const void *left, const void *right)
{
	const struct explained_version *a = left, *b = right;
	if (a->envelope != b->envelope)
		return a->envelope < b->envelope ? -1 : 1;
	if (a->run != b->run)
		return a->run < b->run ? -1 : 1;
	if (a->exchange != b->exchange)
		return a->exchange < b->exchange ? -1 : 1;
	return (a->record > b->record) - (a->record < b->record);
}

/* A resend changes the sent time of an envelope. */
static void count_resent(struct explanation *explanation, const struct explained_envelope *envelope)
{
	const struct explained_consumption *consumption = &explanation->consumptions[envelope->consumption];
	bool resent = false, across = false;
	for (size_t i = 0; i < envelope->version_count; i++) {
		int64_t sent_at = explanation->versions[envelope->first_version + i].sent_at;
		if (sent_at == INSTANT_NONE || sent_at == envelope->sent_at)
			continue;
		resent = true;
		across |= sent_at < consumption->period.start || sent_at >= consumption->period.end;
	}
	explanation->differences[consumption->position].resent += resent;
	explanation->differences[consumption->position].resent_across += across;
}

static void arrange(struct explanation *explanation)
{
	if (explanation->version_count)
		qsort(explanation->versions, explanation->version_count, sizeof *explanation->versions, compare_versions);
	for (size_t i = explanation->version_count; i-- > 0;) {
		struct explained_envelope *envelope = &explanation->envelopes[explanation->versions[i].envelope];
		envelope->first_version = i;
		envelope->version_count++;
	}
	for (size_t i = 0; i < explanation->envelope_count; i++)
		count_resent(explanation, &explanation->envelopes[i]);
}

static int is_run(const struct dirent *entry)
{
	return *entry->d_name != '.';
}

/* For a ledger without promotions, filled by a pipe: every folder is a run. */
static int read_folders(struct explanation *explanation, const char *directory, struct error *error)
{
	struct dirent **entries;
	int result = 0, count = scandir(directory, &entries, is_run, alphasort);
	if (count < 0)
		return error_set_errno(error, errno == ENOENT ? EX_NOINPUT : EX_IOERR, "cannot read folder '%s'", directory);
	for (int i = 0; i < count; i++) {
		if (result == 0)
			result = read_run(explanation, directory, entries[i]->d_name, error);
		free(entries[i]);
	}
	free(entries);
	return result;
}

int explanation_read_recordings(struct explanation *explanation, const char *directory, const char *ledger_path, struct error *error)
{
	struct promotions promotions;
	if (explanation->question.level < EXPLAIN_EXCHANGE)
		return 0;
	if (access(directory, R_OK) != 0)
		return error_set_errno(error, errno == ENOENT ? EX_NOINPUT : EX_IOERR, "cannot read folder '%s'", directory);
	if (promotions_read(&promotions, ledger_path, error) < 0)
		return -1;
	int result = explanation->envelope_count && !promotions.count ? read_folders(explanation, directory, error) : 0;
	for (size_t i = 0; i < promotions.count && result == 0 && explanation->envelope_count; i++)
		result = read_run(explanation, directory, promotions.list[i].run_id, error);
	promotions_release(&promotions);
	if (result == 0)
		arrange(explanation);
	return result;
}
