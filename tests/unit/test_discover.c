// SPDX-License-Identifier: GPL-2.0
/* What is made of names that patterns match, and of names that two have. */
#define _GNU_SOURCE
#include "../../userspace/lib/parse.c"
#include "../../userspace/lib/place.c"
#include "../../userspace/daemon/pattern.c"
#include "../../userspace/daemon/names.c"
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
#include "../../userspace/daemon/discover.c"
#include "../../userspace/daemon/discover_expand.c"
#include <unistd.h>
#include "test.h"

static char path[] = "/tmp/test_discover.XXXXXX";
/* "GROUP NAME NAME..." for each: what the pattern of this group matches */
static const char *found[4];
static int failure;

static int list_found(const struct discovery *self, const struct config_group *group,
		      struct names *names, char *why)
{
	char line[512], *next = line, *word;
	size_t i;

	(void)self;
	(void)why;
	for (i = 0; i < 4; i++) {
		snprintf(line, sizeof(line), "%s", found[i] ? found[i] : "");
		next = line;
		word = strsep(&next, " ");
		if (strcmp(word, group->name))
			continue;
		while ((word = strsep(&next, " ")))
			if (names_add(names, word))
				return -ENOMEM;
	}
	return failure;
}

static const char *pidfiles_of(const struct config_group *group)
{
	return group->pidfiles;
}

static const char *domains_of(const struct config_group *group)
{
	return group->domains;
}

static const char *cgroup_of(const struct config_group *group)
{
	return group->cgroup;
}

static const char *fill(const struct config_group *group, const char *name,
			struct config_guest *guest)
{
	char file[512];

	pattern_fill(group->pidfiles, "*", name, file, sizeof(file));
	guest->pidfile = strdup(file);
	return NULL;
}

const struct source source_pidfiles = {
	.key = "pidfiles", .pattern = pidfiles_of, .list = list_found, .fill = fill,
};
const struct source source_domains = {
	.key = "domains", .pattern = domains_of, .list = list_found, .fill = fill,
};
const struct source source_cgroups = {
	.key = "cgroup", .pattern = cgroup_of, .list = list_found,
};

static struct discovery discovery;
static struct config *written, *in_force;

/* What the file says from now on */
static void load(const char *text)
{
	FILE *file = fopen(path, "w");
	char error[512] = "";

	EXPECT(file);
	fputs(text, file);
	fclose(file);
	config_free(in_force);
	config_free(written);
	in_force = NULL;
	config_load(path, &written, error, sizeof(error));
	test_note("%s", error);
	EXPECT(written);
}

/* Returns whether there is something new. */
static bool look(void)
{
	bool is_new = discovery_look(&discovery, written);
	struct config *config = discovery_expand(&discovery, written, in_force);

	EXPECT(config);
	config_free(in_force);
	in_force = config;
	return is_new;
}

static void begin(const char *text)
{
	memset(found, 0, sizeof(found));
	failure = 0;
	discovery_close(&discovery);
	load(text);
}

static void end(void)
{
	config_free(in_force);
	config_free(written);
	in_force = NULL;
	written = NULL;
	discovery_close(&discovery);
}

static bool says(const char *part)
{
	size_t i;

	for (i = 0; i < discovery.sentences.count; i++)
		if (strstr(discovery.sentences.list[i], part))
			return true;
	return false;
}

#define TEMPLATE "[groups u-*]\nrate = 7\ncgroup = /s/u*.slice\naccount = s/u*.slice/scanner\n"

static void groups(void)
{
	const struct config_group *group;

	begin("[group a]\nrate = 1\n" TEMPLATE "[guest g]\ngroup = a\npidfile = /g\n");
	EXPECT(look() && in_force->group_count == 1 && in_force->guest_count == 1);
	EXPECT(!look());
	found[0] = "u-* 2 1";
	EXPECT(look() && in_force->group_count == 3 && in_force->guest_count == 1);
	group = config_find_group(in_force, "u-1");
	EXPECT(group && group->rate == 7 && group->is_found && group->line == 3);
	EXPECT(!strcmp(group->cgroup, "/s/u1.slice"));
	EXPECT(!strcmp(group->account, "s/u1.slice/scanner"));
	EXPECT(!strcmp(in_force->groups[in_force->guests[0].group].name, "a"));
	found[0] = "u-* 1 2";
	EXPECT(!look());
	found[0] = "u-* 2";
	EXPECT(look() && in_force->group_count == 2 && !config_find_group(in_force, "u-1"));
	EXPECT(!discovery.sentences.count);
	end();
}

static void names_of_groups(void)
{
	begin(TEMPLATE);
	found[0] = "u-* sixty-two-letters-are-one-more-than-what-fits-behind-u-- a\tb \xc3\xa4 x";
	look();
	EXPECT(in_force->group_count == 2);
	EXPECT(says("no group is made for '\xc3\xa4' by /tmp/test_discover."));
	found[0] = "u-* sixty-two-letters-are-one-more-than-what-fits-behind-u-----yyyyyy x";
	look();
	EXPECT(in_force->group_count == 1 && config_find_group(in_force, "u-x"));
	EXPECT(says("the name is too long"));
	end();
}

