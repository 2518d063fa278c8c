// SPDX-License-Identifier: GPL-2.0
/* balloon: show the status of grpdedupd, read from its socket. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "../lib/parse.h"
#include "../lib/status.h"
#include "cli.h"
#include "output.h"
#include "status.h"

#define WATCH_MS	2000
#define ANSWER_SECONDS	5
/* 10,000 guests */
#define SNAPSHOT_MAX	(4u << 20)
#define ROOM_MIN	4096

struct view {
	const char *group;
	const char *socket;
	bool json;
	unsigned int watch_ms;
};

static int fail_socket(const char *path, int err)
{
	if (err == ENOENT || err == ECONNREFUSED)
		fprintf(stderr, "grpdedup: grpdedupd is not running (no answer at %s)\n", path);
	else
		return cli_fail(NULL, -err, "cannot ask grpdedupd at %s", path);
	return CLI_ABSENT;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = ANSWER_SECONDS };
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

static time_t seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static int make_room(char **text, size_t size, size_t *room)
{
	char *bigger;

	if (*room - size >= ROOM_MIN)
		return 0;
	bigger = realloc(*text, *room * 2);
	if (!bigger)
		return ENOMEM;
	*text = bigger;
	*room *= 2;
	return 0;
}

/* Read to end of file and add a NUL. NULL on error, with errno set. */
static char *read_all(int fd, size_t *size)
{
	time_t end = seconds_now() + ANSWER_SECONDS;
	size_t room = 65536;
	char *text = malloc(room);
	int err = text ? 0 : ENOMEM;

	*size = 0;
	while (!err) {
		ssize_t n = read(fd, text + *size, room - *size - 1);

		if (!n) {
			text[*size] = '\0';
			return text;
		}
		if (n < 0) {
			err = errno == EAGAIN ? ETIMEDOUT : errno;
			continue;
		}
		*size += (size_t)n;
		err = make_room(&text, *size, &room);
		if (*size > SNAPSHOT_MAX)
			err = EFBIG;
		/* A peer that sends a byte now and then must not block us. */
		else if (seconds_now() > end)
			err = ETIMEDOUT;
	}
	free(text);
	errno = err;
	return NULL;
}

static int ask(const char *path, struct status *status)
{
	const char *bad;
	bool has_nul;
	size_t size;
	char *text;
	int err, fd = connect_to(path);

	if (fd < 0)
		return fail_socket(path, errno);
	text = read_all(fd, &size);
	err = errno;
	close(fd);
	if (!text)
		return fail_socket(path, err);
	has_nul = strlen(text) != size;
	bad = status_parse(status, text);
	if (has_nul)
		bad = "not text";
	if (!bad)
		return CLI_DONE;
	fprintf(stderr, "grpdedup: invalid reply from %s: %s\n", path, bad);
	return CLI_REFUSED;
}

/* A cell of the table; the field of an unknown value is empty. */
static void put_number(struct row *row, const struct status_line *line, const char *name,
		       const char *title, enum cell_kind kind)
{
	const char *text = status_get(line, name);
	uint64_t value;

	if (parse_number(text, UINT64_MAX, &value))
		row_absent(row, name, title, kind);
	else
		row_number(row, name, title, kind, value);
}

static void put_age(struct row *row, const struct status_line *line)
{
	uint64_t ms;

	if (parse_number(status_get(line, "age_ms"), UINT64_MAX / 1000000, &ms))
		row_absent(row, "age_ms", "age", CELL_NS);
	else
		row_number(row, "age_ms", "age", CELL_NS, ms * 1000000);
}

static void row_of_group_line(struct row *row, const struct status_line *line)
{
	row->count = 0;
	row_text(row, "group_name", "group", status_get(line, "group_name"));
	row_text(row, "policy", "policy", status_get(line, "policy"));
	put_number(row, line, "rate", "rate", CELL_RATE);
	row_text(row, "rate_control", "control", status_get(line, "rate_control"));
	put_number(row, line, "saved", "saved", CELL_BYTES);
	put_number(row, line, "available", "available", CELL_BYTES);
	put_number(row, line, "granted", "granted", CELL_BYTES);
}

