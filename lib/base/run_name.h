/*
 * run_name.h: the name of a run: the clock of its start, in UTC and to the second, as in 20260301T020000Z.
 *
 * Names sort as the runs do, and are file names: runs/NAME.
 */
#ifndef ENVTALLY_RUN_NAME_H
#define ENVTALLY_RUN_NAME_H

#include <stdint.h>

#define RUN_NAME_SIZE 17 /* with the final NUL */

/* `now` is an instant (instant.h). */
void run_name(int64_t now, char name[RUN_NAME_SIZE]);

#endif
