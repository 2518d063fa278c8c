/* SPDX-License-Identifier: GPL-2.0 */
/* Between the parts of gd-qmpfarm: the monitors (gd-qmpfarm.c), and who disturbs them (farm_chaos.c). */
#ifndef GD_FARM_H
#define GD_FARM_H

#include <stdbool.h>
#include <stdint.h>
#include "gd.h"

#define MIB	((uint64_t)1 << 20)
#define SIZE	(512 * MIB)

enum kind { WELL, NO_GREETING, NO_ANSWER, LATE, SINGLE_BYTES, HANGS_UP, RUBBISH, NO_ACCEPT, KINDS };

/* One socket and its only client, as QEMU has it. */
struct monitor {
	enum kind kind;
	int listener;
	int client;
	uint64_t plugged;
	uint64_t balloon;	/* inflated, bytes */
	uint64_t want;
	bool no_driver;
	char status[32];
	char in[4096];
	size_t in_size;
	char out[16384];
	size_t out_size;
	double not_before;
	/* chaos */
	uint64_t reported;	/* what the client knows to be plugged in */
	uint64_t told;		/* the client's last target, without that; 0: none yet */
	double met;		/* when the client came */
	double disturbed;	/* when it was last given something to do, or kept from it */
	double paused_until;
};

double farm_now(void);
/* As QEMU does: the guest is to have this much, DIMMs included. */
void farm_set_target(struct monitor *m, uint64_t bytes);
bool farm_runs(const struct monitor *m);
void farm_hang_up(struct monitor *m);
void farm_send_event(struct monitor *m, const char *name);
void farm_set_status(struct monitor *m, const char *status);

void chaos_begin(struct monitor *monitors, int count, uint64_t seed, const char *file);
void chaos_hear(struct monitor *m, int n, uint64_t bytes);
void chaos_act(void);

#endif /* GD_FARM_H */
