#include "run/run_facts.h"

#include "base/file_name.h"
#include "base/regular_file.h"
#include "config/policy.h"
#include "config/profile.h"
#include "export/ledger_output.h"
#include "io/atomic_file.h"
#include "ledger/promotions.h"
#include "run/checkpoint.h"
#include "run/json_file.h"
#include "run/run_folder.h"
#include "run/run_records.h"
#include "json/json_write.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The shell reads the value to the end of the line, with \xNN for a control character of a path and for a backslash, and makes paths of names. */
static int append_fact(struct buffer *text, const char *key, const char *value, size_t length, struct error *error)
{
	bool is_path = strcmp(key, "replay") == 0 || strcmp(key, "profile_file") == 0;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)value[i] < 0x20 && (!is_path || !value[i]))
			return error_set(error, EX_DATAERR, "\"%s\" has a control character", key);
	bool is_name = strcmp(key, "run_id") == 0 || strcmp(key, "run") == 0 || strcmp(key, "name") == 0 || strcmp(key, "profile") == 0;
	if (is_name && length && !file_name_is_plain(value, length))
		return error_set(error, EX_DATAERR, "\"%s\" must be " FILE_NAME_EXPECTED, key);
	buffer_append_format(text, "%s=", key);
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)value[i] < 0x20 || value[i] == '\\')
			buffer_append_format(text, "\\x%02x", (unsigned)value[i]);
		else
			buffer_append_byte(text, value[i]);
	buffer_append_byte(text, '\n');
	return 0;
}

/* Facts of a JSON file, each by its pointer, which is its key with a slash before it. */
static int append_facts(const char *path, const char *const pointers[], size_t count, struct buffer *text, struct error *error)
{
	char value[RUN_PATH_LIMIT];
	struct json_file file;
	if (json_file_read(&file, path, pointers, count, error) < 0)
		return -1;
	int result = 0;
	for (size_t i = 0; i < count && result == 0; i++) {
		const struct json_slice *slice = &file.slices[i];
		size_t length = slice->kind == JSON_ABSENT || slice->kind == JSON_NULL ? 0 : slice->length;
		if (length >= sizeof value) {
			result = error_set(error, EX_DATAERR, "\"%s\" is longer than %d bytes", pointers[i] + 1, RUN_PATH_LIMIT - 1);
			break;
		}
		json_file_text(&file, (int)i, value, sizeof value);
		/* White space between the elements of an array. */
		for (char *at = value; slice->kind == JSON_ARRAY && *at; at++)
			*at = (unsigned char)*at < 0x20 ? ' ' : *at;
		result = append_fact(text, pointers[i] + 1, value, length, error);
	}
	json_file_release(&file);
	return result < 0 ? error_prefix(error, "cannot read '%s'", path) : 0;
}

int run_facts_append_profile(const char *path, struct buffer *text, struct error *error)
{
	static const char *const pointers[] = {
		"/name", "/active", "/feed", "/download_billing", "/organization_id", "/contract_start", "/renewal_months", "/scopes"};
	if (profile_check_first(path, error) < 0)
		return -1;
	if (append_facts(path, pointers, 8, text, error) == 0)
		return 0;
	error->status = error->status == EX_DATAERR ? EX_CONFIG : error->status;
	return -1;
}

int run_facts_append_checkpoint(const char *path, struct buffer *text, struct error *error)
{
	static const char *const pointers[] = {"/run", "/manifest", "/ledger", "/source", "/runs", "/earlier", "/made_at", "/before"};
	struct checkpoint checkpoint;
	return checkpoint_read(path, &checkpoint, error) < 0 ? -1 : append_facts(path, pointers, 8, text, error);
}

static FILE *open_regular(const char *path)
{
	int descriptor = regular_file_open(path, NULL);
	FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "r");
	if (!file && descriptor >= 0)
		close(descriptor);
	return file;
}

int run_facts_append_recording(const char *folder, struct buffer *text, struct error *error)
{
	static const char *const pointers[] = {"/now"};
	char path[RUN_PATH_LIMIT], now[64] = "";
	struct json_scanner *scanner = json_scanner_new(pointers, 1, error);
	struct buffer header = BUFFER_INIT;
	struct json_slice slice;
	snprintf(path, sizeof path, "%s/fetch-datafeed.exchanges", folder);
	FILE *file = scanner ? open_regular(path) : NULL;
	char *line = NULL;
	size_t room = 0;
	ssize_t length = file ? getline(&line, &room, file) : -1;
	if (length > 0)
		buffer_append(&header, line, (size_t)length);
	int result = scanner && length > 0 && json_scan(scanner, header.data, header.length, &slice, NULL) == 0
		? 0
		: error_set(error, EX_DATAERR, "cannot read recording '%s': it has no header", folder);
	if (result == 0 && slice.kind == JSON_STRING && slice.length < sizeof now)
		memcpy(now, slice.text, slice.length);
	if (result == 0)
		result = append_fact(text, "now", now, strlen(now), error);
	if (file)
		fclose(file);
	free(line);
	buffer_release(&header);
	json_scanner_free(scanner);
	return result;
}

