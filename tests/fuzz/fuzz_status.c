// SPDX-License-Identifier: GPL-2.0
/* What a socket at the daemon's place might say to the tool. */
#include <stdlib.h>
#include <string.h>
#include <stdint.h>
#include "../../userspace/cli/status.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct status status;
	char *text = malloc(size + 1);
	size_t i, j, sum = 0;

	memcpy(text, data, size);
	text[size] = '\0';
	if (!status_parse(&status, text)) {
		for (i = 0; i < status.count; i++)
			for (j = 0; j < status.lines[i].count; j++)
				sum += strlen(status_get(&status.lines[i], status.lines[i].names[j]));
		if (sum > size * STATUS_FIELDS)
			abort();
	}
	status_free(&status);
	return 0;
}
