// SPDX-License-Identifier: GPL-2.0
/* The daemon's configuration: what is taken, and each complaint with its line. */
#define _GNU_SOURCE
#include <unistd.h>
#include "../../userspace/lib/parse.c"
#include "../../userspace/lib/place.c"
#include "../../userspace/daemon/pattern.c"
#include "../../userspace/daemon/policy.c"
#include "../../userspace/daemon/policy_equal.c"
#include "../../userspace/daemon/policy_entitlement.c"
#include "../../userspace/daemon/policy_demand.c"
#include "../../userspace/daemon/config.c"
#include "../../userspace/daemon/config_check.c"
#include "../../userspace/daemon/config_file.c"
#include "../../userspace/daemon/config_guest.c"
#include "../../userspace/daemon/config_key.c"
#include "../../userspace/daemon/config_pattern.c"
#include "test.h"

static char path[] = "/tmp/test_config.XXXXXX";
static char error[512];

static struct config *load(const char *text)
{
	struct config *config;
	FILE *file = fopen(path, "w");

	EXPECT(file);
	fputs(text, file);
	fclose(file);
	error[0] = '\0';
	if (config_load(path, &config, error, sizeof(error)))
		EXPECT(!config && error[0]);
	return config;
}

#define CGROUP(name, path) "[group " name "]\nrate = 1\ncgroup = " path "\n"
#define USERS	"[groups u*]\nrate = 1\ncgroup = /users/u-*\n"
#define BOM	"\xef\xbb\xbf"
#define GROUP	"[group a]\nrate = 4000\n"
#define GUEST	"[guest g]\ngroup = a\nqmp = /run/g.qmp\nbase = 1G\n"

/* The longest name of a group; inih would cut off the second one's end. */
#define LONG_NAME	"twenty-one-characters" "twenty-one-characters" "twenty-one-characters"
#define LONG_NAME_2	"twenty-one-characters" "twenty-one-characters" "twenty-one-character2"

#define PIDFILE(name, path)	"[guest " name "]\ngroup = a\npidfile = " path "\n"
#define DOMAIN(name, domain)	"[guest " name "]\ngroup = a\ndomain = " domain "\nbase = 1G\n"

static void whole(void)
{
	struct config *config = load(
		"; a comment\n# another\n"
		"[host]\navailable_floor = 1G\npressure_max = 12.5\n"
		"[group tenant-a]\nrate = 8k\nrate_control = auto\nrate_min = 2k\nrate_max = 1M\n"
		"cpu_max = 15\npolicy = demand\nreserve = 64M\ngrowth = 128M\ndeadband = 5M\n"
		"average = 3.5\nsplit_min = 32\nmax_frames = 100000\n"
		"account = /machine.slice/tenant a.slice/grpdedup\n"
		"[guest web1]\n  group = tenant-a ; its tenant\n\tqmp=/run/web1.qmp\nmonitor = shared\n"
		"base = 2GiB\nmax = 4096M\n"
		"[guest web2]\ngroup = tenant-a\npidfile = /run/web2.pid\n"
		"[guest web3]\ngroup = tenant-a\ndomain = web 3\nbase = 536870912\n");
	struct config_group *group;

	test_note("%s", error);
	EXPECT(config);
	EXPECT(config->host.available_floor == 1ull << 30);
	EXPECT(config->host.pressure_max == 12.5);
	EXPECT(config->group_count == 1 && config->guest_count == 3);
	group = &config->groups[0];
	EXPECT(!strcmp(group->name, "tenant-a") && group->line == 6);
	EXPECT(group->rate == 8000 && group->rate_auto);
	EXPECT(group->rate_params.min == 2000 && group->rate_params.max == 1000000);
	EXPECT(group->rate_params.cpu_max == 15);
	EXPECT(group->law.policy == &policy_demand);
	EXPECT(group->law.reserve == 64ull << 20 && group->law.growth == 128ull << 20);
	EXPECT(group->law.deadband == 5ull << 20 && group->law.average == 3.5);
	EXPECT(group->split_min == 32 && group->frames_max == 100000);
	EXPECT(!strcmp(group->account, "/machine.slice/tenant a.slice/grpdedup"));
	EXPECT(config->guests[0].qmp_shared && config->guests[0].base.bytes == 2ull << 30);
	EXPECT(config->guests[0].max == 4ull << 30);
	EXPECT(!strcmp(config->guests[0].qmp, "/run/web1.qmp"));
	EXPECT(!strcmp(config->guests[1].pidfile, "/run/web2.pid") && !config_has_base(&config->guests[1].base));
	EXPECT(!strcmp(config->guests[2].domain, "web 3"));
	EXPECT(config->guests[2].base.bytes == 512ull << 20);
	EXPECT(config_find_guest(config, "web2") == &config->guests[1]);
	EXPECT(!config_find_guest(config, "web"));
	config_free(config);
}

