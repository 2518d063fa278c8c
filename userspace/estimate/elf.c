// SPDX-License-Identifier: GPL-2.0
/* Read the program headers of an ELF core, whoever wrote it. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/array.h"
#include "elf.h"

/* The kernel allows 65530 areas unless told otherwise. */
#define SEGMENTS_MAX	(1u << 20)
/* Program headers that are read at once */
#define HEADERS		128u

/**
 * struct table - of program headers
 */
struct table {
	uint64_t offset;
	uint32_t count;
};

static const char too_short[] = "its ELF header is cut off";

bool elf_is(elf_reader reader, void *arg)
{
	char magic[SELFMAG];

	return reader(arg, magic, SELFMAG, 0) == SELFMAG && !memcmp(magic, ELFMAG, SELFMAG);
}

/* If the header cannot hold the number of segments, it is elsewhere. */
static const char *read_extended_count(struct table *table, elf_reader reader, void *arg,
				       const Elf64_Ehdr *header)
{
	Elf64_Shdr section;

	if (header->e_shentsize != sizeof(section) ||
	    reader(arg, &section, sizeof(section), header->e_shoff) != sizeof(section))
		return "its number of segments is missing";
	table->count = section.sh_info;
	return NULL;
}

static const char *read_header(struct table *table, elf_reader reader, void *arg)
{
	Elf64_Ehdr header;

	if (reader(arg, &header, sizeof(header), 0) != sizeof(header))
		return too_short;
	if (header.e_ident[EI_CLASS] != ELFCLASS64)
		return "it is not a 64-bit ELF file";
	if (header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != EM_X86_64)
		return "it is of another architecture than x86-64";
	if (header.e_type != ET_CORE)
		return "it is an ELF file, but not a core";
	if (header.e_phentsize != sizeof(Elf64_Phdr))
		return "its program headers have a wrong size";
	table->offset = header.e_phoff;
	table->count = header.e_phnum;
	return header.e_phnum == PN_XNUM ? read_extended_count(table, reader, arg, &header) : NULL;
}

const char *segments_add(struct segments *segments, const struct segment *segment)
{
	struct segment *list;

	if (segments->count == SEGMENTS_MAX)
		return "it has too many segments";
	list = array_grow(segments->list, &segments->room, segments->count, sizeof(*list));
	if (!list)
		return "there is no memory for its segments";
	segments->list = list;
	segments->list[segments->count++] = *segment;
	return NULL;
}

/* QEMU's dumps of guests have physical addresses only. */
static uint64_t address_of(const Elf64_Phdr *header)
{
	return header->p_vaddr ? header->p_vaddr : header->p_paddr;
}

/* @size: of the file */
static const char *add_header(struct segments *segments, const Elf64_Phdr *header, uint64_t size)
{
	struct segment segment = { header->p_offset, address_of(header), header->p_filesz };
	uint64_t in_file;

	if (header->p_type != PT_LOAD || !segment.bytes)
		return NULL;
	if (segment.bytes > header->p_memsz)
		return "a segment is larger in the file than in memory";
	if (segment.offset + segment.bytes < segment.offset ||
	    segment.address + segment.bytes < segment.address)
		return "a segment has no end";
	in_file = segment.offset < size ? size - segment.offset : 0;
	if (segment.bytes > in_file) {
		if (__builtin_add_overflow(segments->missing, segment.bytes - in_file,
					   &segments->missing))
			segments->missing = UINT64_MAX;
		segment.bytes = in_file;
	}
	return segment.bytes ? segments_add(segments, &segment) : NULL;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = ((const struct segment *)a)->offset;
	uint64_t y = ((const struct segment *)b)->offset;

	return (x > y) - (x < y);
}

/* Dumps with page tables name the same memory for each of its mappings. */
static void remove_overlaps(struct segments *segments)
{
	uint64_t overlap, end = 0;
	size_t i, n = 0;

	if (segments->count)
		qsort(segments->list, segments->count, sizeof(*segments->list), compare);
	for (i = 0; i < segments->count; i++) {
		struct segment segment = segments->list[i];

		overlap = segment.offset < end ? end - segment.offset : 0;
		if (overlap >= segment.bytes)
			continue;
		segment.offset += overlap;
		segment.address += overlap;
		segment.bytes -= overlap;
		end = segment.offset + segment.bytes;
		segments->list[n++] = segment;
	}
	segments->count = n;
}

const char *elf_read(struct segments *segments, elf_reader reader, void *arg, uint64_t size)
{
	Elf64_Phdr headers[HEADERS];
	struct table table;
	const char *bad = read_header(&table, reader, arg);
	uint32_t i, j, n;

	/* The table ends in the file: huge numbers are refused at once. */
	if (!bad && (table.offset > size ||
		     table.count > (size - table.offset) / sizeof(*headers)))
		bad = "its table of segments is cut off";
	for (i = 0; !bad && i < table.count; i += n) {
		n = table.count - i < HEADERS ? table.count - i : HEADERS;
		if (reader(arg, headers, n * sizeof(*headers),
			   table.offset + (uint64_t)i * sizeof(*headers)) !=
		    (ssize_t)(n * sizeof(*headers)))
			bad = "its table of segments cannot be read";
		for (j = 0; !bad && j < n; j++)
			bad = add_header(segments, &headers[j], size);
	}
	remove_overlaps(segments);
	if (!bad && !segments->count && !segments->missing)
		bad = "it has no memory";
	return bad;
}

void segments_free(struct segments *segments)
{
	free(segments->list);
	*segments = (struct segments){ 0 };
}
