/*
 * ledger.h: the SQLite file that is the only state of envtally: opening, transactions, statements, the checkpoint.
 *
 * Schema: lib/ledger/ledger.sql; statements: lib/ledger/statements.sql, each under a name. lib/merge writes it: ledger_envelopes.h
 * (envelopes), sent_weeks.h (what daily partials are counted from) and ledger_records.h (all other streams); lib/export reads it.
 *
 * Durability: WAL with synchronous=FULL; after ledger_commit() returned 0 the data survives a power cut. Readers are never
 * blocked. One writer at a time: a second gets EX_TEMPFAIL at once. A ledger of another application or of a newer schema
 * is refused, an older one brought up to date by who writes it (ledger_schema.h). One that was not there appears under its name
 * with the first commit (ledger_new.h); an empty file under that name is as none.
 */
#ifndef ENVTALLY_LEDGER_H
#define ENVTALLY_LEDGER_H

#include "base/buffer.h"
#include "ledger/ledger_new.h"

#include <sqlite3.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum ledger_mode { LEDGER_READ, LEDGER_WRITE };

struct policy;

struct ledger {
	sqlite3 *database;
	const char *path;
	struct ledger_statement *statements; /* prepared on first use */
	size_t statement_count;
	struct ledger_new made; /* until the first commit of a new one */
	off_t copy_size; /* not 0: it is read without locks, and must stay of this size and time */
	struct timespec copy_time;
	bool in_memory;
	bool writing, marked; /* within a transaction; with a mark in it */
	const struct policy
		*policy; /* by which daily partials are counted: policy_default, or the one that the caller sets after opening */
};

/* `path` is a file or ":memory:", and must last. LEDGER_READ of a missing file is EX_NOINPUT, of
 * one whose maker ended before its first commit an empty ledger; LEDGER_WRITE makes it,
 * and opens one that may be read alone like LEDGER_READ: what is written then is EX_CANTCREAT. */
int ledger_open(struct ledger *ledger, const char *path, enum ledger_mode mode, struct error *error);
void ledger_close(struct ledger *ledger);

/* From here on, until ledger_close(), everything is read as it is now. */
int ledger_snapshot(struct ledger *ledger, struct error *error);

/* Begins a write transaction if none is open. */
int ledger_begin(struct ledger *ledger, struct error *error);
int ledger_commit(struct ledger *ledger, struct error *error);

/* Within a transaction: remembers what it has written, in place of what was remembered before; goes back to that; forgets it. */
int ledger_mark(struct ledger *ledger, struct error *error);
int ledger_rewind(struct ledger *ledger, struct error *error);
int ledger_forget_mark(struct ledger *ledger, struct error *error);

/* The statement of that name, reset, without bindings. NULL with an error. It is the ledger's. */
sqlite3_stmt *ledger_statement(struct ledger *ledger, const char *name, struct error *error);

/* Steps a statement that gives no rows; resets it. Returns 0 or -1. */
int ledger_run(struct ledger *ledger, sqlite3_stmt *statement, struct error *error);

/* Steps a statement that gives rows. Returns 1 with a row, 0 at the end (then it is reset), -1 on an error. */
int ledger_step(struct ledger *ledger, sqlite3_stmt *statement, struct error *error);

/*
 * The first column of the first row of a statement, an integer; `key` is its ?1, where it has one. Returns 1; 0 when there is no row
 * or the column is null: *value stays as it is; -1 on an error.
 */
int ledger_find(struct ledger *ledger, const char *name, int64_t key, int64_t *value, struct error *error);

/* Runs a statement that gives no rows with `key` as ?1. */
int ledger_run_key(struct ledger *ledger, const char *name, int64_t key, struct error *error);

/* Runs SQL text, which need not be NUL-terminated. */
int ledger_execute(struct ledger *ledger, const char *sql, size_t length, struct error *error);

/* The present SQLite error as ours. Returns -1. */
int ledger_error(struct ledger *ledger, struct error *error);
#ifdef __clang_analyzer__ /* as in error.h */
#define ledger_error(...) (ledger_error(__VA_ARGS__), -1)
#endif

/* The value of the last Singer STATE; an empty buffer when there is none. */
int ledger_save_state(struct ledger *ledger, const char *state, size_t length, struct error *error);
int ledger_load_state(struct ledger *ledger, struct buffer *state, struct error *error);

#endif
