// SPDX-License-Identifier: GPL-2.0
/* Pid files, and what /proc says about a process. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "process.h"

/* Tolerance between the start of a process and the mtime of its pid file. */
#define SLACK_SECONDS	2
/* As in the kernel's linux/sched.h */
#define PF_KTHREAD	0x00200000

static ssize_t read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		n = -errno;
	else
		buf[n] = '\0';
	close(fd);
	return n;
}

/* /proc has no such file: there is no such process, or it is hidden. */
static int absent(pid_t pid)
{
	return kill(pid, 0) && errno == ESRCH ? -ESRCH : -EACCES;
}

/* @flags: as of the task, see PF_KTHREAD */
static int read_stat(pid_t pid, uint64_t *start, unsigned int *flags)
{
	unsigned int threads;
	unsigned long long ticks;
	char path[64], text[1024];
	const char *rest;
	char state;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	n = read_text(path, text, sizeof(text));
	if (n == -ENOENT)
		return absent(pid);
	if (n < 0)
		return (int)n;
	/* The name of a process may contain any character, even ')'. */
	rest = strrchr(text, ')');
	if (!rest || sscanf(rest + 1, " %c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u "
			    "%*u %*u %*d %*d %*d %*d %u %*d %llu", &state, flags,
			    &threads, &ticks) != 4)
		return -EBADMSG;
	/* A process runs on if only its first thread has ended. */
	if (state == 'X' || (state == 'Z' && threads <= 1))
		return -ESRCH;
	*start = ticks;
	return 0;
}

int process_start(pid_t pid, uint64_t *start)
{
	unsigned int flags;

	return read_stat(pid, start, &flags);
}

int process_start_user(pid_t pid, uint64_t *start)
{
	unsigned int flags;
	int err = read_stat(pid, start, &flags);

	return !err && flags & PF_KTHREAD ? -ENOTSUP : err;
}

uint64_t process_file_pages(pid_t pid)
{
	unsigned long long pages;
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	if (read_text(path, text, sizeof(text)) <= 0 ||
	    sscanf(text, "%*u %*u %llu", &pages) != 1)
		return 0;
	return pages;
}

/* QEMU and libvirt hold a lock on their pid files for as long as they live. */
static bool is_locked(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return !fcntl(fd, F_GETLK, &lock) && lock.l_type != F_UNLCK;
}

static bool started_before(uint64_t start, const struct timespec *written)
{
	double ticks = (double)sysconf(_SC_CLK_TCK);
	struct timespec now, boot;
	double at;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	at = (double)(now.tv_sec - boot.tv_sec) +
	     (double)(now.tv_nsec - boot.tv_nsec) / 1e9 + (double)start / ticks;
	return at <= (double)written->tv_sec + SLACK_SECONDS;
}

static pid_t parse_pid(const char *text)
{
	char *end;
	long pid;

	errno = 0;
	pid = strtol(text, &end, 10);
	if (errno || end == text || pid <= 0 || pid > INT32_MAX ||
	    end[strspn(end, " \t\r\n")])
		return 0;
	return (pid_t)pid;
}

static bool is_proven(const struct process_proof *proof, const struct stat *st,
		      pid_t pid, uint64_t start)
{
	return proof->pid == pid && proof->start == start &&
	       proof->dev == st->st_dev && proof->ino == st->st_ino &&
	       proof->written.tv_sec == st->st_mtim.tv_sec &&
	       proof->written.tv_nsec == st->st_mtim.tv_nsec;
}

static int fail_process(int err, const char *path, pid_t pid, char *why, size_t size)
{
	if (err == -ESRCH)
		snprintf(why, size, "process %d of %s is not running", (int)pid, path);
	else if (err == -EACCES)
		snprintf(why, size, "/proc does not show process %d of %s (hidepid?)",
			 (int)pid, path);
	else
		snprintf(why, size, "cannot look at process %d of %s: %s", (int)pid, path,
			 strerror(-err));
	return err;
}

static int judge(int fd, const char *path, struct process_proof *proof, char *why,
		 size_t size)
{
	struct stat st;
	uint64_t start;
	char text[64];
	ssize_t n = read(fd, text, sizeof(text) - 1);
	pid_t pid;
	int err;

	if (n < 0 || fstat(fd, &st)) {
		err = -errno;
		snprintf(why, size, "cannot read %s: %s", path, strerror(-err));
		return err == -EISDIR ? -ESRCH : err;
	}
	text[n] = '\0';
	pid = parse_pid(text);
	if (!pid) {
		snprintf(why, size, "%s does not hold a pid", path);
		return -ESRCH;
	}
	err = process_start(pid, &start);
	if (err)
		return fail_process(err, path, pid, why, size);
	if (!is_proven(proof, &st, pid, start) && !is_locked(fd) &&
	    !started_before(start, &st.st_mtim)) {
		snprintf(why, size, "%s is stale: process %d has started after it was written",
			 path, (int)pid);
		return -ESRCH;
	}
	*proof = (struct process_proof){
		.dev = st.st_dev, .ino = st.st_ino, .written = st.st_mtim,
		.pid = pid, .start = start,
	};
	return 0;
}

int process_of_pidfile(const char *path, struct process_proof *proof, char *why,
		       size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int err;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		snprintf(why, size, "not running (no file %s)", path);
		return -ESRCH;
	}
	if (fd < 0) {
		err = -errno;
		snprintf(why, size, "cannot open %s: %s", path, strerror(-err));
		return err;
	}
	err = judge(fd, path, proof, why, size);
	close(fd);
	return err;
}
