// SPDX-License-Identifier: GPL-2.0
/* Feeds files to a fuzz target, where there is no libFuzzer. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		size_t size = 0, room = 1 << 20;
		uint8_t *data = malloc(room);
		FILE *file = fopen(argv[i], "rb");

		if (!data || !file) {
			fprintf(stderr, "replay: cannot read %s\n", argv[i]);
			return EXIT_FAILURE;
		}
		size = fread(data, 1, room, file);
		fclose(file);
		/* Exactly as long as it is, so that reading beyond shows. */
		data = realloc(data, size ? size : 1);
		if (data)
			LLVMFuzzerTestOneInput(data, size);
		free(data);
	}
	return EXIT_SUCCESS;
}
