// SPDX-License-Identifier: GPL-2.0
/* Read the areas of a process from smaps. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/array.h"
#include "area.h"

static const struct {
	const char *key;
	const char *words;
} reaches[AREA_REACHES] = {
	[AREA_IN_REACH] = { "in_reach", "in reach" },
	[AREA_SHARED] = { "shared", "shared mappings" },
	[AREA_HUGETLB] = { "hugetlb", "hugetlbfs mappings" },
	[AREA_FILE] = { "file", "private mappings of files" },
	[AREA_LOCKED] = { "locked", "mlocked areas" },
	[AREA_WATCHED] = { "watched", "areas with userfaultfd or wiped on fork" },
	[AREA_OTHER] = { "other", "areas that are never merged (I/O)" },
};

const char *area_words(enum area_reach reach)
{
	return reaches[reach].words;
}

const char *area_key(enum area_reach reach)
{
	return reaches[reach].key;
}

/* @flags: the two-letter names of smaps, each followed by a blank. */
static bool has_any(const char *flags, const char *wanted)
{
	char flag[4] = "";

	for (; *wanted; wanted += 3) {
		memcpy(flag, wanted, 2);
		flag[2] = ' ';
		if (strstr(flags, flag))
			return true;
	}
	return false;
}

/* The order is that of gd_vma_classify(). */
static enum area_reach classify(bool shared, bool file, const char *flags)
{
	if (has_any(flags, "ht "))
		return AREA_HUGETLB;
	if (shared || has_any(flags, "sh ms "))
		return AREA_SHARED;
	if (file)
		return AREA_FILE;
	if (has_any(flags, "pf io mm de "))
		return AREA_OTHER;
	if (has_any(flags, "um uw ui ss dp wf "))
		return AREA_WATCHED;
	if (has_any(flags, "lo "))
		return AREA_LOCKED;
	return AREA_IN_REACH;
}

static struct area *add_area(struct areas *areas)
{
	struct area *list = array_grow(areas->list, &areas->room, areas->count,
				       sizeof(*list));

	if (!list)
		return NULL;
	areas->list = list;
	memset(&areas->list[areas->count], 0, sizeof(*areas->list));
	return &areas->list[areas->count++];
}

/* "Rss:  12 kB", or another line that begins with @key */
static bool has_key(const char *line, const char *key, uint64_t *bytes)
{
	size_t length = strlen(key);
	uint64_t kib;

	if (strncmp(line, key, length) || sscanf(line + length, "%" SCNu64, &kib) != 1)
		return false;
	*bytes += kib << 10;
	return true;
}

/**
 * struct line - the first line of an area
 */
struct line {
	uint64_t start;
	uint64_t end;
	uint64_t inode;
	char access[5];
};

static bool is_first_line(const char *text, struct line *line)
{
	return sscanf(text, "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %" SCNu64, &line->start,
		      &line->end, line->access, &line->inode) == 4;
}

static int read_line(struct areas *areas, struct line *line, const char *text)
{
	struct area *area = areas->count ? &areas->list[areas->count - 1] : NULL;

	if (is_first_line(text, line)) {
		area = add_area(areas);
		if (!area)
			return -ENOMEM;
		area->start = line->start;
		area->end = line->end;
		area->reach = classify(line->access[3] == 's', line->inode, "");
	} else if (area && !strncmp(text, "VmFlags:", 8)) {
		area->reach = classify(line->access[3] == 's', line->inode, text);
	} else if (area && !has_key(text, "Rss:", &area->resident) &&
		   !has_key(text, "Swap:", &area->swapped) &&
		   !has_key(text, "Shared_Hugetlb:", &area->resident)) {
		has_key(text, "Private_Hugetlb:", &area->resident);
	}
	return 0;
}

int areas_read(struct areas *areas, FILE *smaps)
{
	struct line line = { 0 };
	char *text = NULL;
	size_t room = 0;
	int err = 0;

	areas->count = 0;
	errno = 0;
	while (!err && getline(&text, &room, smaps) > 0)
		err = read_line(areas, &line, text);
	if (!err && ferror(smaps))
		err = errno ? -errno : -EIO;
	free(text);
	return err;
}

void areas_free(struct areas *areas)
{
	free(areas->list);
	*areas = (struct areas){ 0 };
}
