#include "explain/explanation_segments.h"

#include "stream/phrases.h"
#include "json/json_write.h"

#include <stdlib.h>
#include <string.h>

/* The length of a price without zeros at its end, beyond two digits: "2.50" of "2.500000". */
static int price_length(const char *price)
{
	const char *point = strchr(price, '.');
	size_t length = strlen(price);
	while (point && length > (size_t)(point - price) + 3 && price[length - 1] == '0')
		length--;
	return (int)length;
}

static void print_for_people(struct explanation_printing *printing, const struct explained_segment *segment, bool is_shared,
	const struct explanation_balance *balance)
{
	char text[96];
	struct buffer line = BUFFER_INIT;
	buffer_append_format(&line, "%s to %s: ", segment->first_day, segment->last_day);
	if (segment->is_unlimited)
		buffer_append_string(&line, "rights unlimited");
	else
		buffer_append_format(&line, "rights left %lld", (long long)segment->left);
	if (segment->is_known)
		buffer_append_format(&line, ", used %lld, drawn %lld", (long long)segment->used, (long long)segment->drawn);
	else
		buffer_append_string(&line, ", use unknown");
	if (is_shared)
		buffer_append_format(&line, ", drawn by other profiles %lld", (long long)segment->others);
	if (segment->covered)
		buffer_append_format(&line, ", covered %lld", (long long)segment->covered);
	if (segment->is_known)
		buffer_append_format(&line, ", unlicensed %lld", (long long)segment->unlicensed);
	if (segment->first_breach)
		buffer_append_format(&line, " from %s on", segment->first_breach);
	if (segment->unlicensed && segment->price && segment->currency && segment->price_basis &&
		strcmp(segment->price_basis, "prices") != 0)
		buffer_append_format(&line, ", at %.*s %s", price_length(segment->price), segment->price, segment->currency);
	if (segment->unlicensed && segment->cost && segment->currency)
		buffer_append_format(&line, ", cost %s %s", segment->cost, segment->currency);
	explanation_print_line(printing, 2, "%s%s", line.data, explanation_balance_text(balance, text));
	printing->facts.failed |= line.failed;
	buffer_release(&line);
}

static void print_segment(struct explanation_printing *printing, int64_t parent, const struct explained_segment *segment, bool is_shared)
{
	struct explanation_balance balance = explanation_balance_of(segment->used, segment->drawn + segment->covered + segment->unlicensed);
	balance.is_checked = segment->is_known;
	explanation_count_wrong(printing, balance);
	if (printing->for_people) {
		print_for_people(printing, segment, is_shared, &balance);
		return;
	}
	struct buffer *facts = explanation_begin_facts(printing);
	json_member_text(facts, "first_day", segment->first_day);
	json_member_text(facts, "last_day", segment->last_day);
	json_member_text(facts, "drawn_by", segment->drawn_by);
	json_member_text(facts, "reason", segment->reason);
	json_member_rights(facts, "rights_left", segment->is_unlimited, segment->left);
	json_member_integer(facts, "rights_drawn", segment->drawn);
	json_member_integer(facts, "rights_drawn_by_others", segment->others);
	json_member_integer(facts, "covered_rights", segment->covered);
	json_member_integer(facts, "unlicensed_rights", segment->unlicensed);
	json_member_text(facts, "first_unlicensed_on", segment->first_breach);
	json_member_text(facts, "currency", segment->currency);
	json_member_text(facts, "average_price", segment->price);
	json_member_text(facts, "price_basis", segment->price_basis);
	json_member_text(facts, "true_up_cost", segment->cost);
	explanation_record(printing, parent, "segment", segment->is_known, &balance);
}

void explanation_print_segments(struct explanation_printing *printing, int64_t parent, const struct explained_position *position)
{
	const struct explained_segment *segments = printing->explanation->segments + position->first_segment;
	struct explanation_balance used = explanation_balance_of(position->used, position->segments_used),
				   unlicensed = explanation_balance_of(position->unlicensed, position->segments_unlicensed);
	const char *reason = position->segment_count ? phrase_sentence("reason", segments->reason) : NULL;
	char texts[2][96];
	if (!position->segment_count || !position->status)
		return;
	used.is_checked = position->is_consumption_known;
	unlicensed.is_checked = position->is_unlicensed_known;
	explanation_count_wrong(printing, used);
	explanation_count_wrong(printing, unlicensed);
	if (printing->for_people)
		explanation_print_line(printing, 1, "%s%s%s%s",
			reason ? "the period draws as a whole: " : "rights and use by day, from each change of rights to the next:",
			reason ? reason : "", explanation_balance_text(&used, texts[0]), explanation_balance_text(&unlicensed, texts[1]));
	for (size_t i = 0; i < position->segment_count; i++)
		print_segment(printing, parent, &segments[i], position->is_shared);
}
