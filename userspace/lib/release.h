/* SPDX-License-Identifier: GPL-2.0 */
/* Is this kernel newer than those that the module was tested on? */
#ifndef RELEASE_H
#define RELEASE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Is a kernel's @release (6.12.117+deb12-amd64) of a newer series than @series
 * (6.12)?
 */
bool grpdedup_release_is_newer(const char *release, const char *series);
/*
 * A sentence in @buf if the running kernel is newer than those that the module
 * was tested on, so that nobody may have built it; NULL if it is not.
 */
const char *grpdedup_release_untested(char *buf, size_t size);

#endif /* RELEASE_H */
