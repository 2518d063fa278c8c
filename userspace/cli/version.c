// SPDX-License-Identifier: GPL-2.0
/* version: of the tool, the module and the netlink protocol. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../lib/release.h"
#include "cli.h"
#include "version.h"

#define MODULE_DIR	"/sys/module/grpdedup"

static const char *module_attr(const char *file, char *buf, int size)
{
	FILE *f = fopen(file, "re");

	if (!f || !fgets(buf, size, f))
		snprintf(buf, (size_t)size, "unknown");
	buf[strcspn(buf, "\n")] = '\0';
	if (f)
		fclose(f);
	return buf;
}

int cmd_version(int argc, char **argv)
{
	static const struct option options[] = { { NULL, 0, NULL, 0 } };
	struct grpdedup_conn *conn;
	char srcversion[64];
	char version[64];
	char mismatch[256];
	char untested[256];

	if (getopt_long(argc, argv, "", options, NULL) != -1)
		return cli_usage(NULL);
	if (optind < argc)
		return cli_usage("unexpected argument '%s'", argv[optind]);
	puts("grpdedup " GRPDEDUP_VERSION);
	if (grpdedup_release_untested(untested, sizeof(untested)))
		puts(untested);
	/*
	 * Resolving the family would load the module; showing the version must
	 * not.
	 */
	if (access(MODULE_DIR, F_OK)) {
		puts("module not loaded");
		return CLI_DONE;
	}
	printf("module %s (srcversion %s)\n",
	       module_attr(GRPDEDUP_RELEASE_FILE, version, sizeof(version)),
	       module_attr(MODULE_DIR "/srcversion", srcversion,
			   sizeof(srcversion)));
	if (grpdedup_release_mismatch(GRPDEDUP_RELEASE_FILE, mismatch,
				      sizeof(mismatch)))
		puts(mismatch);
	if (grpdedup_conn_open(&conn)) {
		puts("family not reachable");
		return CLI_DONE;
	}
	printf("family version %" PRIu32 "\n",
	       grpdedup_conn_family_version(conn));
	if (grpdedup_conn_check(conn))
		puts(grpdedup_conn_error(conn));
	grpdedup_conn_close(conn);
	return CLI_DONE;
}
