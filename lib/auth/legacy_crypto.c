#include "auth/legacy_crypto.h"

#include <openssl/err.h>
#include <openssl/provider.h>

struct providers {
	OSSL_LIB_CTX *context;
	OSSL_PROVIDER *standard, *legacy;
};

bool legacy_crypto_missing(void)
{
	bool missing = false;
	unsigned long code;
	while ((code = ERR_get_error()))
		missing |= ERR_GET_REASON(code) == ERR_R_UNSUPPORTED || ERR_GET_REASON(code) == ERR_R_FETCH_FAILED;
	return missing;
}

static void unload(struct providers *providers)
{
	if (providers->legacy)
		OSSL_PROVIDER_unload(providers->legacy);
	if (providers->standard)
		OSSL_PROVIDER_unload(providers->standard);
	OSSL_LIB_CTX_free(providers->context);
}

static int load(struct providers *providers, struct error *error)
{
	*providers = (struct providers){.context = OSSL_LIB_CTX_new()};
	if (!providers->context)
		return error_set(error, EX_OSERR, "out of memory");
	providers->standard = OSSL_PROVIDER_load(providers->context, "default");
	providers->legacy = OSSL_PROVIDER_load(providers->context, "legacy");
	if (providers->standard && providers->legacy)
		return 0;
	unload(providers);
	ERR_clear_error();
	return error_set(error, EX_CONFIG, LEGACY_CRYPTO_MISSING);
}

int legacy_crypto_try(bool (*attempt)(void *context), void *context, struct error *error)
{
	struct providers providers;
	ERR_clear_error();
	if (attempt(context))
		return 1;
	if (!legacy_crypto_missing())
		return 0;
	if (load(&providers, error) < 0)
		return -1;
	OSSL_LIB_CTX *outer = OSSL_LIB_CTX_set0_default(providers.context);
	bool done = attempt(context), missing = !done && legacy_crypto_missing();
	OSSL_LIB_CTX_set0_default(outer);
	unload(&providers);
	return missing ? error_set(error, EX_DATAERR, "it uses an algorithm that OpenSSL does not have") : done;
}
