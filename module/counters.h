/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of a group or a member, indexed by enum grpdedup_counter. Only the
 * group's scanner writes them; any thread may read them.
 */
#ifndef GD_COUNTERS_H
#define GD_COUNTERS_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <linux/grpdedup.h>

struct gd_counters {
	u64	v[GRPDEDUP_CNT_MAX + 1];
};

static inline void gd_counters_add(struct gd_counters *cnt,
				   enum grpdedup_counter id, s64 n)
{
	WRITE_ONCE(cnt->v[id], cnt->v[id] + n);
}

static inline u64 gd_counters_read(const struct gd_counters *cnt,
				   enum grpdedup_counter id)
{
	return READ_ONCE(cnt->v[id]);
}

#endif /* GD_COUNTERS_H */
