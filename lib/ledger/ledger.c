#include "ledger/ledger.h"

#undef ledger_error

#include "base/embedded.h"
#include "base/percent_encode.h"
#include "config/policy.h"
#include "ledger/ledger_row.h"
#include "ledger/ledger_schema.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CACHE_KIB 16384
#define WAL_KEPT (64 << 20) /* bytes: what a large night needed beyond that is given back to the disk when the WAL begins anew */
#define WAIT_FOR_OTHERS 5000 /* milliseconds: who opens or closes a ledger last may hold it for a moment, readers too */

EMBEDDED(ledger_statements_sql);

struct ledger_statement {
	const char *name; /* within the embedded text, not NUL-terminated */
	size_t name_length;
	const char *sql;
	size_t sql_length;
	sqlite3_stmt *prepared;
};

int ledger_error(struct ledger *ledger, struct error *error)
{
	int code = sqlite3_errcode(ledger->database) & 0xff;
	int status = EX_IOERR;
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return error_set(
			error, EX_TEMPFAIL, "cannot write ledger '%s': another program is writing it, try again later", ledger->path);
	if (code == SQLITE_CORRUPT)
		return ledger_damaged(ledger, error, "%s", sqlite3_errmsg(ledger->database));
	if (code == SQLITE_NOTADB)
		status = EX_DATAERR;
	if (code == SQLITE_CANTOPEN || code == SQLITE_READONLY || code == SQLITE_PERM)
		status = EX_CANTCREAT;
	if (code == SQLITE_NOMEM)
		status = EX_OSERR;
	if (code == SQLITE_ERROR || code == SQLITE_CONSTRAINT || code == SQLITE_MISUSE || code == SQLITE_RANGE)
		status = EX_SOFTWARE;
	return error_set(error, status, "cannot use ledger '%s': %s", ledger->path, sqlite3_errmsg(ledger->database));
}

/* The schema is ours by then: what a step cannot calculate is in the rows. */
static int step_error(struct ledger *ledger, sqlite3_stmt *statement, struct error *error)
{
	int code = sqlite3_errcode(ledger->database) & 0xff;
	if (code != SQLITE_ERROR && code != SQLITE_CONSTRAINT && code != SQLITE_MISMATCH && code != SQLITE_TOOBIG)
		return ledger_error(ledger, error);
	const char *sql = sqlite3_sql(statement);
	sql += strspn(sql, " \n");
	return ledger_damaged(ledger, error, "%s in %.*s …", sqlite3_errmsg(ledger->database), (int)strcspn(sql, "\n"), sql);
}

