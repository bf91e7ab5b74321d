#include "explain/explanation_senders.h"

#include "stream/phrases.h"
#include "json/json_write.h"

#include <stdlib.h>

struct sender {
	uint32_t number; /* of explanation->senders; 0: none is known */
	int64_t envelopes;
};

static int compare_numbers(const void *left, const void *right)
{
	const struct sender *a = left, *b = right;
	return (a->number > b->number) - (a->number < b->number);
}

static int compare_envelopes(const void *left, const void *right)
{
	const struct sender *a = left, *b = right;
	return a->envelopes != b->envelopes ? (a->envelopes < b->envelopes) - (a->envelopes > b->envelopes) : compare_numbers(left, right);
}

/* Adds up those of one sender; their number. */
static size_t add_up(struct sender senders[], size_t count)
{
	size_t kept = 0;
	qsort(senders, count, sizeof *senders, compare_numbers);
	for (size_t i = 0; i < count; i++)
		if (kept && senders[kept - 1].number == senders[i].number)
			senders[kept - 1].envelopes += senders[i].envelopes;
		else
			senders[kept++] = senders[i];
	qsort(senders, kept, sizeof *senders, compare_envelopes);
	return kept;
}

static void print_sender(struct explanation_printing *printing, int64_t parent, const struct sender *sender)
{
	const char *id = sender->number ? printing->explanation->senders.names[sender->number].text : NULL;
	if (printing->for_people) {
		explanation_print_line(printing, 4, "sender %s  %lld unit%s", id ? id : "unknown", (long long)sender->envelopes,
			phrase_plural(sender->envelopes));
		return;
	}
	json_member_text(explanation_begin_facts(printing), "sender_id", id);
	explanation_record(printing, parent, "sender", true, &(struct explanation_balance){.units = sender->envelopes});
}

void explanation_print_senders(
	struct explanation_printing *printing, int64_t parent, const struct explained_envelope envelopes[], size_t count)
{
	struct sender *senders = count ? malloc(count * sizeof *senders) : NULL;
	if (!senders) {
		printing->facts.failed |= count > 0;
		return;
	}
	for (size_t i = 0; i < count; i++)
		senders[i] = (struct sender){envelopes[i].sender, 1};
	size_t kept = add_up(senders, count);
	for (size_t i = 0; i < kept; i++)
		print_sender(printing, parent, &senders[i]);
	free(senders);
}
