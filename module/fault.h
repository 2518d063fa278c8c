/* SPDX-License-Identifier: GPL-2.0 */
/* Faults of the module itself. */
#ifndef GD_FAULT_H
#define GD_FAULT_H

#include <linux/bug.h>
#include <linux/workqueue.h>

/*
 * Is @cond true, which the module's logic excludes? Warns once, and makes all
 * scanners pause.
 */
#define gd_fault(cond)							\
({									\
	bool __fault = !!(cond);					\
									\
	if (WARN_ON_ONCE(__fault))					\
		gd_fault_record();					\
	__fault;							\
})

void gd_fault_init(void (*handle)(struct work_struct *work));
void gd_fault_flush(void);
void gd_fault_record(void);
bool gd_fault_seen(void);

#endif /* GD_FAULT_H */
