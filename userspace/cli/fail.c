// SPDX-License-Identifier: GPL-2.0
/* Error messages and the exit statuses that belong to them. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../lib/release.h"
#include "cli.h"
#include "output.h"

static int absent(void)
{
	char untested[256];

	/* The host's families do not exist in other network namespaces. */
	if (!access("/sys/module/grpdedup", F_OK))
		fputs("grpdedup: the module is loaded, but can be reached only from the host's network namespace\n",
		      stderr);
	else if (grpdedup_release_untested(untested, sizeof(untested)))
		fprintf(stderr, "grpdedup: the module is not loaded; %s\n", untested);
	else
		fputs("grpdedup: the module is not loaded; load it with: modprobe grpdedup\n",
		      stderr);
	return CLI_ABSENT;
}

static const char *sentence(const struct grpdedup_conn *conn, int err)
{
	if (conn && grpdedup_conn_error(conn)[0])
		return grpdedup_conn_error(conn);
	if (err == -EPERM || err == -EACCES)
		return "not permitted: this needs root "
		       "(CAP_SYS_ADMIN in the host's user namespace)";
	if (err == -ENOENT)
		return "no such group";
	if (err == -ESRCH)
		return "no such process";
	return strerror(-err);
}

int cli_fail(const struct grpdedup_conn *conn, int err, const char *fmt, ...)
{
	char subject[256];
	char escaped[1024];
	va_list ap;

	fflush(stdout);
	if (err == -EPROTONOSUPPORT)
		return absent();
	va_start(ap, fmt);
	vsnprintf(subject, sizeof(subject), fmt, ap);
	va_end(ap);
	fprintf(stderr, "grpdedup: %s: %s\n",
		text_escape(escaped, sizeof(escaped), subject),
		sentence(conn, err));
	return err == -ENOENT || err == -ESRCH ? CLI_NO_SUCH : CLI_REFUSED;
}

int cli_connect(struct grpdedup_conn **conn)
{
	char mismatch[256];
	int status = CLI_DONE;
	int err = grpdedup_conn_open(conn);

	if (err)
		return cli_fail(NULL, err, "cannot reach the module");
	err = grpdedup_conn_check(*conn);
	if (err) {
		status = cli_fail(*conn, err, "cannot use the module");
		grpdedup_conn_close(*conn);
	} else if (grpdedup_release_mismatch(GRPDEDUP_RELEASE_FILE, mismatch,
					     sizeof(mismatch))) {
		fprintf(stderr, "grpdedup: %s\n", mismatch);
	}
	return status;
}

int cli_worse(int a, int b)
{
	static const int rank[] = {
		[CLI_DONE] = 0,
		[CLI_NO_SUCH] = 1,
		[CLI_REFUSED] = 2,
		[CLI_ABSENT] = 3,
		[CLI_USAGE] = 4,
	};

	return rank[a] > rank[b] ? a : b;
}
