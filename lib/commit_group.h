/*
 * commit_group.h: several STATEs to a commit.
 *
 * A STATE goes on only when the records before it are durable, and a commit costs the same for one record as for thousands. So while
 * input keeps coming, STATEs wait, and every line that is passed on after one waits behind it; a commit is due after some seconds, or
 * after four times as long as the last one took, when too much waits, and as soon as the input pauses.
 *
 * A transaction still ends at a STATE, never after it: what came since then is kept as lines, taken back before the commit and
 * merged again behind it. So what is durable is always what some STATE says, whatever ends the process, and a wrong record
 * costs what came after the last STATE and nothing before it.
 */
#ifndef ENVTALLY_COMMIT_GROUP_H
#define ENVTALLY_COMMIT_GROUP_H

#include "ledger_envelopes.h"
#include "ledger_records.h"
#include "message.h"
#include "output.h"

struct commit_group {
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
	} mark;         /* how things were when it came */
	int64_t interval, due_at; /* milliseconds; of the monotonic clock */
};

/* `interval` is how long STATEs wait, in milliseconds; 0: not at all. */
void commit_group_open(struct commit_group *group, struct ledger_envelopes *envelopes, struct ledger_records *records,
	struct output *output, int64_t interval);
void commit_group_release(struct commit_group *group);

/* Merges the message that the reader has just given: stores it, or passes it on. */
int commit_group_take(struct commit_group *group, const struct message *message, struct error *error);

/* Before the next message is read: commits when that would take a while. */
int commit_group_wait(struct commit_group *group, struct message_reader *reader, struct error *error);

/* Makes all that came durable, at the end of the input, and passes on what waits. */
int commit_group_finish(struct commit_group *group, struct error *error);

/* After EX_DATAERR: drops what came after the last STATE and makes the rest durable. */
int commit_group_recover(struct commit_group *group, struct error *error);

#endif
