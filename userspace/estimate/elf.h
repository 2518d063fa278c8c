/* SPDX-License-Identifier: GPL-2.0 */
/* The memory in an ELF core. */
#ifndef ESTIMATE_ELF_H
#define ESTIMATE_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct segment - memory that a file holds
 * @offset: in the file
 * @address: of the first byte in memory
 * @bytes: that the file has of it
 */
struct segment {
	uint64_t offset;
	uint64_t address;
	uint64_t bytes;
};

/**
 * struct segments - of one file
 * @list: by offset, and without overlaps
 * @missing: bytes that the file should have behind its end
 */
struct segments {
	struct segment *list;
	size_t count;
	size_t room;
	uint64_t missing;
};

/* As pread(): bytes that were read, fewer only at the end, or negative. */
typedef ssize_t (*elf_reader)(void *arg, void *buf, size_t size, uint64_t offset);

/* Does the file begin with the magic of ELF? */
bool elf_is(elf_reader reader, void *arg);
/*
 * The PT_LOAD segments of a file of @size bytes: NULL, or what is wrong. No
 * field is trusted. Bytes that two segments share count once. Free the segments
 * in any case.
 */
const char *elf_read(struct segments *segments, elf_reader reader, void *arg, uint64_t size);
/* NULL, or an error message. */
const char *segments_add(struct segments *segments, const struct segment *segment);
void segments_free(struct segments *segments);

#endif /* ESTIMATE_ELF_H */
