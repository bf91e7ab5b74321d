/* fuzz_profile: integration profiles: names are file names, URLs are safe, and the driver's facts of one are those that programs read. */
#include "fuzz.h"

#include "base/period.h"
#include "config/profile.h"
#include "run/run_facts.h"

#include <stdlib.h>

static void check(const struct profile *profile)
{
	FUZZ_CHECK(profile->name && *profile->name && *profile->name != '.' && !strpbrk(profile->name, "/\\ \n'\"$`"));
	FUZZ_CHECK(strlen(profile->organization_id) == 36);
	FUZZ_CHECK(strncmp(profile->api_base, "https://", 8) == 0 || strncmp(profile->api_base, "http://", 7) == 0);
	FUZZ_CHECK(!profile->esign_base || strncmp(profile->esign_base, "https://", 8) == 0 ||
		strncmp(profile->esign_base, "http://", 7) == 0);
	FUZZ_CHECK(*profile->audience && !strpbrk(profile->audience, "/@"));
	FUZZ_CHECK(profile->renewal_months >= 1 && profile->renewal_months <= 60 && profile->feed && profile->scopes);
	struct period_rule rule = period_rule_contract(profile->contract_start, profile->renewal_months);
	FUZZ_CHECK(period_by_index(&rule, 0).start < period_by_index(&rule, 0).end);
}

void fuzz_profile(const uint8_t *bytes, size_t length)
{
	struct profile profile;
	struct buffer facts = BUFFER_INIT;
	struct error error = ERROR_INIT;
	const char *path = fuzz_file(0, bytes, length);
	bool is_good = profile_load(path, &profile, &error) == 0, has_facts = run_facts_append_profile(path, &facts, &error) == 0;
	if (is_good) {
		char *name;
		check(&profile);
		if (has_facts) {
			FUZZ_CHECK(asprintf(&name, "name=%s\n", profile.name) > 0);
			FUZZ_CHECK(strncmp(facts.data, name, strlen(name)) == 0);
			free(name);
		}
		profile_release(&profile);
	}
	buffer_release(&facts);
}
