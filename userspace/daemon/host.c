// SPDX-License-Identifier: GPL-2.0
/* Is the host short of memory? */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "host.h"

#define MIB	(1024.0 * 1024.0)

static bool too_little(const struct host *host, const struct host_params *params)
{
	uint64_t floor = params->available_floor;

	if (host->is_short)
		floor += floor / 4;
	return floor && host->available < floor;
}

static bool too_much(const struct host *host, const struct host_params *params)
{
	double limit = host->is_short ? params->pressure_max / 2 : params->pressure_max;

	return params->pressure_max > 0 && host->pressure >= 0 && host->pressure > limit;
}

void host_judge(struct host *host, const struct host_params *params)
{
	bool little = too_little(host, params);
	bool pressed = too_much(host, params);

	host->is_short = little || pressed;
	if (little)
		snprintf(host->why, sizeof(host->why),
			 "short of memory: %.0f MiB available, the floor is %.0f MiB",
			 (double)host->available / MIB,
			 (double)params->available_floor / MIB);
	else if (pressed)
		snprintf(host->why, sizeof(host->why),
			 "short of memory: memory pressure is %.1f %%, the limit is %.1f %%",
			 host->pressure, params->pressure_max);
	else
		host->why[0] = '\0';
}

/* Read the value from the first line of @name that matches @format. */
static int read_line(const char *proc, const char *name, const char *format, void *value)
{
	char path[256], line[256];
	int err = -ENODATA;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", proc, name);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (err && fgets(line, sizeof(line), file))
		if (sscanf(line, format, value) == 1)
			err = 0;
	fclose(file);
	return err;
}

static void read_pressure(struct host *host, const struct host_params *params,
			  const char *proc)
{
	int err = read_line(proc, "pressure/memory", "some avg10=%lf", &host->pressure);

	if (!err)
		return;
	/* No /proc/pressure: the kernel lacks PSI, or has it disabled. */
	if (err == -ENOENT || err == -EOPNOTSUPP)
		host->pressure = -1;
	if (params->pressure_max <= 0)
		return;
	if (host->pressure < 0)
		snprintf(host->unknown, sizeof(host->unknown),
			 "memory pressure is not watched: the kernel has no PSI, or it is off (psi=1)");
	else
		snprintf(host->unknown, sizeof(host->unknown),
			 "cannot read the memory pressure: %s", strerror(-err));
}

void host_read(struct host *host, const struct host_params *params, const char *proc)
{
	uint64_t kib;
	int err = read_line(proc, "meminfo", "MemAvailable: %" SCNu64, &kib);

	host->unknown[0] = '\0';
	read_pressure(host, params, proc);
	if (err) {
		snprintf(host->unknown, sizeof(host->unknown),
			 "cannot read the available memory: %s", strerror(-err));
		return;
	}
	host->available = kib * 1024;
	host_judge(host, params);
}
