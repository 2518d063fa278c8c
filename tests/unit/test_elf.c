// SPDX-License-Identifier: GPL-2.0
/* The reader of ELF cores: nothing in a file is trusted. */
#define _GNU_SOURCE
#include <limits.h>
#include "../../userspace/estimate/elf.c"
#include "test.h"

/* A file in memory, exactly as long as it is, so that reading beyond it shows. */
struct file {
	const uint8_t *data;
	size_t size;
};

static ssize_t read_file(void *arg, void *buf, size_t size, uint64_t offset)
{
	const struct file *file = arg;

	if (offset >= file->size)
		return 0;
	if (size > file->size - offset)
		size = file->size - offset;
	memcpy(buf, file->data + offset, size);
	return (ssize_t)size;
}

#define LOADS	4

struct core {
	Elf64_Ehdr header;
	Elf64_Phdr loads[LOADS];
	char content[4 * 4096];
};

static struct core core;

static void make_core(void)
{
	size_t i;

	memset(&core, 0, sizeof(core));
	memcpy(core.header.e_ident, ELFMAG, SELFMAG);
	core.header.e_ident[EI_CLASS] = ELFCLASS64;
	core.header.e_ident[EI_DATA] = ELFDATA2LSB;
	core.header.e_type = ET_CORE;
	core.header.e_machine = EM_X86_64;
	core.header.e_phoff = offsetof(struct core, loads);
	core.header.e_phentsize = sizeof(Elf64_Phdr);
	core.header.e_phnum = LOADS;
	for (i = 0; i < LOADS; i++)
		core.loads[i] = (Elf64_Phdr){
			.p_type = PT_LOAD,
			.p_offset = offsetof(struct core, content) + i * 4096,
			.p_vaddr = 0x10000 * (i + 1),
			.p_filesz = 4096,
			.p_memsz = 4096,
		};
}

/* Reads the first @size bytes of the core, from memory of just that size. */
static const char *read_core(struct segments *segments, size_t size)
{
	uint8_t *data = malloc(size ? size : 1);
	struct file file = { data, size };
	const char *bad;

	memcpy(data, &core, size);
	*segments = (struct segments){ 0 };
	bad = elf_is(read_file, &file) ? elf_read(segments, read_file, &file, size) : "no magic";
	free(data);
	return bad;
}

static bool is_bad(const char *why)
{
	struct segments segments;
	const char *bad = read_core(&segments, sizeof(core));

	segments_free(&segments);
	test_note("%s: %s", why, bad ? bad : "it is taken");
	return bad && strstr(bad, why);
}

static void a_core(void)
{
	struct segments segments;

	make_core();
	core.loads[1].p_type = PT_NOTE;
	core.loads[2].p_memsz = 1 << 20;
	core.loads[3].p_filesz = 0;
	EXPECT(!read_core(&segments, sizeof(core)));
	EXPECT(segments.count == 2 && !segments.missing);
	EXPECT(segments.list[0].address == 0x10000 && segments.list[0].bytes == 4096);
	EXPECT(segments.list[0].offset == offsetof(struct core, content));
	EXPECT(segments.list[1].address == 0x30000 && segments.list[1].bytes == 4096);
	segments_free(&segments);
}

static void other_files(void)
{
	make_core();
	core.header.e_ident[EI_CLASS] = ELFCLASS32;
	EXPECT(is_bad("64-bit"));
	make_core();
	core.header.e_ident[EI_DATA] = ELFDATA2MSB;
	EXPECT(is_bad("architecture"));
	make_core();
	core.header.e_machine = EM_AARCH64;
	EXPECT(is_bad("architecture"));
	make_core();
	core.header.e_type = ET_EXEC;
	EXPECT(is_bad("not a core"));
	make_core();
	core.header.e_phentsize = 32;
	EXPECT(is_bad("wrong size"));
	make_core();
	core.header.e_phnum = 0;
	EXPECT(is_bad("no memory"));
	make_core();
	core.header.e_ident[0] = 0;
	EXPECT(is_bad("no magic"));
}

static void tables_outside(void)
{
	make_core();
	core.header.e_phoff = sizeof(core) - sizeof(Elf64_Phdr);
	EXPECT(is_bad("cut off"));
	core.header.e_phoff = UINT64_MAX - 1;
	EXPECT(is_bad("cut off"));
	core.header.e_phoff = sizeof(core) + 1;
	EXPECT(is_bad("cut off"));
}

