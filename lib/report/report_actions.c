#include "base/array.h"
#include "report/html.h"
#include "report/report_page.h"
#include "report/verdict.h"
#include "stream/phrases.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ACTIONS_SHOWN 8

/* Something to do: of one option for a software model, over all periods; or of a gap. */
struct action {
	const struct report_row *row; /* the first that it is of; NULL for a gap */
	const char *section;
	int64_t rights;
	size_t periods, over, found; /* over: periods that are over; found: after how many others */
	struct report_sums cost; /* negative: saved */
	struct report_gap gap;
};

struct actions {
	struct action *list;
	size_t count;
	struct name_table options; /* by what they do, for which model: where in the list */
	struct error *error;
	bool failed;
};

static struct action *add(struct actions *actions, const struct report_row *row, const char *section)
{
	struct action *action = array_grow((void **)&actions->list, &actions->count, sizeof *action, actions->error);
	actions->failed |= !action;
	if (action)
		*action = (struct action){.row = row, .section = section};
	return action;
}

/* The action that does the same in a later period, or a new one. */
static struct action *find_option(struct actions *actions, const struct report_row *row)
{
	int64_t key[REPORT_MODEL_KEY + 4];
	report_row_key(row, key);
	for (size_t i = 0; i < 4; i++)
		key[REPORT_MODEL_KEY + i] = (intptr_t)report_row_text(row, FIELD_LIST("option", "group_type", "from_group", "to_group")[i]);
	struct name *name = name_table_find(&actions->options, (const char *)key, sizeof key);
	if (name)
		return &actions->list[name->value];
	if (!name_table_add(&actions->options, (const char *)key, sizeof key, (int64_t)actions->count, actions->error)) {
		actions->failed = true;
		return NULL;
	}
	return add(actions, row, report_section_remediations.id);
}

/* Options that are alike in several periods are one. Of rights that were not needed only those of the latest period are: the forecast's,
 * where there is one. */
static void add_options(const struct report *report, struct actions *actions)
{
	for (size_t i = 0; i < report->remediations.count && !actions->failed; i++) {
		const struct report_row *row = report_row_at(&report->remediations, i);
		bool is_reduction = report_row_is(row, "option", "reduce_rights");
		if (is_reduction && report_forecast_of(report, row))
			continue;
		struct action *action = find_option(actions, row);
		if (!action || (is_reduction && action->row != row))
			continue;
		int64_t rights = report_row_integer(row, "rights");
		if (rights == INT64_MAX || __builtin_add_overflow(action->rights, rights, &action->rights))
			action->rights = INT64_MAX;
		action->periods++;
		action->over += row->end <= report->now;
		report_sums_add(&action->cost, report_row_text(row, "cost"), report_row_text(row, "currency"));
	}
}

/* What is missing, where the input does not say what can be done. */
static void add_missing(const struct report *report, struct actions *actions)
{
	for (size_t first = 0, count; first < report->metrics.count && !report->remediations.count; first += count) {
		struct action *action = NULL;
		count = report_model_rows(report, first);
		for (size_t i = first; i < first + count && !actions->failed; i++) {
			const struct report_row *row = report_row_at(&report->metrics, i);
			int64_t missing = report_row_integer(row, "unlicensed_rights");
			if (missing <= 0 || missing == INT64_MAX)
				continue;
			if (!action && !(action = add(actions, row, report_section_position.id)))
				return;
			if (__builtin_add_overflow(action->rights, missing, &action->rights))
				action->rights = INT64_MAX;
			action->periods++;
			action->over += row->end <= report->now;
			report_sums_add(&action->cost, report_row_text(row, "true_up_cost"), report_row_text(row, "currency"));
		}
	}
}

static void add_forecasts(const struct report *report, struct actions *actions)
{
	for (size_t i = 0; i < report->forecasts.count; i++) {
		const struct report_row *row = report_row_at(&report->forecasts, i);
		const char *saving = report_row_text(row, "expected_savings"), *currency = report_row_text(row, "currency");
		bool runs_out = report_runs_out(row), saves = saving && saving[strspn(saving, "0.")];
		struct action *action = runs_out || saves ? add(actions, row, report_section_forecasts.id) : NULL;
		if (!action)
			continue;
		action->rights = report_row_integer(row, runs_out ? "expected_unlicensed_rights" : "expected_over_licensed_rights");
		if (runs_out)
			report_sums_add(&action->cost, report_row_text(row, "expected_true_up_cost"), currency);
		else {
			report_sums_add(&action->cost, saving, currency);
			for (size_t j = 0; j < action->cost.count; j++)
				action->cost.sums[j].amount = -action->cost.sums[j].amount;
		}
	}
}

static void add_gaps(const struct report *report, struct actions *actions)
{
	struct report_gap gaps[REPORT_GAPS];
	size_t count = report_gaps(report, gaps);
	for (size_t i = 0; i < count; i++) {
		struct action *action = add(actions, NULL, gaps[i].section);
		if (action)
			action->gap = gaps[i];
	}
}