static void row_of_guest_line(struct row *row, const struct status_line *line)
{
	row->count = 0;
	row_text(row, "group_name", "group", status_get(line, "group_name"));
	row_text(row, "guest", "guest", status_get(line, "guest"));
	put_number(row, line, "pid", "pid", CELL_COUNT);
	row_text(row, "state", "driver", status_get(line, "state"));
	put_number(row, line, "base", "base", CELL_BYTES);
	put_number(row, line, "actual", "actual", CELL_BYTES);
	put_number(row, line, "target", "target", CELL_BYTES);
	put_number(row, line, "max", "max", CELL_BYTES);
	put_age(row, line);
}

static bool is_wanted(const struct status_line *line, const char *kind, const char *group)
{
	return !strcmp(line->kind, kind) &&
	       (!group || !strcmp(status_get(line, "group_name"), group));
}

static int print_table(const struct status *status, const char *kind, const char *group,
		       void (*fill)(struct row *row, const struct status_line *line))
{
	struct row *rows = malloc((status->count + 1) * sizeof(*rows));
	size_t i, n = 0;

	if (!rows)
		return cli_fail(NULL, -ENOMEM, "cannot show the guests");
	for (i = 0; i < status->count; i++)
		if (is_wanted(&status->lines[i], kind, group))
			fill(&rows[n++], &status->lines[i]);
	table_print(stdout, rows, n);
	free(rows);
	return CLI_DONE;
}

/*
 * Print "NAME: sentence" for each line whose @field is not empty; "KIND:
 * sentence" if it has no @name.
 */
static void print_sentences(const struct status *status, const char *kind,
			    const char *group, const char *name, const char *field)
{
	char who[256], what[1024];
	size_t i;

	for (i = 0; i < status->count; i++) {
		const struct status_line *line = &status->lines[i];

		if (!is_wanted(line, kind, group) || !status_get(line, field)[0])
			continue;
		printf("%s: %s\n",
		       text_escape(who, sizeof(who), name ? status_get(line, name) : kind),
		       text_escape(what, sizeof(what), status_get(line, field)));
	}
}

/* "12 processes of /a.slice", and how many of them are refused */
static void print_residents(const struct status *status, const char *group)
{
	char who[256], cgroup[1024];
	size_t i;

	for (i = 0; i < status->count; i++) {
		const struct status_line *line = &status->lines[i];

		if (!is_wanted(line, "group", group) || !status_get(line, "cgroup")[0])
			continue;
		printf("%s: %s %s in cgroup %s, %s refused\n",
		       text_escape(who, sizeof(who), status_get(line, "group_name")),
		       status_get(line, "processes"),
		       strcmp(status_get(line, "processes"), "1") ? "processes" : "process",
		       text_escape(cgroup, sizeof(cgroup), status_get(line, "cgroup")),
		       status_get(line, "refused"));
	}
}

static int print_tables(const struct status *status, const char *group)
{
	int err = print_table(status, "group", group, row_of_group_line);

	if (err)
		return err;
	print_sentences(status, "group", group, "group_name", "rate_reason");
	print_sentences(status, "group", group, "group_name", "error");
	print_sentences(status, "group", group, "group_name", "paused");
	print_sentences(status, "host", NULL, NULL, "why");
	print_residents(status, group);
	print_sentences(status, "host", NULL, NULL, "unknown");
	print_sentences(status, "found", NULL, NULL, "sentence");
	putchar('\n');
	err = print_table(status, "guest", group, row_of_guest_line);
	if (!err)
		print_sentences(status, "guest", group, "guest", "why");
	return err;
}

/* Is @text a JSON number? "nan" is not, nor what exceeds a double. */
static bool is_decimal(const char *text)
{
	static const char digits[] = "0123456789";
	size_t length = strspn(text, digits);

	if (length && text[length] == '.')
		length += 1 + strspn(text + length + 1, digits);
	return length && length < 24 && !text[length];
}

