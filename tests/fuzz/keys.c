/*
 * fuzz_keys: key files of any kind, under the password "envtally". A key that is accepted is RSA, large enough, and signs. The digest of a
 * JKS is made right, so that what it covers is reached.
 */
#include "fuzz.h"

#include "auth/key_file.h"
#include "auth/key_info.h"

#include <openssl/sha.h>
#include <stdlib.h>

#define DIGEST 20

static void mend_digest(uint8_t *bytes, size_t length)
{
	static const char before[] = "\0e\0n\0v\0t\0a\0l\0l\0yMighty Aphrodite";
	if (length <= DIGEST || memcmp(bytes, "\xfe\xed\xfe\xed", 4) != 0)
		return;
	struct buffer covered = BUFFER_INIT;
	buffer_append(&covered, before, sizeof before - 1);
	buffer_append(&covered, bytes, length - DIGEST);
	SHA1((const unsigned char *)covered.data, covered.length, bytes + length - DIGEST);
	buffer_release(&covered);
}

void fuzz_keys(const uint8_t *bytes, size_t length)
{
	struct private_key key;
	struct buffer text = BUFFER_INIT;
	struct error error = ERROR_INIT;
	char source[64];
	uint8_t *mended = malloc(length + 1);
	memcpy(mended, bytes, length);
	mend_digest(mended, length);
	snprintf(source, sizeof source, "file:%s", fuzz_file(1, "envtally\n", 9));
	const struct key_options options = {.password_source = source, .now = INT64_C(1743472800000)};
	const char *path = fuzz_file(0, mended, length);
	if (key_file_load(path, &options, &key, &error) == 0) {
		FUZZ_CHECK(EVP_PKEY_is_a(key.pkey, "RSA") && EVP_PKEY_get_bits(key.pkey) >= 2048 && key.format);
		FUZZ_CHECK(key_info_append(&text, path, &key, &error) == 0);
		key_file_warning(path, &key, &text);
		for (size_t i = 0; i < text.length; i++)
			FUZZ_CHECK((unsigned char)text.data[i] >= 0x20 || text.data[i] == '\n');
	} else {
		FUZZ_CHECK(error.status == EX_DATAERR || error.status == EX_CONFIG || error.status == EX_NOPERM);
	}
	private_key_release(&key);
	buffer_release(&text);
	free(mended);
}
