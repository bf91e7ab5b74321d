#include "run/run_promotion.h"

#include "base/instant.h"
#include "fetch/feed_schedule.h"
#include "io/atomic_file.h"
#include "merge/ledger_envelopes.h"
#include "run/json_file.h"
#include "run/manifest.h"
#include "run/run_facts.h"
#include "run/run_folder.h"
#include "run/run_night.h"
#include "run/run_records.h"
#include "json/json_indent.h"
#include "json/json_write.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define NOT_ASKED_FOR (-1)
#define BILLING_DAYS (FEED_CYCLE_DAYS + 1) /* a night's hour may differ */

/* ---- accounts without Docusign's own count ---- */

struct billing_search {
	struct name_table accounts; /* value 1: it has a count of no earlier day */
	int64_t since;
};

static void search_billing(void *context, struct record *record)
{
	struct billing_search *search = context;
	uint32_t account = record_name(record, SLOT_account_id, &search->accounts);
	if (record->failed || account == RECORD_NO_NAME)
		return;
	bool is_account = message_is_record(record->message, "account"), is_count = message_is_record(record->message, "billing_period");
	if (is_account)
		search->accounts.names[account].value |= 2;
	if (is_count && record_instant_or_none(record, SLOT_observed_at) >= search->since)
		search->accounts.names[account].value |= 1;
}

static int is_wanted(void *context, const char *text, size_t length)
{
	const struct name *account = context;
	return length == account->length + 2 && strncasecmp(text + 1, account->text, account->length) == 0;
}

/* The number of accounts of which it was not reported for longer than the week after which it is requested again; NOT_ASKED_FOR if the profile does
 * not request it. */
static int count_without_billing(const char *folder, int64_t clock, int64_t *count, struct error *error)
{
	static const char *const pointers[] = {"/download_billing", "/accounts"};
	struct billing_search search = {.since = clock - BILLING_DAYS * DAY_MS};
	char path[RUN_PATH_LIMIT];
	struct json_file profile;
	*count = NOT_ASKED_FOR;
	snprintf(path, sizeof path, "%s/inputs/profile.json", folder);
	if (json_file_read(&profile, path, pointers, 2, error) < 0)
		return -1;
	int result = 0;
	if (profile.slices[0].kind == JSON_TRUE) {
		*count = 0;
		snprintf(path, sizeof path, "%s/accounts.ndjson", folder);
		result = run_records_read(path, search_billing, &search, error);
	}
	for (size_t i = 0; result == 0 && i < search.accounts.count; i++) {
		struct name *account = &search.accounts.names[i];
		bool wanted = profile.slices[1].kind != JSON_ARRAY ||
			json_scan_elements(profile.scanner, &profile.slices[1], is_wanted, account, error) == 1;
		*count += account->value == 2 && wanted;
	}
	name_table_release(&search.accounts);
	json_file_release(&profile);
	return result;
}

/* ---- job.json ---- */

static void count_record(void *context, struct record *record)
{
	(void)record;
	++*(int64_t *)context;
}

static int count_records(const char *folder, const char *file, int64_t *count, struct error *error)
{
	char path[RUN_PATH_LIMIT];
	*count = 0;
	snprintf(path, sizeof path, "%s/%s", folder, file);
	return run_records_read(path, count_record, count, error);
}

typedef void take_block(void *context, const char *block, size_t length);

static int read_blocks(const char *folder, const char *file, take_block *take, void *context, struct error *error)
{
	char path[RUN_PATH_LIMIT], block[65536];
	ssize_t length;
	snprintf(path, sizeof path, "%s/%s", folder, file);
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return error_set_errno(error, EX_NOINPUT, "cannot open '%s'", path);
	while ((length = read(descriptor, block, sizeof block)) > 0)
		take(context, block, (size_t)length);
	int result = length < 0 ? error_set_errno(error, EX_IOERR, "cannot read '%s'", path) : 0;
	close(descriptor);
	return result;
}

static void count_lines(void *context, const char *block, size_t length)
{
	for (size_t i = 0; i < length; i++)
		*(int64_t *)context += block[i] == '\n';
}

static int count_undated(const char *path, int64_t *count, struct error *error)
{
	struct ledger ledger;
	*count = 0;
	if (access(path, F_OK) != 0)
		return 0;
	if (ledger_open(&ledger, path, LEDGER_READ, error) < 0)
		return -1;
	*count = ledger_envelopes_undated(&ledger, error);
	ledger_close(&ledger);
	return *count < 0 ? -1 : 0;
}