/* Fields whose text may look like a number */
static bool is_text(const char *name)
{
	return !strcmp(name, "group_name") || !strcmp(name, "guest") ||
	       !strcmp(name, "cgroup");
}

/* Numbers are printed as numbers, unknown values are omitted. */
static void json_line(const struct status_line *line)
{
	const char *comma = "";
	unsigned int i;

	for (i = 0; i < line->count; i++) {
		const char *value = line->values[i];
		uint64_t number;

		if (!*value)
			continue;
		fputs(comma, stdout);
		json_string(stdout, line->names[i]);
		putchar(':');
		if (!strcmp(line->names[i], "pressure") && is_decimal(value))
			printf("%.2f", strtod(value, NULL));
		else if (parse_number(value, UINT64_MAX, &number) ||
			 is_text(line->names[i]))
			json_string(stdout, value);
		else
			printf("%llu", (unsigned long long)number);
		comma = ",";
	}
}

static void json_guests(const struct status *status, const char *group)
{
	const char *comma = "";
	size_t i;

	for (i = 0; i < status->count; i++) {
		if (!is_wanted(&status->lines[i], "guest", group))
			continue;
		printf("%s{", comma);
		json_line(&status->lines[i]);
		putchar('}');
		comma = ",";
	}
}

static void print_json(const struct status *status, const char *group)
{
	const char *comma = "";
	size_t i;

	fputs("{\"host\":{", stdout);
	for (i = 0; i < status->count; i++)
		if (!strcmp(status->lines[i].kind, "host")) {
			json_line(&status->lines[i]);
			break;
		}
	fputs("},\"groups\":[", stdout);
	for (i = 0; i < status->count; i++) {
		const struct status_line *line = &status->lines[i];

		if (!is_wanted(line, "group", group))
			continue;
		printf("%s{", comma);
		json_line(line);
		fputs(",\"guests\":[", stdout);
		json_guests(status, status_get(line, "group_name"));
		fputs("]}", stdout);
		comma = ",";
	}
	fputs("],\"found\":[", stdout);
	comma = "";
	for (i = 0; i < status->count; i++) {
		if (strcmp(status->lines[i].kind, "found"))
			continue;
		fputs(comma, stdout);
		json_string(stdout, status_get(&status->lines[i], "sentence"));
		comma = ",";
	}
	puts("]}");
}

static bool has_group(const struct status *status, const char *group)
{
	size_t i;

	for (i = 0; i < status->count; i++)
		if (is_wanted(&status->lines[i], "group", group))
			return true;
	return !group;
}

static int show_once(const struct view *view)
{
	struct status status = { 0 };
	int err = ask(view->socket, &status);

	if (!err && !has_group(&status, view->group))
		err = cli_fail(NULL, -ENOENT, "grpdedupd's group %s", view->group);
	if (!err && view->watch_ms && !view->json && isatty(STDOUT_FILENO))
		fputs("\033[H\033[J", stdout);
	if (!err && view->json)
		print_json(&status, view->group);
	else if (!err)
		err = print_tables(&status, view->group);
	status_free(&status);
	return err;
}

int cmd_balloon(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "watch", optional_argument, NULL, 'w' },
		{ "socket", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 }
	};
	struct view view = { .socket = GRPDEDUP_STATUS_SOCKET };
	const char *bad;
	int option, status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			view.json = true;
			break;
		case 's':
			view.socket = optarg;
			break;
		case 'w':
			view.watch_ms = WATCH_MS;
			bad = optarg ? parse_seconds(optarg, &view.watch_ms) : NULL;
			if (bad)
				return cli_usage("--watch '%s' %s", optarg, bad);
			break;
		default:
			return cli_usage(NULL);
		}
	}
	if (optind < argc && cli_one_group(argc, argv, &view.group))
		return CLI_USAGE;
	for (status = show_once(&view); !status && view.watch_ms; status = show_once(&view)) {
		if (fflush(stdout))
			break;
		poll(NULL, 0, (int)view.watch_ms);
		if (!view.json && !isatty(STDOUT_FILENO))
			putchar('\n');
	}
	return status;
}
