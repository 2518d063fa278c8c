// SPDX-License-Identifier: GPL-2.0
/* Start a thread that nobody waits for. */
#include <pthread.h>
#include "thread.h"

bool thread_start(void *(*run)(void *), void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	err = pthread_create(&thread, &attr, run, arg);
	pthread_attr_destroy(&attr);
	return !err;
}