static void defaults(void)
{
	struct config *config = load(GROUP GUEST "[group b]\nrate_control = auto\n");

	test_note("%s", error);
	EXPECT(config);
	EXPECT(!config->groups[0].rate_auto && config->groups[0].rate == 4000);
	EXPECT(config->groups[0].law.policy == &policy_equal);
	EXPECT(config->groups[1].rate == 1000);
	EXPECT(!config->groups[1].account[0]);
	EXPECT(!config->guests[0].max && !config->guests[0].qmp_shared);
	config_free(config);
	config = load("");
	EXPECT(config && !config->group_count && !config->guest_count);
	config_free(config);
}

static void patterns(void)
{
	struct config *config = load(USERS "account = users/u-*/scanner\n"
				     CGROUP("a", "/sys/fs/cgroup/a.slice/")
				     "pidfiles = /run/qemu-server/*.pid\nvmids = 100-199, 300\n"
				     "qmp = /run/qemu-server/%s.qmp\nmonitor = shared\nbase = 60 %\n"
				     "max = 4G\n");
	const struct config_group *group;

	test_note("%s", error);
	EXPECT(config && config->group_count == 1 && config->template_count == 1);
	group = &config->templates[0];
	EXPECT(!strcmp(group->name, "u*") && !strcmp(group->cgroup, "/users/u-*"));
	EXPECT(!strcmp(group->account, "users/u-*/scanner") && group->rate == 1);
	group = &config->groups[0];
	EXPECT(!strcmp(group->cgroup, "/a.slice"));
	EXPECT(!strcmp(group->pidfiles, "/run/qemu-server/*.pid"));
	EXPECT(!strcmp(group->qmp, "/run/qemu-server/%s.qmp") && group->qmp_shared);
	EXPECT(!strcmp(group->vmids, "100-199, 300"));
	EXPECT(group->base.percent == 60 && group->max == 4ull << 30);
	config_free(config);
}

static void long_names(void)
{
	struct config *config = load("[group " LONG_NAME "]\nrate = 1\n"
				     "[group " LONG_NAME_2 "]\nrate = 2\n"
				     "[guest g]\ngroup = " LONG_NAME_2 "\npidfile = /p\n");

	test_note("%s", error);
	EXPECT(config && config->group_count == 2 && config->guests[0].group == 1);
	EXPECT(!strcmp(config->groups[0].name, LONG_NAME));
	EXPECT(!strcmp(config->groups[1].name, LONG_NAME_2));
	config_free(config);
}

