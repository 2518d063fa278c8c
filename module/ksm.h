/* SPDX-License-Identifier: GPL-2.0 */
/* What a member had of ksmd's, taken from it for the time of its membership. */
#ifndef GD_KSM_H
#define GD_KSM_H

#include <linux/mm_types.h>

struct gd_ksm_range;

/**
 * struct gd_ksm - what is to be given back when the membership ends
 * @any: new areas were mergeable (PR_SET_MEMORY_MERGE)
 * @nr: areas that were
 * @range: where they are
 */
struct gd_ksm {
	bool			any;
	unsigned int		nr;
	struct gd_ksm_range	*range;
};

unsigned long gd_ksm_take(struct gd_ksm *ksm, struct mm_struct *mm,
			  unsigned long addr, int max);
bool gd_ksm_has_areas(struct mm_struct *mm);
void gd_ksm_give_back(struct gd_ksm *ksm, struct mm_struct *mm);
void gd_ksm_pass_on(struct gd_ksm *to, struct gd_ksm *from);
void gd_ksm_free(struct gd_ksm *ksm);

#endif /* GD_KSM_H */
