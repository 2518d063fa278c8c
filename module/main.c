// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading. */
#include <linux/grpdedup.h>
#include <linux/module.h>

#include "admin.h"
#include "drain.h"
#include "netlink.h"
#include "registry.h"
#include "request.h"
#include "version.h"

#ifdef CONFIG_DEBUG_VM
static bool allow_debug_vm;
module_param(allow_debug_vm, bool, 0444);
MODULE_PARM_DESC(allow_debug_vm,
		 "Load on a kernel with CONFIG_DEBUG_VM, whose madvise(MADV_COLLAPSE) check a merge can trip");
#endif

#ifdef GD_UNTESTED
#define RELEASE	GRPDEDUP_VERSION "-untested"
#else
#define RELEASE	GRPDEDUP_VERSION
#endif

static int __init check_kernel(void)
{
#ifdef GD_UNTESTED
	pr_warn("grpdedup: this kernel is newer than Linux " GRPDEDUP_LINUX_TESTED ", the newest that the module was tested on\n");
#endif
#ifdef CONFIG_DEBUG_VM
	if (!allow_debug_vm) {
		pr_err("grpdedup: this kernel has CONFIG_DEBUG_VM: a process could crash it with MADV_COLLAPSE during a merge; load with allow_debug_vm=1 to accept that\n");
		return -EOPNOTSUPP;
	}
#endif
	return 0;
}

static int __init gd_init(void)
{
	int err;

	err = check_kernel();
	if (err)
		return err;
	err = gd_drain_init();
	if (err)
		return err;
	err = gd_admin_init();
	if (err)
		goto err_drain;
	err = gd_netlink_init();
	if (err)
		goto err_admin;
	return 0;

err_admin:
	gd_admin_exit();
err_drain:
	gd_drain_exit();
	return err;
}

static void __exit gd_exit(void)
{
	/* Events need the family, and requests arrive until it is gone. */
	gd_admin_stop();
	gd_netlink_exit();
	gd_admin_exit();
	gd_request_exit();
	gd_registry_exit();
	gd_drain_exit();
}

module_init(gd_init);
module_exit(gd_exit);

MODULE_DESCRIPTION("Group-isolated memory deduplication");
MODULE_LICENSE("GPL");
MODULE_VERSION(RELEASE);
MODULE_ALIAS_GENL_FAMILY(GRPDEDUP_GENL_NAME);
