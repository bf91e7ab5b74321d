/*
 * embedded.h: files compiled into the programs by `ld -r -b binary` (see the Makefile): SQL, jq, feed descriptors, HTML.
 *
 * EMBEDDED(ledger_ledger_sql) declares lib/ledger/ledger.sql; EMBEDDED_TEXT and EMBEDDED_LENGTH give it. It is not
 * NUL-terminated: use the length.
 */
#ifndef ENVTALLY_EMBEDDED_H
#define ENVTALLY_EMBEDDED_H

#include <stddef.h>

#define EMBEDDED(name) extern const char _binary_lib_##name##_start[], _binary_lib_##name##_end[]
#define EMBEDDED_TEXT(name) _binary_lib_##name##_start
#define EMBEDDED_LENGTH(name) ((size_t)(_binary_lib_##name##_end - _binary_lib_##name##_start))

#endif
