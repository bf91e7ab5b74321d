#include "ledger/ledger_schema.h"

#include "ledger/ledger_row.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APPLICATION_ID 0x656e7674 /* "envt" */

static const char mark[] = "-- to version ";

/* The step after `at`, which is a step or the beginning of the text; NULL when there is none. */
static const char *step_after(const char *at, const char *end)
{
	const char *found = memmem(at, (size_t)(end - at), mark, strlen(mark));
	return found ? found + strlen(mark) : NULL;
}

static int newest_version(void)
{
	size_t length;
	const char *text = ledger_migrations(&length), *end = text + length;
	int version = 1;
	while ((text = step_after(text, end)))
		version++;
	return version;
}

static int read_integer(struct ledger *ledger, const char *sql, int *value, struct error *error)
{
	sqlite3_stmt *statement = NULL;
	if (sqlite3_prepare_v2(ledger->database, sql, -1, &statement, NULL) != SQLITE_OK || sqlite3_step(statement) != SQLITE_ROW) {
		int result = ledger_error(ledger, error);
		sqlite3_finalize(statement);
		return result;
	}
	*value = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return 0;
}

/* Sets the version of what there is, 0 for nothing. */
static int read_version(struct ledger *ledger, int *version, struct error *error)
{
	int application = 0, tables = 0;
	if (read_integer(ledger, "PRAGMA application_id", &application, error) < 0 ||
		read_integer(ledger, "PRAGMA user_version", version, error) < 0 ||
		read_integer(ledger, "SELECT count(*) FROM sqlite_schema", &tables, error) < 0)
		return -1;
	bool none = application == 0 && tables == 0;
	if (!none && (application != APPLICATION_ID || *version < 1))
		return error_set(error, EX_DATAERR, "cannot use ledger '%s': it is not a ledger of envtally", ledger->path);
	if (!none && *version > newest_version())
		return error_set(error, EX_CONFIG,
			"cannot use ledger '%s': its schema is version %d, this program knows %d: use a newer envtally", ledger->path,
			*version, newest_version());
	if (none)
		*version = 0;
	return 0;
}

/* ---- the schema that a ledger has, and the one that it should have ---- */

/* Appends the statement at *at without comments, its white space as one blank; moves *at behind its semicolon. */
static void append_plain(const char **at, const char *end, struct buffer *plain)
{
	bool blank = false;
	size_t start = plain->length;
	for (; *at < end && **at != ';'; ++*at) {
		if (**at == '-' && end - *at > 1 && (*at)[1] == '-') {
			const char *newline = memchr(*at, '\n', (size_t)(end - *at));
			*at = newline ? newline : end - 1;
		}
		if (isspace((unsigned char)**at)) {
			blank = plain->length > start;
			continue;
		}
		if (blank)
			buffer_append_byte(plain, ' ');
		blank = false;
		const char *quoted = **at == '\'' || **at == '"' ? memchr(*at + 1, **at, (size_t)(end - *at - 1)) : NULL;
		buffer_append(plain, *at, (size_t)((quoted ? quoted : *at) + 1 - *at));
		*at = quoted ? quoted : *at;
	}
	*at += *at < end;
}

/* The statements of the newest schema, plain, each between two newlines. */
static void append_statements(struct buffer *all)
{
	size_t length;
	const char *at = ledger_newest_schema(&length), *end = at + length;
	buffer_append_byte(all, '\n');
	while (at < end) {
		append_plain(&at, end, all);
		buffer_append_byte(all, '\n');
	}
}

static const char *find(const struct buffer *all, const char *from, const char *text, size_t length)
{
	return memmem(from, (size_t)(all->data + all->length - from), text, length);
}

/* Is it an object of the file that envtally made, as it made it? */
static bool is_ours(const char *type, const char *name, const char *sql, const struct buffer *all, struct buffer *plain)
{
	char start[300];
	int length = snprintf(start, sizeof start, "\nCREATE %s %.200s ", strcmp(type, "table") == 0 ? "TABLE" : "VIEW", name);
	buffer_reset(plain);
	buffer_append_byte(plain, '\n');
	for (const char *at = sql, *end = at + strlen(at); at < end;)
		append_plain(&at, end, plain);
	buffer_append_byte(plain, '\n');
	return (strcmp(type, "table") == 0 || strcmp(type, "view") == 0) && strncmp(plain->data, start, (size_t)length) == 0 &&
		find(all, all->data, plain->data, plain->length);
}

