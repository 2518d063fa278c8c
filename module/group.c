// SPDX-License-Identifier: GPL-2.0
/* A group as an object: creating it, and counting references to it. */
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "group.h"

/**
 * gd_group_create - create a group, unregistered and without a scanner
 * @name: its name
 * @set: its settings, in range
 *
 * Return: the group with one reference, or NULL: no memory.
 */
struct gd_group *gd_group_create(const char *name,
				 const struct gd_settings *set)
{
	struct gd_group *group = kzalloc(sizeof(*group), GFP_KERNEL);

	if (!group)
		return NULL;
	refcount_set(&group->refs, 1);
	strscpy(group->name, name, sizeof(group->name));
	group->set = *set;
	gd_inbox_init(&group->inbox);
	return group;
}

void gd_group_get(struct gd_group *group)
{
	refcount_inc(&group->refs);
}

void gd_group_put(struct gd_group *group)
{
	if (!refcount_dec_and_test(&group->refs))
		return;
	if (group->task)
		put_task_struct(group->task);
	kfree(group);
}
