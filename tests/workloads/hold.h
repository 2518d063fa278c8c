/* SPDX-License-Identifier: GPL-2.0 */
/* Between the parts of gd-hold: the process (gd-hold.c), its memory (hold_memory.c), nuisances (hold_shake.c). */
#ifndef GD_HOLD_H
#define GD_HOLD_H

#include "gd.h"

struct command {
	const char *name;
	int (*run)(char **arg);		/* 0 or -1; arg[0] is the command itself */
	int args;			/* at least so many must follow */
};

/* Set the answer to the command being run. say() returns 0, no() -1. */
__attribute__((format(printf, 1, 2))) int say(const char *fmt, ...);
int no(const char *what);

struct model;

void model_init(void);
struct model *model_copy(void);
void model_use(struct model *copy);
void model_free(struct model *copy);

extern const struct command memory_commands[];
extern const struct command shake_commands[];

#endif /* GD_HOLD_H */
