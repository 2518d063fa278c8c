// SPDX-License-Identifier: GPL-2.0
/*
 * gd-image: the anonymous private memory of a process, read as a debugger would.
 *
 * usage: gd-image PID count	prints "PRESENT ZERO SWAPPED": pages; ZERO: mappings of the zero page
 * usage: gd-image PID raw FILE	the present pages, one after the other
 * usage: gd-image PID core FILE
 *	an ELF core with a segment for each area; what is not present is a hole
 *
 * The process must not change its memory meanwhile.
 */
#include <elf.h>
#include <inttypes.h>

#include "gd.h"

#define MAX_AREAS	4096

struct area {
	uint64_t start, end;
};

static struct area area[MAX_AREAS];
static size_t areas;
static int pagemap, mem, kpageflags;
static size_t present, zero, swapped;
static char page[GD_PAGE];

static int open_proc(const char *pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		gd_die("%s", path);
	return fd;
}

static void read_areas(const char *pid)
{
	char path[64], line[512], access[5], name[256];
	uint64_t start, end, inode;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "r");
	if (!maps)
		gd_die("%s", path);
	while (fgets(line, sizeof(line), maps)) {
		name[0] = 0;
		sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %" SCNu64 " %255s",
		       &start, &end, access, &inode, name);
		/* [vdso], [vvar], [vsyscall] are the kernel's. */
		if (access[3] == 's' || inode || !strncmp(name, "[v", 2) || areas == MAX_AREAS)
			continue;
		area[areas++] = (struct area){ start, end };
	}
	fclose(maps);
}

static bool is_zero_page(uint64_t entry)
{
	uint64_t flags = 0;

	if (!GD_PM_PFN(entry) || kpageflags < 0)
		return false;
	if (pread(kpageflags, &flags, sizeof(flags), GD_PM_PFN(entry) * sizeof(flags)) != sizeof(flags))
		gd_die("/proc/kpageflags");
	return flags & GD_KPF_ZERO;
}

/* Reads the page at @addr into page[], if it is there. */
static bool read_page(uint64_t addr)
{
	uint64_t entry;

	if (pread(pagemap, &entry, sizeof(entry), addr / GD_PAGE * sizeof(entry)) != sizeof(entry))
		gd_die("pagemap at %#" PRIx64, addr);
	swapped += !!(entry & GD_PM_SWAP);
	if (!(entry & GD_PM_PRESENT))
		return false;
	if (is_zero_page(entry)) {
		zero++;
		return false;
	}
	present++;
	if (pread(mem, page, GD_PAGE, addr) != GD_PAGE)
		gd_die("mem at %#" PRIx64, addr);
	return true;
}

static void write_at(int fd, const void *buf, size_t size, uint64_t offset)
{
	if (pwrite(fd, buf, size, offset) != (ssize_t)size)
		gd_die("write");
}

/* Returns the offset where the content begins. */
static uint64_t write_headers(int fd)
{
	uint64_t offset = (sizeof(Elf64_Ehdr) + areas * sizeof(Elf64_Phdr) + GD_PAGE - 1) & ~(GD_PAGE - 1);
	Elf64_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_CORE, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_phoff = sizeof(header), .e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = areas,
	};
	uint64_t at = offset;
	size_t i;

	write_at(fd, &header, sizeof(header), 0);
	for (i = 0; i < areas; i++) {
		Elf64_Phdr load = {
			.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_offset = at, .p_vaddr = area[i].start,
			.p_filesz = area[i].end - area[i].start, .p_memsz = area[i].end - area[i].start,
			.p_align = GD_PAGE,
		};

		write_at(fd, &load, sizeof(load), sizeof(header) + i * sizeof(load));
		at += load.p_filesz;
	}
	if (ftruncate(fd, at))
		gd_die("ftruncate");
	return offset;
}

int main(int argc, char **argv)
{
	bool core = argc == 4 && !strcmp(argv[2], "core");
	uint64_t addr, offset = 0;
	int fd = -1;
	size_t i;

	if (argc != (argc > 2 && !strcmp(argv[2], "count") ? 3 : 4))
		gd_die("usage: gd-image PID count | PID raw|core FILE");
	pagemap = open_proc(argv[1], "pagemap");
	mem = open_proc(argv[1], "mem");
	kpageflags = open("/proc/kpageflags", O_RDONLY);
	read_areas(argv[1]);
	if (argc == 4) {
		fd = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (fd < 0)
			gd_die("%s", argv[3]);
	}
	if (core)
		offset = write_headers(fd);
	for (i = 0; i < areas; i++) {
		for (addr = area[i].start; addr < area[i].end; addr += GD_PAGE) {
			bool there = read_page(addr);

			if (there && fd >= 0)
				write_at(fd, page, GD_PAGE, offset);
			offset += core || there ? GD_PAGE : 0;
		}
	}
	if (fd < 0)
		printf("%zu %zu %zu\n", present, zero, swapped);
	return 0;
}
