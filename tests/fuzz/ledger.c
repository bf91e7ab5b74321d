/*
 * fuzz_ledger: a ledger that was changed by hand: SQL statements, one a line, on a sound one. It is refused, or what is printed of it is JSON;
 * and an envelope that is merged into it is refused or stored.
 */
#include "fuzz.h"

#include "base/instant.h"
#include "config/policy.h"
#include "export/export_envelopes.h"
#include "export/ledger_output.h"
#include "ledger/promotions.h"
#include "merge/group_commit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Nothing here must survive a power cut; SQLite waits for the disk otherwise. */
int fsync(int descriptor)
{
	(void)descriptor;
	return 0;
}

int fdatasync(int descriptor)
{
	(void)descriptor;
	return 0;
}

static char directory[] = "/tmp/fuzz-ledger.XXXXXX";
static char path[sizeof directory + 16];

static const char sound[] =
	"{\"type\":\"RECORD\",\"stream\":\"account\",\"record\":{\"organization_id\":\"o1\",\"account_id\":\"a1\",\"account_name\":\"A\",\"site_id\":\"1\"},"
	"\"time_extracted\":\"2025-02-05T00:00:00.000Z\"}\n"
	"{\"type\":\"RECORD\",\"stream\":\"subscription\",\"record\":{\"organization_id\":\"o1\",\"subscription_id\":\"s1\",\"plan_item_id\":\"p1\"}}\n"
	"{\"type\":\"RECORD\",\"stream\":\"billing_period\",\"record\":{\"organization_id\":\"o1\",\"account_id\":\"a1\",\"period_start\":"
	"\"2025-01-15T00:00:00.000Z\",\"period_end\":\"2025-02-15T00:00:00.000Z\",\"units_allowed\":\"unlimited\",\"units_billed\":1,\"charges\":[]}}\n"
	"{\"type\":\"RECORD\",\"stream\":\"envelope\",\"record\":{\"account_id\":\"a1\",\"envelope_id\":\"0a1b2c3d-3b0f-4d6a-9e21-5f8840c7d301\","
	"\"status\":\"sent\",\"sent_at\":\"2025-02-03T09:00:00.000Z\",\"modified_at\":\"2025-02-03T09:00:00.000Z\",\"plan_item_id\":\"p1\","
	"\"sender_id\":\"u1\"}}\n"
	"{\"type\":\"RECORD\",\"stream\":\"envelope\",\"record\":{\"account_id\":\"a1\",\"envelope_id\":\"e2\",\"status\":\"completed\",\"created_at\":"
	"\"2025-02-04T09:00:00.000Z\",\"sent_at\":\"2025-02-04T09:00:00.000Z\",\"completed_at\":\"2025-02-05T09:00:00.000Z\",\"modified_at\":"
	"\"2025-02-05T09:00:00.000Z\",\"sending_method\":\"bulk\"}}\n"
	"{\"type\":\"STATE\",\"value\":{\"a\":1}}\n"
	"{\"type\":\"RECORD\",\"stream\":\"job_result\",\"record\":{\"run_id\":\"20250205T000000Z\",\"job\":\"run\",\"state\":\"succeeded\",\"started_at\":"
	"\"2025-02-05T00:00:00.000Z\",\"ended_at\":\"2025-02-05T00:00:01.000Z\",\"counts\":{\"consumption\":1}}}\n"
	"{\"type\":\"RECORD\",\"stream\":\"consumption\",\"record\":{\"profile\":\"acme\",\"account_id\":\"a1\",\"plan_item_id\":\"p1\",\"unit\":\"envelope\","
	"\"period_index\":0,\"period_start\":\"2025-01-31T00:00:00.000Z\",\"period_end\":\"2026-01-31T00:00:00.000Z\",\"units_consumed\":1,\"by_status\":"
	"{\"sent\":1},\"state\":\"open\"}}\n";
/* A version of an envelope that is there, and one that is new. */
static const char more[] =
	"{\"type\":\"RECORD\",\"stream\":\"envelope\",\"record\":{\"account_id\":\"a1\",\"envelope_id\":\"e2\",\"status\":\"voided\",\"sent_at\":"
	"\"2025-02-04T09:00:00.000Z\",\"modified_at\":\"2025-02-06T09:00:00.000Z\"}}\n"
	"{\"type\":\"RECORD\",\"stream\":\"envelope\",\"record\":{\"account_id\":\"a2\",\"envelope_id\":\"e3\",\"status\":\"sent\",\"sent_at\":"
	"\"2025-02-06T09:00:00.000Z\",\"modified_at\":\"2025-02-06T09:00:00.000Z\"}}\n";

#define main ledger_merge_main
#include "../../stages/merge.c"
#undef main

static void check_error(const struct error *error)
{
	FUZZ_CHECK(error->status == 0 || error->status == EX_DATAERR || error->status == EX_CONFIG);
}

static void merge_lines(const char *lines, size_t length)
{
	struct ledger ledger;
	struct output output;
	struct error error = ERROR_INIT;
	fuzz_output(&output);
	fuzz_stdin(lines, length);
	if (ledger_open(&ledger, path, LEDGER_WRITE, &error) == 0) {
		ledger.policy = &policy_default;
		merge(&ledger, (struct emission){.all = true, .since = INT32_MIN}, &output, &error);
		ledger_close(&ledger);
	}
	check_error(&error);
	fuzz_close(&output);
}

