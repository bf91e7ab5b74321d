/*
 * secret.h: what must not be in a profile, nor on a command line: profiles are copied, committed and frozen with every run.
 */
#ifndef ENVTALLY_SECRET_H
#define ENVTALLY_SECRET_H

#include <stdbool.h>

enum password_source { PASSWORD_UNKNOWN, PASSWORD_FILE, PASSWORD_DESCRIPTOR, PASSWORD_ENVIRONMENT };

/* What `text` names: file:PATH, fd:N or env:NAME, with *rest at PATH, N or NAME; PASSWORD_UNKNOWN for anything else, perhaps a password. */
enum password_source password_source_parse(const char *text, const char **rest);

/* Is the key's name that of a secret: client_secret, Access-Token, keyPassword? key_password is one, too. */
bool secret_has_name(const char *name);

/* Is the value a secret by its form: a private key, a JWT, a URL with a password? */
bool secret_has_form(const char *value);

#endif
