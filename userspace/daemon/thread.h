/* SPDX-License-Identifier: GPL-2.0 */
/* Threads that nobody waits for. They inherit the caller's signal mask. */
#ifndef THREAD_H
#define THREAD_H

#include <stdbool.h>

bool thread_start(void *(*run)(void *), void *arg);

#endif /* THREAD_H */
