/* SPDX-License-Identifier: GPL-2.0 */
/* Ends a workload after its time, or at SIGTERM. */
#ifndef GD_STOP_H
#define GD_STOP_H

#include <signal.h>

static volatile sig_atomic_t gd_stopped;

static inline void gd_stop(int signal)
{
	(void)signal;
	gd_stopped = 1;
}

/* SIGTERM: judge what there is, and end. */
static inline void gd_stop_on_sigterm(void)
{
	const struct sigaction action = { .sa_handler = gd_stop, .sa_flags = SA_RESTART };

	sigaction(SIGTERM, &action, NULL);
}

#endif
