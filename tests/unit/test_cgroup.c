// SPDX-License-Identifier: GPL-2.0
/* The processes of cgroups: files and folders that look like some. */
#define _GNU_SOURCE
#include <sys/stat.h>
#include "../../userspace/lib/place.c"
#include "../../userspace/daemon/pattern.c"
#include "../../userspace/daemon/names.c"
#include "../../userspace/daemon/loop.c"
#include "../../userspace/daemon/process.c"
#include "../../userspace/daemon/cgroup.c"
#include "test.h"

static char mount_point[] = "/tmp/test_cgroup.XXXXXX";
static struct cgroup_processes processes;

/* @path with these lines in cgroup.procs */
static void make(const char *path, const char *procs)
{
	char name[PATH_MAX];
	FILE *file;

	snprintf(name, sizeof(name), "%s%s", mount_point, path);
	EXPECT(!mkdir(name, 0700) || errno == EEXIST);
	strcat(name, "/cgroup.procs");
	file = fopen(name, "w");
	EXPECT(file);
	fputs(procs, file);
	fclose(file);
}

static void begin(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s/*", mount_point);
	EXPECT(!system(command));
	processes = (struct cgroup_processes){ 0 };
}

static void end(void)
{
	free(processes.list);
}

/* The processes as "PID:OWNER PID:OWNER " */
static const char *look(struct binding *bindings, size_t count)
{
	static char text[1024];
	size_t i, used = 0;

	bindings_sort(bindings, count);
	EXPECT(!cgroup_look(mount_point, bindings, count, &processes));
	text[0] = '\0';
	for (i = 0; i < processes.count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%d:%s ",
					 (int)processes.list[i].pid,
					 (const char *)processes.list[i].owner);
	test_note("%s", text);
	return text;
}

static void below(void)
{
	struct binding bindings[] = { { "/a", "A" } };

	begin();
	EXPECT(!strcmp(look(bindings, 1), ""));
	make("/a", "30\n20\n0\n");
	make("/a/b", "7\n20\n");
	make("/a/b/c", "100\n");
	make("/ab", "1\n");
	EXPECT(!strcmp(look(bindings, 1), "7:A 20:A 30:A 100:A "));
	EXPECT(!strcmp(look(bindings, 0), ""));
	end();
}

static void deeper(void)
{
	struct binding bindings[] = {
		{ "/a", "A" }, { "/a/b/c", "C" }, { "/a/b", "B" }, { "/a", "second" },
		{ "/a-b", "D" },
	};

	begin();
	make("/a", "1\n");
	make("/a/b", "2\n");
	make("/a/b/c", "3\n");
	make("/a/b/c/d", "4\n");
	make("/a/e", "5\n");
	make("/a-b", "6\n");
	EXPECT(!strcmp(look(bindings, 5), "1:A 2:B 3:C 4:C 5:A 6:D "));
	EXPECT(!strcmp(bindings_owner(bindings, 5, "/a/b/x"), "B"));
	EXPECT(!strcmp(bindings_owner(bindings, 5, "/a/b/c"), "C"));
	EXPECT(!strcmp(bindings_owner(bindings, 5, "/a/bc"), "A"));
	EXPECT(!bindings_owner(bindings, 5, "/") && !bindings_owner(bindings, 5, "/ab"));
	end();
}

/* A tenant that may create cgroups creates many. */
static void many(void)
{
	struct binding bindings[] = { { "/a", "A" }, { "/b", "B" } };
	char path[64];
	unsigned int i;

	begin();
	make("/a", "1\n");
	make("/b", "2\n");
	EXPECT(strstr(look(bindings, 2), "1:A 2:B ") && !processes.cut);
	for (i = 0; i < CGROUP_MAX; i++) {
		snprintf(path, sizeof(path), "/a/%u", i);
		make(path, "");
	}
	EXPECT(strstr(look(bindings, 2), "1:A 2:B "));
	EXPECT(!strcmp(processes.cut, "/a"));
	end();
}

static void deep(void)
{
	struct binding bindings[] = { { "/a", "A" } };
	char path[64];
	unsigned int i;

	begin();
	make("/a", "1\n");
	snprintf(path, sizeof(path), "%s/a", mount_point);
	EXPECT(!chdir(path));
	for (i = 0; i < 3000; i++)
		EXPECT(!mkdir("dd", 0700) && !chdir("dd"));
	EXPECT(!chdir("/"));
	EXPECT(!strcmp(look(bindings, 1), "1:A "));
	end();
}

static void events(const char *text)
{
	char name[PATH_MAX];
	FILE *file;

	snprintf(name, sizeof(name), "%s/a/cgroup.events", mount_point);
	file = fopen(name, "w");
	EXPECT(file);
	fputs(text, file);
	fclose(file);
}

/* Not in a container */
static bool is_kernel_thread(pid_t pid)
{
	uint64_t start;

	return process_start_user(pid, &start) == -ENOTSUP;
}

static void lived_in(void)
{
	char text[32];

	begin();
	EXPECT(!cgroup_is_lived_in(mount_point, "/a"));
	make("/a", "");
	make("/a/b", "");
	EXPECT(!cgroup_is_lived_in(mount_point, "/a"));
	/* this process, in a cgroup that has the file which says so */
	snprintf(text, sizeof(text), "%d\n", (int)getpid());
	make("/a/b", text);
	EXPECT(!cgroup_is_lived_in(mount_point, "/a"));
	events("populated 1\nfrozen 0\n");
	EXPECT(cgroup_is_lived_in(mount_point, "/a"));
	events("populated 0\nfrozen 0\n");
	EXPECT(!cgroup_is_lived_in(mount_point, "/a"));
	/* one that is gone by now, and kernel threads: kthreadd is one */
	events("populated 1\n");
	make("/a/b", "99999999\n");
	EXPECT(!cgroup_is_lived_in(mount_point, "/a"));
	if (is_kernel_thread(2)) {
		make("/a/b", "2\n");
		EXPECT(!cgroup_is_lived_in(mount_point, "/a"));
	}
	end();
}

static const struct test tests[] = {
	TEST(below),
	TEST(deeper),
	TEST(many),
	TEST(deep),
	TEST(lived_in),
};

int main(void)
{
	char command[64];
	int status;

	if (!mkdtemp(mount_point))
		return EXIT_FAILURE;
	status = test_run_all(tests, sizeof(tests) / sizeof(tests[0]));
	snprintf(command, sizeof(command), "rm -rf %s", mount_point);
	return system(command) ? EXIT_FAILURE : status;
}