struct balance {
	bool is_there;
	int64_t consumed, in_positions, without, unaccounted;
};

static void keep_balance(void *context, struct record *record)
{
	if (message_is_record(record->message, "consumption_balance"))
		*(struct balance *)context = (struct balance){.is_there = true,
			.consumed = record_integer(record, SLOT_units_consumed),
			.in_positions = record_integer(record, SLOT_units_in_positions),
			.without = record_integer(record, SLOT_units_without_position),
			.unaccounted = record_integer(record, SLOT_units_unaccounted)};
}

/* The consumption_balance of the results; a run without consumption has none. */
static int append_balance(const char *folder, struct buffer *job, struct error *error)
{
	char path[RUN_PATH_LIMIT];
	struct balance balance = {.is_there = false};
	snprintf(path, sizeof path, "%s/results.ndjson", folder);
	if (run_records_read(path, keep_balance, &balance, error) < 0)
		return -1;
	if (!balance.is_there)
		return 0;
	json_member_integer(job, "units_consumed", balance.consumed);
	json_member_integer(job, "units_in_positions", balance.in_positions);
	json_member_integer(job, "units_without_position", balance.without);
	json_member_integer(job, "units_unaccounted", balance.unaccounted);
	return 0;
}

/* The line that report wrote; a run that was reconciled by an earlier version has none. */
static int append_verdict(const char *folder, struct buffer *job, struct error *error)
{
	char path[RUN_PATH_LIMIT];
	struct buffer line = BUFFER_INIT;
	snprintf(path, sizeof path, "%s/verdict", folder);
	int result = access(path, F_OK) == 0 ? buffer_append_file(&line, path, RUN_PATH_LIMIT, error) : 0;
	size_t length = line.length ? line.length - 1 : 0; /* without the end of the line */
	if (result == 0 && length)
		json_member_string(job, "verdict", line.data, length);
	else
		json_member_null(job, "verdict");
	buffer_release(&line);
	return result;
}

/* Of a feed that is read account by account. */
static int append_night(const char *folder, struct buffer *job, struct error *error)
{
	char path[RUN_PATH_LIMIT];
	struct run_night night = {.accounts = 0};
	snprintf(path, sizeof path, "%s/accounts.ndjson", folder);
	if (run_records_read(path, run_night_add, &night, error) < 0)
		return -1;
	if (night.accounts == 0)
		return 0;
	json_member_integer(job, "accounts_due", night.due);
	json_member_integer(job, "accounts_asked", night.asked);
	json_member_integer(job, "accounts_with_news", night.with_news);
	json_member_integer(job, "accounts_put_off", night.put_off);
	return 0;
}

static int append_job(const struct run_promotion *promotion, struct buffer *job, struct error *error)
{
	static const char *const pointers[] = {"/run_id", "/profile", "/clock"};
	char path[RUN_PATH_LIMIT], texts[3][256], hash[POLICY_HASH_LENGTH + 1];
	int64_t clock = INSTANT_NONE, consumption, restatements, rejects = 0, undated, without_billing;
	struct json_file begun;
	snprintf(path, sizeof path, "%s/begun.json", promotion->folder);
	if (json_file_read(&begun, path, pointers, 3, error) < 0)
		return -1;
	for (int i = 0; i < 3; i++)
		json_file_text(&begun, i, texts[i], sizeof texts[i]);
	json_file_release(&begun);
	if (instant_parse(texts[2], strlen(texts[2]), &clock) < 0)
		return error_set(error, EX_DATAERR, "cannot read '%s': \"clock\" is not a time", path);
	if (count_records(promotion->folder, "consumption.ndjson", &consumption, error) < 0 ||
		count_records(promotion->folder, "restatements.ndjson", &restatements, error) < 0 ||
		read_blocks(promotion->folder, "rejects.ndjson", count_lines, &rejects, error) < 0 ||
		count_undated(promotion->ledger, &undated, error) < 0 ||
		count_without_billing(promotion->folder, clock, &without_billing, error) < 0 ||
		run_facts_policy_hash(promotion->folder, hash, error) < 0)
		return -1;
	json_begin(job, '{');
	json_member_text(job, "run_id", texts[0]);
	json_member_text(job, "profile", texts[1]);
	json_member_text(job, "job", "run");
	json_member_text(job, "state", promotion->state);
	json_member_text(job, "started_at", texts[2]);
	json_member_instant(job, "ended_at", promotion->ended_at);
	json_member_begin(job, "counts", '{');
	json_member_integer(job, "consumption", consumption);
	json_member_integer(job, "restatements", restatements);
	json_member_integer(job, "rejects", rejects);
	json_member_integer(job, "undated", undated);
	if (without_billing != NOT_ASKED_FOR)
		json_member_integer(job, "accounts_without_billing", without_billing);
	int result = append_balance(promotion->folder, job, error);
	if (result == 0)
		result = append_night(promotion->folder, job, error);
	json_end(job, '}');
	json_member_null(job, "error");
	json_member_text(job, "policy", hash);
	if (result == 0)
		result = append_verdict(promotion->folder, job, error);
	json_end(job, '}');
	json_finish(job);
	return result < 0 ? -1 : buffer_check(job, error);
}

