/*
 * policy: the counting policy: which envelopes are consumed.
 *
 * `policy show [FILE]` prints the canonical form of a policy and its hash, `policy hash [FILE]` the hash alone. Without FILE, or with the
 * name default, it is the built-in policy. doc/policy.md describes the file.
 * `policy diff A B --before FILE --after FILE` prints how figures differ between two policies; the files have the consumption and
 * metric_result records that reconcile printed under each. (`envtally policy diff A B` makes them from a ledger.)
 *
 * Exit: 0; 64 usage; 65 bad records; 66 no such file; 74 cannot write; 78 invalid policy.
 */
#include "config/policy.h"
#include "base/instant.h"
#include "io/program.h"
#include "run/policy_diff.h"

#include <stdlib.h>
#include <string.h>

static char *before, *after, *profile = "", *period, *format;

static struct poptOption table[] = {
	{"before", 0, POPT_ARG_STRING, &before, 0, "diff: records under the first policy", "FILE"},
	{"after", 0, POPT_ARG_STRING, &after, 0, "diff: records under the second policy", "FILE"},
	{"profile", 'p', POPT_ARG_STRING, &profile, 0, "diff: the profile's name", "NAME"},
	{"period", 0, POPT_ARG_STRING, &period, 0, "diff: only the period that contains this day, or has this index", "PERIOD"},
	{"format", 'f', POPT_ARG_STRING, &format, 0, "diff: text (the default) or ndjson", "FORMAT"},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "policy",
	.operands = "show|hash [FILE] | diff A B",
	.summary =
		"Checks a counting policy and prints its canonical form and hash, or the hash alone; or prints how figures differ between two.",
	.description = "`envtally policy diff A B` compares the figures of a workspace's ledgers.\n\n"
		       "Example:\n"
		       "  policy show default\n",
};

static int print(const struct policy *policy, bool with_text, struct output *output, struct error *error)
{
	char hash[POLICY_HASH_LENGTH + 1];
	if (policy_hash(policy, hash, error) < 0)
		return -1;
	if (with_text) {
		policy_append(policy, true, &output->pending);
		buffer_append_byte(&output->pending, '\n');
	}
	output_line(output, hash, POLICY_HASH_LENGTH);
	return 0;
}

static void parse_period(struct policy_diff_options *options)
{
	char *end;
	if (!period || !*period)
		return;
	options->index = strtoll(period, &end, 10);
	if (!*end && strlen(period) <= 6)
		options->period = POLICY_PERIOD_INDEX;
	else if (day_parse(period, strlen(period), &options->day) == 0)
		options->period = POLICY_PERIOD_DAY;
	else
		options_refuse("cannot use --period '%s': it must be a day such as 2025-01-31, or the index of a period", period);
}

static int print_diff(const char *const policies[2], struct output *output, struct error *error)
{
	char hashes[2][POLICY_HASH_LENGTH + 1];
	struct policy_diff_options options = {.profile = profile, .files = {before, after}, .hashes = {hashes[0], hashes[1]}};
	options.ndjson = format && strcmp(format, "ndjson") == 0;
	if (!before || !after || !policies[0] || !policies[1])
		options_refuse("cannot compare policies: diff takes two, with --before and --after");
	if (format && !options.ndjson && strcmp(format, "text") != 0)
		options_refuse("cannot use --format '%s': it must be text or ndjson", format);
	parse_period(&options);
	for (int side = 0; side < 2; side++) {
		struct policy policy;
		if (policy_load(policies[side], &policy, error) < 0)
			return -1;
		int result = policy_hash(&policy, hashes[side], error);
		policy_release(&policy);
		if (result < 0)
			return -1;
	}
	return policy_diff_append(&options, &output->pending, error);
}

static int print_policy(const char *path, bool with_text, struct output *output, struct error *error)
{
	struct policy policy;
	if (policy_load(path, &policy, error) < 0)
		return -1;
	int result = print(&policy, with_text, output, error);
	policy_release(&policy);
	return result;
}

static void run(const char **operands, struct output *output, struct error *error)
{
	const char *command = operands[0] ? operands[0] : "";
	size_t count = 0;
	while (operands[count])
		count++;
	bool shows = strcmp(command, "show") == 0, compares = strcmp(command, "diff") == 0;
	if ((!shows && !compares && strcmp(command, "hash") != 0) || count > (compares ? 3 : 2))
		options_refuse("cannot do that: policy takes show or hash and a policy file, or diff and two of them");
	if (!compares && (before || after || *profile || period || format))
		options_refuse("cannot use the options of diff with %s: it takes none of its own", command);
	if (compares)
		print_diff(&operands[1], output, error);
	else
		print_policy(operands[1], shows, output, error);
}

int main(int argc, const char **argv)
{
	return program_run(argc, argv, table, &manual, run);
}
