#include "auth/key_pem.h"

#include "auth/key_der.h"
#include "auth/legacy_crypto.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <ctype.h>
#include <string.h>

#define BEGIN "-----BEGIN "
#define END "-----END "
#define DASHES "-----"
#define LABEL_LIMIT 64

/* One block of the text. */
struct block {
	char label[LABEL_LIMIT + 1];
	const char *body;
	size_t length;
};

/* UTF-16, as Windows editors save it, to its ASCII part; other text as it is. */
static void straighten(const unsigned char *bytes, size_t length, struct buffer *text)
{
	bool utf16 = length >= 2 && ((bytes[0] == 0xff && bytes[1] == 0xfe) || (bytes[0] == 0xfe && bytes[1] == 0xff));
	if (!utf16) {
		buffer_append(text, bytes, length);
		return;
	}
	char *end = buffer_reserve(text, length);
	for (size_t i = 2; end && i < length; i++)
		if (bytes[i])
			end[0] = (char)bytes[i], end++, text->length++;
}

bool key_pem_is(const unsigned char *bytes, size_t length)
{
	struct buffer text = BUFFER_INIT;
	straighten(bytes, length, &text);
	bool is = memmem(text.data, text.length, BEGIN, strlen(BEGIN)) != NULL;
	buffer_release_secret(&text);
	return is;
}

/* Finds the next block from *at on. Returns 1, 0 when there is none, -1 when it has no end. */
static int next_block(const char **at, const char *end, struct block *block)
{
	const char *begin;
	while ((begin = memmem(*at, (size_t)(end - *at), BEGIN, strlen(BEGIN)))) {
		const char *label = begin + strlen(BEGIN);
		*at = label;
		const char *dashes = memmem(label, (size_t)(end - label), DASHES, strlen(DASHES));
		if (!dashes || dashes - label > LABEL_LIMIT)
			continue;
		memcpy(block->label, label, (size_t)(dashes - label));
		block->label[dashes - label] = 0;
		block->body = dashes + strlen(DASHES);
		char closing[sizeof END + LABEL_LIMIT + sizeof DASHES];
		size_t closing_length = (size_t)snprintf(closing, sizeof closing, END "%s" DASHES, block->label);
		const char *finish = memmem(block->body, (size_t)(end - block->body), closing, closing_length);
		if (!finish)
			return -1;
		block->length = (size_t)(finish - block->body);
		*at = finish + closing_length;
		return 1;
	}
	return 0;
}

/* Appends the base64 of a block's body, without the traces of its way here: \n and \r written out count as newlines. */
static void append_base64(struct buffer *base64, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];
		if (byte == '\\' && i + 1 < length && strchr("nrt", text[i + 1]))
			i++;
		else if (isascii(byte) && (isalnum(byte) || byte == '+' || byte == '/' || byte == '='))
			buffer_append_byte(base64, (char)byte);
	}
}

/* The value of an RFC 1421 header within the body, or NULL; it ends at a blank, a newline or a backslash. */
static const char *find_header(const struct block *block, const char *name, size_t *length)
{
	const char *end = block->body + block->length;
	const char *value = memmem(block->body, block->length, name, strlen(name));
	if (!value)
		return NULL;
	for (value += strlen(name); value < end && (*value == ' ' || *value == '\t'); value++)
		;
	for (*length = 0; value + *length < end && !strchr(" \t\r\n\\", value[*length]); ++*length)
		;
	return value;
}

