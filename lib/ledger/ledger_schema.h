/*
 * ledger_schema.h: whether a file is a ledger, and of which version; making one, and bringing an older one up to date.
 *
 * lib/ledger/ledger.sql is the newest schema. lib/ledger/migrations.sql has the steps to it, each under a line "-- to version N", from 2 on,
 * without a gap: what makes version N of version N - 1. So the version of the schema, which a ledger has as user_version, is 1
 * and the number of steps. Who changes ledger.sql once a version was released adds the step there.
 */
#ifndef ENVTALLY_LEDGER_SCHEMA_H
#define ENVTALLY_LEDGER_SCHEMA_H

#include "ledger/ledger.h"

enum ledger_identity { LEDGER_NONE, LEDGER_OLDER, LEDGER_PRESENT };

/* Looks at what there is, from one snapshot: another writer may be at it. An empty file is none yet. EX_DATAERR for what is another
 * application's, EX_CONFIG for a newer version. */
int ledger_schema_look(struct ledger *ledger, enum ledger_identity *identity, struct error *error);

/* What a reader of an older one is told. Returns -1. */
int ledger_schema_refuse_older(struct ledger *ledger, struct error *error);

/*
 * For a writer, under its lock, which is held when nothing was there: the schema is then part of the first transaction, so that there
 * is no ledger when that fails. The steps from an older version are one transaction of their own: all of them, or none.
 */
int ledger_schema_prepare(struct ledger *ledger, struct error *error);

/* The text of the steps, not NUL-terminated: apart in ledger_migrations.c, so that a test can have others. */
const char *ledger_migrations(size_t *length);

#endif
