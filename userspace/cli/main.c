// SPDX-License-Identifier: GPL-2.0
/* The table of verbs, their help, and dispatch. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "cli.h"

struct verb {
	const char *name;
	const char *args;
	const char *help;
	const char *options;
	int (*fn)(int argc, char **argv);
};

static int cmd_help(int argc, char **argv);

#define GROUP_OPTIONS \
	"  --rate R        pages to visit per second; k and M are thousands and\n" \
	"                  millions; 0 pauses the group\n" \
	"  --split-min N   split a huge page if it holds N matches, 1 to 512\n" \
	"  --max-frames N  maximum number of shared frames, 0 = no limit\n"

#define FORCE_OPTION \
	"  --force    unshare even if the host seems to have no room for the copies\n"
#define NO_WAIT_OPTION \
	"  --no-wait  do not wait for the end; it is enough that it is accepted\n"

static const struct verb verbs[] = {
	{ "add-group", "NAME --rate R [--split-min N] [--max-frames N]",
	  "create a group", GROUP_OPTIONS, cmd_add_group },
	{ "set-group", "NAME [--rate R] [--split-min N] [--max-frames N]",
	  "change a group", GROUP_OPTIONS, cmd_set_group },
	{ "del-group", "NAME [--unshare [--force]] [--no-wait]",
	  "delete a group",
	  "  --unshare  first give each member private copies; otherwise shared pages\n"
	  "             stay shared until they are written\n"
	  FORCE_OPTION NO_WAIT_OPTION, cmd_del_group },
	{ "pause", "GROUP... | --all",
	  "stop all scanning and merging of groups, whatever their rate is",
	  "  --all  all groups, also those that are created later\n", cmd_pause },
	{ "resume", "GROUP... | --all",
	  "undo pause",
	  "  --all  all groups, also those that are created later\n", cmd_resume },
	{ "account", "GROUP PATH|none",
	  "account the CPU time of a group's scanner to a cgroup",
	  "  PATH  a cgroup (version 2) without other processes; it is created if only\n"
	  "        its last component is missing\n"
	  "  none  the root cgroup\n", cmd_account },
	{ "assign", "GROUP PID... [--no-wait]",
	  "put processes into a group", NO_WAIT_OPTION, cmd_assign },
	{ "move", "GROUP PID... [--force] [--no-wait]",
	  "move processes from their group to another one",
	  FORCE_OPTION NO_WAIT_OPTION, cmd_move },
	{ "unassign", "PID... [--keep | --force] [--no-wait]",
	  "take processes out of their group",
	  "  --keep     keep their frames shared\n"
	  FORCE_OPTION NO_WAIT_OPTION, cmd_unassign },
	{ "scan", "GROUP [--wait] [--timeout SEC]",
	  "request one full pass now",
	  "  --wait         wait for the pass to end\n"
	  "  --timeout SEC  wait at most SEC seconds\n", cmd_scan },
	{ "show", "[GROUP] [--json] [--watch[=SEC]]",
	  "show groups, members and savings (the default)",
	  "  --json         everything, as one JSON object\n"
	  "  --watch[=SEC]  repeat every SEC seconds (2)\n", cmd_show },
	{ "list", "[groups|pids]",
	  "names of groups, or process ids in groups, one per line", NULL, cmd_list },
	{ "dump", "[--header]",
	  "print everything, tab-separated; see the man page",
	  "  --header  print the names of the columns first\n", cmd_dump },
	{ "monitor", "[-t] [--json]",
	  "print events as they happen",
	  "  -t, --time  prefix events with a timestamp\n"
	  "  --json      one JSON object per line\n", cmd_monitor },
	{ "balloon", "[GROUP] [--json] [--watch[=SEC]] [--socket PATH]",
	  "show what grpdedupd gives back to the guests",
	  "  --json         everything, as one JSON object\n"
	  "  --watch[=SEC]  repeat every SEC seconds (2)\n"
	  "  --socket PATH  grpdedupd's socket\n", cmd_balloon },
	{ "estimate", "SOURCE... [--window SIZE,...] [--rate R]\n"
	  "                         [--passes 2 [--interval S]] [--mem SIZE] [--json]",
	  "say what a group would save; needs no module",
	  "  SOURCE            PID, cgroup:PATH, or a memory image (raw, or an ELF core):\n"
	  "                    FILE or LABEL=FILE\n"
	  "  --window SIZE,... also compare windows of other sizes, 64 to 2M\n"
	  "  --rate R          pages to read per second at most, as a scanner would\n"
	  "  --passes 2        look twice: what changes meanwhile is not saved\n"
	  "  --interval S      seconds from one look to the next (30)\n"
	  "  --mem SIZE        memory for the index of contents (1G)\n"
	  "  --json            everything, as one JSON object\n", cmd_estimate },
	{ "version", "", "versions of the tool and the module", NULL, cmd_version },
	{ "help", "[VERB]", "show help, or the help for a verb", NULL, cmd_help },
};

#define VERBS	(sizeof(verbs) / sizeof(verbs[0]))

static const struct verb *current;

static const struct verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < VERBS; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

int cli_usage(const char *fmt, ...)
{
	va_list ap;

	if (fmt) {
		fprintf(stderr, "grpdedup %s: ", current->name);
		va_start(ap, fmt);
		vfprintf(stderr, fmt, ap);
		va_end(ap);
		fputc('\n', stderr);
	}
	fprintf(stderr, "usage: grpdedup %s%s%s\n", current->name,
		current->args[0] ? " " : "", current->args);
	return CLI_USAGE;
}

int cli_one_group(int argc, char **argv, const char **name)
{
	if (optind >= argc)
		return cli_usage("missing GROUP");
	if (optind + 1 < argc)
		return cli_usage("unexpected argument '%s'", argv[optind + 1]);
	if (!argv[optind][0])
		return cli_usage("the name of a group cannot be empty");
	*name = argv[optind];
	return CLI_DONE;
}

static int unknown_verb(const char *name)
{
	fprintf(stderr, "grpdedup: unknown verb '%s'; try: grpdedup help\n",
		name);
	return CLI_USAGE;
}

static int help_verb(const struct verb *verb)
{
	printf("usage: grpdedup %s%s%s\n%s\n", verb->name,
	       verb->args[0] ? " " : "", verb->args, verb->help);
	if (verb->options)
		printf("\n%s", verb->options);
	return CLI_DONE;
}

static int cmd_help(int argc, char **argv)
{
	const struct verb *verb;
	size_t i;

	if (argc > 2)
		return cli_usage("too many verbs");
	if (argc == 2) {
		verb = find_verb(argv[1]);
		return verb ? help_verb(verb) : unknown_verb(argv[1]);
	}
	puts("usage: grpdedup [VERB [ARGUMENT...]]\n"
	     "Merge equal memory of the processes of a group, never across groups.\n");
	for (i = 0; i < VERBS; i++)
		printf("  %-9s  %s\n", verbs[i].name, verbs[i].help);
	puts("\nMore: grpdedup help VERB, man 8 grpdedup");
	return CLI_DONE;
}

static bool asks_for_help(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
	return false;
}

/* argv[0] is the verb; getopt prefixes its messages with it. */
static int run(int argc, char **argv)
{
	char name[64];

	current = find_verb(argv[0]);
	if (!current)
		return unknown_verb(argv[0]);
	if (asks_for_help(argc, argv))
		return help_verb(current);
	snprintf(name, sizeof(name), "grpdedup %s", current->name);
	argv[0] = name;
	return current->fn(argc, argv);
}

int main(int argc, char **argv)
{
	char *show[] = { "show", NULL };
	int status;

	if (argc < 2) {
		status = run(1, show);
	} else {
		if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
			argv[1] = "help";
		else if (!strcmp(argv[1], "--version"))
			argv[1] = "version";
		status = run(argc - 1, argv + 1);
	}
	/* A full disk must not look like success. */
	if ((fflush(stdout) || ferror(stdout)) && !status) {
		fprintf(stderr, "grpdedup: cannot write the output: %s\n",
			strerror(errno));
		status = CLI_REFUSED;
	}
	return status;
}
