// SPDX-License-Identifier: GPL-2.0
/* estimate: what a group would save, without the module. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include "../lib/parse.h"
#include "cli.h"
#include "estimate.h"
#include "output.h"

#define INTERVAL_MS	30000
#define MEMORY		((uint64_t)1 << 30)
#define MEMORY_MIN	((uint64_t)1 << 20)
#define MEMORY_MAX	((uint64_t)1 << 50)

/**
 * struct request - the command line
 * @interval: --interval was given
 */
struct request {
	struct estimate estimate;
	bool interval;
	bool json;
};

/* Returns what is wrong with the argument of an option, NULL if nothing is. */
static const char *take_option(struct request *request, int option, const char *arg)
{
	struct estimate *estimate = &request->estimate;
	const char *bad = NULL;
	uint64_t number;

	switch (option) {
	case 'w':
		return windows_parse(&estimate->windows, arg);
	case 'r':
		bad = parse_rate(arg, &estimate->rate);
		return bad || estimate->rate ? bad : "must be more than 0";
	case 'p':
		bad = parse_number(arg, 1000, &number);
		if (bad || number < 1 || number > 2)
			return bad ? bad : "must be 1 or 2";
		estimate->passes = (unsigned int)number;
		return NULL;
	case 'i':
		request->interval = true;
		return parse_seconds(arg, &estimate->interval_ms);
	default:
		bad = size_parse(arg, MEMORY_MAX, &estimate->memory);
		return bad || estimate->memory >= MEMORY_MIN ? bad : "must be at least 1M";
	}
}

/* One sentence for each argument or source that is not counted */
static int say(const char *name, int err, const char *why)
{
	char escaped[1024];

	fflush(stdout);
	fprintf(stderr, "grpdedup: %s: %s\n", text_escape(escaped, sizeof(escaped), name), why);
	return err == -ESRCH || err == -ENOENT ? CLI_NO_SUCH : CLI_REFUSED;
}

static int add_sources(struct estimate *estimate, int argc, char **argv)
{
	int status = CLI_DONE;
	char why[128];
	int i, err;

	for (i = optind; i < argc; i++) {
		err = sources_add(&estimate->sources, argv[i], why, sizeof(why));
		if (err)
			status = cli_worse(status, say(argv[i], err, why));
	}
	return status;
}

static int report(const struct request *request)
{
	const struct estimate *estimate = &request->estimate;
	int status = CLI_DONE;
	char why[64], size[32];
	size_t i;

	for (i = 0; i < estimate->sources.count; i++) {
		const struct source *source = &estimate->sources.list[i];
		bool has_path = source->path && source->path[0];
		const char *name = has_path ? source->path : source->name;

		if (source->err)
			status = cli_worse(status, say(name, source->err, source->why));
		if (source->err || !source->missing)
			continue;
		snprintf(why, sizeof(why), "it is cut off: %s are missing",
			 text_size(size, sizeof(size), (double)source->missing));
		status = cli_worse(status, say(name, -EIO, why));
	}
	if (request->json)
		estimate_print_json(estimate);
	else if (estimate_counted(estimate))
		estimate_print_text(estimate);
	return status;
}

static int answer(struct request *request, int argc, char **argv)
{
	struct estimate *estimate = &request->estimate;
	int status = add_sources(estimate, argc, argv);
	int err;

	if (!estimate->sources.count)
		return status;
	err = estimate_run(estimate);
	if (err == -ENOSPC)
		err = say("--mem", err, "the index of contents does not fit; "
			  "allow more, or leave out small windows");
	else if (err)
		err = cli_fail(NULL, err, "cannot estimate");
	else
		err = report(request);
	estimate_free(estimate);
	return cli_worse(status, err);
}

int cmd_estimate(int argc, char **argv)
{
	static const struct option options[] = {
		{ "window", required_argument, NULL, 'w' },
		{ "rate", required_argument, NULL, 'r' },
		{ "passes", required_argument, NULL, 'p' },
		{ "interval", required_argument, NULL, 'i' },
		{ "mem", required_argument, NULL, 'm' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 }
	};
	struct request request = { .estimate = { .passes = 1, .interval_ms = INTERVAL_MS,
						 .memory = MEMORY } };
	int option, number = 0;
	const char *bad;

	windows_init(&request.estimate.windows);
	while ((option = getopt_long(argc, argv, "", options, &number)) != -1) {
		if (option == '?')
			return cli_usage(NULL);
		if (option == 'j') {
			request.json = true;
			continue;
		}
		bad = take_option(&request, option, optarg);
		if (bad)
			return cli_usage("--%s '%s' %s", options[number].name, optarg, bad);
	}
	if (request.interval && request.estimate.passes < 2)
		return cli_usage("--interval needs --passes 2");
	if (optind >= argc)
		return cli_usage("missing SOURCE");
	for (number = optind; number < argc; number++)
		if (!argv[number][0])
			return cli_usage("a SOURCE cannot be empty");
	return answer(&request, argc, argv);
}
