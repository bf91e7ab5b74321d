/*
 * interrupt.h: SIGINT and SIGTERM as a descriptor that a loop can wait for, so that it ends between two steps.
 *
 * A second signal of the same kind ends the process at once, as without this module.
 */
#ifndef ENVTALLY_INTERRUPT_H
#define ENVTALLY_INTERRUPT_H

#include "base/error.h"

#include <stdbool.h>

/* Handles both signals. Returns a descriptor that becomes readable when one arrives, or -1 with an error. */
int interrupt_watch(struct error *error);
bool interrupt_came(void);

/* Restores the default actions. */
void interrupt_release(void);

#endif
