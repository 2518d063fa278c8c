// SPDX-License-Identifier: GPL-2.0
/* Do the kernel, the module and this program go together? */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include "release.h"
#include "version.h"

bool grpdedup_release_is_newer(const char *release, const char *series)
{
	unsigned int major, minor, tested_major, tested_minor;

	if (sscanf(release, "%u.%u", &major, &minor) != 2 ||
	    sscanf(series, "%u.%u", &tested_major, &tested_minor) != 2)
		return false;
	return major != tested_major ? major > tested_major : minor > tested_minor;
}

const char *grpdedup_release_untested(char *buf, size_t size)
{
	struct utsname name;

	if (uname(&name) ||
	    !grpdedup_release_is_newer(name.release, GRPDEDUP_LINUX_TESTED))
		return NULL;
	snprintf(buf, size,
		 "this kernel (%.40s) is newer than Linux " GRPDEDUP_LINUX_TESTED
		 ", the newest that the module was tested on; the module builds for it only with UNTESTED=1",
		 name.release);
	return buf;
}

const char *grpdedup_release_mismatch(const char *file, char *buf, size_t size)
{
	char version[64] = "";
	FILE *f = fopen(file, "re");

	if (!f)
		return NULL;
	if (!fgets(version, sizeof(version), f))
		version[0] = '\0';
	fclose(f);
	version[strcspn(version, "\n")] = '\0';
	/* The suffix says that it was built for an untested kernel. */
	if (!strcmp(version, GRPDEDUP_VERSION) ||
	    !strcmp(version, GRPDEDUP_VERSION "-untested"))
		return NULL;
	snprintf(buf, size,
		 "the module is of release %s, this program of " GRPDEDUP_VERSION
		 "; install both of the same release",
		 version);
	return buf;
}
