/* SPDX-License-Identifier: GPL-2.0 */
/* Killing the users of an address space whose content is lost. */
#ifndef GD_KILL_H
#define GD_KILL_H

struct mm_struct;

void gd_kill_users(struct mm_struct *mm);

#endif /* GD_KILL_H */
