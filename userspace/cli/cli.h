/* SPDX-License-Identifier: GPL-2.0 */
/* What the verbs share: exit statuses, error messages, declarations. */
#ifndef CLI_H
#define CLI_H

#include "../lib/libgrpdedup.h"

/* Documented in the man page. */
enum cli_status {
	CLI_DONE = 0,
	CLI_USAGE = 1,
	CLI_REFUSED = 2,
	CLI_ABSENT = 3,
	CLI_NO_SUCH = 4,
};

/* Each of these prints an error and returns the exit status. */

/* @fmt NULL: getopt has printed the error already. */
int cli_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* @conn NULL: there is no message of the kernel. @fmt is the subject. */
int cli_fail(const struct grpdedup_conn *conn, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Also warns, without failing, if the module is of another release. */
int cli_connect(struct grpdedup_conn **conn);
/* After getopt: the only remaining argument. The kernel validates the name. */
int cli_one_group(int argc, char **argv, const char **name);
/* The more severe of two statuses of one command line. */
int cli_worse(int a, int b);

int cmd_add_group(int argc, char **argv);
int cmd_set_group(int argc, char **argv);
int cmd_del_group(int argc, char **argv);
int cmd_pause(int argc, char **argv);
int cmd_resume(int argc, char **argv);
int cmd_account(int argc, char **argv);
int cmd_assign(int argc, char **argv);
int cmd_move(int argc, char **argv);
int cmd_unassign(int argc, char **argv);
int cmd_scan(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_dump(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_balloon(int argc, char **argv);
int cmd_estimate(int argc, char **argv);
int cmd_version(int argc, char **argv);

#endif /* CLI_H */
