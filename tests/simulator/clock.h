/*
 * clock.h: the two clocks of the simulator.
 *
 * The simulated one decides what has arrived: it stands still where it was set (--now, PUT /_simulator/now), or is the
 * real one. The token service, the Date header and the rate limits follow real time, moved by --clock-offset.
 * Milliseconds since 1970, as in instant.h.
 */
#ifndef SIMULATOR_CLOCK_H
#define SIMULATOR_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void clock_set(int64_t instant);
bool clock_is_set(void);
int64_t clock_now(void);

void clock_set_offset(int64_t milliseconds);
int64_t clock_service(void);

/* Milliseconds that never go back, for durations. */
int64_t clock_monotonic(void);

/* The date of RFC 9110: Sun, 06 Nov 1994 08:49:37 GMT. */
void clock_http_date(int64_t instant, char *text, size_t size);

#endif
