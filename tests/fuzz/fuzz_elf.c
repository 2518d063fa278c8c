// SPDX-License-Identifier: GPL-2.0
/* What somebody hands to grpdedup estimate as a core. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "../../userspace/estimate/elf.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t size;
};

static ssize_t read_input(void *arg, void *buf, size_t size, uint64_t offset)
{
	const struct input *input = arg;

	if (offset >= input->size)
		return 0;
	if (size > input->size - offset)
		size = input->size - offset;
	memcpy(buf, input->data + offset, size);
	return (ssize_t)size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct segments segments = { 0 };
	uint64_t end = 0;
	size_t i;

	if (!elf_is(read_input, &input))
		return 0;
	elf_read(&segments, read_input, &input, size);
	for (i = 0; i < segments.count; i++) {
		const struct segment *segment = &segments.list[i];

		if (!segment->bytes || segment->offset < end || segment->bytes > size - segment->offset)
			abort();
		end = segment->offset + segment->bytes;
	}
	segments_free(&segments);
	return 0;
}
