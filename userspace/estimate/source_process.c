// SPDX-License-Identifier: GPL-2.0
/*
 * Read a process without changing it. Only pages that pagemap says are present
 * are read, right after it said so: a page that is swapped out, or was never
 * touched, stays as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "pagemap.h"
#include "source.h"

/**
 * struct process - its files in /proc, and what is done with its content
 * @zero_page: PFN of the kernel's zero page, 0 if it is hidden from us
 */
struct process {
	struct source *source;
	FILE *smaps;
	int pagemap;
	int memory;
	uint64_t zero_page;
	struct block block;
	block_visitor visit;
	void *arg;
};

static int gone(struct source *source)
{
	return source_fail(source, -ESRCH, "it has exited meanwhile");
}

/* It has no files here, or they cannot be opened. */
static int absent(struct source *source)
{
	return kill(source->pid, 0) && errno == ESRCH ?
	       source_fail(source, -ESRCH, "there is no such process") :
	       source_fail(source, -ESRCH, "it has no memory (it has exited, or is a kernel thread)");
}

static int open_file(struct source *source, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", source->pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ESRCH)
		return absent(source);
	if (errno == EACCES || errno == EPERM)
		return source_fail(source, -EACCES, "there is no right to read its memory "
				   "(it takes that of ptrace: CAP_SYS_PTRACE)");
	return source_fail(source, -errno, "cannot open %s: %s", path, strerror(errno));
}

static void close_process(struct process *process)
{
	if (process->smaps)
		fclose(process->smaps);
	if (process->pagemap >= 0)
		close(process->pagemap);
	if (process->memory >= 0)
		close(process->memory);
}

/* A thread has the memory of its process, which would count twice. */
static int check_is_process(struct source *source)
{
	char path[64], line[128];
	int tgid = source->pid;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", source->pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file) && sscanf(line, "Tgid: %d", &tgid) != 1)
		;
	if (file)
		fclose(file);
	return tgid == source->pid ? 0 :
	       source_fail(source, -ESRCH, "it is a thread of process %d", tgid);
}

static int open_process(struct process *process)
{
	struct source *source = process->source;
	int fd = check_is_process(source);

	if (fd)
		return fd;
	process->memory = open_file(source, "mem");
	if (process->memory < 0)
		return process->memory;
	process->pagemap = open_file(source, "pagemap");
	if (process->pagemap < 0)
		return process->pagemap;
	fd = open_file(source, "smaps");
	if (fd < 0)
		return fd;
	process->smaps = fdopen(fd, "r");
	if (process->smaps)
		return 0;
	close(fd);
	return source_fail(source, -ENOMEM, "there is no memory");
}

/* It costs no memory. A page that was only read maps it. */
static uint64_t find_zero_page(void)
{
	uint64_t entry = 0;
	volatile char *page = mmap(NULL, PAGE_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (page != MAP_FAILED && fd >= 0) {
		(void)page[0];
		if (pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)page / PAGE_BYTES * 8)) !=
		    sizeof(entry))
			entry = 0;
	}
	if (page != MAP_FAILED)
		munmap((void *)page, PAGE_BYTES);
	if (fd >= 0)
		close(fd);
	return PAGEMAP_PFN(entry);
}

/*
 * Pages @first to @end of the block, all present a moment ago. A page that
 * cannot be read was unmapped meanwhile: it is left out.
 */
static int read_run(struct process *process, unsigned int first, unsigned int end)
{
	struct block *block = &process->block;
	unsigned int i = first;
	unsigned int pages;
	ssize_t n;

	while (i < end) {
		n = pread(process->memory, block->data + (size_t)i * PAGE_BYTES,
			  (size_t)(end - i) * PAGE_BYTES,
			  (off_t)(block->address + (uint64_t)i * PAGE_BYTES));
		if (!n)
			return gone(process->source);
		if (n < 0 && errno == EINTR)
			continue;
		pages = n > 0 ? (unsigned int)(n / PAGE_BYTES) : 0;
		i += pages;
		process->source->in_reach += (uint64_t)pages * PAGE_BYTES;
		if (!pages)
			block->present[i++] = false;
	}
	return 0;
}

static int read_present(struct process *process)
{
	const bool *present = process->block.present;
	unsigned int first = 0, end;
	int err = 0;

	while (!err && first < BLOCK_PAGES) {
		for (end = first; end < BLOCK_PAGES && present[end]; end++)
			;
		if (end > first)
			err = read_run(process, first, end);
		first = end + 1;
	}
	return err;
}

/* The part of an area that is in the block at @address */
static int read_block(struct process *process, const struct area *area, uint64_t address)
{
	struct block *block = &process->block;
	uint64_t start = area->start > address ? area->start : address;
	uint64_t end = area->end < address + BLOCK_BYTES ? area->end : address + BLOCK_BYTES;
	uint64_t entries[BLOCK_PAGES];
	size_t wanted = (end - start) / PAGE_BYTES;
	ssize_t n;
	int err;

	n = pread(process->pagemap, entries, wanted * sizeof(*entries),
		  (off_t)(start / PAGE_BYTES * sizeof(*entries)));
	if (n < 0)
		return source_fail(process->source, -errno, "cannot read its page map: %s",
				   strerror(errno));
	if (!n)
		return gone(process->source);
	block->address = address;
	memset(block->present, 0, sizeof(block->present));
	if (!pagemap_look(entries, (size_t)n / sizeof(*entries), process->zero_page,
			  block->present + (start - address) / PAGE_BYTES))
		return 0;
	err = read_present(process);
	return err ? err : process->visit(process->arg, block);
}

static int read_area(struct process *process, const struct area *area)
{
	uint64_t address = area->start & ~(uint64_t)(BLOCK_BYTES - 1);
	int err = 0;

	process->source->swapped += area->swapped;
	if (area->reach != AREA_IN_REACH) {
		process->source->out[area->reach] += area->resident;
		return 0;
	}
	/* Nothing is there, and there may be much of it. */
	if (!area->resident)
		return 0;
	for (; !err && address < area->end; address += BLOCK_BYTES)
		err = read_block(process, area, address);
	return err;
}

int process_read(struct source *source, uint8_t *buffer, block_visitor visit, void *arg)
{
	struct process process = { .source = source, .pagemap = -1, .memory = -1,
				   .block = { .data = buffer }, .visit = visit, .arg = arg };
	struct areas areas = { 0 };
	size_t i;
	int err = open_process(&process);

	if (!err) {
		process.zero_page = find_zero_page();
		err = areas_read(&areas, process.smaps);
		if (err)
			source_fail(source, err, "cannot read its areas: %s", strerror(-err));
		else if (!areas.count)
			err = absent(source);
	}
	for (i = 0; !err && i < areas.count; i++)
		err = read_area(&process, &areas.list[i]);
	areas_free(&areas);
	close_process(&process);
	return err;
}
