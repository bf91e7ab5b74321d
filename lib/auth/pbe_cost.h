/*
 * pbe_cost.h: how much work a file asks for before its password can be tried.
 *
 * The count of iterations is the file's: one of 2^31 takes OpenSSL half an hour, and it has no limit of its own. For scrypt (RFC 7914) the
 * work is N × r × p. Real files have up to a few million.
 */
#ifndef ENVTALLY_PBE_COST_H
#define ENVTALLY_PBE_COST_H

#include "base/error.h"

#include <openssl/x509.h>

#define PBE_COST_LIMIT 10000000 /* for all parts of a file together */

/* Adds the cost of an algorithm (PBES1, PBES2, PKCS#12's own) to *cost, which starts at 0. EX_DATAERR when that is over the limit. */
int pbe_cost_add(int64_t *cost, const X509_ALGOR *algorithm, struct error *error);

#endif
