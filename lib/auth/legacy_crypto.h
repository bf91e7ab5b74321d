/*
 * legacy_crypto.h: OpenSSL 3's legacy provider (RC2, RC4, DES), while an old key file is decrypted.
 *
 * The provider is loaded into a separate OSSL_LIB_CTX, which is this thread's default only during the second attempt; nothing else in
 * the process sees the old algorithms. Objects created in it (such as an EVP_PKEY) must not outlive it: copy the bytes instead.
 */
#ifndef ENVTALLY_LEGACY_CRYPTO_H
#define ENVTALLY_LEGACY_CRYPTO_H

#include "base/error.h"

#include <stdbool.h>

#define LEGACY_CRYPTO_MISSING \
	"it is encrypted with an old cipher, which only OpenSSL's legacy provider has, and that is not installed: install it (Debian, Ubuntu: " \
	"the package openssl-provider-legacy, or libssl3 where there is none of that name), or convert the file where it is"

/*
 * Runs `attempt` and, if it fails because an algorithm is missing, runs it again with the legacy provider. Returns 1 if it succeeded; 0 if it
 * failed for another reason (a wrong password); -1 with EX_CONFIG if the provider is not installed, EX_DATAERR if it lacks the algorithm too.
 */
int legacy_crypto_try(bool (*attempt)(void *context), void *context, struct error *error);

/* Empties OpenSSL's error queue; returns whether it reported an algorithm that no provider has. */
bool legacy_crypto_missing(void);

#endif