static const struct bad {
	const char *text;
	unsigned int line;
	const char *says;
} bad[] = {
	{ "rate = 1\n", 1, "outside of a section" },
	{ "[grups a]\nrate = 1\n", 1, "unknown section" },
	{ "[groups a]\nrate = 1\n", 1, "does not have a single '*'" },
	{ "[groups a*b*]\nrate = 1\n", 1, "does not have a single '*'" },
	{ "[groups a*]\nrate = 1\n", 1, "groups a*: cgroup is missing" },
	{ "[groups a*]\nrate = 1\ncgroup = a.slice\n", 1, "cgroup does not have a single" },
	{ "[groups a*]\ncgroup = a-*.slice\n", 1, "rate is missing" },
	{ "[groups a*]\nrate = 1\ncgroup = a-*\npidfiles = /*.pid\n", 1, "require [group NAME]" },
	{ USERS "[groups u*]\nrate = 1\n", 4, "duplicate of line 1" },
	{ USERS "[groups v*]\nrate = 1\ncgroup = users/u-*\n", 4, "is that of group u*, too (" },
	{ USERS "[group u-1]\nrate = 1\n", 1, "matches the name of group u-1 (" },
	{ USERS "[group x]\nrate = 1\ncgroup = users/u-1\n", 1, "matches the cgroup of group x (" },
	{ CGROUP("a", "x/y") CGROUP("b", "/x//y/"), 4, "cgroup /x/y is that of group a, too (" },
	{ CGROUP("a", "/sys/fs/cgroup"), 3, "is the root cgroup" },
	{ CGROUP("a", "x/../y"), 3, "contains '.' or '..'" },
	{ CGROUP("a", "x/y-*"), 1, "only [groups PATTERN] has a cgroup with" },
	{ GROUP "pidfiles = run/*.pid\n", 3, "not an absolute path" },
	{ GROUP "pidfiles = /run/x.pid\n", 3, "does not have a single '*'" },
	{ GROUP "pidfiles = /*/*.pid\n", 3, "does not have a single '*'" },
	{ GROUP "pidfiles = /*.pid\nqmp = /run/x\n", 4, "does not have a single %s" },
	{ GROUP "pidfiles = /*.pid\nqmp = /run/%s%d\n", 4, "does not have a single %s" },
	{ GROUP "pidfiles = /*.pid\nqmp = /run/%s.qmp\n", 1, "base is missing" },
	{ GROUP "pidfiles = /*.pid\nqmp = /%s\nbase = 1M\n", 1, "base is less than 16M" },
	{ GROUP "pidfiles = /*.pid\nqmp = /%s\nbase = 2G\nmax = 1G\n", 1, "max is less" },
	{ GROUP "pidfiles = /*.pid\nbase = 1G\n", 1, "base and max require qmp or domains" },
	{ GROUP "domains = web-*\n", 1, "group a: base is missing" },
	{ GROUP "domains = web\nbase = 1G\n", 3, "domains 'web' does not have a single '*'" },
	{ GROUP "pidfiles = /*.pid\nmonitor = shared\n", 1, "monitor requires qmp" },
	{ GROUP "qmp = /%s\nbase = 1G\n", 1, "qmp requires pidfiles" },
	{ GROUP "vmids = 1-2\n", 1, "vmids requires pidfiles" },
	{ GROUP "pidfiles = /*.pid\nvmids = 2-1\n", 4, "ends before it begins" },
	{ GROUP "pidfiles = /*.pid\nvmids = 1,\n", 4, "list of numbers" },
	{ "[group a]\nrat = 1\n", 2, "unknown key rat in a group" },
	{ "[host]\nrate = 1\n", 2, "unknown key rate in [host]" },
	{ "[group a]\nrate = 1\nrate = 2\n", 3, "duplicate" },
	{ GROUP "[group a]\nrate = 2\n", 3, "group a is a duplicate of line 1" },
	{ "[host]\npressure_max = 1\n[host]\npressure_max = 2\n", 3, "duplicate section [host]" },
	{ "[group a]\nrate = many\n", 2, "rate 'many' is not a number" },
	{ "[group a]\nrate = -1\n", 2, "negative" },
	{ "[group a]\naccount =\nrate = 1\n", 2, "account '' is empty" },
	{ "[group a]\nrate = 1001M\n", 2, "too large" },
	{ "[group a]\nrate = 5 # fast\n", 2, "after the number" },
	{ "[group a]\npolicy = fair\n", 2, "equal, entitlement, demand" },
	{ "[group a]\nrate_control = on\n", 2, "neither fixed nor auto" },
	{ "[group a]\npolicy = equal\n", 1, "rate is missing" },
	{ "[group a]\nrate = 5\nrate_min = 9\nrate_max = 8\n", 1, "rate_min is more" },
	{ "[group a]\nrate = 5\nrate_control = auto\n", 1, "not between" },
	{ "[group a]\nrate_control = auto\nrate_min = 0\n", 1, "more than 0" },
	{ "[group a]\nrate = 1\nsplit_min = 0\n", 3, "at least 1" },
	{ "[group a]\nrate = 1\nsplit_min = 513\n", 3, "too large" },
	{ "[group a]\nrate = 1\ncpu_max = 101\n", 3, "too large" },
	{ "[group a]\nrate = 1\naverage = nan\n", 3, "not a number" },
	{ "[group a]\nrate = 1\nreserve = 5X\n", 3, "not a size" },
	{ "[group a]\nrate = 1\nreserve = 5MB\n", 3, "not a size" },
	{ "[group a]\nrate = 1\nreserve = 99999999T\n", 3, "too large" },
	{ "[group a]\nrate = 1\nreserve = M\n", 3, "not a number" },
	{ "[group a/b]\nrate = 1\n", 1, "without '/'" },
	{ "[group " LONG_NAME "x]\nrate = 1\n", 1, "too long (63" },
	{ "[group ]\nrate = 1\n", 1, "the group has no name" },
	{ "[group a]\n[group b]\nrate = 1\n", 2, "previous section is empty" },
	{ GROUP "[guest g]\n", 3, "last section is empty" },
	{ GROUP "[guest g]\npidfile = /x\n", 3, "group is missing" },
	{ GROUP "[guest g]\ngroup = b\npidfile = /x\n", 3, "there is no group b" },
	{ GROUP "[guest g]\ngroup = a\n", 3, "qmp, pidfile or domain is missing" },
	{ GROUP "[guest g]\ngroup = a\nqmp = run/g\n", 5, "not an absolute path" },
	{ GROUP "[guest g]\ngroup = a\nqmp = /g\n", 3, "base is missing" },
	{ GROUP "[guest g]\ngroup = a\nqmp = /g\nbase = 15M\n", 3, "less than 16M" },
	{ GROUP "[guest g]\ngroup = a\nqmp = /g\nbase = 0 %\n", 6, "between 1 % and 100 %" },
	{ GROUP "[guest g]\ngroup = a\nqmp = /g\nbase = 101%\n", 6, "between 1 % and 100 %" },
	{ GROUP "[guest g]\ngroup = a\nqmp = /g\nbase = 1.5 %\n", 6, "not a size" },
	{ GROUP "[guest g]\ngroup = a\nqmp = /g\nbase = 2G\nmax = 1G\n", 3, "max is less" },
	{ GROUP "[guest g]\ngroup = a\ndomain = d\npidfile = /p\nbase = 1G\n", 3, "domain excludes" },
	{ GROUP "[guest g]\ngroup = a\npidfile = /p\nbase = 1G\n", 3, "require qmp or domain" },
	{ GROUP "[guest g]\ngroup = a\npidfile = /p\nmonitor = shared\n", 3, "monitor requires qmp" },
	{ GROUP "[guest g]\ngroup = a\ndomain = ../x\nbase = 1G\n", 3, "invalid domain name ../x" },
	{ GROUP GUEST "[guest g]\ngroup = a\npidfile = /p\n", 7, "guest g is a duplicate of line 3" },
	{ GROUP GUEST "[guest h]\ngroup = a\nqmp = /run/g.qmp\nbase = 1G\n", 7, "same process as guest g" },
	{ GROUP PIDFILE("g", "/p") PIDFILE("h", "/p"), 6, "same process as guest g" },
	{ GROUP DOMAIN("g", "d") DOMAIN("h", "d"), 7, "same process as guest g" },
	{ GROUP PIDFILE("a b", "/p"), 3, "without white space" },
	{ GROUP PIDFILE("a\xc3\xa4", "/p"), 3, "is printable ASCII" },
	{ GROUP PIDFILE("forty-one-letters-is-more-than-a-name-has", "/p"), 3, "too long (40" },
	{ GROUP "[guest ]\ngroup = a\npidfile = /p\n", 3, "the guest has no name" },
	{ "[group a]\nrate 4000\n", 2, "expected [section]" },
	{ "[group a\nrate = 4000\n", 1, "expected [section]" },
	{ "[group a] rate = 9\nrate = 4000\n", 1, "after the section's name" },
	{ "[group a];x\nrate = 4000\n", 1, "after the section's name" },
	{ "[group a] # tenant a\nrate = 4000\n", 1, "after the section's name" },
	{ "[group a]b]\nrate = 4000\n", 1, "after the section's name" },
	{ "[guest of-which-the-name-is-longer-than-what-inih-takes]\npidfile = /p\n", 1, "too long (40" },
	{ "[host]\npressure_max = 0x10\n", 2, "after the number" },
	{ "[host]\npressure_max = 1e1\n", 2, "after the number" },
	{ "[host]\npressure_max = 1.2.3\n", 2, "after the number" },
	{ "[host]\npressure_max = .5\n", 2, "not a number" },
	{ "[group a]\nrate = 1\ngrowth = 1023K\n", 1, "growth is less than 1M" },
	{ BOM "[guest g]\navailable_floor = 1G\n", 2, "unknown key available_floor in a guest" },
	{ "[host]\n" BOM "pressure_max = 1\n", 2, "unknown key" },
	/* A line that begins with white space continues nothing. */
	{ "[group a]\nrate = 4\n  000\n", 3, "expected [section]" },
};

