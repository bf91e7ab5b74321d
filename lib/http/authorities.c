#include "http/authorities.h"

#include "http/http_settings.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#define FILE_LIMIT ((size_t)64 << 20)

static const char *system_file(void)
{
	const char *file = curl_version_info(CURLVERSION_NOW)->cainfo;
	return file ? file : "/etc/ssl/certs/ca-certificates.crt";
}

/* How many certificates there are, and how many of them are not valid at that time. */
static size_t count(const struct buffer *pem, int64_t now, size_t *invalid)
{
	time_t seconds = (time_t)(now / 1000);
	size_t certificates = 0;
	BIO *bytes = BIO_new_mem_buf(pem->data, (int)pem->length);
	X509 *certificate;
	*invalid = 0;
	while (bytes && (certificate = PEM_read_bio_X509_AUX(bytes, NULL, NULL, NULL))) {
		certificates++;
		*invalid += X509_cmp_time(X509_get0_notBefore(certificate), &seconds) > 0 ||
			X509_cmp_time(X509_get0_notAfter(certificate), &seconds) < 0;
		X509_free(certificate);
	}
	BIO_free(bytes);
	ERR_clear_error();
	return certificates;
}

int authorities_append(const char *own, int64_t now, struct buffer *text, struct error *error)
{
	struct buffer pem = BUFFER_INIT;
	const char *named = http_ca_bundle(own), *file = named ? named : system_file();
	size_t invalid = 0, certificates = 0;
	struct error reason = ERROR_INIT;
	int result = buffer_append_file(&pem, file, FILE_LIMIT, &reason);
	if (result < 0)
		error_set(error, reason.status, "%s: %s", reason.text,
			named ? "\"ca_bundle\" of the profile, CURL_CA_BUNDLE or SSL_CERT_FILE names it"
			      : "install the package ca-certificates, or name a file with \"ca_bundle\" in the profile");
	if (result == 0 && pem.length > 0)
		certificates = count(&pem, now, &invalid);
	if (result == 0 && certificates == 0)
		result = error_set(error, EX_CONFIG, "cannot use '%s': it has no PEM certificate, so no service can be trusted", file);
	else if (result == 0 && invalid == certificates)
		result = error_set(error, EX_CONFIG,
			"cannot use '%s': none of its %zu certificates is valid now: renew it, or set this machine's clock", file,
			certificates);
	if (result == 0)
		buffer_append_format(text, "%s, %zu certificate%s", file, certificates, certificates == 1 ? "" : "s");
	if (result == 0 && invalid)
		buffer_append_format(text, ", %zu of them not valid now", invalid);
	buffer_release(&pem);
	return result < 0 ? -1 : buffer_check(text, error);
}
