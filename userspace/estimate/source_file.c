// SPDX-License-Identifier: GPL-2.0
/*
 * Read a memory image: the bytes of a guest, or an ELF core. A hole in the file
 * is memory that was not there.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "elf.h"
#include "source.h"

/**
 * struct image - an open file, and what is done with its content
 * @known: the data from @data to @hole was found last. To look for its end
 *	again in each block would take the square of the file's size.
 */
struct image {
	struct source *source;
	int fd;
	bool known;
	uint64_t data;
	uint64_t hole;
	struct segments segments;
	struct block block;
	block_visitor visit;
	void *arg;
};

/* As far as there is something: for elf_read(), and for blocks. */
static ssize_t read_at(void *arg, void *buf, size_t size, uint64_t offset)
{
	const int *fd = arg;
	size_t done = 0;
	ssize_t n;

	if (offset > INT64_MAX - size)
		return -1;
	while (done < size) {
		n = pread(*fd, (char *)buf + done, size - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int open_image(struct image *image, uint64_t *size)
{
	struct source *source = image->source;
	struct stat stat;

	/* Opening a FIFO must not wait for a writer. */
	image->fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (image->fd < 0)
		return source_fail(source, -EIO, "cannot open it: %s", strerror(errno));
	if (fstat(image->fd, &stat))
		return source_fail(source, -EIO, "cannot read it: %s", strerror(errno));
	if (!S_ISREG(stat.st_mode))
		return source_fail(source, -EIO, "it is %s, not a file with memory",
				   S_ISDIR(stat.st_mode) ? "a directory" :
				   S_ISFIFO(stat.st_mode) ? "a FIFO" : "a device or socket");
	if (!stat.st_size)
		return source_fail(source, -EIO, "it is empty");
	*size = (uint64_t)stat.st_size;
	return 0;
}

static int find_segments(struct image *image, uint64_t size)
{
	struct segment whole = { .bytes = size };
	const char *bad;

	if (elf_is(read_at, &image->fd)) {
		bad = elf_read(&image->segments, read_at, &image->fd, size);
		image->source->missing = image->segments.missing;
	} else if (size < PAGE_BYTES) {
		bad = "it has less than a page";
	} else {
		bad = segments_add(&image->segments, &whole);
	}
	return bad ? source_fail(image->source, -EIO, "%s", bad) : 0;
}

/* Find the data at @offset or behind it, unless it is known. */
static void find_data(struct image *image, uint64_t offset)
{
	off_t data, hole;

	if (image->known && offset >= image->data && offset < image->hole)
		return;
	data = lseek(image->fd, (off_t)offset, SEEK_DATA);
	hole = data >= 0 ? lseek(image->fd, data, SEEK_HOLE) : -1;
	image->known = true;
	image->data = data >= 0 ? (uint64_t)data : offset;
	image->hole = hole >= 0 ? (uint64_t)hole : UINT64_MAX;
	/* ENXIO: a hole up to the end; anything else: it knows no holes. */
	if (data < 0 && errno == ENXIO)
		image->data = image->hole;
}

/* The next data of the file in [*start, end): false if there is none. */
static bool next_data(struct image *image, uint64_t *start, uint64_t end, uint64_t *data_end)
{
	find_data(image, *start);
	if (image->data >= end)
		return false;
	if (image->data > *start)
		*start = image->data;
	*data_end = image->hole < end ? image->hole : end;
	return *data_end > *start;
}

static int read_pages(struct image *image, unsigned int first, unsigned int end, uint64_t offset)
{
	struct block *block = &image->block;
	unsigned int pages;
	ssize_t n;

	n = read_at(&image->fd, block->data + (size_t)first * PAGE_BYTES,
		    (size_t)(end - first) * PAGE_BYTES, offset);
	if (n < 0)
		return source_fail(image->source, -EIO, "cannot read it: %s", strerror(errno));
	/* Less: it was shortened meanwhile. */
	pages = (unsigned int)((size_t)n / PAGE_BYTES);
	memset(block->present + first, true, pages);
	image->source->in_reach += (uint64_t)pages * PAGE_BYTES;
	return 0;
}

/*
 * The pages from @start to @end, both offsets of whole pages in the segment and
 * in one block
 */
static int read_block(struct image *image, const struct segment *segment, uint64_t start,
		      uint64_t end)
{
	uint64_t base = segment->address - segment->offset;
	struct block *block = &image->block;
	uint64_t block_start, data_end;
	int err = 0;

	block->address = (start + base) & ~(uint64_t)(BLOCK_BYTES - 1);
	block_start = block->address - base;
	memset(block->present, 0, sizeof(block->present));
	while (!err && start < end && next_data(image, &start, end, &data_end)) {
		/* A page with any data is a page. */
		unsigned int first = (unsigned int)((start - block_start) / PAGE_BYTES);
		unsigned int last = (unsigned int)((data_end - block_start + PAGE_BYTES - 1) /
						   PAGE_BYTES);

		err = read_pages(image, first, last, block_start + (uint64_t)first * PAGE_BYTES);
		start = block_start + (uint64_t)last * PAGE_BYTES;
	}
	return err ? err : image->visit(image->arg, block);
}

/* A part of a page at either end is left out. */
static int read_segment(struct image *image, const struct segment *segment)
{
	uint64_t address = (segment->address + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
	uint64_t limit = (segment->address + segment->bytes) & ~(uint64_t)(PAGE_BYTES - 1);
	uint64_t base = segment->address - segment->offset;
	uint64_t start, data_end, next;
	int err = 0;

	/* Wraps around at the end of the address space. */
	if (address < segment->address)
		return 0;
	while (!err && address < limit) {
		/* Skip a hole at once: it may have terabytes. */
		start = address - base;
		if (!next_data(image, &start, limit - base, &data_end))
			break;
		address = (start + base) & ~(uint64_t)(PAGE_BYTES - 1);
		next = (address | (BLOCK_BYTES - 1)) + 1;
		if (!next || next > limit)
			next = limit;
		err = read_block(image, segment, address - base, next - base);
		address = next;
	}
	return err;
}

int file_read(struct source *source, uint8_t *buffer, block_visitor visit, void *arg)
{
	struct image image = { .source = source, .block = { .data = buffer },
			       .visit = visit, .arg = arg };
	uint64_t size = 0;
	size_t i;
	int err = open_image(&image, &size);

	if (!err)
		err = find_segments(&image, size);
	for (i = 0; !err && i < image.segments.count; i++)
		err = read_segment(&image, &image.segments.list[i]);
	segments_free(&image.segments);
	if (image.fd >= 0)
		close(image.fd);
	return err;
}
