// SPDX-License-Identifier: GPL-2.0
/* Log lines, each in one write(). */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "log.h"

static enum log_level highest = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	highest = level;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char line[1024];
	size_t length;
	va_list ap;

	if (level > highest)
		return;
	length = (size_t)snprintf(line, sizeof(line), "<%d>", level);
	va_start(ap, fmt);
	vsnprintf(line + length, sizeof(line) - length - 1, fmt, ap);
	va_end(ap);
	length = strlen(line);
	line[length++] = '\n';
	/* A failure to log cannot be reported. */
	if (write(STDERR_FILENO, line, length) < 0)
		return;
}
