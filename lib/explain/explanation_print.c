#include "explain/explanation_billing.h"

#include "base/instant.h"
#include "explain/explanation_segments.h"
#include "explain/explanation_senders.h"
#include "explain/recorded_envelopes.h"
#include "stream/phrases.h"
#include "stream/stream.h"
#include "json/json_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text_of_instant {
	char text[INSTANT_LENGTH + 1];
};
struct text_of_rights {
	char text[24];
};

static struct text_of_instant instant_text(int64_t instant)
{
	struct text_of_instant text = {"never"};
	if (instant != INSTANT_NONE)
		instant_format(instant, text.text);
	return text;
}

static struct text_of_rights rights_text(bool is_unlimited, int64_t rights)
{
	struct text_of_rights text = {"unlimited"};
	if (!is_unlimited)
		snprintf(text.text, sizeof text.text, "%lld", (long long)rights);
	return text;
}

static void id_text(const struct envelope_id *id, struct buffer *text)
{
	buffer_reset(text);
	envelope_id_append(id, text);
}

static void print_version(struct explanation_printing *printing, int64_t parent, const struct explained_version *version)
{
	const char *run = printing->explanation->runs[version->run];
	if (printing->for_people) {
		explanation_print_line(printing, 5,
			"run %s, raw/%s.bodies: exchange %llu at byte %llu (%llu bytes), record %llu: %s, modified %s%s", run,
			RECORDED_ENVELOPES_PROGRAM, (unsigned long long)version->exchange, (unsigned long long)version->body_offset,
			(unsigned long long)version->body_length, (unsigned long long)version->record, version->status,
			instant_text(version->modified_at).text, version->is_kept ? "" : "; another version");
		return;
	}
	struct buffer *facts = explanation_begin_facts(printing);
	json_member_text(facts, "run_id", run);
	json_member_text(facts, "file", "raw/" RECORDED_ENVELOPES_PROGRAM ".bodies");
	json_member_integer(facts, "exchange", (int64_t)version->exchange);
	json_member_integer(facts, "body_offset", (int64_t)version->body_offset);
	json_member_integer(facts, "body_length", (int64_t)version->body_length);
	json_member_integer(facts, "record", (int64_t)version->record);
	json_member_text(facts, "status", version->status);
	json_member_instant(facts, "sent_at", version->sent_at);
	json_member_instant(facts, "modified_at", version->modified_at);
	json_member_boolean(facts, "is_kept", version->is_kept);
	explanation_record(printing, parent, "exchange", false, NULL);
}

static void print_envelope(struct explanation_printing *printing, int64_t parent, const struct explained_envelope *envelope)
{
	struct explanation *explanation = printing->explanation;
	const struct explained_status *status = explanation_status(explanation, envelope);
	const char *plan_item = envelope->plan_item ? explanation->plan_items.names[envelope->plan_item].text : NULL;
	bool has_recordings = explanation->question.level >= EXPLAIN_EXCHANGE, lacks_recordings = explanation->question.lacks_recordings,
	     is_kept = false;
	struct buffer id = BUFFER_INIT;
	id_text(&envelope->id, &id);
	for (size_t i = 0; i < envelope->version_count; i++)
		is_kept |= explanation->versions[envelope->first_version + i].is_kept;
	struct explanation_balance balance = {
		.is_checked = has_recordings && !(lacks_recordings && !is_kept), .adds_up = is_kept, .units = 1, .sum = is_kept};
	explanation_count_wrong(printing, balance);
	if (printing->for_people) {
		explanation_print_line(printing, 4, "envelope %s  sent %s  %s%s%s, modified %s%s%s", id.data,
			instant_text(envelope->sent_at).text, status->name, status->sending_method ? " by " : "",
			status->sending_method ? status->sending_method : "", instant_text(envelope->modified_at).text,
			plan_item ? "" : ", without a plan item",
			!has_recordings || is_kept ? ""
				: lacks_recordings ? "  its recording is not kept"
						   : "  NOT FOUND: no recording has this version");
	} else {
		struct buffer *facts = explanation_begin_facts(printing);
		json_member_text(facts, "envelope_id", id.data);
		json_member_text(facts, "status", status->name);
		json_member_instant(facts, "sent_at", envelope->sent_at);
		json_member_instant(facts, "modified_at", envelope->modified_at);
		json_member_text(facts, "plan_item_id", plan_item);
		json_member_text(facts, "sender_id", envelope->sender ? explanation->senders.names[envelope->sender].text : NULL);
		if (status->sending_method)
			json_member_text(facts, "sending_method", status->sending_method);
		parent = explanation_record(printing, parent, "envelope", true, &balance);
	}
	for (size_t i = 0; i < envelope->version_count; i++)
		print_version(printing, parent, &explanation->versions[envelope->first_version + i]);
	printing->facts.failed |= id.failed;
	buffer_release(&id);
}

