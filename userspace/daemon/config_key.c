// SPDX-License-Identifier: GPL-2.0
/* Keys of the configuration file and parsers of their values. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/parse.h"
#include "../lib/place.h"
#include "config_file.h"
#include "pattern.h"

/* Where most systems mount cgroup2; --check may run where there is none. */
#define CGROUP_MOUNT	"/sys/fs/cgroup"

/* All return NULL, or an error message; *value is then unchanged. */
typedef const char *(*parse_fn)(const char *text, void *value);
/* Write the value as the file would have it. */
typedef void (*show_fn)(char *text, size_t size, const void *value);

static const char *parse_size(const char *text, void *value)
{
	static const char units[] = "KMGT";
	size_t digits = strspn(text, "0123456789");
	const char *rest = text + digits;
	const char *unit = *rest ? strchr(units, *rest) : NULL;
	unsigned int shift = unit ? 10 * (unsigned int)(unit - units + 1) : 0;
	char number[24];
	const char *bad;
	uint64_t n;

	if (digits >= sizeof(number))
		return "is too large";
	memcpy(number, text, digits);
	number[digits] = '\0';
	bad = parse_number(digits ? number : text, UINT64_MAX, &n);
	if (bad)
		return bad;
	if (unit)
		rest++;
	if (*rest && strcmp(rest, unit ? "iB" : "B"))
		return "is not a size (2G, 1536M, 512K or a number of bytes)";
	if (n > (uint64_t)INT64_MAX >> shift)
		return "is too large";
	*(uint64_t *)value = n << shift;
	return NULL;
}

/* A size, or "60 %" of what the guest was started with. */
static const char *parse_base(const char *text, void *value)
{
	struct config_base *base = value;
	size_t digits = strspn(text, "0123456789");
	const char *rest = text + digits + strspn(text + digits, " \t");
	unsigned long percent;

	if (!digits || strcmp(rest, "%"))
		return parse_size(text, &base->bytes);
	percent = digits > 3 ? 0 : strtoul(text, NULL, 10);
	if (percent < 1 || percent > 100)
		return "is not between 1 % and 100 %";
	base->percent = (unsigned int)percent;
	return NULL;
}

static const char *parse_decimal(const char *text, double max, double *value)
{
	char *end;
	double n;

	if (!strchr("0123456789", *text) || !*text)
		return "is not a number";
	errno = 0;
	n = strtod(text, &end);
	/* strtod() accepts 0x10 and 1e1, too. */
	if (*end || text[strspn(text, "0123456789.")])
		return "has extra characters after the number";
	if (errno || !isfinite(n) || n > max)
		return "is too large";
	*value = n;
	return NULL;
}

static const char *parse_percent(const char *text, void *value)
{
	return parse_decimal(text, 100, value);
}

/* A scanner is one thread, so it takes one CPU at most. */
static const char *parse_cpu(const char *text, void *value)
{
	return parse_decimal(text, 100, value);
}

static const char *parse_average(const char *text, void *value)
{
	return parse_decimal(text, 3600, value);
}

static const char *parse_group_rate(const char *text, void *value)
{
	uint32_t rate;
	const char *bad = parse_rate(text, &rate);

	if (bad)
		return bad;
	if (rate > GRPDEDUP_RATE_MAX)
		return "is too large";
	*(uint32_t *)value = rate;
	return NULL;
}

static const char *parse_split_min(const char *text, void *value)
{
	uint64_t n;
	const char *bad = parse_number(text, GRPDEDUP_BLOCK_PAGES, &n);

	if (bad)
		return bad;
	if (!n)
		return "must be at least 1";
	*(uint32_t *)value = (uint32_t)n;
	return NULL;
}

static const char *parse_count(const char *text, void *value)
{
	return parse_number(text, UINT64_MAX, value);
}

static const char *parse_control(const char *text, void *value)
{
	bool is_auto = !strcmp(text, "auto");

	if (!is_auto && strcmp(text, "fixed"))
		return "is neither fixed nor auto";
	*(bool *)value = is_auto;
	return NULL;
}

static const char *parse_monitor(const char *text, void *value)
{
	bool shared = !strcmp(text, "shared");

	if (!shared && strcmp(text, "own"))
		return "is neither own nor shared";
	*(bool *)value = shared;
	return NULL;
}

