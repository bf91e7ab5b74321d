/* fuzz_models: what models reads, by each of its operands: what is printed is UTF-8. */
#include "fuzz.h"

#include "base/utf8.h"

#define main models_main
#include "../../stages/models.c"
#undef main

void fuzz_models(const uint8_t *bytes, size_t length)
{
	static const char *const names[] = {"suggest", "automatic", "list", "entitlements"};
	static char row[] =
		"publisher,product,software_model,license_metric,identifier_type,identifier\nDocusign,eSignature,Pro,Envelope,plan_item_id,p*\n";
	char *path = strdup(fuzz_file(3, row, sizeof row - 1));
	models_path = path;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *operands[] = {names[i], NULL};
		struct error error = ERROR_INIT;
		struct output output;
		fuzz_output(&output);
		fuzz_stdin(bytes, length);
		run(operands, &output, &error);
		FUZZ_CHECK(!error.status || error.status == EX_DATAERR);
		FUZZ_CHECK(utf8_prefix(output.pending.data, output.pending.length) == output.pending.length);
		buffer_release(&output.pending);
	}
	models_path = NULL;
	free(path);
}