/* The first of its envelopes from `at` on that is not of the day. */
static size_t skip_day(const struct explained_consumption *consumption, const struct explained_envelope envelopes[], int32_t day, size_t at)
{
	while (at < consumption->envelope_count && instant_day(envelopes[at].sent_at) == day)
		at++;
	return at;
}

/* Prints a day with its envelopes, which are sorted, from *at on. */
static void print_day(struct explanation_printing *printing, int64_t parent, const struct explained_consumption *consumption, int32_t day,
	int64_t units, size_t *at)
{
	struct explanation *explanation = printing->explanation;
	const struct explained_envelope *envelopes = explanation->envelopes + consumption->first_envelope;
	size_t end = skip_day(consumption, envelopes, day, *at);
	char text[96];
	if (explanation->question.only_day && day != explanation->question.day) {
		*at = end;
		return;
	}
	struct explanation_balance balance = {.units = units};
	if (explanation->question.level >= EXPLAIN_ENVELOPE)
		balance = explanation_count_wrong(printing, explanation_balance_of(units, (int64_t)(end - *at)));
	if (printing->for_people) {
		explanation_print_line(printing, 3, "%s  %lld unit%s%s", day_text(day).text, (long long)units, phrase_plural(units),
			explanation_balance_text(&balance, text));
	} else {
		struct buffer *facts = explanation_begin_facts(printing);
		json_member_day(facts, "day", day);
		parent = explanation_record(printing, parent, "day", true, &balance);
	}
	if (explanation->question.only_day)
		explanation_print_senders(printing, parent, envelopes + *at, end - *at);
	for (; *at < end; ++*at)
		print_envelope(printing, parent, &envelopes[*at]);
}

/* Has it the day that is asked for? */
static bool has_day(const struct explanation *explanation, const struct explained_consumption *consumption)
{
	int32_t day = explanation->question.day;
	bool has = !explanation->question.only_day || explanation->question.level < EXPLAIN_DAY;
	for (size_t i = 0; i < consumption->day_count; i++)
		has |= explanation->days[consumption->first_day + i].day == day;
	for (size_t i = 0; i < consumption->envelope_count; i++)
		has |= instant_day(explanation->envelopes[consumption->first_envelope + i].sent_at) == day;
	return has;
}

/* Prints days from the partials; envelopes of a day without a partial get a line of 0 units. */
static void print_days(struct explanation_printing *printing, int64_t parent, const struct explained_consumption *consumption)
{
	const struct explanation *explanation = printing->explanation;
	size_t at = 0, day = 0;
	while (day < consumption->day_count || at < consumption->envelope_count) {
		const struct explained_day *partial =
			day < consumption->day_count ? &explanation->days[consumption->first_day + day] : NULL;
		int32_t of_envelope = at < consumption->envelope_count
			? instant_day(explanation->envelopes[consumption->first_envelope + at].sent_at)
			: INT32_MAX;
		bool lacks_partial = !partial || of_envelope < partial->day;
		print_day(
			printing, parent, consumption, lacks_partial ? of_envelope : partial->day, lacks_partial ? 0 : partial->units, &at);
		day += !lacks_partial;
	}
}

