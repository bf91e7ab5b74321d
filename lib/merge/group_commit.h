/*
 * group_commit.h: several STATEs to a commit.
 *
 * A STATE is passed on only when the records before it are durable, and a commit costs the same for one record as for thousands. So while
 * input keeps arriving, STATEs wait, and every line passed on after one waits behind it. A commit is due after some seconds, or after
 * four times as long as the last one lasted; when too much waits; and as soon as the input pauses.
 *
 * A transaction still ends at a STATE, never after it: the lines read since are kept, undone before the commit and merged again after it.
 * So the durable data always matches some STATE, however the process ends, and a wrong record loses only what followed the last STATE.
 */
#ifndef ENVTALLY_GROUP_COMMIT_H
#define ENVTALLY_GROUP_COMMIT_H

#include "io/output.h"
#include "merge/ledger_envelopes.h"
#include "merge/ledger_records.h"
#include "stream/message.h"

struct group_commit {
	struct ledger_envelopes *envelopes;
	struct ledger_records *records;
	struct output *output;
	struct buffer held; /* lines to be passed on, from the first STATE that waits to the last; empty: no STATE waits */
	struct buffer tail; /* lines read after the last STATE */
	struct buffer passed; /* those of them to be passed on */
	struct {
		struct batch_mark batch;
		size_t weeks;
		unsigned long long received;
		bool promoted;
	} mark; /* the progress at the last STATE */
	int64_t interval, due_at; /* milliseconds; of the monotonic clock */
};

/* `interval` is how long STATEs wait, in milliseconds; 0: not at all. */
void group_commit_open(struct group_commit *group, struct ledger_envelopes *envelopes, struct ledger_records *records,
	struct output *output, int64_t interval);
void group_commit_release(struct group_commit *group);

/* Merges the message that the reader has just given: stores it, or passes it on. */
int group_commit_add(struct group_commit *group, const struct message *message, struct error *error);

/* Before the next message is read: commits if it has not arrived yet. */
int group_commit_wait(struct group_commit *group, struct message_reader *reader, struct error *error);

/* At the end of the input: makes everything durable and passes on what waits. */
int group_commit_finish(struct group_commit *group, struct error *error);

/* After EX_DATAERR: drops what followed the last STATE and makes the rest durable. */
int group_commit_recover(struct group_commit *group, struct error *error);

#endif
