#include "auth/key_info.h"

#include "io/display.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include <string.h>

static void append_field(struct buffer *text, const char *label, const char *value)
{
	buffer_append_format(text, "%-15s", label);
	display_append(text, value, strlen(value), 0);
	buffer_append_byte(text, '\n');
}

static void append_time(struct buffer *text, const char *label, const ASN1_TIME *time, const char *remark)
{
	struct tm fields;
	if (!ASN1_TIME_to_tm(time, &fields))
		return;
	buffer_append_format(text, "%-15s%04d-%02d-%02dT%02d:%02d:%02dZ%s\n", label, fields.tm_year + 1900, fields.tm_mon + 1,
		fields.tm_mday, fields.tm_hour, fields.tm_min, fields.tm_sec, remark);
}

static int append_certificate(struct buffer *text, const struct private_key *key, struct error *error)
{
	char *name;
	BIO *lines = BIO_new(BIO_s_mem());
	/* RFC 2253, but UTF-8 as it is; control characters are escaped by display_append() too. */
	unsigned long style = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
	bool done =
		lines && X509_NAME_print_ex(lines, X509_get_subject_name(key->certificate), 0, style) >= 0 && BIO_write(lines, "", 1) == 1;
	if (done) {
		BIO_get_mem_data(lines, &name);
		append_field(text, "certificate:", name);
		append_time(text, "valid from:", X509_get0_notBefore(key->certificate),
			key->certificate_state == KEY_CERTIFICATE_NOT_YET_VALID ? " (not yet valid)" : "");
		append_time(text, "valid until:", X509_get0_notAfter(key->certificate),
			key->certificate_state == KEY_CERTIFICATE_EXPIRED ? " (expired)" : "");
	}
	BIO_free(lines);
	return done ? 0 : error_set(error, EX_OSERR, "out of memory");
}

static int append_public_key(struct buffer *text, EVP_PKEY *pkey, struct error *error)
{
	unsigned char *der = NULL, digest[SHA256_DIGEST_LENGTH];
	char *pem;
	int result = -1, length = i2d_PUBKEY(pkey, &der);
	BIO *lines = BIO_new(BIO_s_mem());
	if (length < 0 || !lines || !PEM_write_bio_PUBKEY(lines, pkey) || !SHA256(der, (size_t)length, digest)) {
		error_set(error, EX_SOFTWARE, "cannot write the public key");
		goto out;
	}
	buffer_append_format(text, "%-15s", "spki sha-256:");
	for (size_t i = 0; i < sizeof digest; i++)
		buffer_append_format(text, "%02x", digest[i]);
	buffer_append_string(text, "\n\npublic key to register at Docusign:\n");
	long pem_length = BIO_get_mem_data(lines, &pem);
	buffer_append(text, pem, (size_t)pem_length);
	result = 0;
out:
	BIO_free(lines);
	OPENSSL_free(der);
	ERR_clear_error();
	return result;
}

int key_info_append(struct buffer *text, const char *path, const struct private_key *key, struct error *error)
{
	const char *type = EVP_PKEY_get0_type_name(key->pkey);
	append_field(text, "file:", path);
	append_field(text, "container:", key->format);
	append_field(text, "password:", key->needed_password ? "needed" : "not needed");
	if (key->alias)
		append_field(text, "alias:", key->alias);
	append_field(text, "type:", type ? type : "unknown");
	buffer_append_format(text, "%-15s%d\n", "bits:", EVP_PKEY_get_bits(key->pkey));
	if (key->certificate && append_certificate(text, key, error) < 0)
		return -1;
	if (append_public_key(text, key->pkey, error) < 0)
		return -1;
	return buffer_check(text, error);
}

int key_info_append_file(
	struct buffer *text, struct buffer *warning, const char *path, const struct key_options *options, struct error *error)
{
	struct private_key key;
	int result = key_file_load(path, options, &key, error);
	if (result == 0)
		result = key_info_append(text, path, &key, error);
	if (result == 0)
		key_file_warning(path, &key, warning);
	private_key_release(&key);
	return result;
}