static void print_consumption(struct explanation_printing *printing, int64_t parent, const struct explained_consumption *consumption)
{
	struct explanation *explanation = printing->explanation;
	const char *account = explanation->accounts.names[consumption->account].text;
	const char *name = consumption->account < explanation->account_name_count ? explanation->account_names[consumption->account] : NULL;
	const char *plan_item = consumption->plan_item ? explanation->plan_items.names[consumption->plan_item].text : NULL;
	struct explanation_balance balance = {.units = consumption->units};
	char text[96], line[64] = "";
	if (explanation->question.level >= EXPLAIN_DAY)
		balance = explanation_count_wrong(printing, explanation_balance_of(consumption->units, consumption->counted));
	if (!has_day(explanation, consumption))
		return;
	if (consumption->line)
		snprintf(line, sizeof line, " (models.csv line %lld)", (long long)consumption->line);
	if (printing->for_people) {
		explanation_print_line(printing, 2, "account %s%s%s%s  plan item %s%s  %lld unit%s", account, name ? " (" : "",
			name ? name : "", name ? ")" : "", plan_item ? plan_item : "none", line, (long long)consumption->units,
			phrase_plural(consumption->units));
		if (consumption->excluded)
			explanation_print_line(printing, 3, "%lld of them excluded by exclusions.csv", (long long)consumption->excluded);
		if (*explanation_balance_text(&balance, text))
			explanation_print_line(printing, 3, "%s", text + 2);
	} else {
		struct buffer *facts = explanation_begin_facts(printing);
		json_member_text(facts, "account_id", account);
		json_member_text(facts, "account_name", name);
		json_member_text(facts, "plan_item_id", plan_item);
		json_member_integer_or_null(facts, "models_line", consumption->line != 0, consumption->line);
		json_member_integer(facts, "units_excluded", consumption->excluded);
		parent = explanation_record(printing, parent, "consumption", true, &balance);
	}
	print_days(printing, parent, consumption);
}

static void print_declared(struct explanation_printing *printing, int64_t parent, const struct explained_declared *declared)
{
	const struct explanation_balance units = {.units = declared->units};
	if (printing->for_people) {
		explanation_print_line(printing, 2, "consumption.csv line %lld  account %s  %s to %s  %lld unit%s declared by %s",
			(long long)declared->line, declared->account, declared->first_day, declared->last_day, (long long)declared->units,
			phrase_plural(declared->units), declared->source);
		return;
	}
	struct buffer *facts = explanation_begin_facts(printing);
	json_member_integer(facts, "line", declared->line);
	json_member_text(facts, "account_id", declared->account);
	json_member_text(facts, "first_day", declared->first_day);
	json_member_text(facts, "last_day", declared->last_day);
	json_member_text(facts, "source", declared->source);
	explanation_record(printing, parent, "declared", true, &units);
}

