/*
 * feed_map.h: converts records of raw streams to canonical streams.
 *
 * docusign_datafeed becomes envelope by the feed descriptor's map of pointers (fast), or by the user's jq program;
 * docusign_accounts, docusign_plan_items and docusign_billing become account, subscription and billing_period by
 * lib/normalize/{accounts,plan_items,billing}.jq. Results of a jq program are objects with canonical fields, and are checked like
 * everything else. It gets numbers that a double cannot hold as strings (json_integers.h), so that no id loses a digit.
 *
 * Envelopes have a sending_method (stream_envelope_method) if the feed's map has one, or the text of the user's program mentions it.
 */
#ifndef ENVTALLY_FEED_MAP_H
#define ENVTALLY_FEED_MAP_H

#include "config/feed.h"
#include "stream/canonical_record.h"
#include "stream/message.h"

#define RAW_MAP_FIELDS 16

struct feed_map {
	struct feed feed;
	const char *stream; /* name of the feed's raw stream */
	const char *pointers[RAW_MAP_FIELDS]; /* for message_reader_open(): the pointers of the feed's map, each once */
	size_t pointer_count;
	const struct stream *target; /* stream_envelope or stream_envelope_method */
	int slots[RAW_MAP_FIELDS]; /* of each of its fields: index among the pointers, or one of enum below */
	const char *words[RAW_MAP_FIELDS]; /* of each of its fields: when_present; NULL: the value found */
	bool has_words;
	struct feed_map_time { /* of each of its fields: a time in a format of its own; format NULL: none */
		const char *format;
		int time_slot; /* of the time of the day, -1: it is with the day */
		char text[32];
	} times[RAW_MAP_FIELDS];
	bool has_times;
	struct canonical_form envelope;
	struct feed_map_program *programs; /* ended by one without a stream */
	struct jq_program *own, *built_in; /* the user's program; all of ours, compiled at first use */
	struct buffer wrapped, exact; /* input of a jq program */
	unsigned long long yielded_nothing; /* records for which a jq program gave no result */
};

enum { RAW_MAP_ABSENT = -1, RAW_MAP_CONTEXT_ACCOUNT = -2, RAW_MAP_CONTEXT_ORGANIZATION = -3 };

/* Why a record is invalid: `pointer` is the place. */
struct feed_map_fault {
	const char *pointer;
	char reason[300];
};

/* `stream` names the raw stream that --stream gives (or NULL), `program` a jq program (or NULL). Both must last. */
int feed_map_open(struct feed_map *map, const char *feed, const char *stream, const char *program, struct error *error);
void feed_map_release(struct feed_map *map);

/* The canonical stream for a raw stream; NULL if there is no map for it. */
const struct stream *feed_map_target(const struct feed_map *map, const char *stream, size_t length);

/*
 * Appends the canonical RECORD lines of a raw record (a RECORD of that stream, or a bare one). Returns 0; 1 with the fault if it is
 * invalid, and then appends nothing; -1 with any other error.
 */
int feed_map_append(struct feed_map *map, const struct stream *target, const struct message *message, struct buffer *lines,
	struct feed_map_fault *fault, struct error *error);

#endif
