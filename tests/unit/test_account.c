// SPDX-License-Identifier: GPL-2.0
/* Where cgroup2 is mounted, and paths below it; refusals are in 01-cli.bats. */
#define _GNU_SOURCE
#pragma GCC diagnostic ignored "-Wunused-function"
#include "client.c"
#include "../../userspace/lib/place.c"
#include "../../userspace/lib/account.c"

static const char *mount_in(const char *text)
{
	static char line[256];

	snprintf(line, sizeof(line), "%s", text);
	return mount_of(line);
}

static void mounts(void)
{
	EXPECT(!strcmp(mount_in("26 1 0:23 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"),
		       "/sys/fs/cgroup"));
	EXPECT(!strcmp(mount_in("26 1 0:23 / /a\\040b\\134040\\011 rw - cgroup2 none rw\n"),
		       "/a b\\040\t"));
	/* version 1, a part of version 2, others */
	EXPECT(!mount_in("26 1 0:23 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"));
	EXPECT(!mount_in("26 1 0:23 /a.slice /x rw - cgroup2 cgroup2 rw\n"));
	EXPECT(!mount_in("26 1 0:23 / /cgroup2 rw - tmpfs cgroup2 rw\n"));
}

static void lines_that_are_none(void)
{
	EXPECT(!mount_in(""));
	EXPECT(!mount_in("\n"));
	EXPECT(!mount_in(" - cgroup2 "));
	EXPECT(!mount_in("26 1 0:23 / - cgroup2 cgroup2 rw\n"));
	EXPECT(!strcmp(mount_in("1 1 0:1 / /x\\ rw - cgroup2 c rw\n"), "/x\\"));
	EXPECT(!strcmp(mount_in("1 1 0:1 / /x\\9\\04 rw - cgroup2 c rw\n"), "/x\\9\\04"));
}

static void paths(void)
{
	static struct grpdedup_conn conn;
	struct place place = { .path = "/sys/fs/cgroup", .mount = 14 };
	char path[PATH_MAX + 16];

	EXPECT(!locate(&conn, "/sys/fs/cgroups/a//b/", &place));
	EXPECT(!strcmp(place.path, "/sys/fs/cgroup/sys/fs/cgroups/a/b"));
	EXPECT(!strcmp(name_of(&place), "/sys/fs/cgroups/a/b"));
	place.path[place.mount] = '\0';
	EXPECT(!locate(&conn, "/sys/fs/cgroup/a/...", &place));
	EXPECT(!strcmp(place.path, "/sys/fs/cgroup/a/..."));
	place.path[place.mount] = '\0';
	memset(path, 'a', sizeof(path));
	path[PATH_MAX - 15] = '\0';
	EXPECT(locate(&conn, path, &place) == -ENAMETOOLONG);
	path[PATH_MAX - 16] = '\0';
	EXPECT(!locate(&conn, path, &place));
	EXPECT(strlen(place.path) == PATH_MAX - 1);
}

static const struct test tests[] = {
	TEST(mounts),
	TEST(lines_that_are_none),
	TEST(paths),
};

TEST_MAIN(tests)
