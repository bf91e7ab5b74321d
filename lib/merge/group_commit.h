/*
 * group_commit.h: several STATEs to a commit.
 *
 * A STATE goes on only when the records before it are durable, and a commit costs the same for one record as for thousands. So while
 * input keeps coming, STATEs wait, and every line that is passed on after one waits behind it; a commit is due after some seconds, or
 * after four times as long as the last one took, when too much waits, and as soon as the input pauses.
 *
 * A transaction still ends at a STATE, never after it: what came since then is kept as lines, taken back before the commit and
 * merged again behind it. So what is durable is always what some STATE says, whatever ends the process, and a wrong record
 * costs what came after the last STATE and nothing before it.
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
	struct buffer held; /* lines to be passed on, from the first STATE that waits up to the last; none: no STATE waits */
	struct buffer tail; /* lines that came after it, and those of them that are to be passed on */
	struct buffer passed;
	struct {
		struct batch_mark batch;
		size_t weeks;
		unsigned long long received;
		bool promoted;
	} mark; /* how things were when it came */
	int64_t interval, due_at; /* milliseconds; of the monotonic clock */
};

/* `interval` is how long STATEs wait, in milliseconds; 0: not at all. */
void group_commit_open(struct group_commit *group, struct ledger_envelopes *envelopes, struct ledger_records *records,
	struct output *output, int64_t interval);
void group_commit_release(struct group_commit *group);

/* Merges the message that the reader has just given: stores it, or passes it on. */
int group_commit_add(struct group_commit *group, const struct message *message, struct error *error);

/* Before the next message is read: commits when that would take a while. */
int group_commit_wait(struct group_commit *group, struct message_reader *reader, struct error *error);

/* Makes all that came durable, at the end of the input, and passes on what waits. */
int group_commit_finish(struct group_commit *group, struct error *error);

/* After EX_DATAERR: drops what came after the last STATE and makes the rest durable. */
int group_commit_recover(struct group_commit *group, struct error *error);

#endif
