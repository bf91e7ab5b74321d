/*
 * key_info.h: what `auth --key-info` prints about a key, for the person who registers it at Docusign.
 *
 *   file:          key.jks
 *   container:     JKS
 *   password:      needed
 *   alias:         docusign
 *   type:          RSA
 *   bits:          2048
 *   certificate:   CN=envtally,O=Example
 *   valid from:    2025-01-01T00:00:00Z
 *   valid until:   2026-01-01T00:00:00Z (expired)
 *   spki sha-256:  9f86…                    SHA-256 of the DER SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), in hexadecimal
 *
 *   public key to register at Docusign:
 *   -----BEGIN PUBLIC KEY-----               what `openssl pkey -pubout` prints
 *
 * Lines that do not apply are omitted. Nothing is secret. Control characters in names are shown as \xNN, so that a foreign file
 * cannot control the terminal. PEM readers ignore the text around the key, so the output can be piped into `openssl pkey -pubin`.
 */
#ifndef ENVTALLY_KEY_INFO_H
#define ENVTALLY_KEY_INFO_H

#include "auth/key_file.h"

int key_info_append(struct buffer *text, const char *path, const struct private_key *key, struct error *error);

/* Loads the key of `path` and appends its text; `warning` gets the line of key_file_warning(), or nothing. */
int key_info_append_file(
	struct buffer *text, struct buffer *warning, const char *path, const struct key_options *options, struct error *error);

#endif