/* Decodes a block to DER; *cipher is set from its headers, if it has them. */
static int decode(const struct block *block, struct buffer *der, EVP_CIPHER_INFO *cipher)
{
	struct buffer base64 = BUFFER_INIT;
	struct buffer header = BUFFER_INIT;
	size_t length = 0;
	int result = -1;
	const char *start = block->body, *dek = find_header(block, "DEK-Info:", &length);
	memset(cipher, 0, sizeof *cipher);
	if (dek) {
		start = dek + length;
		buffer_append_format(&header, "Proc-Type: 4,ENCRYPTED\nDEK-Info: %.*s\n", (int)length, dek);
		if (header.failed || !PEM_get_EVP_CIPHER_INFO(header.data, cipher))
			goto out;
	}
	append_base64(&base64, start, (size_t)(block->body + block->length - start));
	unsigned char *end = (unsigned char *)buffer_reserve(der, base64.length / 4 * 3 + 3);
	if (base64.failed || !end || base64.length == 0 || base64.length % 4 != 0)
		goto out;
	int decoded = EVP_DecodeBlock(end, (const unsigned char *)base64.data, (int)base64.length);
	if (decoded < 0)
		goto out;
	/* EVP_DecodeBlock() counts the padding as bytes. */
	for (size_t i = base64.length; i > base64.length - 2 && base64.data[i - 1] == '='; i--)
		decoded--;
	der->length += (size_t)decoded;
	result = 0;
out:
	buffer_release_secret(&base64);
	buffer_release(&header);
	return result;
}

static int give_password(char *out, int size, int writing, void *password)
{
	(void)writing;
	size_t length = strlen(password);
	if (length > (size_t)size)
		return -1;
	memcpy(out, password, length);
	return (int)length;
}

struct decryption {
	const struct key_source *source;
	const struct buffer *der;
	EVP_CIPHER_INFO *cipher;
	struct buffer plain;
};

static bool decrypt_copy(void *context)
{
	struct decryption *decryption = context;
	struct buffer *plain = &decryption->plain;
	buffer_reset(plain);
	buffer_append(plain, decryption->der->data, decryption->der->length);
	long length = (long)plain->length;
	if (plain->failed ||
		!PEM_do_header(
			decryption->cipher, (unsigned char *)plain->data, &length, give_password, (void *)decryption->source->password))
		return false;
	plain->length = (size_t)length;
	return true;
}

/* Traditional encryption: decrypts *der in place. */
static int decrypt(const struct key_source *source, EVP_CIPHER_INFO *cipher, struct buffer *der, struct error *error)
{
	struct decryption decryption = {.source = source, .der = der, .cipher = cipher, .plain = BUFFER_INIT};
	if (key_der_require_password(source, error) < 0)
		return -1;
	int decrypted = legacy_crypto_try(decrypt_copy, &decryption, error);
	if (decrypted < 0)
		error_prefix(error, "cannot decrypt '%s'", source->path);
	else if (buffer_check(&decryption.plain, error) == 0 && decrypted == 0)
		key_der_refuse_password(source->path, error);
	if (decrypted == 1) {
		buffer_reset(der);
		buffer_append(der, decryption.plain.data, decryption.plain.length);
	}
	buffer_release_secret(&decryption.plain);
	return decrypted == 1 ? 0 : -1;
}

/* A DER format's name in PEM; a SEC1 key is refused later because of its type. */
static const char *format_of(const char *der_format, bool traditionally_encrypted)
{
	if (traditionally_encrypted)
		return "PEM PKCS#1 encrypted";
	if (strcmp(der_format, "DER PKCS#8") == 0)
		return "PEM PKCS#8";
	return strcmp(der_format, "DER PKCS#8 encrypted") == 0 ? "PEM PKCS#8 encrypted" : "PEM PKCS#1";
}

static int read_key(const struct key_source *source, const struct block *block, struct private_key *key, struct error *error)
{
	struct buffer der = BUFFER_INIT;
	EVP_CIPHER_INFO cipher;
	int result = -1;
	if (decode(block, &der, &cipher) < 0) {
		error_set(error, EX_DATAERR, "cannot read '%s': the base64 of its %s is damaged or incomplete", source->path, block->label);
		goto out;
	}
	if (cipher.cipher && decrypt(source, &cipher, &der, error) < 0)
		goto out;
	struct key_source inner = *source;
	inner.bytes = (const unsigned char *)der.data;
	inner.length = der.length;
	struct error reason = ERROR_INIT;
	result = key_der_read(&inner, key, &reason);
	if (result == 0)
		key->format = format_of(key->format, cipher.cipher != NULL);
	else if (cipher.cipher && reason.status == EX_DATAERR)
		key_der_refuse_password(source->path, error); /* one wrong password in 256 leaves padding that looks right */
	else if (reason.status == EX_DATAERR)
		error_set(error, EX_DATAERR, "cannot read '%s': its %s is damaged or incomplete", source->path, block->label);
	else
		error_set(error, reason.status, "%s", reason.text);
out:
	buffer_release_secret(&der);
	return result;
}