/* Not made durable: promote does that. */
static int keep(const char *folder, const char *name, int (*print)(struct ledger *ledger, struct output *output, struct error *error),
	struct ledger *ledger, struct error *error)
{
	char path[RUN_PATH_LIMIT];
	struct output output;
	snprintf(path, sizeof path, "%s/%s", folder, name);
	int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (descriptor < 0)
		return error_set_errno(error, EX_CANTCREAT, "cannot create '%s'", path);
	output_open(&output, descriptor, path);
	int result = ledger ? print(ledger, &output, error) : 0;
	if (output_close(&output, result == 0 ? error : NULL) < 0)
		result = -1;
	close(descriptor);
	return result;
}

static int keep_earlier(const char *folder, const struct run_beginning *beginning, struct error *error)
{
	/* cppcheck-suppress uninitvar ; it is what is opened */
	struct ledger ledger, *read = access(beginning->ledger, F_OK) == 0 ? &ledger : NULL;
	if (read && ledger_open(read, beginning->ledger, LEDGER_READ, error) < 0)
		return -1;
	int result = keep(folder, "inputs/state.json", ledger_print_state, read, error);
	if (result == 0)
		result = keep(folder, "reported.ndjson", ledger_print_reported, read, error);
	/* Not of a run that is made again: another version would have made others than those of its evidence. */
	if (result == 0 && !beginning->is_again)
		result = keep(folder, "inputs/past-forecasts.ndjson", ledger_print_forecasts, read, error);
	if (read)
		ledger_close(read);
	return result;
}

int run_begin(const char *folder, const struct run_beginning *beginning, struct error *error)
{
	if (keep_earlier(folder, beginning, error) < 0)
		return -1;
	char path[RUN_PATH_LIMIT];
	struct buffer json = BUFFER_INIT;
	snprintf(path, sizeof path, "%s/begun.json", folder);
	json_begin(&json, '{');
	json_member_text(&json, "run_id", beginning->run_id);
	json_member_text(&json, "profile", beginning->profile);
	json_member_text(&json, "clock", beginning->clock);
	json_member_text(&json, "replay", beginning->replay);
	json_member_text(&json, "profile_file", beginning->profile_file);
	json_end(&json, '}');
	json_finish(&json);
	buffer_append_byte(&json, '\n');
	int result = atomic_file_write(path, &json, 0640, error);
	buffer_release(&json);
	return result;
}

/* ---- what has changed since the last report ---- */

struct last_report {
	struct arena arena;
	const char *run_id, *policy; /* of the job_result; NULL: there is none, or it names none */
	bool has_job, has_contract, lacks_days;
	char contract_start[32], renewal_months[32]; /* of the latest contract */
};

static void copy_slice(char *text, size_t size, const struct json_slice *slice)
{
	snprintf(text, size, "%.*s", slice->length < size ? (int)slice->length : 0, slice->text ? slice->text : "");
}

static void read_reported(void *context, struct record *record)
{
	struct last_report *last = context;
	if (message_is_record(record->message, "job_result")) {
		last->has_job = true;
		last->policy = record_text(record, SLOT_policy, &last->arena);
	} else if (message_is_record(record->message, "contract")) {
		last->has_contract = true;
		copy_slice(last->contract_start, sizeof last->contract_start, record_slice(record, SLOT_contract_start));
		copy_slice(last->renewal_months, sizeof last->renewal_months, record_slice(record, SLOT_renewal_months));
	} else if (message_is_record(record->message, "consumption")) {
		last->lacks_days |= record_is_null(record, SLOT_by_day);
	}
}

/* Appends the feed of the frozen profile, too. */
static int contract_changed(const char *folder, const struct last_report *last, bool *changed, struct buffer *text, struct error *error)
{
	static const char *const pointers[] = {"/contract_start", "/renewal_months", "/feed"};
	char path[RUN_PATH_LIMIT], start[32], months[32], feed[1024];
	struct json_file profile;
	snprintf(path, sizeof path, "%s/inputs/profile.json", folder);
	if (json_file_read(&profile, path, pointers, 3, error) < 0)
		return -1;
	*changed = last->has_contract &&
		(strcmp(json_file_text(&profile, 0, start, sizeof start), last->contract_start) != 0 ||
			strcmp(json_file_text(&profile, 1, months, sizeof months), last->renewal_months) != 0);
	json_file_text(&profile, 2, feed, sizeof feed);
	int result = append_fact(text, "feed", feed, strlen(feed), error);
	json_file_release(&profile);
	return result;
}

