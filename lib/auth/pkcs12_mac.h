/*
 * pkcs12_mac.h: is the MAC of a PKCS#12 file right under a password?
 *
 * RFC 7292 section 4 (MacData, by OpenSSL) and RFC 9579 section 4: the digest algorithm is then id-PBMAC1, its parameters
 * SEQUENCE { keyDerivationFunc, messageAuthScheme } (RFC 8018 appendix A.5), where the first has to be PBKDF2 with a
 * keyLength and the second HMAC with SHA-1 or SHA-2; salt and iterations of MacData itself are then without meaning.
 */
#ifndef ENVTALLY_PKCS12_MAC_H
#define ENVTALLY_PKCS12_MAC_H

#include "base/error.h"

#include <openssl/pkcs12.h>

enum pkcs12_mac { PKCS12_MAC_ABSENT, PKCS12_MAC_RIGHT, PKCS12_MAC_WRONG, PKCS12_MAC_UNKNOWN };

/* More iterations than PBE_COST_LIMIT (pbe_cost.h) are not computed (OpenJDK has 5 million): the MAC counts as unknown. */
/* `password` NULL: there is none (RFC 7292 has two ways to write that; both are tried). */
enum pkcs12_mac pkcs12_mac_check(PKCS12 *file, const char *password);

#endif
