/*
 * period_state.h: how final a consumption period is.
 *
 *   open         it has not ended
 *   provisional  it is over, but some account's feed has not been read far enough
 *   final        every account's feed has been read up to a day past its end: a feed may lack envelopes of the very day
 */
#ifndef ENVTALLY_PERIOD_STATE_H
#define ENVTALLY_PERIOD_STATE_H

#include <stddef.h>
#include <stdint.h>

/* The least final first, so the state of two periods together is the lesser one. */
enum period_state { PERIOD_STATE_UNKNOWN, PERIOD_OPEN, PERIOD_PROVISIONAL, PERIOD_FINAL };

/* `read_until` is the least watermark of all accounts, INSTANT_NONE when one is unknown. Times are instants (instant.h). */
enum period_state period_state_at(int64_t period_end, int64_t now, int64_t read_until);

/* "open", "provisional", "final"; "" for PERIOD_STATE_UNKNOWN. */
const char *period_state_name(enum period_state state);

/* PERIOD_STATE_UNKNOWN for any other text, and for NULL. */
enum period_state period_state_of_name(const char *name, size_t length);

#endif