static void print_entitlement(struct explanation_printing *printing, int64_t parent, const struct explained_entitlement *entitlement)
{
	bool is_unlimited = entitlement->is_unlimited;
	if (printing->for_people) {
		explanation_print_line(printing, 2,
			"entitlements.csv line %lld  %s  %s to before %s%s%s%s%s%s%s%s%s%s%s%s%s%s%s: granted %s, drawn before %lld, owned %s, drawn here %lld",
			(long long)entitlement->line, entitlement->entitlement_id, entitlement->start_day,
			entitlement->end_day ? entitlement->end_day : "any end", entitlement->group_type ? ", allocated to " : "",
			entitlement->group_type ? entitlement->group_type : "", entitlement->group_type ? " " : "",
			entitlement->group_value ? entitlement->group_value : "", entitlement->only_profile ? ", of profile " : "",
			entitlement->only_profile ? entitlement->only_profile : "", entitlement->true_up_for ? ", true-up for " : "",
			entitlement->true_up_for ? entitlement->true_up_for : "", entitlement->replaces ? ", replaces " : "",
			entitlement->replaces ? entitlement->replaces : "", entitlement->supplements ? ", supplements " : "",
			entitlement->supplements ? entitlement->supplements : "", entitlement->replaced_by ? ", replaced by " : "",
			entitlement->replaced_by ? entitlement->replaced_by : "", rights_text(is_unlimited, entitlement->granted).text,
			(long long)entitlement->drawn_before, rights_text(is_unlimited, entitlement->owned).text,
			(long long)entitlement->drawn);
		return;
	}
	struct buffer *facts = explanation_begin_facts(printing);
	json_member_integer(facts, "line", entitlement->line);
	json_member_text(facts, "entitlement_id", entitlement->entitlement_id);
	json_member_text(facts, "start_day", entitlement->start_day);
	json_member_text(facts, "end_day", entitlement->end_day);
	json_member_text(facts, "group_type", entitlement->group_type);
	json_member_text(facts, "group_value", entitlement->group_value);
	json_member_rights(facts, "rights_granted", is_unlimited, entitlement->granted);
	json_member_integer(facts, "rights_drawn_before", entitlement->drawn_before);
	json_member_rights(facts, "rights_owned", is_unlimited, entitlement->owned);
	json_member_integer(facts, "rights_drawn", entitlement->drawn);
	json_member_text(facts, "true_up_for", entitlement->true_up_for);
	json_member_text(facts, "only_profile", entitlement->only_profile);
	json_member_text(facts, "lineage", entitlement->lineage);
	json_member_text(facts, "replaces", entitlement->replaces);
	json_member_text(facts, "supplements", entitlement->supplements);
	json_member_text(facts, "replaced_by", entitlement->replaced_by);
	explanation_record(printing, parent, "entitlement", false, NULL);
}

static void print_change(struct explanation_printing *printing, int64_t parent, const struct explained_change *change)
{
	struct buffer text = BUFFER_INIT;
	if (printing->for_people) {
		rights_change_append(change->texts, &text);
		explanation_print_line(printing, 2, "restated by run %s: %s", change->texts[CHANGE_run_id], text.data);
		printing->facts.failed |= text.failed;
		buffer_release(&text);
		return;
	}
	rights_change_append_members(change->texts, explanation_begin_facts(printing));
	explanation_record(printing, parent, "restatement", false, NULL);
}

static void print_differences(struct explanation_printing *printing, int64_t parent, size_t position)
{
	const struct explained_differences *differences = &printing->explanation->differences[position];
	const struct explained_position *of = &printing->explanation->positions[position];
	bool has_recordings = printing->explanation->question.level >= EXPLAIN_EXCHANGE;
	const struct {
		const char *kind;
		int64_t envelopes;
	} list[] = {{"near_edge", differences->near_edges}, {"beyond_edge", differences->beyond_edges},
		{"resent", has_recordings ? differences->resent : 0}, {"resent_across", has_recordings ? differences->resent_across : 0},
		{"alike", differences->alike}, {"given_plan_item", differences->given_plan_item}, {"late", differences->late},
		{"not_completed", differences->not_completed}, {"excluded", of->excluded}};
	bool any = false;
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		if (!list[i].envelopes)
			continue;
		if (printing->for_people) {
			if (!any)
				explanation_print_line(printing, 1, "Possible reasons for a difference from Docusign's own count:");
			any = true;
			explanation_print_line(printing, 2, "%lld %s", (long long)list[i].envelopes, phrase_sentence("kind", list[i].kind));
			continue;
		}
		struct buffer *facts = explanation_begin_facts(printing);
		json_member_text(facts, "kind", list[i].kind);
		json_member_integer(facts, "envelopes", list[i].envelopes);
		explanation_record(printing, parent, "difference", false, NULL);
	}
	if (printing->for_people && of->state && strcmp(of->state, "final") != 0)
		explanation_print_line(printing, any ? 2 : 1, "The period is %s: envelopes may still arrive", of->state);
}

static bool is_of_workspace(const struct explanation *explanation, const struct explained_position *position)
{
	return explanation->has_profiles && !position->profile && position->status;
}

static const char *model_of(const struct explained_position *position)
{
	if (position->software_model)
		return position->software_model;
	return "In no position: no software model has the plan item";
}

