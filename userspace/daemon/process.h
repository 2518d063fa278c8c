/* SPDX-License-Identifier: GPL-2.0 */
/* Find the process of a guest: pid files and /proc. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * When a process started, in clock ticks since boot: unique together with its
 * pid. 0 if there is no such process, or if it is a zombie.
 */
uint64_t process_start(pid_t pid);

/*
 * The running process that wrote the pid file, or 0 with a sentence in @why. A
 * pid that was reused after the file was written is ignored: a stale file must
 * not put a foreign process into a tenant's group.
 */
pid_t process_of_pidfile(const char *path, char *why, size_t size);

/*
 * Its file-backed and shared memory in pages, from /proc/PID/statm; 0 if there
 * is no such process.
 */
uint64_t process_file_pages(pid_t pid);

#endif /* PROCESS_H */
