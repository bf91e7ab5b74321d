#include "certificate.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

static int fail(struct error *error, const char *what)
{
	char reason[200];
	ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
	return error_set(error, EX_SOFTWARE, "cannot make %s: %s", what, reason);
}

static int take(BIO *bio, struct buffer *text)
{
	char *data;
	long length = BIO_get_mem_data(bio, &data);
	buffer_append(text, data, (size_t)length);
	BIO_free(bio);
	return length > 0 ? 0 : -1;
}

static int write_certificate(X509 *certificate, struct buffer *text)
{
	BIO *bio = BIO_new(BIO_s_mem());
	return bio && PEM_write_bio_X509(bio, certificate) == 1 ? take(bio, text) : -1;
}

static int write_private_key(EVP_PKEY *key, struct buffer *text)
{
	BIO *bio = BIO_new(BIO_s_mem());
	return bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1 ? take(bio, text) : -1;
}

static int write_public_key(EVP_PKEY *key, struct buffer *text)
{
	BIO *bio = BIO_new(BIO_s_mem());
	return bio && PEM_write_bio_PUBKEY(bio, key) == 1 ? take(bio, text) : -1;
}

static int add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	int added = extension && X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
	return added ? 0 : -1;
}

/* Signed by `issuer_key` in the name of `issuer`, or by itself when issuer is NULL. */
static X509 *make(EVP_PKEY *key, const char *name, X509 *issuer, EVP_PKEY *issuer_key)
{
	X509 *certificate = X509_new();
	if (!certificate)
		return NULL;
	unsigned char serial[16];
	RAND_bytes(serial, sizeof serial);
	serial[0] = (serial[0] & 0x7f) | 1;
	BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
	BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
	BN_free(number);
	X509_set_version(certificate, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 30L * 24 * 3600);
	X509_set_pubkey(certificate, key);
	X509_NAME *subject = X509_get_subject_name(certificate);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : subject);
	int status = add_extension(certificate, issuer ? issuer : certificate, NID_subject_key_identifier, "hash");
	if (issuer) {
		status |= add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE");
		status |= add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature");
		status |= add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth");
		status |= add_extension(certificate, issuer, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost,DNS:*.docusign.test");
		status |= add_extension(certificate, issuer, NID_authority_key_identifier, "keyid");
	} else {
		status |= add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
		status |= add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
	}
	if (status == 0 && X509_sign(certificate, issuer_key, EVP_sha256()))
		return certificate;
	X509_free(certificate);
	return NULL;
}

int certificate_make(struct buffer *authority, struct buffer *server, struct buffer *server_key, struct error *error)
{
	int status = -1;
	X509 *authority_certificate = NULL, *server_certificate = NULL;
	EVP_PKEY *authority_pair = EVP_EC_gen("P-256"), *server_pair = EVP_EC_gen("P-256");
	if (!authority_pair || !server_pair)
		goto out;
	authority_certificate = make(authority_pair, "envtally simulator: throw-away authority", NULL, authority_pair);
	if (!authority_certificate)
		goto out;
	server_certificate = make(server_pair, "localhost", authority_certificate, authority_pair);
	if (!server_certificate || write_certificate(authority_certificate, authority) < 0 ||
		write_certificate(server_certificate, server) < 0 || write_private_key(server_pair, server_key) < 0)
		goto out;
	status = 0;
out:
	if (status < 0)
		fail(error, "a server certificate");
	X509_free(server_certificate);
	X509_free(authority_certificate);
	EVP_PKEY_free(server_pair);
	EVP_PKEY_free(authority_pair);
	return status;
}

static EVP_PKEY *read_private_key(const char *file)
{
	BIO *bio = BIO_new_file(file, "r");
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	return key;
}

int certificate_make_key_pair(const char *file, struct buffer *private_key, struct buffer *public_key, struct error *error)
{
	EVP_PKEY *pair = file ? read_private_key(file) : EVP_RSA_gen(2048);
	int status = pair && write_private_key(pair, private_key) == 0 && write_public_key(pair, public_key) == 0 ? 0 : -1;
	EVP_PKEY_free(pair);
	return status < 0 ? fail(error, "a key pair") : 0;
}
