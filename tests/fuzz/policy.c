/* fuzz_policy: a counting policy's canonical text is a policy with the same hash. */
#include "fuzz.h"

#include "config/policy.h"

void fuzz_policy(const uint8_t *bytes, size_t length)
{
	struct policy policy, again;
	struct buffer text = BUFFER_INIT;
	struct error error = ERROR_INIT;
	char hash[POLICY_HASH_LENGTH + 1], hash_again[POLICY_HASH_LENGTH + 1];
	if (policy_load(fuzz_file(0, bytes, length), &policy, &error) < 0) {
		FUZZ_CHECK(error.status == EX_CONFIG);
		return;
	}
	policy_append(&policy, true, &text);
	FUZZ_CHECK(policy_load(fuzz_file(0, text.data, text.length), &again, NULL) == 0);
	FUZZ_CHECK(policy_hash(&policy, hash, NULL) == 0 && policy_hash(&again, hash_again, NULL) == 0 && strcmp(hash, hash_again) == 0);
	for (size_t i = 0; i < policy.count; i++)
		FUZZ_CHECK(policy_counts_status(&policy, policy.statuses[i].name, strlen(policy.statuses[i].name)) ==
			policy.statuses[i].counts);
	policy_release(&policy);
	policy_release(&again);
	buffer_release(&text);
}
