// SPDX-License-Identifier: GPL-2.0
/*
 * Draining the per-CPU LRU batches. lru_add_drain_all() is not exported, but
 * releasing an empty batch drains the local CPU, so a work item per CPU does
 * the same.
 *
 * A real-time task may leave the workers of its CPU no time at all. So a drain
 * waits for a moment only, without a lock, and for nothing but the works that
 * it has queued itself: where an earlier one is stuck, later drains pass by.
 */
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/sched/isolation.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "drain.h"

/* Minimum time between two drains, and the longest wait for one. */
#define GD_DRAIN_JIFFIES	(HZ / 10)

/**
 * struct drain_cpu - draining one CPU
 * @work: runs on that CPU
 * @drain: the drain that has queued the work, 0 while it is not queued
 */
struct drain_cpu {
	struct work_struct	work;
	unsigned long		drain;
};

static struct drain_cpu __percpu *cpus;
static unsigned long last_drain;	/* jiffies */
static DECLARE_WAIT_QUEUE_HEAD(drained);

static void drain_work(struct work_struct *work)
{
	struct drain_cpu *dc = container_of(work, struct drain_cpu, work);

	gd_lru_drain_local();
	/* Pairs with is_done(): references of the batch are gone. */
	smp_store_release(&dc->drain, 0);
	wake_up(&drained);
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

	cpus = alloc_percpu(struct drain_cpu);
	if (!cpus)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		INIT_WORK(&per_cpu_ptr(cpus, cpu)->work, drain_work);
	last_drain = jiffies - GD_DRAIN_JIFFIES;
	return 0;
}

/* The scanners have stopped. A work that has not started is not waited for. */
void gd_drain_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		cancel_work_sync(&per_cpu_ptr(cpus, cpu)->work);
	free_percpu(cpus);
}

/* The number of a new drain, or 0: the last one was a moment ago. */
static unsigned long begin_drain(void)
{
	unsigned long last = READ_ONCE(last_drain), now = jiffies;

	if (time_before(now, last + GD_DRAIN_JIFFIES) ||
	    cmpxchg(&last_drain, last, now) != last)
		return 0;
	return now | 1;
}

/*
 * No lock keeps CPUs online: one that goes offline drains its batches, and a
 * work left there runs elsewhere.
 */
static void queue_works(unsigned long drain)
{
	struct drain_cpu *dc;
	int cpu;

	for_each_online_cpu(cpu) {
		dc = per_cpu_ptr(cpus, cpu);
		if (may_disturb(cpu) && !cmpxchg(&dc->drain, 0, drain))
			queue_work_on(cpu, system_percpu_wq, &dc->work);
	}
}

/* Have all works of @drain ended, from *cpu on? Moves *cpu to the one left. */
static bool is_done(unsigned long drain, int *cpu)
{
	while (*cpu < nr_cpu_ids) {
		/* Pairs with drain_work(). */
		if (smp_load_acquire(&per_cpu_ptr(cpus, *cpu)->drain) == drain)
			return false;
		*cpu = cpumask_next(*cpu, cpu_possible_mask);
	}
	return true;
}

/**
 * gd_drain_all - empty the LRU batches of every housekeeping CPU
 *
 * Does so at most ten times a second, for all groups together. Called by a
 * scanner; sleeps for up to 100 ms, unless it is to stop. Then some batches may
 * still be full: their pages are busy in this pass.
 */
void gd_drain_all(void)
{
	unsigned long drain = begin_drain();
	int cpu = cpumask_first(cpu_possible_mask);

	if (!drain)
		return;
	lockdep_assert_none_held_once();
	queue_works(drain);
	wait_event_timeout(drained,
			   is_done(drain, &cpu) || kthread_should_stop(),
			   GD_DRAIN_JIFFIES);
}
