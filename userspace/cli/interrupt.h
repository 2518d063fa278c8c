/* SPDX-License-Identifier: GPL-2.0 */
/* SIGINT and SIGTERM while a verb waits. */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <signal.h>

/*
 * Catch those that the parent process has not set to be ignored. They come only
 * while *mask is in force, in ppoll(): so none is missed between
 * interrupt_signal() and ppoll().
 */
void interrupt_catch(sigset_t *mask);
/* The signal that was caught, 0 = none. */
int interrupt_signal(void);
/* Die of that signal: the shell checks for that. */
void interrupt_die(void);

#endif /* CLI_INTERRUPT_H */
