#include "explain/explanation.h"

#include <stdlib.h>

const char *const explanation_level_names[] = {"position", "consumption", "day", "envelope", "exchange", NULL};

int explanation_open(struct explanation *explanation, const struct explanation_question *question, struct error *error)
{
	*explanation = (struct explanation){.question = *question};
	/* The first plan item, and sender, is none. */
	return name_table_number(&explanation->plan_items, "", 0, error) < 0 || name_table_number(&explanation->senders, "", 0, error) < 0
		? -1
		: 0;
}

void explanation_release(struct explanation *explanation)
{
	struct name_table *const tables[] = {
		&explanation->texts, &explanation->accounts, &explanation->plan_items, &explanation->senders, &explanation->position_keys};
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		name_table_release(tables[i]);
	for (size_t i = 0; i < explanation->run_count; i++)
		free(explanation->runs[i]);
	free(explanation->statuses);
	free(explanation->runs);
	free(explanation->positions);
	free(explanation->entitlements);
	free(explanation->changes);
	free(explanation->segments);
	free(explanation->consumptions);
	free(explanation->declared);
	free(explanation->days);
	free(explanation->envelopes);
	free(explanation->versions);
	free(explanation->checks);
	free(explanation->differences);
	free(explanation->account_names);
	hash_index_release(&explanation->by_id);
	*explanation = (struct explanation){.positions = NULL};
}

const char *explanation_keep(struct explanation *explanation, const char *text, size_t length, struct error *error)
{
	ptrdiff_t number = name_table_number(&explanation->texts, text, length, error);
	return number < 0 ? NULL : explanation->texts.names[number].text;
}

const struct explained_status *explanation_status(const struct explanation *explanation, const struct explained_envelope *envelope)
{
	static const struct explained_status unknown = {NULL, NULL};
	return envelope->status < explanation->status_count ? &explanation->statuses[envelope->status] : &unknown;
}
