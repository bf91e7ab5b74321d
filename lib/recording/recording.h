/*
 * recording.h: recordings of HTTP exchanges, written and read: the format is doc/recording.md.
 *
 * An exchange is a request and its response. A recording of PROGRAM in DIR is two files, PROGRAM.exchanges (the index) and PROGRAM.bodies.
 * Both are append-only, the body before its line, so a writer killed at any moment leaves complete exchanges and at most a torn end, which
 * recording_find_tail() finds and recording_writer_open() removes.
 *
 * Reading verifies the chain of the index and the hash of every body, and holds one line and one body at a time. A mismatch is EX_DATAERR
 * with file and line.
 */
#ifndef ENVTALLY_RECORDING_H
#define ENVTALLY_RECORDING_H

#include "base/sha256.h"
#include "io/line_reader.h"
#include "json/json_scan.h"

#define RECORDING_BODY_LIMIT ((size_t)64 << 20) /* bytes of one body, as received and decoded */

/* How much of a recording is intact: where it is resumed. */
struct recording_tail {
	enum { RECORDING_NONE, RECORDING_INCOMPLETE, RECORDING_COMPLETE } state;
	int64_t now;
	uint64_t exchanges, index_length, bodies_length;
	char chain[SHA256_HEX_LENGTH + 1];
};

/* An exchange as read; everything lasts until the next recording_next(). */
struct recorded_exchange {
	struct json_slice method, url, content_type, content_encoding, location, download; /* the last four may be JSON_ABSENT */
	int status; /* 0: no response, see `failure` */
	bool final;
	int64_t answered_at; /* INSTANT_NONE if not recorded */
	struct json_slice failure; /* there was no response, or a 2xx with an error */
	int failure_status; /* sysexits code that goes with `failure`, if there was no response */
	const char *body; /* as received */
	size_t body_length;
	const char *line; /* the line's own bytes, before its chain */
	size_t line_length;
	struct json_slice number, body_offset; /* in the line */
};

struct recording_reader {
	char *path, *bodies_path;
	int index, bodies;
	struct line_reader lines;
	struct json_scanner *scanner;
	struct json_slice *slices;
	struct buffer body;
	uint64_t index_size, bodies_size;
	struct recording_tail tail; /* of the exchanges read so far */
	uint64_t limit; /* exchanges after which reading ends without an end line; 0: read to the end line */
};

/* A recording that does not exist is EX_NOINPUT, one without its end line (when limit is 0) EX_DATAERR. */
int recording_reader_open(struct recording_reader *reader, const char *directory, const char *program, uint64_t limit, struct error *error);
/* Returns 1 with an exchange, 0 after the last one, -1 with an error. */
int recording_next(struct recording_reader *reader, struct recorded_exchange *exchange, struct error *error);
void recording_reader_release(struct recording_reader *reader);

/*
 * Finds the intact part of a recording. That of an incomplete one ends with the last successful exchange: the failures after it are what
 * ended the run, and resuming repeats their requests.
 */
int recording_find_tail(const char *directory, const char *program, struct recording_tail *tail, struct error *error);

struct recording_writer {
	char *directory, *path, *bodies_path;
	int index, bodies;
	uint64_t exchanges, bodies_length, written_out;
	char chain[SHA256_HEX_LENGTH + 1];
	struct buffer line;
};

/* The parts of an exchange. Strings are copied. */
struct recording_entry {
	int64_t requested_at, answered_at;
	const char *method, *url;
	const char *request_headers; /* a JSON object; NULL: the usual */
	int status;
	const char *headers; /* a JSON object with lower-case names; NULL for none */
	const char
		*download; /* it is the download of an item that a list named: the account's id, "" for the organization. NULL: it is not */
	bool final;
	size_t decoded_length;
	const struct error *failure; /* if there was no response, or a 2xx with an error; or NULL */
};

/* Begins a recording, or resumes one after `tail` (NULL: none). Creates the directory; its parent must exist. */
int recording_writer_open(struct recording_writer *writer, const char *directory, const char *program, int64_t now,
	const struct recording_tail *tail, struct error *error);
int recording_add(
	struct recording_writer *writer, const struct recording_entry *entry, const char *body, size_t length, struct error *error);
/* Writes an exchange of another recording as it is. */
int recording_copy(struct recording_writer *writer, const struct recorded_exchange *exchange, struct error *error);
/* The same with the number and the place of the body that it has in this one. */
int recording_copy_anew(struct recording_writer *writer, const struct recorded_exchange *exchange, struct error *error);
/* Writes the end line when the recording is `complete`; in any case makes it durable. Releases the writer. */
int recording_writer_close(struct recording_writer *writer, bool complete, struct error *error);

/* DIR/PROGRAM.SUFFIX, or NULL when memory is short. The caller frees it. */
char *recording_path(const char *directory, const char *program, const char *suffix);

#endif
