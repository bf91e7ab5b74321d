/*
 * legacy_crypto.h: OpenSSL 3's legacy provider (RC2, RC4, DES), for the time that an old key file takes to decrypt.
 *
 * The provider is loaded into an OSSL_LIB_CTX of its own, which is this thread's default between enter and leave; nothing
 * else of the process sees the old algorithms. An object made within (an EVP_PKEY, say) must not outlive leave: take
 * the bytes out instead.
 */
#ifndef ENVTALLY_LEGACY_CRYPTO_H
#define ENVTALLY_LEGACY_CRYPTO_H

#include "base/error.h"

#include <openssl/provider.h>

#include <stdbool.h>

struct legacy_crypto {
	OSSL_LIB_CTX *context, *outer;
	OSSL_PROVIDER *standard, *legacy;
};

/* Empties OpenSSL's error queue; returns whether an algorithm that no provider has stands in it: then legacy may have it. */
bool legacy_crypto_wanted(void);

/* EX_CONFIG when the provider is not installed. After an error nothing is to be left. */
int legacy_crypto_enter(struct legacy_crypto *crypto, struct error *error);

void legacy_crypto_leave(struct legacy_crypto *crypto);

#endif
