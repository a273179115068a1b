/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* A handler has nothing but globals. */
static _Atomic(dbb_context *) running;
static atomic_int caught;
static atomic_int talkative;

static const int stopping[] = { SIGINT, SIGTERM, SIGHUP };
#define STOPPING (sizeof(stopping) / sizeof(*stopping))

static void
stop(int number)
{
	static const char first[] = "\nstopping; nothing half-done will stay"
	    "\n";
	static const char again[] = "\nstopping already; a moment, please\n";
	dbb_context *ctx = atomic_load(&running);
	int before = atomic_exchange(&caught, number);
	int saved = errno;
	ssize_t n = 0;

	if (ctx != NULL)
		dbb_context_cancel(ctx);
	if (atomic_load(&talkative))
		n = before == 0 ?
		    write(STDERR_FILENO, first, sizeof(first) - 1) :
		    write(STDERR_FILENO, again, sizeof(again) - 1);
	(void)n;
	errno = saved;
}

static void
install(int flags)
{
	struct sigaction action, old;
	size_t i;

	memset(&action, 0, sizeof(action));
	action.sa_handler = stop;
	action.sa_flags = flags;
	sigemptyset(&action.sa_mask);
	for (i = 0; i < STOPPING; i++) {
		/* What nohup(1) ignores stays ignored. */
		if (sigaction(stopping[i], NULL, &old) == 0 &&
		    old.sa_handler == SIG_IGN)
			continue;
		sigaction(stopping[i], &action, NULL);
	}
}

void
cli_signals_begin(dbb_context *ctx, int talk)
{
	struct sigaction ignore;

	memset(&ignore, 0, sizeof(ignore));
	ignore.sa_handler = SIG_IGN;
	sigemptyset(&ignore.sa_mask);
	sigaction(SIGPIPE, &ignore, NULL);
	atomic_store(&talkative, talk);
	atomic_store(&running, ctx);
	install(SA_RESTART);
}

void
cli_signals_interrupt(void)
{
	install(0);
}

int
cli_signals_caught(void)
{
	return atomic_load(&caught);
}

void
cli_signals_end(void)
{
	struct sigaction old;
	size_t i;

	for (i = 0; i < STOPPING; i++)
		if (sigaction(stopping[i], NULL, &old) == 0 &&
		    old.sa_handler == stop)
			signal(stopping[i], SIG_DFL);
	atomic_store(&running, NULL);
}
