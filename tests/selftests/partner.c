// SPDX-License-Identifier: GPL-2.0
/*
 * partner: a process whose pages have the contents that the tests use, so that
 * the tests' own find something to be merged with.
 *
 * usage: partner [--mergeable] BYTE...		--mergeable: offer them to ksmd
 *
 * Four pages of each byte. It says its PID and stops itself; when it is
 * continued, it looks at each byte of its memory: nobody has written to it but
 * itself, so what a test writes must never be seen here. Exit status 1 if it is.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGES	4
#define SIZE	(PAGES * 4096UL)

int main(int argc, char **argv)
{
	char *mem, *page;
	int i, wrong = 0, mergeable = argc > 1 && !strcmp(argv[1], "--mergeable");

	argc -= mergeable;
	argv += mergeable;
	mem = mmap(NULL, argc * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED || madvise(mem, argc * SIZE, MADV_NOHUGEPAGE) ||
	    (mergeable && madvise(mem, argc * SIZE, MADV_MERGEABLE))) {
		perror("partner: memory");
		return 2;
	}
	for (i = 1, page = mem; i < argc; i++, page += SIZE)
		memset(page, strtol(argv[i], NULL, 0), SIZE);
	printf("%d\n", getpid());
	fclose(stdout);
	raise(SIGSTOP);
	for (i = 1, page = mem; i < argc; i++, page += SIZE)
		for (size_t k = 0; k < SIZE; k++)
			wrong += page[k] != (char)strtol(argv[i], NULL, 0);
	if (wrong)
		fprintf(stderr, "partner: %d bytes are not what they were\n", wrong);
	return wrong != 0;
}
