/* SPDX-License-Identifier: GPL-2.0 */
/* Unmapping pages of a member. */
#ifndef GD_ZAP_H
#define GD_ZAP_H

#include <linux/mm_types.h>

void gd_zap_range(struct vm_area_struct *vma, unsigned long start,
		  unsigned long size);

#endif /* GD_ZAP_H */