static void huge_numbers(void)
{
	Elf64_Shdr *section = (Elf64_Shdr *)core.content;
	struct segments segments;

	make_core();
	core.header.e_phnum = PN_XNUM;
	EXPECT(is_bad("number of segments"));
	core.header.e_shentsize = sizeof(*section);
	core.header.e_shoff = UINT64_MAX - 8;
	EXPECT(is_bad("number of segments"));
	core.header.e_shoff = offsetof(struct core, content);
	section->sh_info = UINT32_MAX;
	EXPECT(is_bad("cut off"));
	section->sh_info = LOADS;
	EXPECT(!read_core(&segments, sizeof(core)));
	EXPECT(segments.count == LOADS);
	segments_free(&segments);
}

static void segments_without_an_end(void)
{
	make_core();
	core.loads[1].p_offset = UINT64_MAX - 100;
	EXPECT(is_bad("no end"));
	make_core();
	core.loads[1].p_vaddr = UINT64_MAX - 100;
	EXPECT(is_bad("no end"));
	make_core();
	core.loads[1].p_filesz = 8192;
	EXPECT(is_bad("larger in the file"));
}

/* What is behind the end of the file is counted, and only that. */
static void every_truncation(void)
{
	struct segments segments;
	size_t size, i, have;
	const char *bad;

	make_core();
	for (size = 0; size < sizeof(core); size++) {
		test_note("%zu bytes", size);
		bad = read_core(&segments, size);
		EXPECT(!bad == (size >= offsetof(struct core, content)));
		for (i = have = 0; i < segments.count; i++)
			have += segments.list[i].bytes;
		if (!bad) {
			EXPECT(have == size - offsetof(struct core, content));
			EXPECT(segments.missing == sizeof(core) - size);
		}
		segments_free(&segments);
	}
}

static void much_is_missing(void)
{
	struct segments segments;
	size_t i;

	make_core();
	for (i = 1; i < LOADS; i++) {
		core.loads[i].p_offset = sizeof(core) + 1;
		core.loads[i].p_vaddr = 0;
		core.loads[i].p_filesz = core.loads[i].p_memsz = UINT64_MAX / 2;
	}
	EXPECT(!read_core(&segments, sizeof(core)));
	EXPECT(segments.count == 1 && segments.missing == UINT64_MAX);
	segments_free(&segments);
}

/* The same bytes of the file, at other addresses, are the same memory. */
static void overlaps_count_once(void)
{
	struct segments segments;

	make_core();
	core.loads[0].p_offset += 2 * 4096;
	core.loads[1].p_offset -= 4096;
	core.loads[1].p_filesz = core.loads[1].p_memsz = 2 * 4096 + 100;
	EXPECT(!read_core(&segments, sizeof(core)));
	EXPECT(segments.count == 3);
	EXPECT(segments.list[0].bytes == 2 * 4096 + 100);
	EXPECT(segments.list[1].bytes == 4096 - 100);
	EXPECT(segments.list[1].offset == segments.list[0].offset + 2 * 4096 + 100);
	EXPECT((segments.list[1].address & 4095) == 100);
	EXPECT(segments.list[2].bytes == 4096);
	segments_free(&segments);
}

/* Random bytes in the headers: no wild read, and no segment outside the file. */
static void garbage(void)
{
	unsigned long long seed = 17;
	struct segments segments;
	size_t i, k;

	for (i = 0; i < 20000; i++) {
		test_note("seed 17, core %zu", i);
		make_core();
		for (k = test_random(&seed) % 6; k; k--)
			((uint8_t *)&core)[test_random(&seed) % offsetof(struct core, content)] =
				(uint8_t)test_random(&seed);
		read_core(&segments, sizeof(core) - test_random(&seed) % 4096);
		for (k = 0; k < segments.count; k++) {
			EXPECT(segments.list[k].bytes);
			EXPECT(segments.list[k].offset + segments.list[k].bytes <= sizeof(core));
			EXPECT(!k || segments.list[k].offset >= segments.list[k - 1].offset +
							       segments.list[k - 1].bytes);
		}
		segments_free(&segments);
	}
}

static const struct test tests[] = {
	TEST(a_core),
	TEST(other_files),
	TEST(tables_outside),
	TEST(huge_numbers),
	TEST(segments_without_an_end),
	TEST(every_truncation),
	TEST(much_is_missing),
	TEST(overlaps_count_once),
	TEST(garbage),
};

TEST_MAIN(tests)