/* Two templates: one cgroup with two groups, and two cgroups with one group */
static void rivals(void)
{
	const struct config_group *group;

	begin("[groups a*]\nrate = 1\ncgroup = /s/a*\n[groups b*]\nrate = 2\ncgroup = /s/*1\n");
	found[0] = "a* 1";
	found[1] = "b* a";
	look();
	EXPECT(in_force->group_count == 2);
	group = config_find_group(in_force, "a1");
	EXPECT(group && group->rival.line == 4 && !strcmp(group->rival.file, path));
	group = config_find_group(in_force, "ba");
	EXPECT(group && group->rival.line == 1);
	EXPECT(says("cgroup /s/a1 is that of group a1 (") && says(":1) and of group ba ("));
	found[1] = NULL;
	look();
	EXPECT(!config_find_group(in_force, "a1")->rival.file && !discovery.sentences.count);

	/* what is there stays */
	load("[groups a*]\nrate = 1\ncgroup = /s/*\n[groups *b]\nrate = 2\ncgroup = /t/*\n");
	found[0] = NULL;
	found[1] = "*b a";
	look();
	found[0] = "a* b";
	look();
	group = config_find_group(in_force, "ab");
	EXPECT(in_force->group_count == 1 && !strcmp(group->cgroup, "/t/a"));
	EXPECT(says("group ab is made for cgroup /s/b (") && says(" and for cgroup /t/a ("));
	found[1] = NULL;
	look();
	EXPECT(!strcmp(config_find_group(in_force, "ab")->cgroup, "/s/b"));
	end();
}

static void guests(void)
{
	const struct config_guest *guest;

	begin("[group a]\nrate = 1\npidfiles = /r/*.pid\n[group b]\nrate = 1\npidfiles = /q/*.pid\n"
	      "[guest g]\ngroup = b\npidfile = /r/1.pid\n");
	found[0] = "a 1 2 3";
	found[1] = "b 4";
	look();
	EXPECT(in_force->guest_count == 4 && !discovery.sentences.count);
	EXPECT(!config_find_guest(in_force, "1"));
	guest = config_find_guest(in_force, "2");
	EXPECT(guest && guest->is_found && !strcmp(guest->pidfile, "/r/2.pid"));
	EXPECT(!strcmp(guest->group_name, "a") && guest->group == 0 && guest->line == 1);
	/* two of one name: the one that is there stays */
	found[1] = "b 2 4 g";
	look();
	EXPECT(in_force->guest_count == 4);
	EXPECT(!strcmp(config_find_guest(in_force, "2")->group_name, "a"));
	EXPECT(says("guest 2 is found twice, by /tmp/") && says("guest g is found twice"));
	found[0] = "a 1 3";
	look();
	EXPECT(!strcmp(config_find_guest(in_force, "2")->group_name, "b"));
	found[0] = "a 1 2 3";
	look();
	EXPECT(!strcmp(config_find_guest(in_force, "2")->group_name, "b"));
	end();
}

static void one_file(void)
{
	const struct config_guest *guest;

	begin("[group a]\nrate = 1\npidfiles = /r/*.pid\n[group b]\nrate = 1\npidfiles = /r/x*.pid\n");
	found[1] = "b 1";
	look();
	found[0] = "a x1";
	look();
	EXPECT(in_force->guest_count == 1);
	guest = &in_force->guests[0];
	EXPECT(!strcmp(guest->group_name, "b") && guest->line == 4 && guest->rival.line == 1);
	/* ... also if the other one of its name comes first */
	found[0] = "a 1 x1";
	look();
	EXPECT(in_force->guest_count == 2 && !discovery.sentences.count);
	EXPECT(!config_find_guest(in_force, "x1"));
	look();
	EXPECT(in_force->guest_count == 2 && !config_find_guest(in_force, "x1"));
	found[1] = NULL;
	found[0] = "a x1";
	look();
	guest = &in_force->guests[0];
	EXPECT(!strcmp(guest->group_name, "a") && !guest->rival.file);
	end();
}

static void unknown(void)
{
	begin("[group a]\nrate = 1\npidfiles = /r/*.pid\n");
	found[0] = "a 1 2";
	look();
	failure = -EMFILE;
	found[0] = "a 1";
	EXPECT(look() && in_force->guest_count == 2);
	EXPECT(says("group a: cannot look for pidfiles: Too many open files"));
	EXPECT(!look() && in_force->guest_count == 2);
	failure = 0;
	EXPECT(look() && in_force->guest_count == 1 && !discovery.sentences.count);
	/* another pattern has nothing that was known */
	failure = -EMFILE;
	load("[group a]\nrate = 1\npidfiles = /s/*.pid\n");
	look();
	EXPECT(!in_force->guest_count);
	end();
}

static const struct test tests[] = {
	TEST(groups),
	TEST(names_of_groups),
	TEST(rivals),
	TEST(guests),
	TEST(one_file),
	TEST(unknown),
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
