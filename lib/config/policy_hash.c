/* A file of its own: what counts envelopes starts without libcrypto. */
#include "base/sha256.h"
#include "config/policy.h"

int policy_hash(const struct policy *policy, char hash[POLICY_HASH_LENGTH + 1], struct error *error)
{
	struct buffer text = BUFFER_INIT;
	policy_append(policy, false, &text);
	int result = buffer_check(&text, error) < 0 ? -1 : sha256_hex(text.data, text.length, hash, error);
	buffer_release(&text);
	return result;
}