static void print_heading(
	struct explanation_printing *printing, const struct explained_position *position, const struct explanation_balance *owned)
{
	char text[96];
	explanation_print_line(printing, 0, "%s%s%s%s%s  %s to %s  period %d%s%s", model_of(position), position->license_metric ? ", " : "",
		position->license_metric ? position->license_metric : "",
		position->profile                                          ? "  profile "
			: is_of_workspace(printing->explanation, position) ? "  workspace"
									   : "",
		position->profile ? position->profile : "", day_text(instant_day(position->period.start)).text,
		day_text(instant_day(position->period.end - 1)).text, position->period.index, position->state ? ", " : "",
		position->state ? position->state : "");
	if (!position->status) {
		explanation_print_line(printing, 1, "%lld units, in no position%s", (long long)position->consumed,
			position->period.index < 0 ? ": the period is before the contract start" : "");
		return;
	}
	explanation_print_line(printing, 1, "position: owned %s, used %s, available %s, unlicensed %s: %s",
		rights_text(position->is_unlimited, position->owned).text,
		position->is_consumption_known ? rights_text(false, position->used).text : "unknown",
		position->is_available_known ? rights_text(position->is_available_unlimited, position->available).text : "unknown",
		position->is_unlicensed_known ? rights_text(false, position->unlicensed).text : "unknown", position->status);
	if (position->first_breach)
		explanation_print_line(printing, 1, "first unlicensed on %s", position->first_breach);
	if (position->is_shared)
		explanation_print_line(printing, 1,
			"rights owned: %s, of those that profiles of the workspace share: others drew %lld of them in this period%s",
			rights_text(position->is_unlimited, position->owned).text, (long long)position->segments_others,
			explanation_balance_text(owned, text));
	else
		explanation_print_line(printing, 1, "rights owned: %s%s", rights_text(position->is_unlimited, position->owned).text,
			explanation_balance_text(owned, text));
}

static int64_t print_position_record(struct explanation_printing *printing, const struct explained_position *position,
	const struct explanation_balance *used, const struct explanation_balance *owned)
{
	struct buffer *facts = explanation_begin_facts(printing);
	json_member_text(facts, "profile", position->profile);
	json_member_text(facts, "software_model", position->software_model);
	json_member_text(facts, "license_metric", position->license_metric);
	json_member_integer(facts, "period_index", position->period.index);
	json_member_instant(facts, "period_start", position->period.start);
	json_member_instant(facts, "period_end", position->period.end);
	json_member_text(facts, "period_state", position->state);
	json_member_text(facts, "status", position->status);
	json_member_rights(facts, "rights_owned", position->is_unlimited, position->owned);
	json_member_integer(facts, "rights_owned_sum", owned->sum);
	json_member_boolean_or_null(facts, "rights_add_up", owned->is_checked, owned->adds_up);
	json_member_integer(facts, "units_excluded", position->excluded);
	json_member_integer(facts, "units_declared", position->declared);
	json_member_text(facts, "first_unlicensed_on", position->first_breach);
	if (position->segment_count)
		json_member_integer(facts, "rights_drawn_by_others", position->segments_others);
	return explanation_record(printing, 0, "position", position->is_consumption_known || !position->status, used);
}

/* Of shared rights those are a profile's own that it drew, and what no other could draw; the lines of its entitlements are all of them. */
static struct explanation_balance balance_of_owned(const struct explained_position *position)
{
	struct explanation_balance balance = explanation_balance_of(position->owned, position->entitled);
	if (position->is_shared)
		balance = explanation_balance_of(position->owned, position->segments_drawn + position->available);
	balance.is_checked = position->status && !position->is_unlimited && (!position->is_shared || position->is_available_known);
	return balance;
}

