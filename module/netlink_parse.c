// SPDX-License-Identifier: GPL-2.0
/* Finding the group and the process that a request names. */
#include <net/genetlink.h>

#include "group.h"
#include "netlink_ops.h"
#include "process.h"
#include "registry.h"

/* The group name of a request, or NULL; bytes after its NUL are refused. */
const char *gd_netlink_name_of(struct nlattr **attrs,
			       struct netlink_ext_ack *extack)
{
	struct nlattr *name = attrs ? attrs[GRPDEDUP_A_GROUP_NAME] : NULL;

	if (!name)
		NL_SET_ERR_MSG(extack, "a group name is missing");
	else if (strlen(nla_data(name)) + 1 != nla_len(name))
		NL_SET_ERR_MSG_ATTR(extack, name,
				    "the group name has bytes after its NUL");
	else
		return nla_data(name);
	return NULL;
}

struct gd_group *gd_netlink_find_group(struct nlattr **attrs,
				       struct netlink_ext_ack *extack)
{
	const char *name = gd_netlink_name_of(attrs, extack);
	struct gd_group *group;

	if (!name)
		return ERR_PTR(-EINVAL);
	group = gd_registry_find(name);
	if (group)
		return group;
	NL_SET_ERR_MSG_ATTR(extack, attrs[GRPDEDUP_A_GROUP_NAME],
			    "there is no group with this name");
	return ERR_PTR(-ENOENT);
}

struct task_struct *gd_netlink_find_process(struct genl_info *info)
{
	struct nlattr *pid = info->attrs[GRPDEDUP_A_PID];
	struct nlattr *pidfd = info->attrs[GRPDEDUP_A_PIDFD];
	struct task_struct *task;

	if (!pid == !pidfd) {
		NL_SET_ERR_MSG(info->extack,
			       "specify either a pid or a pidfd, not both");
		return ERR_PTR(-EINVAL);
	}
	if (pid) {
		task = gd_process_find(nla_get_u32(pid));
		if (!task)
			NL_SET_ERR_MSG_ATTR(info->extack, pid,
					    "there is no process with this pid");
	} else {
		task = gd_process_find_pidfd(nla_get_u32(pidfd));
		if (IS_ERR(task))
			NL_SET_ERR_MSG_ATTR(info->extack, pidfd,
					    "cannot open /proc to look up the pidfd");
		else if (!task)
			NL_SET_ERR_MSG_ATTR(info->extack, pidfd,
					    "not a pidfd, or its process is gone");
	}
	return task ?: ERR_PTR(-ESRCH);
}
