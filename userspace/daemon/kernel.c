// SPDX-License-Identifier: GPL-2.0
/* Read all groups and members. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "kernel.h"

const char *kernel_sentence(const struct kernel *kernel, int err)
{
	if (err == -EPROTONOSUPPORT)
		return "the module grpdedup is not loaded";
	if (kernel->conn && grpdedup_conn_error(kernel->conn)[0])
		return grpdedup_conn_error(kernel->conn);
	return strerror(-err);
}

static void forget_lists(struct kernel *kernel)
{
	free(kernel->groups);
	free(kernel->members);
	kernel->groups = NULL;
	kernel->members = NULL;
	kernel->group_count = 0;
	kernel->member_count = 0;
}

static int compare_members(const void *a, const void *b)
{
	uint32_t x = ((const struct grpdedup_member *)a)->pid;
	uint32_t y = ((const struct grpdedup_member *)b)->pid;

	return (x > y) - (x < y);
}

static int connect_family(struct kernel *kernel)
{
	/* Resolving a missing family makes the kernel load its module. */
	bool first = !kernel->loaded && !kernel->why[0];
	int err;

	if (kernel->conn)
		return 0;
	if (!first && access("/sys/module/grpdedup", F_OK))
		return -EPROTONOSUPPORT;
	err = grpdedup_conn_open(&kernel->conn);
	return err ? err : grpdedup_conn_check(kernel->conn);
}

static int look(struct kernel *kernel)
{
	struct grpdedup_group *groups;
	struct grpdedup_member *members;
	size_t group_count, member_count;
	int err = connect_family(kernel);

	if (!err)
		err = grpdedup_group_list(kernel->conn, &groups, &group_count);
	if (err)
		return err;
	err = grpdedup_member_list(kernel->conn, NULL, &members, &member_count);
	if (err) {
		free(groups);
		return err;
	}
	forget_lists(kernel);
	kernel->groups = groups;
	kernel->group_count = group_count;
	if (member_count)
		qsort(members, member_count, sizeof(*members), compare_members);
	kernel->members = members;
	kernel->member_count = member_count;
	return 0;
}

void kernel_refresh(struct kernel *kernel)
{
	int err = look(kernel);

	if (!err) {
		kernel->loaded = true;
		kernel->why[0] = '\0';
		return;
	}
	snprintf(kernel->why, sizeof(kernel->why), "%s", kernel_sentence(kernel, err));
	if (err == -EPROTONOSUPPORT) {
		kernel->loaded = false;
		forget_lists(kernel);
	}
	/* Resolve the family again next time: its id may have changed. */
	grpdedup_conn_close(kernel->conn);
	kernel->conn = NULL;
}

void kernel_close(struct kernel *kernel)
{
	forget_lists(kernel);
	grpdedup_conn_close(kernel->conn);
	*kernel = (struct kernel){ 0 };
}

const struct grpdedup_group *kernel_find_group(const struct kernel *kernel,
					       const char *name)
{
	size_t i;

	for (i = 0; i < kernel->group_count; i++)
		if (!strcmp(kernel->groups[i].name, name))
			return &kernel->groups[i];
	return NULL;
}

const struct grpdedup_member *kernel_find_member(const struct kernel *kernel,
						 pid_t pid)
{
	struct grpdedup_member key = { .pid = (uint32_t)pid };

	if (!kernel->member_count)
		return NULL;
	return bsearch(&key, kernel->members, kernel->member_count, sizeof(key),
		       compare_members);
}