/* The key's certificate, anywhere in the text. */
static void read_certificate(const char *at, const char *end, struct private_key *key)
{
	struct block block;
	while (!key->certificate && next_block(&at, end, &block) == 1) {
		struct buffer der = BUFFER_INIT;
		EVP_CIPHER_INFO cipher;
		if (strstr(block.label, "CERTIFICATE") && decode(&block, &der, &cipher) == 0) {
			const unsigned char *bytes = (const unsigned char *)der.data;
			key_der_use_certificate(d2i_X509(NULL, &bytes, (long)der.length), key);
		}
		buffer_release(&der);
	}
	ERR_clear_error();
}

static int refuse_ssh(const char *path, struct error *error)
{
	return error_set(error, EX_CONFIG,
		"cannot read '%s': it is an OpenSSH key: convert a copy of it to PEM: ssh-keygen -p -m PKCS8 -f COPY", path);
}

/* Why a text without a private key has none. */
static int refuse(const char *path, bool certificate, bool public, const char *other, struct error *error)
{
	if (public)
		return key_der_refuse_public(path, "a public key", error);
	if (certificate)
		return key_der_refuse_public(path, "a certificate", error);
	if (*other)
		return error_set(error, EX_CONFIG, "cannot sign with '%s': it has a %s but no private key", path, other);
	return error_set(error, EX_DATAERR, "cannot read '%s': the PEM block in it does not begin as one should", path);
}

static int read_text(const struct key_source *source, const char *text, const char *end, struct private_key *key, struct error *error)
{
	struct block block, found;
	char other[LABEL_LIMIT + 1] = "";
	size_t keys = 0;
	bool certificate = false, public = false;
	int more;
	const char *at = text;
	if (source->alias)
		return error_set(error, EX_CONFIG, "cannot find the key '%s' in '%s': a PEM file has no aliases: leave key_alias out",
			source->alias, source->path);
	while ((more = next_block(&at, end, &block)) == 1) {
		if (strstr(block.label, "OPENSSH PRIVATE KEY") || strstr(block.label, "SSH2"))
			return refuse_ssh(source->path, error);
		if (strstr(block.label, "PRIVATE KEY") && !strstr(block.label, "PGP")) {
			found = block;
			keys++;
		} else if (strstr(block.label, "PUBLIC KEY")) {
			public = true;
		} else if (strstr(block.label, "CERTIFICATE") && !strstr(block.label, "REQUEST")) {
			certificate = true;
		} else {
			memcpy(other, block.label, sizeof other);
		}
	}
	if (more < 0)
		return error_set(error, EX_DATAERR, "cannot read '%s': it is truncated: its %s has no line -----END %s-----", source->path,
			block.label, block.label);
	if (keys == 0)
		return refuse(source->path, certificate, public, other, error);
	if (keys > 1)
		return error_set(error, EX_CONFIG, "cannot choose a key of '%s': it holds %zu private keys: keep one", source->path, keys);
	if (read_key(source, &found, key, error) < 0)
		return -1;
	read_certificate(text, end, key);
	return 0;
}

int key_pem_read(const struct key_source *source, struct private_key *key, struct error *error)
{
	struct buffer text = BUFFER_INIT;
	straighten(source->bytes, source->length, &text);
	int result = buffer_check(&text, error);
	if (result == 0)
		result = read_text(source, text.data, text.data + text.length, key, error);
	buffer_release_secret(&text);
	ERR_clear_error();
	return result;
}
