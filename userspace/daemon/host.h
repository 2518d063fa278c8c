/* SPDX-License-Identifier: GPL-2.0 */
/* Is the host short of memory? From /proc/meminfo and /proc/pressure/memory. */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct host_params - as configured
 * @available_floor: MemAvailable below this is short, bytes; 0 = not watched
 * @pressure_max: "some avg10" of PSI memory above this is short, percent; 0 =
 *	not watched
 */
struct host_params {
	uint64_t available_floor;
	double pressure_max;
};

/**
 * struct host - what is known of it
 * @available: MemAvailable, bytes
 * @pressure: PSI memory some avg10, percent; negative if the kernel has no PSI
 * @is_short: with hysteresis: ends when available is a quarter above the floor
 *	and pressure below half its limit
 * @why: a sentence while it is short, else ""
 */
struct host {
	uint64_t available;
	double pressure;
	bool is_short;
	char why[96];
};

/* Pure: judge from what is in @host already. */
void host_judge(struct host *host, const struct host_params *params);
/* Reads both files below @proc ("/proc") and judges. 0 or -errno. */
int host_read(struct host *host, const struct host_params *params, const char *proc);

#endif /* HOST_H */