static int print_record(void *context, const struct stream *stream, const struct buffer *record, struct error *error)
{
	(void)stream;
	(void)error;
	buffer_append(context, record->data, record->length);
	buffer_append_byte(context, '\n');
	return 0;
}

static void read_all(void)
{
	struct ledger ledger;
	struct output output;
	struct promotions promotions;
	struct error error = ERROR_INIT;
	fuzz_output(&output);
	if (ledger_open(&ledger, path, LEDGER_READ, &error) == 0) {
		ledger.policy = &policy_default;
		ledger_print(&ledger, true, INT32_MIN, &output, &error);
		check_error(&error);
		error = (struct error)ERROR_INIT;
		ledger_print_reported(&ledger, &output, &error);
		check_error(&error);
		error = (struct error)ERROR_INIT;
		const struct stream *stream = export_envelopes_stream(&ledger, &error);
		if (stream)
			export_envelopes(&ledger, stream, print_record, &output.pending, &error);
		check_error(&error);
		error = (struct error)ERROR_INIT;
		ledger_envelopes_undated(&ledger, &error);
		ledger_close(&ledger);
	}
	check_error(&error);
	fuzz_close(&output);
	error = (struct error)ERROR_INIT;
	if (promotions_read(&promotions, path, &error) == 0)
		promotions_release(&promotions);
	check_error(&error);
}

/* The sound ledger, as bytes. */
static struct buffer base = BUFFER_INIT;

static void remove_directory(void)
{
	char name[sizeof path + 8];
	for (const char *const *suffix = (const char *const[]){"", "-wal", "-shm", "-journal", "-new", NULL}; *suffix; suffix++) {
		snprintf(name, sizeof name, "%s%s", path, *suffix);
		unlink(name);
	}
	rmdir(directory);
	buffer_release(&base);
}

static void make_base(void)
{
	struct error error = ERROR_INIT;
	FUZZ_CHECK(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/ledger.db", directory);
	atexit(remove_directory);
	merge_lines(sound, sizeof sound - 1);
	FUZZ_CHECK(buffer_append_file(&base, path, (size_t)1 << 20, &error) == 0);
}

/* A statement may take long: not a mistake of ours. */
static int stop(void *steps)
{
	return ++*(int *)steps > 20;
}

/* What is in the file, not which files there are. */
static int authorize(void *context, int action, const char *a, const char *b, const char *database, const char *trigger)
{
	(void)context, (void)a, (void)database, (void)trigger;
	bool writes_files = action == SQLITE_ATTACH || action == SQLITE_PRAGMA || action == SQLITE_TRANSACTION;
	bool is_costly = action == SQLITE_FUNCTION && b && (strstr(b, "blob") || strstr(b, "printf") || strstr(b, "format"));
	return writes_files || is_costly ? SQLITE_DENY : SQLITE_OK;
}

static sqlite3 *open_base(const char *first)
{
	sqlite3 *database;
	FUZZ_CHECK(sqlite3_open(path, &database) == SQLITE_OK);
	sqlite3_exec(database, "PRAGMA locking_mode = exclusive; PRAGMA journal_mode = memory; PRAGMA synchronous = off", NULL, NULL, NULL);
	sqlite3_exec(database, "PRAGMA writable_schema = on; PRAGMA ignore_check_constraints = on", NULL, NULL, NULL);
	FUZZ_CHECK(sqlite3_exec(database, first, NULL, NULL, NULL) == SQLITE_OK);
	return database;
}

/* Whoever writes the bytes of the file is bound by no type. */
#define LOOSEN \
	"UPDATE sqlite_schema SET sql = replace(replace(replace(sql, 'STRICT,', '/*STRICT,*/'), ') STRICT', ') /*STRICT*/'), " \
	"'NOT NULL', '/*NOT NULL*/') WHERE type = 'table'"
#define RESTORE \
	"UPDATE sqlite_schema SET sql = replace(replace(replace(sql, '/*STRICT,*/', 'STRICT,'), '/*STRICT*/', 'STRICT'), " \
	"'/*NOT NULL*/', 'NOT NULL') WHERE type = 'table'"

static void change(const uint8_t *bytes, size_t length)
{
	struct fuzz_input input = {bytes, length};
	struct buffer line = BUFFER_INIT;
	int steps = 0;
	FILE *file = fopen(path, "w");
	FUZZ_CHECK(file && fwrite(base.data, 1, base.length, file) == base.length && fclose(file) == 0);
	sqlite3_close(open_base(LOOSEN));
	sqlite3 *database = open_base("");
	sqlite3_limit(database, SQLITE_LIMIT_LENGTH, 1 << 20);
	sqlite3_set_authorizer(database, authorize, NULL);
	sqlite3_progress_handler(database, 1000, stop, &steps);
	while (fuzz_line(&input, &line))
		sqlite3_exec(database, line.data, NULL, NULL, NULL);
	sqlite3_set_authorizer(database, NULL, NULL);
	sqlite3_progress_handler(database, 0, NULL, NULL);
	sqlite3_exec(database, RESTORE, NULL, NULL, NULL);
	sqlite3_close(database);
	buffer_release(&line);
}

void fuzz_ledger(const uint8_t *bytes, size_t length)
{
	if (!base.length)
		make_base();
	change(bytes, length);
	read_all();
	merge_lines(more, sizeof more - 1);
	read_all();
}
