// SPDX-License-Identifier: GPL-2.0
/* Pid files, and what /proc says about a process. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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

uint64_t process_start(pid_t pid)
{
	unsigned long long start;
	char path[64], text[1024];
	const char *rest;
	char state;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (read_text(path, text, sizeof(text)) <= 0)
		return 0;
	/* The name of a process may contain any character, even ')'. */
	rest = strrchr(text, ')');
	if (!rest || sscanf(rest + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
			    "%*u %*u %*d %*d %*d %*d %*d %*d %llu", &state, &start) != 2)
		return 0;
	return state == 'Z' || state == 'X' ? 0 : start;
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

static pid_t judge(int fd, const char *path, char *why, size_t size)
{
	struct stat st;
	uint64_t start;
	char text[64];
	ssize_t n = read(fd, text, sizeof(text) - 1);
	pid_t pid;

	if (n < 0 || fstat(fd, &st)) {
		snprintf(why, size, "cannot read %s: %s", path, strerror(errno));
		return 0;
	}
	text[n] = '\0';
	pid = parse_pid(text);
	if (!pid) {
		snprintf(why, size, "%s does not hold a pid", path);
		return 0;
	}
	start = process_start(pid);
	if (!start) {
		snprintf(why, size, "process %d of %s is not running", (int)pid, path);
		return 0;
	}
	if (!is_locked(fd) && !started_before(start, &st.st_mtim)) {
		snprintf(why, size, "%s is stale: process %d has started after it was written",
			 path, (int)pid);
		return 0;
	}
	return pid;
}

pid_t process_of_pidfile(const char *path, char *why, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	pid_t pid;

	if (fd < 0) {
		if (errno == ENOENT)
			snprintf(why, size, "not running (no file %s)", path);
		else
			snprintf(why, size, "cannot open %s: %s", path, strerror(errno));
		return 0;
	}
	pid = judge(fd, path, why, size);
	close(fd);
	return pid;
}
