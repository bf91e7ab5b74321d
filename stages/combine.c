/*
 * combine: makes one output of merge out of the outputs for the parts of an organisation.
 *
 * Reads files that merge printed, each for other accounts (fetch-datafeed --shard). Prints what one merge of all accounts would: accounts,
 * sites, subscriptions, watermarks and Docusign's own counts once each, and all daily partials, in the same order. The STATEs become one,
 * which is printed first. Other messages are copied. Memory does not grow with the number of records.
 *
 * Of two records with the same key, that of the later file counts; of two watermarks the later one; of two of Docusign's counts the one
 * that has ours beside it.
 *
 * Exit: 0; 64 usage; 65 bad input, or a file in another order than merge's; 66 no such file; 74 cannot write.
 */
#include "io/program.h"
#include "stream/record.h"
#include "stream/state_union.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct poptOption table[] = {POPT_TABLEEND};

static const struct options_manual manual = {
	.program = "combine",
	.operands = "FILE...",
	.reads_no_input = true,
	.summary = "Prints what one merge would have printed in place of the several that printed FILE..., each for other accounts.",
	.description = "FILE is what merge prints for a part of the accounts, unchanged (fetch-datafeed --shard K/N; doc/scale.md).\n\n"
		       "Example:\n"
		       "  normalize < envelopes.ndjson | merge --ledger :memory: --emit all >part-1.ndjson && \\\n"
		       "  combine part-?.ndjson | aggregate-by-period --contract-start 2025-01-31\n",
};

#define FIELDS(X) X(account_id) X(since) X(organization_id) X(subscription_id) X(plan_item_id) X(period_start) X(watermark) X(units_counted)
enum { FIELDS(RECORD_SLOT) SLOTS };
static const char *const pointers[] = {FIELDS(RECORD_POINTER)};

/* What merge prints, in its order, and the fields that it is sorted by. Partials are all kept, and only their accounts are in order. */
static const struct kind {
	const char *stream;
	int keys[3], key_count;
} kinds[] = {
	{"account_night", {SLOT_account_id}, 1},
	{"account", {SLOT_account_id}, 1},
	{"account_site", {SLOT_account_id, SLOT_since}, 2},
	{"subscription", {SLOT_organization_id, SLOT_subscription_id, SLOT_plan_item_id}, 3},
	{"watermark", {SLOT_account_id}, 1},
	{"billing_period", {SLOT_account_id, SLOT_period_start}, 2},
	{"daily_consumption", {SLOT_account_id}, 1},
};
enum { NIGHT = 0, WATERMARK = 4, BILLING = 5, PARTIALS = 6, KINDS };

/* A record, with all that decides its place and which of two is kept. */
struct item {
	struct buffer key, line, worth; /* key: number of the kind, 0 for a SCHEMA or 1, the fields, each ended by a NUL */
	int kind;
};

struct part {
	const char *path;
	int descriptor;
	struct message_reader reader;
	struct item head; /* without its line: */
	struct buffer before; /* key of the head before it */
	struct line line;
	size_t number, states; /* STATEs above the head that are known already */
};

struct combination {
	struct part *parts;
	struct part **heap; /* those that have a head, the first in order on top */
	size_t count, waiting;
	struct state_union state;
	bool state_is_new; /* since it was printed */
	struct item held; /* the next to be printed, unless one with the same key is better */
	bool is_holding;
	struct output *output;
};

static int compare_keys(const struct buffer *left, const struct buffer *right)
{
	int order = memcmp(left->data, right->data, left->length < right->length ? left->length : right->length);
	return order ? order : (left->length > right->length) - (left->length < right->length);
}

static bool is_before(const struct part *left, const struct part *right)
{
	int order = compare_keys(&left->head.key, &right->head.key);
	return order ? order < 0 : left->number < right->number;
}

/* ---- reading a part ---- */

static int find_kind(const struct message *message)
{
	for (int i = 0; i < KINDS; i++)
		if (json_slice_equals(&message->stream, kinds[i].stream))
			return i;
	return -1;
}

static void append_slice(struct buffer *key, const struct json_slice *slice)
{
	if (slice->kind == JSON_STRING || slice->kind == JSON_NUMBER)
		buffer_append(key, slice->text, slice->length);
	buffer_append_byte(key, 0);
}

