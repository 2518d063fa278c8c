// SPDX-License-Identifier: GPL-2.0
/*
 * Keeping an address space alive for one step of a scanner. Independent of
 * groups and members.
 */
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>

#include "hold.h"

/**
 * gd_hold_get - keep an address space alive, and charge its memory cgroup
 * @hold: set
 * @mm: the address space, with a reference (mmgrab)
 *
 * A process that was killed must not live on in our reference, nor get pages:
 * take it for one step only. gd_hold_put() follows in the same thread.
 *
 * Return: false if nobody uses @mm any more; nothing is held then.
 */
bool gd_hold_get(struct gd_hold *hold, struct mm_struct *mm)
{
	if (!mmget_not_zero(mm))
		return false;
	hold->mm = mm;
	hold->memcg = get_mem_cgroup_from_mm(mm);
	hold->old = set_active_memcg(hold->memcg);
	return true;
}

void gd_hold_put(struct gd_hold *hold)
{
	set_active_memcg(hold->old);
	mem_cgroup_put(hold->memcg);
	mmput_async(hold->mm);
}
