/* SPDX-License-Identifier: GPL-2.0 */
/* Which process is a guest: pid files, and what /proc says. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * When a process started, in clock ticks since boot: with its pid that names it
 * for good. 0 if there is no such process, or it has ended and waits for its
 * parent.
 */
uint64_t process_start(pid_t pid);

/*
 * The live process that wrote the pid file, or 0 with a sentence in @why. A pid
 * that was given to another process after the file was written is not believed:
 * a stale file must not put a stranger into a tenant's group.
 */
pid_t process_of_pidfile(const char *path, char *why, size_t size);

/*
 * Its file-backed and shared memory now, in pages (of /proc/PID/statm); 0 if it
 * is gone.
 */
uint64_t process_file_pages(pid_t pid);

#endif /* PROCESS_H */