static const char *parse_policy(const char *text, void *value)
{
	static char sentence[64];
	const struct policy *policy = policy_find(text);

	snprintf(sentence, sizeof(sentence), "is not a policy (%s)", policy_names());
	if (!policy)
		return sentence;
	*(const struct policy **)value = policy;
	return NULL;
}

static const char *parse_text(const char *text, void *value)
{
	char *copy;

	if (!*text)
		return "is empty";
	copy = strdup(text);
	if (!copy)
		return "cannot be copied: out of memory";
	*(char **)value = copy;
	return NULL;
}

static const char *parse_path(const char *text, void *value)
{
	return *text == '/' ? parse_text(text, value) : "is not an absolute path";
}

static const char *parse_account(const char *text, void *value)
{
	if (!*text)
		return "is empty";
	snprintf(value, CONFIG_TEXT_SIZE, "%s", text);
	return NULL;
}

static const char *parse_cgroup(const char *text, void *value)
{
	char mount[PATH_MAX], path[CONFIG_TEXT_SIZE];
	int err;

	if (place_mount(mount, sizeof(mount)) || !place_contains(mount, text))
		strcpy(mount, CGROUP_MOUNT);
	err = place_below(mount, text, path, sizeof(path));
	if (err)
		return err == -EINVAL ? "contains '.' or '..'" : "is too long";
	if (!path[0])
		return "is the root cgroup";
	strcpy(value, path);
	return NULL;
}

/* Absolute, with one of @token */
static const char *parse_one(const char *text, const char *token, char *value)
{
	const char *found = strstr(text, token);

	if (*text != '/')
		return "is not an absolute path";
	if (!found || strchr(text, *token) != found || strchr(found + 1, *token))
		return *token == '*' ? "does not have a single '*'" :
				       "does not have a single %s";
	snprintf(value, CONFIG_TEXT_SIZE, "%s", text);
	return NULL;
}

static const char *parse_pattern(const char *text, void *value)
{
	return parse_one(text, "*", value);
}

static const char *parse_domains(const char *text, void *value)
{
#ifndef HAVE_LIBVIRT
	return "needs a grpdedupd that was built with libvirt (libvirt-dev, libxml2-dev)";
#endif
	if (!pattern_is_single(text))
		return "does not have a single '*'";
	if (strchr(text, '/'))
		return "contains '/'";
	snprintf(value, CONFIG_TEXT_SIZE, "%s", text);
	return NULL;
}

static const char *parse_format(const char *text, void *value)
{
	return parse_one(text, "%s", value);
}

static const char *parse_ranges(const char *text, void *value)
{
	const char *bad = pattern_check_ranges(text);

	if (!bad)
		snprintf(value, CONFIG_TEXT_SIZE, "%s", text);
	return bad;
}

static void show_size(char *text, size_t size, const void *value)
{
	uint64_t bytes = *(const uint64_t *)value;
	bool whole = !(bytes % (1 << 20));

	snprintf(text, size, "%" PRIu64 "%s", whole ? bytes >> 20 : bytes,
		 whole && bytes ? "M" : "");
}

static void show_base(char *text, size_t size, const void *value)
{
	const struct config_base *base = value;

	if (base->percent)
		snprintf(text, size, "%u %%", base->percent);
	else
		show_size(text, size, &base->bytes);
}

static void show_decimal(char *text, size_t size, const void *value)
{
	snprintf(text, size, "%g", *(const double *)value);
}

static void show_u32(char *text, size_t size, const void *value)
{
	snprintf(text, size, "%" PRIu32, *(const uint32_t *)value);
}

static void show_count(char *text, size_t size, const void *value)
{
	snprintf(text, size, "%" PRIu64, *(const uint64_t *)value);
}

static void show_control(char *text, size_t size, const void *value)
{
	snprintf(text, size, "%s", *(const bool *)value ? "auto" : "fixed");
}

static void show_monitor(char *text, size_t size, const void *value)
{
	snprintf(text, size, "%s", *(const bool *)value ? "shared" : "own");
}

static void show_policy(char *text, size_t size, const void *value)
{
	snprintf(text, size, "%s", (*(const struct policy *const *)value)->name);
}

static void show_text(char *text, size_t size, const void *value)
{
	const char *string = *(char *const *)value;

	snprintf(text, size, "%s", string ? string : "none");
}

/* Of an array */
static void show_chars(char *text, size_t size, const void *value)
{
	const char *chars = value;

	snprintf(text, size, "%s", chars[0] ? chars : "none");
}

