// SPDX-License-Identifier: GPL-2.0
/*
 * gd-ask: send one command to a gd-hold process and print the answer.
 *
 * usage: gd-ask NAME COMMAND...
 *
 * Exit status: 0 done, 1 refused (or memory is wrong), 2 no answer.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include "gd.h"

/* Under emulation, with a scanner at full speed beside it, a big verify takes its time. */
#define PATIENCE	60

int main(int argc, char **argv)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = PATIENCE };
	char line[1024], answer[1025];
	int fd, i, len, have = 0, n;

	if (argc < 3)
		gd_die("usage: gd-ask NAME COMMAND...");
	len = snprintf(sun.sun_path + 1, sizeof(sun.sun_path) - 1, "gd-%s", argv[1]);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (void *)&sun, offsetof(struct sockaddr_un, sun_path) + 1 + len)) {
		fprintf(stderr, "gd-ask: no process %s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	for (i = 2, n = 0; i < argc && n < (int)sizeof(line); i++)
		n += snprintf(line + n, sizeof(line) - n, "%s ", argv[i]);
	if (n >= (int)sizeof(line) || write(fd, line, n) != n)
		gd_die("gd-ask: cannot send to %s", argv[1]);
	while ((n = read(fd, answer + have, sizeof(answer) - 1 - have)) > 0)
		have += n;
	answer[have] = 0;
	if (n < 0 || !have) {
		fprintf(stderr, "gd-ask: %s does not answer '%s'%s\n", argv[1], line,
			n < 0 ? " in time" : ": it is gone");
		return 2;
	}
	fprintf(answer[0] == '+' ? stdout : stderr, "%s%s\n",
		answer[0] == '+' ? "" : "gd-hold: ", answer + 1);
	return answer[0] == '+' ? 0 : 1;
}
