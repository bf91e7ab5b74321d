#include "base/sha256.h"

#include "base/regular_file.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void to_hexadecimal(const unsigned char digest[SHA256_HEX_LENGTH / 2], char hash[SHA256_HEX_LENGTH + 1])
{
	for (size_t i = 0; i < SHA256_HEX_LENGTH / 2; i++)
		snprintf(hash + 2 * i, 3, "%02x", digest[i]);
}

int sha256_hex(const void *bytes, size_t length, char hash[SHA256_HEX_LENGTH + 1], struct error *error)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	if (!EVP_Digest(bytes, length, digest, NULL, EVP_sha256(), NULL))
		return error_set(error, EX_SOFTWARE, "cannot compute SHA-256");
	to_hexadecimal(digest, hash);
	return 0;
}

int sha256_chain(char chain[SHA256_HEX_LENGTH + 1], const char *line, size_t length, struct error *error)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) && EVP_DigestUpdate(context, chain, strlen(chain)) &&
		EVP_DigestUpdate(context, "\n", 1) && EVP_DigestUpdate(context, line, length) && EVP_DigestFinal_ex(context, digest, NULL);
	EVP_MD_CTX_free(context);
	if (!good)
		return error_set(error, EX_SOFTWARE, "cannot compute SHA-256");
	to_hexadecimal(digest, chain);
	return 0;
}

int sha256_file(const char *path, char hash[SHA256_HEX_LENGTH + 1], struct error *error)
{
	unsigned char digest[EVP_MAX_MD_SIZE], block[65536];
	int file = regular_file_open(path, error);
	ssize_t count = 0;
	if (file < 0)
		return -1;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL);
	while (good && (count = read(file, block, sizeof block)) > 0)
		good = EVP_DigestUpdate(context, block, (size_t)count);
	good = good && EVP_DigestFinal_ex(context, digest, NULL);
	EVP_MD_CTX_free(context);
	if (count < 0)
		error_set_errno(error, EX_IOERR, "cannot read '%s'", path);
	else if (!good)
		error_set(error, EX_SOFTWARE, "cannot compute SHA-256");
	close(file);
	if (count < 0 || !good)
		return -1;
	to_hexadecimal(digest, hash);
	return 0;
}
