/*
 * ledger_new.h: where a ledger that is not there yet is made: in the file PATH-new, which becomes PATH with its first commit.
 *
 * Until then nobody reads it and nothing is in it to go back to. So pages need no journal, and a first load is written once instead
 * of twice; and a maker that fails or is killed leaves no ledger. flock() on PATH-new keeps a second maker out; it ends with the
 * process, so that what a killed one left is begun anew by the next.
 */
#ifndef ENVTALLY_LEDGER_NEW_H
#define ENVTALLY_LEDGER_NEW_H

#include "base/error.h"

struct ledger_new {
	char *path; /* of the file; NULL when none is made */
	int descriptor;
};

/*
 * Makes the file, empty, and locks it. Returns 1; 0 when there is a ledger by now; -1 with an error, EX_TEMPFAIL when
 * another process is at it.
 */
int ledger_new_begin(struct ledger_new *made, const char *path, struct error *error);

/* Gives the file, which is durable and closed by SQLite, its name, durably. Returns 0, or -1 with an error. */
int ledger_new_finish(struct ledger_new *made, const char *path, struct error *error);

/* Takes the file away, under the lock. Harmless when none is made. */
void ledger_new_abandon(struct ledger_new *made);

#endif
