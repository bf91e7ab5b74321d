#include "stream/phrases.h"

#include <stddef.h>
#include <string.h>

static const struct phrase {
	const char *field, *word, *label, *sentence;
} phrases[] = {
	{"usage_state", "counted", "counted", NULL},
	{"usage_state", "zero", "zero", NULL},
	{"usage_state", "not_yet_fed", "not yet fed", NULL},
	{"usage_state", "not_reported", "not reported", NULL},

	{"check", "agrees", "agrees", "they agree"},
	{"check", "differs", "differs", "they differ"},
	{"check", "feed_is_behind", "feed not read so far", "the feed has not been read that far yet: they may still agree"},
	{"check", "not_yet_fed", "feed never read", "the account's feed was never read"},
	{"check", "superseded", "superseded", "an overlapping billing period was reported later"},
	{"check", "not_reported", "not reported", "Docusign reports no count"},

	{"cause", "late", "late", "late: units arrived after the report"},
	{"cause", "plan_item", "plan item", "plan item: the same units, of other plan items"},
	{"cause", "status", "status", "status: units disappeared or moved"},

	{"reason", "before_contract", "before the contract start", NULL},
	{"reason", "excluded", "excluded by exclusions.csv", NULL},
	{"reason", "no_software_model", "in no software model", NULL},
	{"reason", "account_not_listed", "no plan item, and the account is not listed", NULL},
	{"reason", "no_plan_item", "no plan item, and not certain which", NULL},
	{"reason", "no_period", "in no period of the workspace", NULL},

	{"reason", "settles_by_period", NULL, "the contract settles by the period (policy.json)"},
	{"reason", "days_unknown", NULL, "the days of its use are not known"},

	{"option", "buy_rights", "buy", "Buy rights"},
	{"option", "reduce_rights", "reduce at renewal", "Reduce at renewal"},

	/* Possible reasons why Docusign's own count differs from ours: N envelopes … */
	{"kind", "near_edge", NULL,
		"sent within 14 h of the period's start or end: a count in local time may date them into the next period"},
	{"kind", "beyond_edge", NULL, "sent up to 14 h outside the period: a count in local time may date them into this one"},
	{"kind", "resent", NULL, "with different sent times in their versions: a resend changes the time, and is counted once here"},
	{"kind", "resent_across", NULL, "of these with a sent time in another period"},
	{"kind", "alike", NULL,
		"sent by one sender, 10 or more within a minute: if these are bulk sends, Docusign's usedQuantity may leave them out"},
	{"kind", "given_plan_item", NULL, "without a plan item, given the only one of their account's asset group"},
	{"kind", "late", NULL, "arrived after their period had been reported as over"},
	{"kind", "not_completed", NULL, "voided, declined, deleted or timed out: they count, since they were sent"},
	{"kind", "excluded", NULL, "excluded by exclusions.csv"},
};

static const struct phrase *find(const char *field, const char *word)
{
	for (size_t i = 0; word && i < sizeof phrases / sizeof *phrases; i++)
		if (strcmp(phrases[i].field, field) == 0 && strcmp(phrases[i].word, word) == 0)
			return &phrases[i];
	return NULL;
}

const char *phrase_label(const char *field, const char *word)
{
	const struct phrase *phrase = find(field, word);
	return phrase ? phrase->label : NULL;
}

const char *phrase_sentence(const char *field, const char *word)
{
	const struct phrase *phrase = find(field, word);
	return !phrase ? NULL : phrase->sentence ? phrase->sentence : phrase->label;
}

const char *phrase_plural(int64_t count)
{
	return count == 1 ? "" : "s";
}