#define IN_HOST(field)	CONFIG_HOST, offsetof(struct host_params, field)
#define IN_GROUP(field)	CONFIG_GROUP, offsetof(struct config_group, field)
#define IN_GUEST(field)	CONFIG_GUEST, offsetof(struct config_guest, field)

static const struct key {
	const char *name;
	parse_fn parse;
	show_fn show;
	enum config_kind kind;
	size_t offset;
} keys[] = {
	{ "available_floor", parse_size, show_size, IN_HOST(available_floor) },
	{ "pressure_max", parse_percent, show_decimal, IN_HOST(pressure_max) },
	{ "rate", parse_group_rate, show_u32, IN_GROUP(rate) },
	{ "rate_control", parse_control, show_control, IN_GROUP(rate_auto) },
	{ "rate_min", parse_group_rate, show_u32, IN_GROUP(rate_params.min) },
	{ "rate_max", parse_group_rate, show_u32, IN_GROUP(rate_params.max) },
	{ "cpu_max", parse_cpu, show_decimal, IN_GROUP(rate_params.cpu_max) },
	{ "policy", parse_policy, show_policy, IN_GROUP(law.policy) },
	{ "reserve", parse_size, show_size, IN_GROUP(law.reserve) },
	{ "growth", parse_size, show_size, IN_GROUP(law.growth) },
	{ "deadband", parse_size, show_size, IN_GROUP(law.deadband) },
	{ "average", parse_average, show_decimal, IN_GROUP(law.average) },
	{ "split_min", parse_split_min, show_u32, IN_GROUP(split_min) },
	{ "max_frames", parse_count, show_count, IN_GROUP(frames_max) },
	{ "account", parse_account, show_chars, IN_GROUP(account) },
	{ "cgroup", parse_cgroup, show_chars, IN_GROUP(cgroup) },
	{ "pidfiles", parse_pattern, show_chars, IN_GROUP(pidfiles) },
	{ "qmp", parse_format, show_chars, IN_GROUP(qmp) },
	{ "vmids", parse_ranges, show_chars, IN_GROUP(vmids) },
	{ "domains", parse_domains, show_chars, IN_GROUP(domains) },
	{ "monitor", parse_monitor, show_monitor, IN_GROUP(qmp_shared) },
	{ "base", parse_base, show_base, IN_GROUP(base) },
	{ "max", parse_size, show_size, IN_GROUP(max) },
	{ "group", parse_text, show_text, IN_GUEST(group_name) },
	{ "qmp", parse_path, show_text, IN_GUEST(qmp) },
	{ "monitor", parse_monitor, show_monitor, IN_GUEST(qmp_shared) },
	{ "pidfile", parse_path, show_text, IN_GUEST(pidfile) },
	{ "domain", parse_text, show_text, IN_GUEST(domain) },
	{ "base", parse_base, show_base, IN_GUEST(base) },
	{ "max", parse_size, show_size, IN_GUEST(max) },
};

#define KEYS	(sizeof(keys) / sizeof(keys[0]))

void config_set(struct config_file *file, const char *name, const char *value)
{
	static const char *const kinds[] = { "[host]", "a group", "a guest" };
	const char *bad;
	size_t i;

	for (i = 0; i < KEYS; i++)
		if (keys[i].kind == file->kind && !strcmp(keys[i].name, name))
			break;
	if (i == KEYS) {
		config_complain(file, file->line, "unknown key %s in %s", name,
				kinds[file->kind]);
		return;
	}
	if (file->seen & 1ull << i) {
		config_complain(file, file->line, "duplicate key %s", name);
		return;
	}
	file->seen |= 1ull << i;
	bad = keys[i].parse(value, (char *)file->subject + keys[i].offset);
	if (bad)
		config_complain(file, file->line, "%s '%s' %s", name, value, bad);
}

void config_compare(enum config_kind kind, const void *old, const void *new,
		    config_change_fn fn, const char *who)
{
	char before[256], after[256];
	size_t i;

	for (i = 0; i < KEYS; i++) {
		if (keys[i].kind != kind)
			continue;
		keys[i].show(before, sizeof(before), (const char *)old + keys[i].offset);
		keys[i].show(after, sizeof(after), (const char *)new + keys[i].offset);
		if (strcmp(before, after))
			fn(who, keys[i].name, before, after);
	}
}