static money size_of(const struct action *action)
{
	money amount = action->cost.count ? action->cost.sums[0].amount : -1;
	return action->cost.count && amount < 0 ? -amount : amount;
}

/* By currency, in which amounts compare; the most money first; what has no price last, in the order in which it was found. */
static int compare(const void *left, const void *right)
{
	const struct action *a = left, *b = right;
	const char *currency = a->cost.count ? a->cost.sums[0].currency : NULL, *other = b->cost.count ? b->cost.sums[0].currency : NULL;
	if (!currency != !other)
		return currency ? -1 : 1;
	int order = currency ? strcmp(currency, other) : 0;
	if (order == 0 && size_of(a) != size_of(b))
		order = size_of(a) > size_of(b) ? -1 : 1;
	return order ? order : (a->found > b->found) - (a->found < b->found);
}

/* ---- what they say ---- */

static void append_rights(struct buffer *out, int64_t rights)
{
	if (rights != INT64_MAX)
		buffer_append_format(out, "%" PRId64 " right%s", rights, phrase_plural(rights));
	else
		buffer_append_string(out, "rights");
}

static void append_option(struct buffer *out, const struct action *action)
{
	const struct report_row *row = action->row;
	bool is_option = action->section == report_section_remediations.id,
	     is_move = is_option && report_row_is(row, "option", "move_rights"),
	     buys = !is_option || report_row_is(row, "option", "buy_rights");
	buffer_append_string(out, is_move ? "Move " : buys ? "Buy " : "Renew with ");
	append_rights(out, action->rights);
	buffer_append_string(out, is_move || buys ? " of " : " fewer of ");
	html_name(out, report_row_text(row, "software_model"));
	if (is_move) {
		const char *type = report_row_text(row, "group_type"), *from = report_row_text(row, "from_group"),
			   *to = report_row_text(row, "to_group");
		html(out, " from ", type ? type : "", " ", from ? from : "", " to ", to ? to : "accounts without one");
	}
	if (action->periods > 1)
		buffer_append_format(out, ", for %zu periods%s", action->periods, page_when_over(action->over, action->periods));
}

static void append_expected(struct buffer *out, const struct action *action)
{
	const struct report_row *row = action->row;
	if (report_runs_out(row)) {
		buffer_append_string(out, "Plan a purchase of ");
		append_rights(out, action->rights > 0 ? action->rights : INT64_MAX);
		buffer_append_string(out, " of ");
		html_name(out, report_row_text(row, "software_model"));
		html(out, ": they run out on ", report_row_text(row, "exhausted_on"));
		return;
	}
	const char *low = report_row_text(row, "low_over_licensed_rights"), *high = report_row_text(row, "high_over_licensed_rights");
	buffer_append_string(out, "Renew with about ");
	append_rights(out, action->rights);
	buffer_append_string(out, " fewer of ");
	html_name(out, report_row_text(row, "software_model"));
	if (low && high)
		html(out, " (between ", low, " and ", high, ")");
}

static void append_action(struct page *page, const struct action *action)
{
	struct buffer text = BUFFER_INIT, *out = page->out;
	buffer_append_string(out, "<li><div><span class=\"what\">");
	bool is_link = page_link_begin(page, action->section);
	if (!action->row) {
		report_gap_append(&action->gap, &text);
		html_text(out, text.data);
		html(out, ": ", action->gap.next_step);
	} else if (action->section == report_section_forecasts.id)
		append_expected(out, action);
	else
		append_option(out, action);
	page_link_end(page, is_link);
	buffer_append_string(out, "</span>");
	if (action->row) {
		struct report_sums cost = action->cost;
		bool saves = cost.count && cost.sums[0].amount < 0;
		for (size_t i = 0; i < cost.count && saves; i++)
			cost.sums[i].amount = -cost.sums[i].amount;
		buffer_reset(&text);
		report_sums_append(&cost, &text);
		buffer_append_string(out,
			saves                 ? "<span class=\"money good\">saves "
				: text.length ? "<span class=\"money\">costs "
					      : "<span class=\"money\">");
		html_figure(out, text.length ? text.data : "cost not known");
		buffer_append_string(out, "</span>");
	}
	buffer_append_string(out, "</div></li>\n");
	buffer_release(&text);
}

void page_actions(struct page *page)
{
	struct actions actions = {.error = page->error};
	add_options(page->report, &actions);
	add_missing(page->report, &actions);
	add_forecasts(page->report, &actions);
	add_gaps(page->report, &actions);
	for (size_t i = 0; i < actions.count; i++)
		actions.list[i].found = i;
	if (actions.count) {
		qsort(actions.list, actions.count, sizeof *actions.list, compare);
		buffer_append_string(page->out, "<h3>What to do next</h3>\n<ol class=\"actions\">\n");
		for (size_t i = 0; i < actions.count && i < ACTIONS_SHOWN; i++)
			append_action(page, &actions.list[i]);
		buffer_append_string(page->out, "</ol>\n");
	}
	page->out->failed |= actions.failed;
	name_table_release(&actions.options);
	free(actions.list);
}