/* ---- the promotion ---- */

static int write_job(const char *folder, const struct buffer *job, struct error *error)
{
	char path[RUN_PATH_LIMIT];
	struct buffer text = BUFFER_INIT;
	snprintf(path, sizeof path, "%s/job.json", folder);
	json_indent(job->data, job->length, &text);
	int result = atomic_file_write(path, &text, 0640, error);
	buffer_release(&text);
	return result;
}

static void append_block(void *context, const char *block, size_t length)
{
	struct output *output = context;
	buffer_append(&output->pending, block, length);
	output_line_end(output);
}

/* With a time that any observation is later than: of a subscription that the ledger has, only the software model is new. */
static void append_subscription(void *context, struct record *record)
{
	static const char time[] = "1970-01-01T00:00:00.000Z";
	struct output *output = context;
	if (!message_is_record(record->message, stream_subscription.name))
		return;
	stream_open_record(&output->pending, stream_subscription.name);
	json_raw(&output->pending, record->message->record.text, record->message->record.length);
	json_member_string(&output->pending, "time_extracted", time, sizeof time - 1);
	stream_close_record(&output->pending);
	output_line_end(output);
}

/* Through a file: from a pipe whose writer is killed merge would read a part. */
static int write_promotion(const char *folder, const struct buffer *job, struct error *error)
{
	static const char *const files[] = {"consumption.ndjson", "restatements.ndjson", "results.ndjson"};
	char path[RUN_PATH_LIMIT];
	struct atomic_file file;
	snprintf(path, sizeof path, "%s/promotion.ndjson", folder);
	if (atomic_file_open(&file, path, 0640, error) < 0)
		return -1;
	stream_append_record(&file.output.pending, &stream_job_result, job->data, job->length);
	int result = 0;
	for (size_t i = 0; i < sizeof files / sizeof *files && result == 0; i++)
		result = read_blocks(folder, files[i], append_block, &file.output, error);
	snprintf(path, sizeof path, "%s/subscriptions.ndjson", folder);
	if (result == 0)
		result = run_records_read(path, append_subscription, &file.output, error);
	snprintf(path, sizeof path, "%s/promotion.ndjson", folder);
	if (result == 0)
		result = atomic_file_commit(&file, error);
	atomic_file_abandon(&file);
	return result;
}

int run_promote(const struct run_promotion *promotion, struct error *error)
{
	struct buffer job = BUFFER_INIT;
	struct promotions before;
	if (promotions_read(&before, promotion->ledger, error) < 0)
		return -1;
	char manifest[SHA256_HEX_LENGTH + 1] = "";
	int result = append_job(promotion, &job, error);
	if (result == 0)
		result = write_job(promotion->folder, &job, error);
	if (result == 0)
		result = manifest_write(promotion->folder, promotion->runs, &before, manifest, error);
	if (result == 0 && promotion->manifest)
		result = manifest_digest(promotion->manifest, manifest, error);
	if (result == 0 && *manifest) { /* job.json cannot have it: the manifest covers job.json */
		job.length--;
		buffer_append_format(&job, ",\"manifest\":\"%s\"}", manifest);
		result = buffer_check(&job, error);
	}
	if (result == 0)
		result = write_promotion(promotion->folder, &job, error);
	promotions_release(&before);
	buffer_release(&job);
	return result;
}