static int set_head(struct part *part, const struct message *message, int kind, struct error *error)
{
	struct item *head = &part->head;
	bool is_record = message->type == MESSAGE_RECORD;
	struct buffer before = head->key;
	head->key = part->before;
	part->before = before;
	buffer_reset(&head->key);
	buffer_append_byte(&head->key, (char)kind);
	buffer_append_byte(&head->key, is_record);
	for (int i = 0; is_record && i < kinds[kind].key_count; i++)
		append_slice(&head->key, &message->fields[kinds[kind].keys[i]]);
	buffer_reset(&head->worth);
	if (is_record && kind == WATERMARK)
		append_slice(&head->worth, &message->fields[SLOT_watermark]);
	else if (is_record && kind == BILLING)
		buffer_append_byte(&head->worth, message->fields[SLOT_units_counted].kind == JSON_NUMBER);
	head->kind = kind;
	part->line = message->line;
	if (compare_keys(&before, &head->key) > 0)
		return message_error(&part->reader, message, error,
			"this %s comes before the record above it: give files as merge prints them, for one part each", kinds[kind].stream);
	return buffer_check(&head->key, error) < 0 ? -1 : buffer_check(&head->worth, error);
}

static int read_state(struct combination *all, struct part *part, const struct message *message, struct error *error)
{
	all->state_is_new = true;
	if (state_union_add(&all->state, &message->value, error) < 0)
		return error_prefix(error, "cannot read '%s' line %llu", part->path, (unsigned long long)message->line_number);
	return 0;
}

/* Reads up to the next message that has a place. Returns 1; 0 at the end; -1. */
static int advance(struct combination *all, struct part *part, struct error *error)
{
	struct message message;
	int got;
	while ((got = message_next(&part->reader, &message, error)) > 0) {
		int kind = message.type == MESSAGE_RECORD || message.type == MESSAGE_SCHEMA ? find_kind(&message) : -1;
		if (kind >= 0)
			return set_head(part, &message, kind, error) < 0 ? -1 : 1;
		if (message.type != MESSAGE_STATE) {
			output_line(all->output, message.line.text, message.line.length);
			continue;
		}
		if (part->states > 0) {
			part->states--;
			continue;
		}
		if (read_state(all, part, &message, error) < 0)
			return -1;
	}
	return got;
}

/* The STATE is printed first, and account_nights come before it. */
static int read_states(struct combination *all, struct part *part, struct error *error)
{
	struct message message;
	int got;
	if (lseek(part->descriptor, 0, SEEK_CUR) < 0) /* from a pipe they come when they come */
		return 0;
	while ((got = message_next(&part->reader, &message, error)) > 0) {
		if ((message.type == MESSAGE_RECORD || message.type == MESSAGE_SCHEMA) && find_kind(&message) > NIGHT)
			break;
		if (message.type == MESSAGE_STATE && (part->states++, read_state(all, part, &message, error) < 0))
			return -1;
	}
	message_reader_release(&part->reader);
	if (got >= 0 && lseek(part->descriptor, 0, SEEK_SET) != 0)
		return error_set_errno(error, EX_IOERR, "cannot read '%s' again", part->path);
	return got < 0 ? -1 : message_reader_open(&part->reader, part->descriptor, part->path, pointers, SLOTS, false, error);
}

/* ---- the parts in order ---- */

static void sift_down(struct combination *all)
{
	size_t at = 0, child;
	while ((child = 2 * at + 1) < all->waiting) {
		child += child + 1 < all->waiting && is_before(all->heap[child + 1], all->heap[child]);
		if (!is_before(all->heap[child], all->heap[at]))
			return;
		struct part *moved = all->heap[at];
		all->heap[at] = all->heap[child];
		all->heap[child] = moved;
		at = child;
	}
}

static void sift_up(struct combination *all)
{
	for (size_t at = all->waiting - 1; at > 0 && is_before(all->heap[at], all->heap[(at - 1) / 2]); at = (at - 1) / 2) {
		struct part *moved = all->heap[at];
		all->heap[at] = all->heap[(at - 1) / 2];
		all->heap[(at - 1) / 2] = moved;
	}
}

