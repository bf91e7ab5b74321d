#include "http/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* A handler has no argument of ours: this is the process's, like its signals. */
static struct {
	int reader, writer;
	volatile sig_atomic_t came;
} interrupt = {.reader = -1, .writer = -1};

static void handle(int number)
{
	int saved = errno;
	(void)number;
	interrupt.came = 1;
	ssize_t ignored = write(interrupt.writer, "", 1);
	(void)ignored;
	errno = saved;
}

int interrupt_watch(struct error *error)
{
	int ends[2];
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESETHAND};
	if (interrupt.reader >= 0)
		return interrupt.reader;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return error_set_errno(error, EX_OSERR, "cannot make a pipe");
	interrupt.reader = ends[0];
	interrupt.writer = ends[1];
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	return interrupt.reader;
}

bool interrupt_came(void)
{
	return interrupt.came;
}

void interrupt_release(void)
{
	if (interrupt.reader < 0)
		return;
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	close(interrupt.reader);
	close(interrupt.writer);
	interrupt.reader = interrupt.writer = -1;
}
