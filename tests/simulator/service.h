/*
 * service.h: which address answers what, and to whom.
 */
#ifndef SIMULATOR_SERVICE_H
#define SIMULATOR_SERVICE_H

#include "answer.h"
#include "fault.h"
#include "world.h"

/* With two hosts the accounts' eSignature API is at `other_base` alone, and the Admin API at `base` alone. */
void service_set(const struct world *world, const char *base, const char *other_base, bool two_hosts);

/* Fills `answer`, which must be ANSWER_INIT. `fault` may make it another one than it would have been. */
void service_answer(const struct request *request, const struct fault_choice *fault, struct answer *answer);

#endif
