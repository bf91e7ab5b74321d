/*
 * pkcs12_password.h: the forms in which a password may have been put into a PKCS#12 file.
 *
 * RFC 7292 appendix B.1 wants a BMPString. OpenSSL makes one of UTF-8, or of Latin-1 where the bytes are no UTF-8. Before 1.1.0 it took all
 * bytes for Latin-1: "ü" in UTF-8 became U+00C3 U+00BC (passphrase-encoding(7)). An empty password is an empty BMPString, or no bytes at
 * all (PKCS12_parse(3)).
 */
#ifndef ENVTALLY_PKCS12_PASSWORD_H
#define ENVTALLY_PKCS12_PASSWORD_H

#include <stdbool.h>

/* `password` is UTF-8, as for OpenSSL 1.1.0 and newer; NULL: no bytes. */
typedef bool pkcs12_try(void *context, const char *password, int length);

/* Gives each form of the password to `try` until one succeeds. `password` NULL: there is none. */
bool pkcs12_password_try(const char *password, pkcs12_try *try, void *context);

#endif
