/*
 * fuzz.h: what the fuzz targets share. doc/fuzzing.md is the manual.
 *
 * A target is a function fuzz_NAME() in NAME.c that takes any bytes. It must not crash, hang, leak or do what is undefined, whatever they
 * are; and what it finds in them is compared with an oracle: another library, exact arithmetic, or the same thing done another way.
 *
 * All targets are one program (fuzz.c), which runs one of them on files, or under libFuzzer.
 */
#ifndef ENVTALLY_FUZZ_H
#define ENVTALLY_FUZZ_H

#include "base/buffer.h"
#include "io/output.h"
#include "licence/licence.h"
#include "json/json_slice.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
#define FUZZ_TARGETS(X) \
	X(aggregate) X(chargeback) X(combine) X(connection) X(csv) X(document) X(explain) X(feed) X(forecast) X(glob) X(headers) X(instant) X(json) \
	X(keys) X(ledger) X(licence) X(manifest) X(merge) X(models) X(money) X(normalize) X(page) X(period) X(policy) X(profile) \
	X(reconcile) X(recording) X(report) X(response) X(schedule) X(spreadsheet) X(state) X(text) X(token)
/* clang-format on */

#define FUZZ_DECLARE(name) void fuzz_##name(const uint8_t *bytes, size_t length);
FUZZ_TARGETS(FUZZ_DECLARE)

/* Ends the process, as a crash does, when a condition does not hold. */
#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_failed(__FILE__, __LINE__, #condition))
_Noreturn void fuzz_failed(const char *file, int line, const char *condition);

/* The bytes as a file without a name; the path lasts until the next call for the same place. */
#define FUZZ_FILES 5
const char *fuzz_file(size_t place, const void *bytes, size_t length);

/* The bytes as standard input. */
void fuzz_stdin(const void *bytes, size_t length);

/* An output whose lines stay in `pending`; fuzz_close() checks that each is a JSON object, and releases them. */
void fuzz_output(struct output *output);
void fuzz_close(struct output *output);
void fuzz_check_lines(const struct buffer *lines);

/* The bytes in gzip, by zlib; `packed` is empty before. */
void fuzz_gzip(const void *bytes, size_t length, struct buffer *packed);

/* Entitlements, software models and exclusions that a few short ids draw on. */
const struct licence *fuzz_rights(void);

/* Does the next stage take what a stage printed? */
bool fuzz_merge_takes(const struct buffer *lines);
bool fuzz_aggregate_takes(const struct buffer *lines);

/* A number of the input, which gets shorter: 0 where it has none left. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};
int64_t fuzz_number(struct fuzz_input *input);
int64_t fuzz_range(struct fuzz_input *input, int64_t least, int64_t most);

/* The text up to the next newline, NUL-terminated, in `line`; false at the end of the input. */
bool fuzz_line(struct fuzz_input *input, struct buffer *line);

#endif
