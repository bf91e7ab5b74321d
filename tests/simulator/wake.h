/*
 * wake.h: connections that wait without a thread each.
 *
 * A connection is suspended and one thread resumes each when its time has come.
 */
#ifndef SIMULATOR_WAKE_H
#define SIMULATOR_WAKE_H

#include <stdint.h>

struct MHD_Connection;

int wake_begin(void);

/* Suspends `connection` and resumes it after `milliseconds`. Returns -1 when it cannot: then it is not suspended. */
int wake_after(struct MHD_Connection *connection, int64_t milliseconds);

/* Resumes all that wait and accepts no more: before the server stops. */
void wake_end(void);

#endif
