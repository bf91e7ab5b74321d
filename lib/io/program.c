#include "io/program.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* The calls cannot fail with these arguments; in a sandbox that forbids them the user still wants the program. */
void program_hide_memory(void)
{
	const struct rlimit none = {0, 0};
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no ptrace, no /proc/PID/mem */
}

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
