/* SPDX-License-Identifier: GPL-2.0 */
/* Is the host short of memory? From /proc/meminfo and /proc/pressure/memory. */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct host_params - as configured
 * @available_floor: short if MemAvailable is below, bytes; 0 = not watched
 * @pressure_max: short if "some avg10" of PSI memory is above, percent; 0 = not
 *	watched
 */
struct host_params {
	uint64_t available_floor;
	double pressure_max;
};

/**
 * struct host - memory of the host
 * @available: MemAvailable, bytes
 * @pressure: PSI memory some avg10, percent; negative if unavailable
 * @is_short: short of memory, with hysteresis: ends when available is a quarter
 *	above the floor and pressure is at most half its limit
 * @why: a sentence while it is short, else ""
 * @unknown: a sentence about what cannot be read, else "". The other fields are
 *	then as they were.
 */
struct host {
	uint64_t available;
	double pressure;
	bool is_short;
	char why[96];
	char unknown[128];
};

/* Update @is_short and @why from the other fields. */
void host_judge(struct host *host, const struct host_params *params);
/* Read both files below @proc ("/proc"), and judge. */
void host_read(struct host *host, const struct host_params *params, const char *proc);

#endif /* HOST_H */
