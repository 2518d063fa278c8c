// SPDX-License-Identifier: GPL-2.0
/* Whose pid file it is, and what is not known about a process. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Somebody sets the host's clock. */
static time_t clock_skew;

static int skewed_clock_gettime(clockid_t clock, struct timespec *now)
{
	int err = clock_gettime(clock, now);

	if (clock == CLOCK_REALTIME)
		now->tv_sec += clock_skew;
	return err;
}
#define clock_gettime skewed_clock_gettime
#include "../../userspace/daemon/process.c"
#undef clock_gettime
#include "test.h"

static char path[] = "/tmp/test_process.XXXXXX";
static char why[256];

static pid_t child_that_waits(void)
{
	pid_t pid = fork();

	if (!pid) {
		pause();
		_exit(0);
	}
	EXPECT(pid > 0);
	return pid;
}

static void end(pid_t pid)
{
	EXPECT(!kill(pid, SIGKILL));
	EXPECT(waitpid(pid, NULL, 0) == pid);
}

static void write_pid(pid_t pid)
{
	FILE *file = fopen(path, "w");

	EXPECT(file && fprintf(file, "%d\n", (int)pid) > 0);
	fclose(file);
}

static void begin(void)
{
	strcpy(path + strlen(path) - 6, "XXXXXX");
	close(mkstemp(path));
	clock_skew = 0;
}

static int look(struct process_proof *proof)
{
	return process_of_pidfile(path, proof, why, sizeof(why));
}

static void what_was_true_stays_true(void)
{
	struct process_proof proof = { 0 }, none = { 0 };
	pid_t pid;

	begin();
	pid = child_that_waits();
	write_pid(pid);
	EXPECT(!look(&proof) && proof.pid == pid && proof.start);
	clock_skew = 7200;
	EXPECT(look(&none) == -ESRCH && strstr(why, "is stale"));
	EXPECT(!look(&proof) && proof.pid == pid);
	clock_skew = -7200;
	EXPECT(!look(&proof));
	/* Another process, or another file, is another matter. */
	clock_skew = 7200;
	end(pid);
	EXPECT(look(&proof) == -ESRCH && strstr(why, "is not running"));
	pid = child_that_waits();
	write_pid(pid);
	EXPECT(look(&proof) == -ESRCH && strstr(why, "is stale"));
	end(pid);
	unlink(path);
	EXPECT(look(&proof) == -ESRCH && strstr(why, "no file"));
}

static void a_zombie_is_gone(void)
{
	uint64_t start;
	pid_t pid = child_that_waits();
	int tries = 0;

	EXPECT(!process_start(pid, &start));
	EXPECT(!kill(pid, SIGKILL));
	while (!process_start(pid, &start) && tries++ < 1000)
		usleep(1000);
	EXPECT(process_start(pid, &start) == -ESRCH);
	EXPECT(waitpid(pid, NULL, 0) == pid);
	EXPECT(process_start(pid, &start) == -ESRCH);
}

static void without_descriptors_nothing_is_known(void)
{
	struct process_proof proof = { 0 };
	struct rlimit limit, none;
	uint64_t start;
	int err, start_err;

	begin();
	write_pid(getpid());
	EXPECT(!getrlimit(RLIMIT_NOFILE, &limit));
	none = limit;
	none.rlim_cur = 3;
	EXPECT(!setrlimit(RLIMIT_NOFILE, &none));
	err = look(&proof);
	start_err = process_start(getpid(), &start);
	EXPECT(!setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT(err == -EMFILE && strstr(why, "Too many open files"));
	EXPECT(start_err == -EMFILE);
	EXPECT(!look(&proof) && proof.pid == getpid());
	unlink(path);
}

static void files_of_other_kinds(void)
{
	struct process_proof proof = { 0 };
	int fd;

	begin();
	fd = open(path, O_WRONLY | O_CLOEXEC);
	EXPECT(write(fd, "12 34\n", 6) == 6);
	EXPECT(look(&proof) == -ESRCH && strstr(why, "does not hold a pid"));
	close(fd);
	unlink(path);
	EXPECT(!mkdir(path, 0700));
	EXPECT(look(&proof) == -ESRCH && strstr(why, "Is a directory"));
	rmdir(path);
}

static const struct test tests[] = {
	TEST(what_was_true_stays_true),
	TEST(a_zombie_is_gone),
	TEST(without_descriptors_nothing_is_known),
	TEST(files_of_other_kinds),
};

TEST_MAIN(tests)
