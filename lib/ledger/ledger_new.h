/*
 * ledger_new.h: how a new ledger is made: in the file PATH-new, which becomes PATH with its first commit.
 *
 * Until then nobody reads it and it holds nothing to go back to. So pages need no journal, and a first load is written once instead
 * of twice; and a program that fails or is killed leaves no ledger. flock() on PATH-new keeps a second writer out; it ends with the
 * process, so the next writer starts over from what a killed one left.
 */
#ifndef ENVTALLY_LEDGER_NEW_H
#define ENVTALLY_LEDGER_NEW_H

#include "base/error.h"

struct ledger_new {
	char *path; /* of the file; NULL when none is made */
	int descriptor;
};

/*
 * Makes the file, empty, and locks it. Returns 1; 0 when there already is a ledger; -1 with an error, EX_TEMPFAIL when
 * another process is making it.
 */
int ledger_new_begin(struct ledger_new *made, const char *path, struct error *error);

/* Gives the file, which is durable and closed by SQLite, its name, durably. Returns 0, or -1 with an error. */
int ledger_new_finish(struct ledger_new *made, const char *path, struct error *error);

/* Removes the file, under the lock. Harmless when none is made. */
void ledger_new_abandon(struct ledger_new *made);

#endif
