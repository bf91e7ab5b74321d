/*
 * ledger: splits a ledger into those of shards, and joins them.
 *
 *   ledger split N          writes a ledger for each of N shards beside --ledger, with what it has of their accounts
 *   ledger join FILE...     writes the ledger --ledger, with what those in the files have
 *
 * So the number of shards may change: a ledger that was split and joined has the content it had. The ledgers that are read stay as they are.
 *
 * Exit: 0; 64 usage; 65 not a ledger, or damaged; 66 no such file; 73, 74 cannot write, or the file exists; 75 another program is writing
 * it; 78 a ledger is of a newer version.
 */
#include "io/program.h"
#include "merge/ledger_take.h"

#include <string.h>
#include <unistd.h>

static char *ledger_path;

static struct poptOption table[] = {
	{"ledger", 'l', POPT_ARG_STRING, &ledger_path, 0, "the ledger: split reads it, join writes it", "FILE"},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "ledger",
	.operands = "split N | join FILE...",
	.reads_no_input = true,
	.summary = "Splits a ledger into those of N shards (FILE.1-of-N …), or joins them to one.",
	.description =
		"A shard is a set of accounts (doc/scale.md). Envelopes that several ledgers have are counted once, in their latest version.\n\n"
		"Example:\n"
		"  normalize < envelopes.ndjson | merge --ledger acme.db && \\\n"
		"  ledger split 4 --ledger acme.db && ledger join acme.db.?-of-4 --ledger joined.db\n",
};

/* What was made before something failed. Returns -1. */
static int remove_made(const char *path)
{
	static const char *const endings[] = {"", "-wal", "-shm"};
	struct buffer file = BUFFER_INIT;
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		buffer_reset(&file);
		buffer_append_format(&file, "%s%s", path, endings[i]);
		unlink(file.data);
	}
	buffer_release(&file);
	return -1;
}

static int take(const char *path, const char *const sources[], const struct shard *shard, struct error *error)
{
	struct ledger ledger;
	if (access(path, F_OK) == 0)
		return error_set(error, EX_CANTCREAT, "cannot create '%s': it exists", path);
	if (ledger_open(&ledger, path, LEDGER_WRITE, error) < 0)
		return -1;
	int result = 0;
	for (; *sources && result == 0; sources++) {
		diag_progress("%s", *sources);
		result = ledger_take(&ledger, *sources, shard, error);
	}
	ledger_close(&ledger);
	return result < 0 ? remove_made(path) : 0;
}

static int split(const char *text, struct error *error)
{
	const char *const sources[] = {ledger_path, NULL};
	struct buffer all = BUFFER_INIT, path = BUFFER_INIT;
	struct shard shard;
	int result = 0;
	buffer_append_format(&all, "1/%s", text);
	if (shard_parse(all.data, &shard) < 0)
		options_refuse("cannot split into '%s' ledgers: it must be a whole number from 1 to %d", text, SHARDS_MOST);
	for (; shard.number <= shard.count && result == 0; shard.number++) {
		buffer_reset(&path);
		buffer_append_format(&path, "%s.%u-of-%u", ledger_path, shard.number, shard.count);
		result = buffer_check(&path, error);
		if (result == 0)
			result = take(path.data, sources, &shard, error);
	}
	buffer_release(&all);
	buffer_release(&path);
	return result;
}

static void run(const char **operands, struct output *output, struct error *error)
{
	const struct shard all = {.count = 0};
	(void)output;
	if (!ledger_path)
		options_refuse("cannot do that without --ledger FILE");
	if (operands[0] && operands[1] && strcmp(operands[0], "split") == 0 && !operands[2])
		split(operands[1], error);
	else if (operands[0] && operands[1] && strcmp(operands[0], "join") == 0)
		take(ledger_path, operands + 1, &all, error);
	else
		options_refuse("cannot do that: use ledger split N, or ledger join FILE...");
}

int main(int argc, const char **argv)
{
	return program_run(argc, argv, table, &manual, run);
}
