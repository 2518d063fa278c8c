/* SPDX-License-Identifier: GPL-2.0 */
/* Find the process of a guest: pid files and /proc. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/*
 * Finds out when a process started, in clock ticks since boot: unique together
 * with its pid. 0; -ESRCH: there is no such process, or it is a zombie; any
 * other -errno: unknown, e.g. -EMFILE, or -EACCES: it exists, but /proc does
 * not show it (hidepid).
 */
int process_start(pid_t pid, uint64_t *start);
/* The same, and -ENOTSUP for a kernel thread. */
int process_start_user(pid_t pid, uint64_t *start);

/**
 * struct process_proof - a pid file that was found to be true
 * @pid, @start: its process
 */
struct process_proof {
	dev_t dev;
	ino_t ino;
	struct timespec written;
	pid_t pid;
	uint64_t start;
};

/*
 * Finds the running process that wrote the pid file. A pid that was reused
 * after the file was written is ignored: a stale file must not put a foreign
 * process into a tenant's group. @proof: remembers the file, which is not
 * judged again, so that setting the host's clock changes nothing.
 *
 * 0; -ESRCH: there is none; any other -errno: unknown. With a sentence in @why
 * unless 0.
 */
int process_of_pidfile(const char *path, struct process_proof *proof, char *why,
		       size_t size);

/*
 * Its file-backed and shared memory in pages, from /proc/PID/statm; 0 if that
 * is unknown.
 */
uint64_t process_file_pages(pid_t pid);

#endif /* PROCESS_H */