static void print_position(struct explanation_printing *printing, size_t number)
{
	struct explanation *explanation = printing->explanation;
	const struct explained_position *position = &explanation->positions[number];
	int64_t sum = position->consumed - position->excluded + position->declared, parent = 0;
	bool is_position = position->status != NULL;
	/* If the use is unknown there must be no consumption. */
	struct explanation_balance used =
		is_position ? explanation_balance_of(position->used, sum) : (struct explanation_balance){.units = position->consumed};
	used.is_checked &= !is_of_workspace(explanation, position);
	explanation_count_wrong(printing, used);
	struct explanation_balance owned = explanation_count_wrong(printing, balance_of_owned(position));
	char text[96];
	if (printing->for_people)
		print_heading(printing, position, &owned);
	else
		parent = print_position_record(printing, position, &used, &owned);
	for (size_t i = 0; explanation->question.level >= EXPLAIN_CONSUMPTION && i < position->entitlement_count; i++)
		print_entitlement(printing, parent, &explanation->entitlements[position->first_entitlement + i]);
	for (size_t i = 0; explanation->question.level >= EXPLAIN_CONSUMPTION && i < explanation->change_count; i++)
		if (explanation->changes[i].position == number)
			print_change(printing, parent, &explanation->changes[i]);
	explanation_print_segments(printing, parent, position);
	if (printing->for_people && is_position)
		explanation_print_line(printing, 1, "rights used: %lld%s%s%s", (long long)position->used,
			position->excluded ? ", without excluded units" : "",
			position->declared ? ", with what consumption.csv declares" : "", explanation_balance_text(&used, text));
	for (size_t i = 0; explanation->question.level >= EXPLAIN_CONSUMPTION && i < position->declared_count; i++)
		print_declared(printing, parent, &explanation->declared[position->first_declared + i]);
	for (size_t i = 0; explanation->question.level >= EXPLAIN_CONSUMPTION && i < position->consumption_count; i++)
		print_consumption(printing, parent, &explanation->consumptions[position->first_consumption + i]);
	explanation_print_billing(printing, parent, position);
	if (explanation->question.level >= EXPLAIN_ENVELOPE)
		print_differences(printing, parent, number);
}

static int compare_positions(const void *left, const void *right, void *context)
{
	const struct explained_position *positions = context, *a = &positions[*(const size_t *)left],
					*b = &positions[*(const size_t *)right];
	const char *texts[][2] = {{a->profile, b->profile}, {a->software_model, b->software_model}, {a->license_metric, b->license_metric}};
	for (size_t i = 0; i < 3; i++) {
		if (!texts[i][0] || !texts[i][1]) {
			/* Consumption in no position is last. */
			if (!texts[i][0] != !texts[i][1])
				return texts[i][0] ? -1 : 1;
		} else if (strcmp(texts[i][0], texts[i][1]) != 0) {
			return strcmp(texts[i][0], texts[i][1]);
		}
	}
	return (a->period.start > b->period.start) - (a->period.start < b->period.start);
}

int explanation_print(struct explanation *explanation, const char *title, bool for_people, struct output *output, struct error *error)
{
	struct explanation_printing printing = {
		.explanation = explanation, .for_people = for_people, .output = output, .facts = BUFFER_INIT};
	size_t *order = calloc(explanation->position_count + 1, sizeof *order);
	if (!order)
		return error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < explanation->position_count; i++)
		order[i] = i;
	qsort_r(order, explanation->position_count, sizeof *order, compare_positions, explanation->positions);
	if (!for_people)
		stream_append_schema(&output->pending, &stream_explanation);
	else if (title)
		explanation_print_line(&printing, 0, "%s", title);
	for (size_t i = 0; i < explanation->position_count && !output_failed(output); i++) {
		const struct explained_position *position = &explanation->positions[order[i]];
		/* With --account only positions that it is in. */
		if (explanation->question.account && !position->consumption_count && !position->declared_count)
			continue;
		if (for_people && (i || title))
			explanation_print_line(&printing, 0, "%s", "");
		print_position(&printing, order[i]);
	}
	explanation_print_billing_alone(&printing);
	free(order);
	int result = buffer_check(&printing.facts, error);
	buffer_release(&printing.facts);
	return result < 0 ? -1 : printing.wrong;
}
