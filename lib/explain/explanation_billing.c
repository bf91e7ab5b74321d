#include "explain/explanation_billing.h"

#include "base/instant.h"
#include "stream/phrases.h"
#include "json/json_write.h"

#include <stdlib.h>
#include <string.h>

static int compare_checks(const void *left, const void *right)
{
	const struct explained_check *a = left, *b = right;
	int order = a->profile == b->profile ? 0 : strcmp(a->profile ? a->profile : "", b->profile ? b->profile : "");
	if (order)
		return order;
	if (a->period.start != b->period.start)
		return a->period.start < b->period.start ? -1 : 1;
	if (a->account != b->account)
		return a->account < b->account ? -1 : 1;
	return a->start && b->start ? strcmp(a->start, b->start) : 0;
}

void explanation_sort_checks(struct explanation *explanation)
{
	if (explanation->check_count)
		qsort(explanation->checks, explanation->check_count, sizeof *explanation->checks, compare_checks);
}

/* The first check of an account in a period, or the place where it would be. */
static size_t place_of(const struct explanation *explanation, const char *profile, int64_t start, uint32_t account)
{
	const struct explained_check wanted = {.profile = profile, .period.start = start, .account = account};
	size_t low = 0, high = explanation->check_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_checks(&explanation->checks[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_near(int64_t sent_at, int64_t edge)
{
	const int64_t distance = EXPLAIN_EDGE_HOURS * INT64_C(3600000);
	return edge != INSTANT_NONE && sent_at >= edge - distance && sent_at < edge + distance;
}

void explanation_count_near_edges(struct explanation *explanation, const struct explained_consumption *consumption, int64_t sent_at)
{
	const char *profile = explanation->positions[consumption->position].profile;
	size_t at = place_of(explanation, profile, consumption->period.start, consumption->account);
	for (; at < explanation->check_count; at++) {
		struct explained_check *check = &explanation->checks[at];
		if (check->profile != profile || check->period.start != consumption->period.start || check->account != consumption->account)
			break;
		check->near_edges += is_near(sent_at, check->start_at) || is_near(sent_at, check->end_at) || is_near(sent_at, check->until);
	}
}

static const char *known(const char *number)
{
	return number ? number : "unknown";
}

static void print_check(struct explanation_printing *printing, int64_t parent, const struct explained_check *check)
{
	const struct explanation *explanation = printing->explanation;
	const char *account = explanation->accounts.names[check->account].text, *phrase = phrase_sentence("check", check->check);
	const char *name = check->account < explanation->account_name_count ? explanation->account_names[check->account] : NULL;
	if (printing->for_people) {
		explanation_print_line(printing, 2,
			"account %s%s%s%s  billing period %s to before %s, up to %s: billed %s, counted here %s%s%s: %s", account,
			name ? " (" : "", name ? name : "", name ? ")" : "", known(check->start), known(check->end),
			known(check->counted_until), known(check->billed), known(check->counted), check->difference ? ", difference " : "",
			check->difference ? check->difference : "", phrase ? phrase : "");
		if (check->bulk || check->powerforms)
			explanation_print_line(printing, 3, "in its charges: bulk envelopes %s, PowerForm envelopes %s", known(check->bulk),
				known(check->powerforms));
		if (check->near_edges)
			explanation_print_line(printing, 3,
				"%lld of the envelopes above were sent within %d h of its start, its end, or the time of the request",
				(long long)check->near_edges, EXPLAIN_EDGE_HOURS);
		return;
	}
	struct buffer *facts = explanation_begin_facts(printing);
	const struct {
		const char *key, *text;
		bool is_number;
	} members[] = {{"account_id", account, false}, {"account_name", name, false}, {"billing_start", check->start, false},
		{"billing_end", check->end, false}, {"observed_at", check->observed_at, false},
		{"counted_until", check->counted_until, false}, {"units_billed", check->billed, true},
		{"units_counted", check->counted, true}, {"difference", check->difference, true}, {"bulk_units", check->bulk, true},
		{"powerform_units", check->powerforms, true}, {"check", check->check, false}};
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (members[i].is_number && members[i].text)
			json_member_integer(facts, members[i].key, strtoll(members[i].text, NULL, 10));
		else
			json_member_text(facts, members[i].key, members[i].text);
	json_member_integer_or_null(facts, "near_edges", explanation->question.level >= EXPLAIN_ENVELOPE, check->near_edges);
	explanation_record(printing, parent, "billing", false, NULL);
}

void explanation_print_billing(struct explanation_printing *printing, int64_t parent, const struct explained_position *position)
{
	struct explanation *explanation = printing->explanation;
	if (printing->for_people && position->billing_periods)
		explanation_print_line(printing, 1,
			"Docusign's own count in %lld billing period%s: %lld; counted here for the same time: %lld",
			(long long)position->billing_periods, phrase_plural(position->billing_periods), (long long)position->billed,
			(long long)position->billed_counted);
	bool any = position->billing_periods > 0;
	if (explanation->question.level < EXPLAIN_CONSUMPTION)
		return;
	for (size_t i = 0; i < position->consumption_count; i++) {
		uint32_t account = explanation->consumptions[position->first_consumption + i].account;
		/* The consumption of an account is contiguous. */
		if (i && explanation->consumptions[position->first_consumption + i - 1].account == account)
			continue;
		size_t at = place_of(explanation, position->profile, position->period.start, account);
		for (; at < explanation->check_count; at++) {
			struct explained_check *check = &explanation->checks[at];
			if (check->profile != position->profile || check->period.start != position->period.start ||
				check->account != account)
				break;
			if (!any && printing->for_people)
				explanation_print_line(
					printing, 1, "%s", "Docusign's own count of these accounts, for all their plan items:");
			any = true;
			print_check(printing, parent, check);
			check->is_printed = true;
		}
	}
}

void explanation_print_billing_alone(struct explanation_printing *printing)
{
	struct explanation *explanation = printing->explanation;
	bool any = false;
	/* With --model only checks of its accounts, which are printed. */
	if (explanation->question.level < EXPLAIN_CONSUMPTION || explanation->question.model)
		return;
	for (size_t i = 0; i < explanation->check_count; i++) {
		if (explanation->checks[i].is_printed)
			continue;
		if (!any && printing->for_people) {
			explanation_print_line(printing, 0, "%s", "");
			explanation_print_line(printing, 0, "%s", "Docusign's own count of accounts that are in no position above:");
		}
		any = true;
		print_check(printing, 0, &explanation->checks[i]);
	}
}
