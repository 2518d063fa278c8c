// SPDX-License-Identifier: GPL-2.0
/* Automatic rates, and when the host is short of memory. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../../userspace/daemon/rate.c"
#include "../../userspace/daemon/host.c"
#include "test.h"

static const struct rate_params params = { .min = 1000, .max = 64000, .cpu_max = 20 };

/* One window of two seconds: what it saw, and what must come of it. */
static const struct window {
	uint32_t rate;
	uint64_t scanned;
	int64_t gained;
	uint64_t passes;
	double cpu;		/* percent */
	uint32_t next;
	const char *why;
} windows[] = {
	{ 4000, 8000, 400, 5, 1, 8000, "raised: 5.0 %" },
	{ 4000, 8000, 80, 5, 1, 8000, "raised: 1.0 %" },
	{ 4000, 8000, 40, 5, 1, 4000, "" },
	{ 4000, 8000, 0, 5, 1, 3000, "lowered: 0.00 %" },
	{ 4000, 8000, -500, 5, 1, 3000, "lowered" },
	/* nothing can have merged yet */
	{ 4000, 8000, 0, 2, 1, 4000, "" },
	{ 64000, 128000, 9000, 5, 1, 64000, "" },
	{ 40000, 80000, 9000, 5, 1, 64000, "raised" },
	{ 1000, 2000, 0, 5, 1, 1000, "" },
	{ 1200, 2400, 0, 5, 1, 1000, "lowered" },
	/* too much CPU counts at once, even before the first pass */
	{ 8000, 16000, 900, 0, 40, 4000, "40.0 % of a CPU, the limit is 20.0 %" },
	{ 2000, 4000, 900, 5, 80, 1000, "lowered" },
	/* twice the rate would be too much */
	{ 8000, 16000, 900, 5, 16, 10000, "raised" },
	{ 8000, 16000, 900, 5, 20, 8000, "" },
};

static void one_window(void)
{
	size_t i;

	for (i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		const struct window *w = &windows[i];
		struct rate rate = { .rate = w->rate };
		struct rate_sample sample = { 1000, 50000, w->passes, 7000000 };
		bool changed;

		EXPECT(!rate_step(&rate, &params, &sample, 10000));
		sample.scanned += w->scanned;
		sample.sharing = (uint64_t)((int64_t)sample.sharing + w->gained);
		sample.cpu_ns += (uint64_t)(w->cpu * 2e7);
		EXPECT(!rate_step(&rate, &params, &sample, 11000));
		changed = rate_step(&rate, &params, &sample, 12000);
		test_note("case %zu: %u: %s", i, rate.rate, rate.reason);
		EXPECT(rate.rate == w->next);
		EXPECT(changed == (w->next != w->rate));
		EXPECT(strstr(rate.reason, w->why));
		EXPECT(changed ? rate.changed_ms == 12000 : !rate.reason[0]);
	}
}

static void slow_groups_have_long_windows(void)
{
	struct rate_params slow = { .min = 10, .max = 1000 };
	struct rate rate = { .rate = 100 };
	struct rate_sample sample = { .full_scans = 9 };
	uint64_t now, changed = 0;

	for (now = 1000; now <= 60000 && !changed; now += 1000) {
		if (rate_step(&rate, &slow, &sample, now))
			changed = now;
		sample.scanned += 10;
	}
	EXPECT(changed >= 26000 && changed <= 28000 && rate.rate == 75);
}

static void a_new_module_begins_anew(void)
{
	struct rate rate = { .rate = 4000 };
	struct rate_sample sample = { 100000, 5000, 9, 1000000 };

	rate_step(&rate, &params, &sample, 1000);
	sample = (struct rate_sample){ 5000, 3000, 0, 1000 };
	EXPECT(!rate_step(&rate, &params, &sample, 4000));
	sample.scanned += 8000;
	sample.sharing += 800;
	EXPECT(rate_step(&rate, &params, &sample, 7000) && rate.rate == 8000);
}

static void hosts_are_judged(void)
{
	static const struct host_params limits = { .available_floor = 1000, .pressure_max = 10 };
	static const struct {
		uint64_t available;
		double pressure;
		bool is_short;
	} steps[] = {
		{ 2000, 0, false },
		{ 1000, 10, false },
		{ 999, 0, true },
		{ 1100, 0, true },	/* a quarter above the floor it ends */
		{ 1250, 0, false },
		{ 2000, 10.5, true },
		{ 2000, 6, true },
		{ 2000, 5, false },
		{ 2000, -1, false },
	};
	struct host host = { 0 };
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		host.available = steps[i].available;
		host.pressure = steps[i].pressure;
		host_judge(&host, &limits);
		test_note("step %zu: %s", i, host.why);
		EXPECT(host.is_short == steps[i].is_short);
		EXPECT(!host.why[0] == !host.is_short);
	}
}

static void write_file(const char *directory, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	EXPECT(file);
	fputs(text, file);
	fclose(file);
}

static void hosts_are_read(void)
{
	static const struct host_params limits = {
		.available_floor = 1 << 20, .pressure_max = 5,
	};
	char directory[] = "/tmp/test_rate.XXXXXX";
	char path[256];
	struct host host = { 0 };

	EXPECT(mkdtemp(directory));
	host_read(&host, &limits, directory);
	EXPECT(strstr(host.unknown, "available memory: No such file") && !host.is_short);
	write_file(directory, "meminfo", "MemTotal: 9000 kB\nMemAvailable:    1000 kB\n");
	host_read(&host, &limits, directory);
	EXPECT(strstr(host.unknown, "memory pressure is not watched"));
	EXPECT(host.available == 1024000 && host.is_short && host.pressure < 0);
	snprintf(path, sizeof(path), "%s/pressure", directory);
	EXPECT(!mkdir(path, 0700));
	write_file(path, "memory", "some avg10=3.25 avg60=0.00 avg300=0.00 total=1\nfull avg10=9\n");
	host_read(&host, &limits, directory);
	EXPECT(host.pressure == 3.25 && !host.unknown[0]);
	/* What cannot be read stays as it was. */
	write_file(directory, "meminfo", "nothing\n");
	write_file(path, "memory", "nothing\n");
	host_read(&host, &limits, directory);
	EXPECT(host.unknown[0] && host.available == 1024000 && host.is_short);
	EXPECT(host.pressure == 3.25);
	/* And this machine's own. */
	host_read(&host, &limits, "/proc");
	EXPECT(host.available > 1 << 20);
	snprintf(path, sizeof(path), "rm -r %s", directory);
	EXPECT(!system(path));
}

static const struct test tests[] = {
	TEST(one_window),
	TEST(slow_groups_have_long_windows),
	TEST(a_new_module_begins_anew),
	TEST(hosts_are_judged),
	TEST(hosts_are_read),
};

TEST_MAIN(tests)