static int execute(struct ledger *ledger, const char *sql, struct error *error)
{
	return sqlite3_exec(ledger->database, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : ledger_error(ledger, error);
}

static int compare_statements(const void *left, const void *right)
{
	const struct ledger_statement *a = left, *b = right;
	int order = memcmp(a->name, b->name, a->name_length < b->name_length ? a->name_length : b->name_length);
	return order ? order : (a->name_length > b->name_length) - (a->name_length < b->name_length);
}

/* Splits the embedded text at its "-- name: " lines. */
static int index_statements(struct ledger *ledger, struct error *error)
{
	static const char mark[] = "-- name: ";
	const char *text = EMBEDDED_TEXT(ledger_statements_sql);
	const char *end = text + EMBEDDED_LENGTH(ledger_statements_sql);
	for (int pass = 0; pass < 2; pass++) {
		size_t count = 0;
		const char *at = memmem(text, (size_t)(end - text), mark, strlen(mark));
		while (at) {
			const char *name = at + strlen(mark);
			const char *name_end = memchr(name, '\n', (size_t)(end - name));
			const char *next = memmem(name, (size_t)(end - name), mark, strlen(mark));
			if (pass == 1)
				ledger->statements[count] = (struct ledger_statement){.name = name,
					.name_length = (size_t)(name_end - name),
					.sql = name_end,
					.sql_length = (size_t)((next ? next : end) - name_end)};
			count++;
			at = next;
		}
		if (pass == 0 && !(ledger->statements = calloc(count + 1, sizeof *ledger->statements)))
			return error_set(error, EX_OSERR, "out of memory");
		ledger->statement_count = count;
	}
	qsort(ledger->statements, ledger->statement_count, sizeof *ledger->statements, compare_statements);
	return 0;
}

/* is_consumed(STATUS), for the column `counted`, by the default policy. */
static void is_consumed(sqlite3_context *context, int count, sqlite3_value **arguments)
{
	(void)count;
	const char *status = (const char *)sqlite3_value_text(arguments[0]);
	sqlite3_result_int(context, policy_counts_status(&policy_default, status ? status : "", (size_t)sqlite3_value_bytes(arguments[0])));
}

static int open_database(struct ledger *ledger, const char *file, int flags, struct error *error)
{
	static const struct {
		int option, value;
	} guards[] = {{SQLITE_DBCONFIG_DEFENSIVE, 1}, {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0}, {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
		{SQLITE_DBCONFIG_ENABLE_VIEW, 0}};
	char settings[240];
	if (sqlite3_open_v2(file, &ledger->database, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
		sqlite3_busy_timeout(ledger->database, WAIT_FOR_OTHERS) != SQLITE_OK ||
		sqlite3_create_function(ledger->database, "is_consumed", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL,
			is_consumed, NULL, NULL) != SQLITE_OK)
		return ledger_error(ledger, error);
	for (size_t i = 0; i < sizeof guards / sizeof *guards; i++)
		if (sqlite3_db_config(ledger->database, guards[i].option, guards[i].value, NULL) != SQLITE_OK)
			return ledger_error(ledger, error);
	sqlite3_snprintf(sizeof settings, settings,
		"PRAGMA cache_size = -%d; PRAGMA synchronous = FULL; PRAGMA temp_store = FILE; PRAGMA cell_size_check = ON; "
		"PRAGMA journal_size_limit = %d",
		CACHE_KIB, WAL_KEPT);
	return execute(ledger, settings, error);
}

static void close_database(struct ledger *ledger)
{
	for (size_t i = 0; ledger->statements && i < ledger->statement_count; i++) {
		sqlite3_finalize(ledger->statements[i].prepared);
		ledger->statements[i].prepared = NULL;
	}
	sqlite3_close(ledger->database);
	ledger->database = NULL;
}

static bool has_wal(const struct ledger *ledger)
{
	char *path = sqlite3_mprintf("%s-wal", ledger->path);
	bool has = path && access(path, F_OK) == 0;
	sqlite3_free(path);
	return has;
}

static int open_as(struct ledger *ledger, const char *file, int flags, enum ledger_identity *identity, struct error *error)
{
	return open_database(ledger, file, SQLITE_OPEN_READONLY | flags, error) < 0 ? -1 : ledger_schema_identify(ledger, identity, error);
}

static bool is_folder_writable(const struct ledger *ledger)
{
	const char *slash = strrchr(ledger->path, '/');
	char *folder = slash ? strndup(ledger->path, (size_t)(slash - ledger->path) + 1) : strdup(".");
	bool is_writable = !folder || access(folder, W_OK) == 0;
	free(folder);
	return is_writable;
}

/* SQLite has to write beside a WAL database, or find there what a writer has left. A copy in a folder that cannot be written is read as what it is. */
static int open_copy(struct ledger *ledger, enum ledger_identity *identity, struct error *error)
{
	struct buffer uri = BUFFER_INIT;
	struct stat status;
	close_database(ledger);
	if (stat(ledger->path, &status) < 0)
		return error_set_errno(error, EX_NOINPUT, "cannot open ledger '%s'", ledger->path);
	ledger->copy_size = status.st_size;
	ledger->copy_time = status.st_mtim;
	buffer_append_string(&uri, "file:");
	percent_encode(&uri, ledger->path, strlen(ledger->path));
	buffer_append_string(&uri, "?immutable=1");
	buffer_append_byte(&uri, 0);
	int result = buffer_check(&uri, error) < 0 ? -1 : open_as(ledger, uri.data, SQLITE_OPEN_URI, identity, error);
	buffer_release(&uri);
	return result;
}

static int open_to_read(struct ledger *ledger, struct error *error)
{
	enum ledger_identity identity;
	struct error failure = ERROR_INIT;
	if (open_as(ledger, ledger->path, 0, &identity, &failure) < 0) {
		int code = sqlite3_errcode(ledger->database) & 0xff;
		bool is_copy = (code == SQLITE_CANTOPEN || code == SQLITE_READONLY) && !has_wal(ledger) && !is_folder_writable(ledger);
		if (!is_copy)
			*error = failure;
		if (!is_copy || open_copy(ledger, &identity, error) < 0)
			return -1;
	}
	if (identity == LEDGER_OLDER)
		return ledger_schema_refuse_older(ledger, error);
	if (identity == LEDGER_PRESENT)
		return 0;
	/* One whose maker ended before its first commit is as empty as one in memory. */
	close_database(ledger);
	return open_database(ledger, ":memory:", SQLITE_OPEN_READWRITE, error) < 0 || ledger_schema_prepare(ledger, error) < 0 ||
			ledger_commit(ledger, error) < 0
		? -1
		: 0;
}

static int open_to_write(struct ledger *ledger, struct error *error)
{
	enum ledger_identity identity;
	if (open_database(ledger, ledger->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, error) < 0 ||
		ledger_schema_identify(ledger, &identity, error) < 0 || execute(ledger, "PRAGMA journal_mode = WAL", error) < 0)
		return -1;
	return identity == LEDGER_PRESENT ? 0 : ledger_schema_prepare(ledger, error);
}

static int open_new(struct ledger *ledger, struct error *error)
{
	int got = ledger_new_begin(&ledger->made, ledger->path, error);
	if (got == 0)
		return open_to_write(ledger, error);
	return got < 0 || open_database(ledger, ledger->made.path, SQLITE_OPEN_READWRITE, error) < 0 ||
			execute(ledger, "PRAGMA journal_mode = MEMORY", error) < 0 || ledger_schema_prepare(ledger, error) < 0
		? -1
		: 0;
}

int ledger_open(struct ledger *ledger, const char *path, enum ledger_mode mode, struct error *error)
{
	*ledger =
		(struct ledger){.path = path, .made.descriptor = -1, .in_memory = strcmp(path, ":memory:") == 0, .policy = &policy_default};
	bool exists = ledger->in_memory || faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	int result = index_statements(ledger, error);
	if (result < 0)
		;
	else if (!exists && mode == LEDGER_READ)
		result = error_set(error, EX_NOINPUT, "cannot open ledger '%s': there is no such file", path);
	else if (!exists)
		result = open_new(ledger, error);
	else if (!ledger->in_memory && (mode == LEDGER_READ || access(path, W_OK) != 0))
		result = open_to_read(ledger, error);
	else
		result = open_to_write(ledger, error);
	if (result < 0)
		ledger_close(ledger);
	return result;
}

void ledger_close(struct ledger *ledger)
{
	close_database(ledger);
	free(ledger->statements);
	ledger_new_abandon(&ledger->made);
	*ledger = (struct ledger){.path = NULL, .made.descriptor = -1};
}

/* Renames a new ledger into place and reopens it as any other: in WAL mode, before there can be a reader. */
static int publish_new(struct ledger *ledger, struct error *error)
{
	if (execute(ledger, "PRAGMA journal_mode = WAL", error) < 0)
		return -1;
	close_database(ledger);
	return ledger_new_finish(&ledger->made, ledger->path, error) < 0 ? -1 : open_to_write(ledger, error);
}

int ledger_snapshot(struct ledger *ledger, struct error *error)
{
	return execute(ledger, "BEGIN", error);
}

int ledger_execute(struct ledger *ledger, const char *sql, size_t length, struct error *error)
{
	char *text = strndup(sql, length);
	int result = text ? execute(ledger, text, error) : error_set(error, EX_OSERR, "out of memory");
	free(text);
	return result;
}

int ledger_begin(struct ledger *ledger, struct error *error)
{
	if (ledger->writing)
		return 0;
	if (execute(ledger, "BEGIN IMMEDIATE", error) < 0)
		return -1;
	ledger->writing = true;
	return 0;
}

int ledger_commit(struct ledger *ledger, struct error *error)
{
	if (!ledger->writing)
		return 0;
	if (execute(ledger, "COMMIT", error) < 0)
		return -1;
	ledger->writing = ledger->marked = false;
	return ledger->made.path ? publish_new(ledger, error) : 0;
}

int ledger_forget_mark(struct ledger *ledger, struct error *error)
{
	if (ledger->marked && execute(ledger, "RELEASE mark", error) < 0)
		return -1;
	ledger->marked = false;
	return 0;
}

int ledger_mark(struct ledger *ledger, struct error *error)
{
	if (ledger_forget_mark(ledger, error) < 0 || execute(ledger, "SAVEPOINT mark", error) < 0)
		return -1;
	ledger->marked = true;
	return 0;
}

int ledger_rewind(struct ledger *ledger, struct error *error)
{
	return execute(ledger, "ROLLBACK TO mark", error);
}

static struct ledger_statement *find_statement(const struct ledger *ledger, const char *name)
{
	const struct ledger_statement wanted = {.name = name, .name_length = strlen(name)};
	return bsearch(&wanted, ledger->statements, ledger->statement_count, sizeof wanted, compare_statements);
}

sqlite3_stmt *ledger_statement(struct ledger *ledger, const char *name, struct error *error)
{
	struct ledger_statement *statement = find_statement(ledger, name);
	if (!statement) {
		error_set(error, EX_SOFTWARE, "cannot use ledger '%s': no statement '%s'", ledger->path, name);
		return NULL;
	}
	if (!statement->prepared &&
		sqlite3_prepare_v3(ledger->database, statement->sql, (int)statement->sql_length, SQLITE_PREPARE_PERSISTENT,
			&statement->prepared, NULL) != SQLITE_OK) {
		ledger_error(ledger, error);
		return NULL;
	}
	sqlite3_reset(statement->prepared);
	sqlite3_clear_bindings(statement->prepared);
	return statement->prepared;
}

int ledger_run(struct ledger *ledger, sqlite3_stmt *statement, struct error *error)
{
	int code = sqlite3_step(statement);
	int result = code == SQLITE_DONE || code == SQLITE_ROW ? 0 : step_error(ledger, statement, error);
	sqlite3_reset(statement);
	return result;
}

/* What open_copy() reads has no locks: rows count only if nothing has written meanwhile. */
static int check_unchanged(const struct ledger *ledger, struct error *error)
{
	struct stat now;
	if (!ledger->copy_size)
		return 0;
	if (!has_wal(ledger) && stat(ledger->path, &now) == 0 && now.st_size == ledger->copy_size &&
		now.st_mtim.tv_sec == ledger->copy_time.tv_sec && now.st_mtim.tv_nsec == ledger->copy_time.tv_nsec)
		return 0;
	return error_set(error, EX_TEMPFAIL, "cannot read ledger '%s': another program has begun to write it, try again", ledger->path);
}

int ledger_step(struct ledger *ledger, sqlite3_stmt *statement, struct error *error)
{
	int code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		return 1;
	int result = code == SQLITE_DONE ? check_unchanged(ledger, error) : step_error(ledger, statement, error);
	sqlite3_reset(statement);
	return result;
}

int ledger_find(struct ledger *ledger, const char *name, int64_t key, int64_t *value, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, name, error);
	if (!statement)
		return -1;
	if (sqlite3_bind_parameter_count(statement))
		sqlite3_bind_int64(statement, 1, key);
	int got = ledger_step(ledger, statement, error);
	if (got > 0 && sqlite3_column_type(statement, 0) == SQLITE_NULL)
		got = 0;
	if (got > 0)
		*value = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return got;
}

int ledger_run_key(struct ledger *ledger, const char *name, int64_t key, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, name, error);
	if (!statement)
		return -1;
	sqlite3_bind_int64(statement, 1, key);
	return ledger_run(ledger, statement, error);
}

int ledger_save_state(struct ledger *ledger, const char *state, size_t length, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, "save_state", error);
	if (!statement)
		return -1;
	sqlite3_bind_text64(statement, 1, state, length, SQLITE_STATIC, SQLITE_UTF8);
	return ledger_run(ledger, statement, error);
}

int ledger_load_state(struct ledger *ledger, struct buffer *state, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, "load_state", error);
	int got = statement ? ledger_step(ledger, statement, error) : -1;
	if (got > 0) {
		const char *text = ledger_text(ledger, statement, 0, "checkpoint", error);
		got = text && !strchr(text, '\n') ? 0 : -1;
		if (got == 0)
			buffer_append_string(state, text);
		else if (text)
			ledger_damaged(ledger, error, "table checkpoint: its state is not a line");
		sqlite3_reset(statement);
	}
	return got < 0 ? -1 : buffer_check(state, error);
}
