#include "io/program.h"

#include <unistd.h>

int program_run(int argc, const char **argv, struct poptOption *table, const struct options_manual *manual, program_work *work)
{
	struct error error = ERROR_INIT;
	struct output output;
	const char **operands = options_parse(argc, argv, table, manual);
	output_open(&output, STDOUT_FILENO, "standard output");
	work(operands, &output, &error);
	output_close(&output, error.status ? NULL : &error);
	diag_end();
	if (error.status)
		diag_error(&error);
	return error.status;
}
