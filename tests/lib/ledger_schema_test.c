/* ledger_schema.h: a ledger of an older version is brought up to date by its writer, by all steps or none. The steps are this test's. */
#include "ledger/ledger_schema.h"

#include "base/embedded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char no_steps[] = "-- none yet\n";
static const char two_steps[] = "-- a comment\n"
				"-- to version 2: a table, and what it is filled with\n"
				"CREATE TABLE added (x INTEGER) STRICT;\nINSERT INTO added SELECT 7 FROM checkpoint;\n"
				"-- to version 3\n"
				"ALTER TABLE added ADD COLUMN y TEXT NOT NULL DEFAULT 'z';\nUPDATE added SET x = x + 1;\n";
static const char second_fails[] = "-- to version 2\nCREATE TABLE added (x INTEGER);\n"
				   "-- to version 3\nINSERT INTO added VALUES (1);\nINSERT INTO missing VALUES (1);\n";
static const char a_gap[] = "-- to version 2\nCREATE TABLE added (x INTEGER);\n-- to version 4\nDROP TABLE added;\n";

static const char added[] = "CREATE TABLE added (x INTEGER, y TEXT NOT NULL DEFAULT 'z') STRICT;\n";

EMBEDDED(ledger_ledger_sql);

static const char *steps = no_steps;
static char folder[] = "/tmp/ledger_schema_test.XXXXXX", path[64];

/* In place of lib/ledger_migrations.c. */
const char *ledger_migrations(size_t *length)
{
	*length = strlen(steps);
	return steps;
}

/* With two_steps it has their table. */
const char *ledger_newest_schema(size_t *length)
{
	static char schema[20000];
	int size = snprintf(schema, sizeof schema, "%.*s%s", (int)EMBEDDED_LENGTH(ledger_ledger_sql), EMBEDDED_TEXT(ledger_ledger_sql),
		steps == two_steps ? added : "");
	assert_in_range(size, 1, sizeof schema - 1);
	*length = (size_t)size;
	return schema;
}

static int open_with(const char *list, enum ledger_mode mode, struct ledger *ledger, struct error *error)
{
	steps = list;
	*error = (struct error)ERROR_INIT;
	return ledger_open(ledger, path, mode, error);
}

static void query(const char *sql, char result[64])
{
	sqlite3 *database;
	sqlite3_stmt *statement;
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	snprintf(result, 64, "%s", (const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	sqlite3_close(database);
}

static void assert_query(const char *sql, const char *expected)
{
	char result[64];
	query(sql, result);
	assert_string_equal(result, expected);
}

/* A ledger of version 1, with a checkpoint in it. */
static int make_first_version(void **state)
{
	(void)state;
	struct ledger ledger;
	struct error error;
	unlink(path);
	if (open_with(no_steps, LEDGER_WRITE, &ledger, &error) < 0 || ledger_save_state(&ledger, "5", 1, &error) < 0 ||
		ledger_commit(&ledger, &error) < 0)
		return -1;
	ledger_close(&ledger);
	return 0;
}

static void is_brought_up_to_date_by_its_writer(void **state)
{
	(void)state;
	struct ledger ledger;
	struct error error;
	assert_query("PRAGMA user_version", "1");
	assert_int_equal(open_with(two_steps, LEDGER_WRITE, &ledger, &error), 0);
	assert_false(ledger.writing); /* done, whatever becomes of what the writer does next */
	ledger_close(&ledger);
	assert_query("PRAGMA user_version", "3");
	assert_query("SELECT group_concat(x || y) FROM added", "8z");
	assert_query("SELECT state FROM checkpoint", "5");
	assert_int_equal(open_with(two_steps, LEDGER_WRITE, &ledger, &error), 0);
	ledger_close(&ledger);
	assert_query("SELECT group_concat(x || y) FROM added", "8z");
	assert_int_equal(open_with(two_steps, LEDGER_READ, &ledger, &error), 0);
	ledger_close(&ledger);
}

static void a_reader_is_told_what_to_do(void **state)
{
	(void)state;
	struct ledger ledger;
	struct error error;
	char expected[300];
	snprintf(expected, sizeof expected,
		"cannot read ledger '%s': its schema is of an older version than this program's 3: the next run "
		"brings it up to date, or `merge --ledger FILE </dev/null`",
		path);
	assert_int_equal(open_with(two_steps, LEDGER_READ, &ledger, &error), -1);
	assert_int_equal(error.status, EX_CONFIG);
	assert_string_equal(error.text, expected);
	assert_query("PRAGMA user_version", "1");
}

static void a_newer_one_is_refused(void **state)
{
	(void)state;
	static const enum ledger_mode modes[] = {LEDGER_READ, LEDGER_WRITE};
	struct ledger ledger;
	struct error error;
	char expected[200];
	snprintf(expected, sizeof expected, "cannot use ledger '%s': its schema is version 3, this program knows 1: use a newer envtally",
		path);
	assert_int_equal(open_with(two_steps, LEDGER_WRITE, &ledger, &error), 0);
	ledger_close(&ledger);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(open_with(no_steps, modes[i], &ledger, &error), -1);
		assert_int_equal(error.status, EX_CONFIG);
		assert_string_equal(error.text, expected);
	}
	assert_query("SELECT group_concat(x || y) FROM added", "8z");
}

static void a_step_that_fails_leaves_it_as_it_was(void **state)
{
	(void)state;
	static const char *const lists[] = {second_fails, a_gap};
	struct ledger ledger;
	struct error error;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(open_with(lists[i], LEDGER_WRITE, &ledger, &error), -1);
		assert_int_equal(error.status, EX_SOFTWARE);
		assert_non_null(strstr(error.text, "to version 3"));
		assert_query("PRAGMA user_version", "1");
		assert_query("SELECT count(*) FROM sqlite_schema WHERE name = 'added'", "0");
		assert_query("SELECT state FROM checkpoint", "5");
	}
}

