#include "auth/legacy_crypto.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

bool legacy_crypto_wanted(void)
{
	bool wanted = false;
	unsigned long code;
	while ((code = ERR_get_error())) {
		int reason = ERR_GET_REASON(code);
		wanted = wanted || reason == ERR_R_UNSUPPORTED || reason == ERR_R_FETCH_FAILED;
	}
	return wanted;
}

static void unload(struct legacy_crypto *crypto)
{
	if (crypto->legacy)
		OSSL_PROVIDER_unload(crypto->legacy);
	if (crypto->standard)
		OSSL_PROVIDER_unload(crypto->standard);
	OSSL_LIB_CTX_free(crypto->context);
	*crypto = (struct legacy_crypto){0};
}

int legacy_crypto_enter(struct legacy_crypto *crypto, struct error *error)
{
	*crypto = (struct legacy_crypto){.context = OSSL_LIB_CTX_new()};
	if (!crypto->context)
		return error_set(error, EX_OSERR, "out of memory");
	crypto->standard = OSSL_PROVIDER_load(crypto->context, "default");
	crypto->legacy = OSSL_PROVIDER_load(crypto->context, "legacy");
	if (!crypto->standard || !crypto->legacy) {
		unload(crypto);
		ERR_clear_error();
		return error_set(error, EX_CONFIG,
			"it is encrypted with an old cipher, and OpenSSL's legacy provider, which has it, is not installed "
			"(Debian, Ubuntu: the package openssl-provider-legacy or libssl3)");
	}
	crypto->outer = OSSL_LIB_CTX_set0_default(crypto->context);
	return 0;
}

void legacy_crypto_leave(struct legacy_crypto *crypto)
{
	OSSL_LIB_CTX_set0_default(crypto->outer);
	unload(crypto);
}
