/*
 * interrupt.h: SIGINT and SIGTERM as something that a loop can wait for, so that it ends where nothing is half done.
 *
 * A second signal of the same kind ends the process at once, as it does without this module.
 */
#ifndef ENVTALLY_INTERRUPT_H
#define ENVTALLY_INTERRUPT_H

#include "base/error.h"

#include <stdbool.h>

/* Takes over both signals. Returns a descriptor that becomes readable when one comes, or -1 with an error. */
int interrupt_watch(struct error *error);
bool interrupt_came(void);

/* Gives the signals their default actions back. */
void interrupt_release(void);

#endif