int run_facts_policy_hash(const char *folder, char hash[POLICY_HASH_LENGTH + 1], struct error *error)
{
	char path[RUN_PATH_LIMIT];
	struct policy policy;
	snprintf(path, sizeof path, "%s/inputs/policy.json", folder);
	if (policy_load(access(path, F_OK) == 0 ? path : NULL, &policy, error) < 0)
		return -1;
	int result = policy_hash(&policy, hash, error);
	policy_release(&policy);
	return result;
}

/* A report without a policy is older than policies: it was made by the default one. */
static int policy_changed(const char *folder, const struct last_report *last, bool *changed, struct error *error)
{
	char hash[POLICY_HASH_LENGTH + 1], by_default[POLICY_HASH_LENGTH + 1];
	struct policy policy;
	if (policy_load(NULL, &policy, error) < 0 || policy_hash(&policy, by_default, error) < 0 ||
		run_facts_policy_hash(folder, hash, error) < 0)
		return -1;
	policy_release(&policy);
	*changed = last->has_job && strcmp(last->policy ? last->policy : by_default, hash) != 0;
	return 0;
}

/* A recording gets its end line when its program has requested everything. */
static const char *recording_state(const char *folder, const char *program)
{
	static const char end[] = "{\"end\":true,", exchange[] = "{\"exchange\":";
	char path[RUN_PATH_LIMIT], text[160], *line = NULL;
	const char *state = "none";
	size_t room = 0;
	snprintf(path, sizeof path, "%s/raw/%s.exchanges", folder, program);
	FILE *file = open_regular(path);
	if (!file)
		return state;
	if (getline(&line, &room, file) > 0 && getline(&line, &room, file) > 0 && strncmp(line, exchange, sizeof exchange - 1) == 0)
		state = "begun";
	free(line);
	size_t count =
		fseek(file, -(long)sizeof text, SEEK_END) == 0 || fseek(file, 0, SEEK_SET) == 0 ? fread(text, 1, sizeof text, file) : 0;
	if (count && text[count - 1] == '\n' && memmem(text, count, end, sizeof end - 1))
		state = "complete";
	fclose(file);
	return state;
}

int run_facts_append_run(const char *folder, const char *ledger, struct buffer *text, struct error *error)
{
	static const char *const pointers[] = {"/run_id", "/clock", "/replay", "/profile_file", "/profile"};
	static const char *const programs[] = {"fetch-subscriptions", "fetch-datafeed"};
	char path[RUN_PATH_LIMIT], run_id[64];
	struct last_report last = {.run_id = NULL};
	struct json_file begun;
	struct promotions promotions;
	bool contract = false, policy = false;
	snprintf(path, sizeof path, "%s/begun.json", folder);
	if (append_facts(path, pointers, 5, text, error) < 0 || json_file_read(&begun, path, pointers, 1, error) < 0)
		return -1;
	json_file_text(&begun, 0, run_id, sizeof run_id);
	json_file_release(&begun);
	if (promotions_read(&promotions, ledger, error) < 0)
		return -1;
	bool promoted = promotions_find(&promotions, run_id, strlen(run_id)) >= 0;
	const struct promotion *latest = NULL;
	for (size_t i = 0; i < promotions.count; i++)
		if (!latest || promotions.list[i].clock > latest->clock)
			latest = &promotions.list[i];
	buffer_append_format(text, "previous=%s\nreported_at=%s\n", latest ? promotions.list[promotions.count - 1].run_id : "",
		latest ? latest->started_at : "");
	promotions_release(&promotions);
	snprintf(path, sizeof path, "%s/reported.ndjson", folder);
	int result = promoted ? 0 : run_records_read(path, read_reported, &last, error);
	if (result == 0 && !promoted)
		result = contract_changed(folder, &last, &contract, text, error) < 0 || policy_changed(folder, &last, &policy, error) < 0
			? -1
			: 0;
	arena_release(&last.arena);
	buffer_append_format(text, "promoted=%d\ncontract_changed=%d\npolicy_changed=%d\ndays_unknown=%d\n", promoted, contract, policy,
		last.lacks_days);
	for (size_t i = 0; i < 2; i++)
		buffer_append_format(text, "%s=%s\n", programs[i], recording_state(folder, programs[i]));
	return result;
}
