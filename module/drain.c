// SPDX-License-Identifier: GPL-2.0
/*
 * Draining the per-CPU LRU batches. lru_add_drain_all() is not exported, but
 * releasing an empty batch drains the local CPU, so a work item per CPU does
 * the same.
 */
#include <linux/cpu.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/sched/isolation.h>
#include <linux/workqueue.h>

#include "drain.h"

static struct work_struct __percpu *works;
static DEFINE_MUTEX(drain_lock);	/* protects works and last_drain */
static unsigned long last_drain;

static void drain_work(struct work_struct *work)
{
	gd_lru_drain_local();
}

/* Skip isolated and nohz_full CPUs: they run latency-sensitive work. */
static bool may_disturb(int cpu)
{
	return housekeeping_test_cpu(cpu, HK_TYPE_DOMAIN) &&
	       housekeeping_test_cpu(cpu, HK_TYPE_TICK);
}

int gd_drain_init(void)
{
	int cpu;

	works = alloc_percpu(struct work_struct);
	if (!works)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		INIT_WORK(per_cpu_ptr(works, cpu), drain_work);
	last_drain = jiffies - HZ;
	return 0;
}

void gd_drain_exit(void)
{
	free_percpu(works);
}

/**
 * gd_drain_all - empty the LRU batches of every housekeeping CPU
 *
 * Does so at most ten times a second, for all groups together. May sleep.
 */
void gd_drain_all(void)
{
	int cpu;

	mutex_lock(&drain_lock);
	if (time_before(jiffies, last_drain + HZ / 10))
		goto out;
	cpus_read_lock();
	for_each_online_cpu(cpu)
		if (may_disturb(cpu))
			queue_work_on(cpu, gd_percpu_wq, per_cpu_ptr(works, cpu));
	for_each_online_cpu(cpu)
		flush_work(per_cpu_ptr(works, cpu));
	cpus_read_unlock();
	last_drain = jiffies;
out:
	mutex_unlock(&drain_lock);
}