static void print_held(struct combination *all)
{
	if (all->is_holding)
		output_line(all->output, all->held.line.data, all->held.line.length);
	all->is_holding = false;
}

static void copy(struct buffer *to, const char *bytes, size_t length)
{
	buffer_reset(to);
	buffer_append(to, bytes, length);
}

static int take(struct combination *all, const struct part *part, struct error *error)
{
	const struct item *head = &part->head;
	struct item *held = &all->held;
	bool is_same = all->is_holding && compare_keys(&held->key, &head->key) == 0;
	if (!is_same || (head->kind == PARTIALS && head->key.length > 2))
		print_held(all);
	else if (strcmp(held->worth.data, head->worth.data) > 0)
		return 0;
	copy(&held->key, head->key.data, head->key.length);
	copy(&held->worth, head->worth.data, head->worth.length);
	copy(&held->line, part->line.text, part->line.length);
	all->is_holding = true;
	return buffer_check(&held->key, error) < 0 || buffer_check(&held->worth, error) < 0 ? -1 : buffer_check(&held->line, error);
}

static int print_state(struct combination *all, struct error *error)
{
	struct buffer *line = &all->output->pending;
	if (!all->state_is_new)
		return 0;
	all->state_is_new = false;
	buffer_append_string(line, "{\"type\":\"STATE\",\"value\":");
	int result = state_union_append(&all->state, line, error);
	buffer_append_string(line, "}\n");
	output_line_end(all->output);
	return result;
}

static int combine(struct combination *all, struct error *error)
{
	int got = 0;
	for (size_t i = 0; i < all->count && got >= 0; i++)
		got = read_states(all, &all->parts[i], error);
	for (size_t i = 0; i < all->count && got >= 0; i++)
		if ((got = advance(all, &all->parts[i], error)) > 0) {
			all->heap[all->waiting++] = &all->parts[i];
			sift_up(all);
		}
	if (got < 0 || print_state(all, error) < 0)
		return -1;
	while (all->waiting && !output_failed(all->output)) {
		if (take(all, all->heap[0], error) < 0 || (got = advance(all, all->heap[0], error)) < 0)
			return -1;
		if (got == 0)
			all->heap[0] = all->heap[--all->waiting];
		sift_down(all);
	}
	print_held(all);
	return print_state(all, error);
}

static int open_part(struct part *part, const char *path, size_t number, struct error *error)
{
	*part = (struct part){.path = path,
		.number = number,
		.before = BUFFER_INIT,
		.head = {.key = BUFFER_INIT, .line = BUFFER_INIT, .worth = BUFFER_INIT}};
	part->descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (part->descriptor < 0)
		return error_set_errno(error, EX_NOINPUT, "cannot open '%s'", path);
	return message_reader_open(&part->reader, part->descriptor, path, pointers, SLOTS, false, error);
}

static void release(struct combination *all)
{
	for (size_t i = 0; i < all->count; i++) {
		message_reader_release(&all->parts[i].reader);
		buffer_release(&all->parts[i].head.key);
		buffer_release(&all->parts[i].before);
		buffer_release(&all->parts[i].head.worth);
		if (all->parts[i].descriptor >= 0)
			close(all->parts[i].descriptor);
	}
	buffer_release(&all->held.key);
	buffer_release(&all->held.worth);
	buffer_release(&all->held.line);
	state_union_release(&all->state);
	free(all->parts);
	free(all->heap);
}

static void run(const char **operands, struct output *output, struct error *error)
{
	struct combination all = {.output = output, .held = {.key = BUFFER_INIT, .line = BUFFER_INIT, .worth = BUFFER_INIT}};
	size_t count = 0;
	int result = 0;
	while (operands[count])
		count++;
	if (!count)
		options_refuse("cannot combine nothing: give the files that merge printed, one for each part");
	all.parts = calloc(count, sizeof *all.parts);
	all.heap = calloc(count, sizeof *all.heap);
	if (!all.parts || !all.heap)
		result = error_set(error, EX_OSERR, "out of memory");
	for (; all.count < count && result == 0; all.count++)
		result = open_part(&all.parts[all.count], operands[all.count], all.count, error);
	if (result == 0)
		combine(&all, error);
	release(&all);
}

int main(int argc, const char **argv)
{
	return program_run(argc, argv, table, &manual, run);
}