static void two_writers_do_not_both_do_it(void **state)
{
	(void)state;
	struct ledger first, second;
	struct error error;
	assert_int_equal(open_with(no_steps, LEDGER_WRITE, &first, &error), 0);
	assert_int_equal(ledger_begin(&first, &error), 0);
	assert_int_equal(open_with(two_steps, LEDGER_WRITE, &second, &error), -1);
	assert_int_equal(error.status, EX_TEMPFAIL);
	ledger_close(&first);
	assert_query("PRAGMA user_version", "1");
}

static void a_new_one_is_of_the_newest_version_without_any_step(void **state)
{
	(void)state;
	struct ledger ledger;
	struct error error;
	unlink(path);
	assert_int_equal(open_with(two_steps, LEDGER_WRITE, &ledger, &error), 0);
	assert_int_equal(ledger_commit(&ledger, &error), 0);
	ledger_close(&ledger);
	assert_query("PRAGMA user_version", "3");
	assert_query("SELECT count(*) FROM added", "0");
}

static void execute(const char *sql)
{
	sqlite3 *database;
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
}

static void another_schema_is_refused(void **state)
{
	(void)state;
	static const enum ledger_mode modes[] = {LEDGER_READ, LEDGER_WRITE};
	static const struct {
		const char *sql, *what;
	} cases[] = {
		{"CREATE TRIGGER t AFTER INSERT ON sent_week BEGIN DELETE FROM sent_week; END",
			"the trigger 't' is not as envtally makes it"},
		{"CREATE TABLE mine (x)", "the table 'mine' is not as envtally makes it"},
		{"CREATE INDEX i ON account (site_id)", "the index 'i' is not as envtally makes it"},
		{"CREATE VIEW v AS WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
			"the view 'v' is not as envtally makes it"},
		{"DROP TABLE conflict", "a table or view is missing"},
		{"DROP TABLE conflict; CREATE TABLE conflict (envelope_id, modified_at)",
			"the table 'conflict' is not as envtally makes it"},
		{"DROP TABLE conflict; CREATE VIEW conflict AS SELECT 'a' AS envelope_id, 1 AS modified_at",
			"the view 'conflict' is not as envtally makes it"},
	};
	for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
		struct ledger ledger;
		struct error error;
		char expected[300];
		assert_int_equal(make_first_version(NULL), 0);
		execute(cases[i / 2].sql);
		snprintf(expected, sizeof expected,
			"cannot use ledger '%s': %s: it is damaged; `envtally rebuild` makes it anew from the recordings", path,
			cases[i / 2].what);
		assert_int_equal(open_with(no_steps, modes[i % 2], &ledger, &error), -1);
		assert_string_equal(error.text, expected);
		assert_int_equal(error.status, EX_DATAERR);
	}
}

static void comments_white_space_and_statistics_do_not_matter(void **state)
{
	(void)state;
	struct ledger ledger;
	struct error error;
	assert_int_equal(make_first_version(NULL), 0);
	execute("DROP TABLE conflict; CREATE TABLE conflict (  envelope_id TEXT NOT NULL,\n -- which\n  modified_at   INTEGER NOT NULL, "
		"PRIMARY KEY (envelope_id, modified_at)\n) STRICT, WITHOUT ROWID; ANALYZE");
	assert_int_equal(open_with(no_steps, LEDGER_WRITE, &ledger, &error), 0);
	ledger_close(&ledger);
}

static void what_is_brought_up_to_date_is_checked_too(void **state)
{
	(void)state;
	struct ledger ledger;
	struct error error;
	execute("CREATE TRIGGER t AFTER UPDATE ON account BEGIN SELECT 1; END");
	assert_int_equal(open_with(two_steps, LEDGER_WRITE, &ledger, &error), -1);
	assert_int_equal(error.status, EX_DATAERR);
	assert_query("PRAGMA user_version", "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(is_brought_up_to_date_by_its_writer, make_first_version),
		cmocka_unit_test_setup(a_reader_is_told_what_to_do, make_first_version),
		cmocka_unit_test_setup(a_newer_one_is_refused, make_first_version),
		cmocka_unit_test_setup(a_step_that_fails_leaves_it_as_it_was, make_first_version),
		cmocka_unit_test_setup(two_writers_do_not_both_do_it, make_first_version),
		cmocka_unit_test(another_schema_is_refused),
		cmocka_unit_test(comments_white_space_and_statistics_do_not_matter),
		cmocka_unit_test_setup(what_is_brought_up_to_date_is_checked_too, make_first_version),
		cmocka_unit_test(a_new_one_is_of_the_newest_version_without_any_step),
	};
	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof path, "%s/a.db", folder);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(folder);
	return failed;
}
