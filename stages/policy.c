/*
 * policy: the counting policy: which envelopes are consumed.
 *
 * `policy show [FILE]` prints a policy in its canonical form and, on a second line, its hash; `policy hash [FILE]` the hash alone.
 * Without FILE, or with the name default, it is the one that is built in. doc/policy.md is the manual of the file.
 * (`policy diff` is the driver's: it takes a ledger.)
 *
 * Exit: 0; 64 usage; 66 no such file; 74 cannot write; 78 a wrong policy.
 */
#include "config/policy.h"
#include "io/program.h"

#include <string.h>
#include <unistd.h>

static struct poptOption table[] = {POPT_TABLEEND};

static const struct options_manual manual = {
	.program = "policy",
	.operands = "show|hash [FILE]",
	.summary = "Prints a counting policy, checked, in its canonical form, with its hash; or the hash alone.",
	.description = "`envtally policy diff A B` says how the figures of a ledger move from one policy to another.\n\n"
		       "Example:\n"
		       "  policy show default\n",
};

static int print(const struct policy *policy, bool whole, struct output *output, struct error *error)
{
	char hash[POLICY_HASH_LENGTH + 1];
	if (policy_hash(policy, hash, error) < 0)
		return -1;
	if (whole) {
		policy_append(policy, &output->pending);
		buffer_append_byte(&output->pending, '\n');
	}
	output_line(output, hash, POLICY_HASH_LENGTH);
	return 0;
}

static void run(const char **operands, struct output *output, struct error *error)
{
	struct policy policy;
	bool shows = operands[0] && strcmp(operands[0], "show") == 0;
	if (!operands[0] || (!shows && strcmp(operands[0], "hash") != 0) || (operands[1] && operands[2]))
		options_refuse("cannot do that: policy takes show or hash, and the file of a policy");
	if (policy_load(operands[1], &policy, error) == 0) {
		print(&policy, shows, output, error);
		policy_release(&policy);
	}
}

int main(int argc, const char **argv)
{
	return program_run(argc, argv, table, &manual, run);
}
