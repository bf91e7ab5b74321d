#include "report/report_evidence.h"

#include "base/instant.h"

#include <string.h>

const struct report_check report_checks[REPORT_CHECKS] = {
	{"envtally verify RUN",
		"every file of every run is the one of its manifest, the manifests are an unbroken chain, and the outputs of this "
		"run, this page among them, are what its evidence gives"},
	{"envtally replay RUN", "makes this run again from its evidence and compares each output byte for byte"},
	{"envtally explain --level envelope", "from each figure to its envelopes, and to the recorded answers that they came with"},
	{"envtally evidence RUN --to FILE", "one file with the evidence of this run and of all before it, to be checked elsewhere"},
};

void report_check_append(const struct report_check *check, const char *run, struct buffer *text)
{
	const char *at = strstr(check->command, "RUN");
	buffer_append(text, check->command, at && run ? (size_t)(at - check->command) : strlen(check->command));
	if (at && run)
		buffer_append_format(text, "%s%s", run, at + strlen("RUN"));
}

static const char *or_not_known(const char *text)
{
	return text ? text : "not known";
}

void report_evidence_facts(const struct report *report, void (*add)(void *context, const char *name, const char *value), void *context)
{
	const struct report_evidence *evidence = report->evidence;
	char now[INSTANT_LENGTH + 1] = "";
	instant_format(report->now, now);
	if (evidence->run)
		add(context, "Run", evidence->run);
	add(context, "Its clock", now);
	if (evidence->is_promoted)
		add(context, "Made by", or_not_known(evidence->version));
	add(context, "Run before", evidence->previous ? evidence->previous : "none: this is the first");
	add(context, "Manifest",
		"raw/manifest.json has the SHA-256 of every file of the run: inputs, recordings, outputs, this page; and that of the manifest before "
		"it. The ledger has that of each manifest");
	if (evidence->is_promoted)
		add(context, "SHA-256 of it", or_not_known(evidence->manifest));
	if (evidence->is_promoted && evidence->previous)
		add(context, "SHA-256 of that of the run before", or_not_known(evidence->previous_manifest));
}
