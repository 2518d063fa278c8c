/* SPDX-License-Identifier: GPL-2.0 */
/* Finding the process that a request names by a pid or by a pidfd. */
#ifndef GD_PROCESS_H
#define GD_PROCESS_H

#include <linux/types.h>

struct task_struct;

struct task_struct *gd_process_find(pid_t nr);
struct task_struct *gd_process_find_pidfd(unsigned int fd);

#endif /* GD_PROCESS_H */