static void complaints(void)
{
	char place[64];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct config *config = load(bad[i].text);

		test_note("case %zu: %s: %s", i, bad[i].text, error);
		EXPECT(!config);
		snprintf(place, sizeof(place), "%s:%u: ", path, bad[i].line);
		EXPECT(!strncmp(error, place, strlen(place)));
		EXPECT(strstr(error, bad[i].says));
	}
}

static void long_lines(void)
{
	char text[4096] = GROUP "[guest g]\ngroup = a\nqmp = /";
	size_t length = strlen(text);

	memset(text + length, 'x', 120);
	strcpy(text + length + 120, "\nbase = 1G\n");
	EXPECT(!load(text) && strstr(error, ":3: ") && strstr(error, "too long"));
	memset(text + length, 'x', 1000);
	strcpy(text + length + 1000, "\nbase = 1G\n");
	EXPECT(!load(text) && strstr(error, ":5: ") && strstr(error, "line is too long"));
}

/* What editors leave behind, and what none does. */
static void odd_bytes(void)
{
	static const char text[] = "[group a]\nrate = 4000\0junk\n";
	struct config *config = load(BOM "[group a]\r\nrate = 4000\r\n");
	FILE *file = fopen(path, "w");

	test_note("%s", error);
	EXPECT(config && config->group_count == 1 && config->groups[0].rate == 4000);
	config_free(config);
	config = load("[group a] ; with a comment that is longer than any name may be\nrate = 1\n"
		      "[host]\t; and another\npressure_max = 1\n");
	test_note("%s", error);
	EXPECT(config);
	config_free(config);
	EXPECT(file && fwrite(text, sizeof(text) - 1, 1, file) == 1 && !fclose(file));
	EXPECT(config_load(path, &config, error, sizeof(error)) && !config);
	EXPECT(strstr(error, ":2: ") && strstr(error, "NUL"));
}

static void no_file(void)
{
	struct config *config;

	EXPECT(config_load("/nonexistent/x", &config, error, sizeof(error)) == -ENOENT);
	EXPECT(!config && strstr(error, "No such file"));
	EXPECT(config_load("/tmp", &config, error, sizeof(error)) && !config);
	/* A line without an end would take all memory. */
	EXPECT(config_load("/dev/zero", &config, error, sizeof(error)) && !config);
	EXPECT(strstr(error, "not a regular file"));
}

static const struct test tests[] = {
	TEST(whole),
	TEST(defaults),
	TEST(patterns),
	TEST(long_names),
	TEST(complaints),
	TEST(long_lines),
	TEST(odd_bytes),
	TEST(no_file),
};

int main(void)
{
	int status, fd = mkstemp(path);

	if (fd < 0)
		return EXIT_FAILURE;
	close(fd);
	status = test_run_all(tests, sizeof(tests) / sizeof(tests[0]));
	unlink(path);
	return status;
}
