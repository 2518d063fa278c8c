/* SPDX-License-Identifier: GPL-2.0 */
/* Do the kernel, the module and this program go together? */
#ifndef RELEASE_H
#define RELEASE_H

#include <stdbool.h>
#include <stddef.h>

/* Is @release (6.12.117+deb12-amd64) of a newer series than @series (6.12)? */
bool grpdedup_release_is_newer(const char *release, const char *series);
/*
 * A message in @buf if the running kernel is newer than the kernels the module
 * was tested on, so that the module may not be built for it; else NULL.
 */
const char *grpdedup_release_untested(char *buf, size_t size);
/*
 * A message in @buf if the loaded module is of another release than this
 * program; else NULL, also if no module is loaded. @file: the module's version,
 * in sysfs.
 */
#define GRPDEDUP_RELEASE_FILE	"/sys/module/grpdedup/version"
const char *grpdedup_release_mismatch(const char *file, char *buf, size_t size);

#endif /* RELEASE_H */