/* Counts an object of ours in *objects. Indexes that SQLite made for a table have no text; ANALYZE makes sqlite_stat1. */
static int check_object(
	struct ledger *ledger, sqlite3_stmt *row, const struct buffer *all, struct buffer *plain, size_t *objects, struct error *error)
{
	const char *type = ledger_text(ledger, row, 0, "sqlite_schema", error), *sql;
	const char *name = type ? ledger_text(ledger, row, 1, "sqlite_schema", error) : NULL;
	if (!name || ledger_text_or_null(ledger, row, 2, "sqlite_schema", &sql, error) < 0)
		return -1;
	if ((!sql && strcmp(type, "index") == 0) || strncmp(name, "sqlite_stat", 11) == 0)
		return 0;
	++*objects;
	if (is_ours(type, name, sql ? sql : "", all, plain))
		return buffer_check(plain, error);
	return ledger_damaged(ledger, error, "the %s '%.200s' is not as envtally makes it", type, name);
}

/* SQLite has read the schema by now, and run none of it: triggers and views are off. */
static int check_schema(struct ledger *ledger, struct error *error)
{
	struct buffer all = BUFFER_INIT, plain = BUFFER_INIT;
	sqlite3_stmt *row = NULL;
	size_t objects = 0;
	append_statements(&all);
	int result = buffer_check(&all, error);
	int code = sqlite3_prepare_v2(ledger->database, "SELECT type, name, sql FROM sqlite_schema", -1, &row, NULL);
	while (result == 0 && (code == SQLITE_OK || code == SQLITE_ROW) && (code = sqlite3_step(row)) == SQLITE_ROW)
		result = check_object(ledger, row, &all, &plain, &objects, error);
	if (result == 0 && code != SQLITE_DONE)
		result = ledger_error(ledger, error);
	for (const char *at = all.data; result == 0 && (at = find(&all, at, "\nCREATE ", 8)); at++)
		objects--;
	if (result == 0 && objects)
		result = ledger_damaged(ledger, error, "a table or view is missing");
	sqlite3_finalize(row);
	buffer_release(&all);
	buffer_release(&plain);
	return result;
}

int ledger_schema_identify(struct ledger *ledger, enum ledger_identity *identity, struct error *error)
{
	int version = 0;
	if (ledger_execute(ledger, "BEGIN", 5, error) < 0)
		return -1;
	int result = read_version(ledger, &version, error);
	if (result == 0 && version == newest_version())
		result = check_schema(ledger, error);
	sqlite3_exec(ledger->database, "ROLLBACK", NULL, NULL, NULL);
	*identity = version == 0 ? LEDGER_NONE : version < newest_version() ? LEDGER_OLDER : LEDGER_PRESENT;
	return result;
}

int ledger_schema_refuse_older(struct ledger *ledger, struct error *error)
{
	return error_set(error, EX_CONFIG,
		"cannot read ledger '%s': its schema is of an older version than this program's %d: "
		"the next run brings it up to date, or `merge --ledger FILE </dev/null`",
		ledger->path, newest_version());
}

static int set_version(struct ledger *ledger, int version, struct error *error)
{
	char identity[96];
	int length = snprintf(identity, sizeof identity, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID, version);
	return ledger_execute(ledger, identity, (size_t)length, error);
}

static int migrate(struct ledger *ledger, int from, struct error *error)
{
	size_t length;
	const char *text = ledger_migrations(&length), *end = text + length, *next;
	int version = 1;
	for (const char *step = step_after(text, end); step; step = next) {
		next = step_after(step, end);
		if (++version <= from)
			continue;
		const char *sql = memchr(step, '\n', (size_t)(end - step));
		const char *sql_end = next ? next - strlen(mark) : end;
		if (atoi(step) != version)
			return error_set(error, EX_SOFTWARE, "cannot use ledger '%s': no step to version %d", ledger->path, version);
		if (sql && ledger_execute(ledger, sql, (size_t)(sql_end - sql), error) < 0)
			return error_prefix(error, "cannot bring ledger '%s' to version %d", ledger->path, version);
	}
	return check_schema(ledger, error) < 0 || set_version(ledger, version, error) < 0 || ledger_commit(ledger, error) < 0 ? -1 : 0;
}

int ledger_schema_prepare(struct ledger *ledger, struct error *error)
{
	int version;
	/* Read again, under the lock. */
	if (ledger_begin(ledger, error) < 0 || read_version(ledger, &version, error) < 0)
		return -1;
	if (version == newest_version())
		return ledger_commit(ledger, error);
	if (version > 0)
		return migrate(ledger, version, error);
	size_t length;
	const char *text = ledger_newest_schema(&length);
	return ledger_execute(ledger, text, length, error) < 0 || set_version(ledger, newest_version(), error) < 0 ? -1 : 0;
}
