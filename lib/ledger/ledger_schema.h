/*
 * ledger_schema.h: identifies a ledger and its version, creates a new one and migrates an older one.
 *
 * lib/ledger/ledger.sql is the newest schema. lib/ledger/migrations.sql has the steps to it, each under a line "-- to version N", from 2 on
 * without a gap: the changes that turn version N - 1 into version N. So the newest version, which a ledger has as its user_version, is 1
 * plus the number of steps. When you change ledger.sql after a version was released, add the step there.
 */
#ifndef ENVTALLY_LEDGER_SCHEMA_H
#define ENVTALLY_LEDGER_SCHEMA_H

#include "ledger/ledger.h"

enum ledger_identity { LEDGER_NONE, LEDGER_OLDER, LEDGER_PRESENT };

/* Identifies the file, from one snapshot: another program may be writing it. An empty file is not a ledger yet. EX_DATAERR for a file of
 * another application, and for one of ours whose schema is not that of its version: a table or view that is different, missing or more, a
 * trigger, an index. EX_CONFIG for a newer version. */
int ledger_schema_identify(struct ledger *ledger, enum ledger_identity *identity, struct error *error);

/* The error for the reader of an older one. Returns -1. */
int ledger_schema_refuse_older(struct ledger *ledger, struct error *error);

/*
 * For a writer, under its lock: the schema of a new ledger is part of the first transaction, so that there is no ledger when that fails.
 * The steps from an older version are one transaction of their own: all of them, or none.
 */
int ledger_schema_prepare(struct ledger *ledger, struct error *error);

/* The texts of the newest schema and of the steps, not NUL-terminated; in ledger_migrations.c, a file of its own, so that a test can have
 * others. */
const char *ledger_newest_schema(size_t *length);
const char *ledger_migrations(size_t *length);

#endif
