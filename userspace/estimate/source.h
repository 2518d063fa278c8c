/* SPDX-License-Identifier: GPL-2.0 */
/* Where memory is read from: processes and files. */
#ifndef ESTIMATE_SOURCE_H
#define ESTIMATE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "area.h"
#include "block.h"

/**
 * struct source - one process or file
 * @pid: 0 if it is a file
 * @path: of the file
 * @name: for the reader: "4121 (qemu-system-x86)", the label or the path
 * @err: why it is not counted, a negative errno; 0 if it is
 * @why: the same as a sentence
 * @in_reach: bytes that were read
 * @out: bytes in memory that the module does not merge, by reason
 * @swapped: bytes swapped out, whose content is unknown
 * @missing: bytes that a core should have behind its end
 */
struct source {
	pid_t pid;
	const char *path;
	char name[64];
	int err;
	char why[128];
	uint64_t in_reach;
	uint64_t out[AREA_REACHES];
	uint64_t swapped;
	uint64_t missing;
};

/**
 * struct sources - in the order of the command line
 */
struct sources {
	struct source *list;
	size_t count;
	size_t room;
};

/*
 * An argument of the command line: PID, cgroup:PATH, FILE or LABEL=FILE, which
 * must outlive the sources. A process that is there already is not added again.
 * 0; or -errno, with a sentence in @why, which has @size bytes.
 */
int sources_add(struct sources *sources, const char *text, char *why, size_t size);
int sources_add_process(struct sources *sources, pid_t pid);
void sources_free(struct sources *sources);

/* @path: as the user writes it */
int cgroup_add(struct sources *sources, const char *path, char *why, size_t size);

/* Why @source is not counted; returns @err. */
int source_fail(struct source *source, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * Read it once and count its bytes anew. @buffer has BLOCK_BYTES. Returns 0, or
 * the source's error, or what @visit returned.
 */
int source_read(struct source *source, uint8_t *buffer, block_visitor visit, void *arg);
int process_read(struct source *source, uint8_t *buffer, block_visitor visit, void *arg);
int file_read(struct source *source, uint8_t *buffer, block_visitor visit, void *arg);
/* All that is out of reach */
uint64_t source_out(const struct source *source);

#endif /* ESTIMATE_SOURCE_H */
