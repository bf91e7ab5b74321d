#include "ledger/ledger_schema.h"

#include "base/embedded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APPLICATION_ID 0x656e7674 /* "envt" */

EMBEDDED(ledger_ledger_sql);

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

int ledger_schema_identify(struct ledger *ledger, enum ledger_identity *identity, struct error *error)
{
	int version = 0;
	if (ledger_execute(ledger, "BEGIN", 5, error) < 0)
		return -1;
	int result = read_version(ledger, &version, error);
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
	return set_version(ledger, version, error) < 0 || ledger_commit(ledger, error) < 0 ? -1 : 0;
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
	return ledger_execute(ledger, EMBEDDED_TEXT(ledger_ledger_sql), EMBEDDED_LENGTH(ledger_ledger_sql), error) < 0 ||
			set_version(ledger, newest_version(), error) < 0
		? -1
		: 0;
}
