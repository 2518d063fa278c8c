// SPDX-License-Identifier: GPL-2.0
/*
 * Faults of the module itself: once one was found, nothing is certain, so no
 * scanner changes memory any more until the module is loaded anew. Can be found
 * anywhere, with locks held: a work item tells the groups.
 */
#include "fault.h"

static struct work_struct handler;
static bool seen;

/* @handle: tells all groups; may sleep */
void gd_fault_init(void (*handle)(struct work_struct *work))
{
	INIT_WORK(&handler, handle);
}

/* No scanner runs any more, so none finds a fault. */
void gd_fault_flush(void)
{
	flush_work(&handler);
}

void gd_fault_record(void)
{
	if (!xchg(&seen, true))
		queue_work(system_percpu_wq, &handler);
}

bool gd_fault_seen(void)
{
	return READ_ONCE(seen);
}
