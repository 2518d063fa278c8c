// SPDX-License-Identifier: GPL-2.0
/* SIGINT and SIGTERM while a verb waits. */
#include <stddef.h>
#include "interrupt.h"

static volatile sig_atomic_t caught;

static void catch(int sig)
{
	caught = sig;
}

void interrupt_catch(sigset_t *mask)
{
	static const int signals[] = { SIGINT, SIGTERM };
	struct sigaction sa = { .sa_handler = catch };
	struct sigaction old;
	sigset_t blocked;
	size_t i;

	sigemptyset(&blocked);
	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		/* The parent process may have set it to be ignored. */
		if (sigaction(signals[i], NULL, &old) || old.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &sa, NULL);
		sigaddset(&blocked, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, mask);
	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigdelset(mask, signals[i]);
}

int interrupt_signal(void)
{
	return caught;
}

void interrupt_die(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, caught);
	signal(caught, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(caught);
}
