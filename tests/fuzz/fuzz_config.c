// SPDX-License-Identifier: GPL-2.0
/* Any file gives either a valid configuration or an error message. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "../../userspace/lib/parse.c"
#include "../../userspace/lib/place.c"
#include "../../userspace/daemon/pattern.c"
#include "../../userspace/daemon/policy.c"
#include "../../userspace/daemon/policy_equal.c"
#include "../../userspace/daemon/policy_entitlement.c"
#include "../../userspace/daemon/policy_demand.c"
#include "../../userspace/daemon/config.c"
#include "../../userspace/daemon/config_check.c"
#include "../../userspace/daemon/config_file.c"
#include "../../userspace/daemon/config_guest.c"
#include "../../userspace/daemon/config_key.c"
#include "../../userspace/daemon/config_pattern.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_good(const struct config *config)
{
	size_t i;

	for (i = 0; i < config->group_count; i++)
		if (!config->groups[i].name[0] || !config->groups[i].law.policy ||
		    config->groups[i].rate > GRPDEDUP_RATE_MAX)
			abort();
	for (i = 0; i < config->guest_count; i++) {
		const struct config_guest *guest = &config->guests[i];

		if (!guest->name[0] || guest->group >= config->group_count ||
		    (guest->max && guest->max < guest->base.bytes) ||
		    (!guest->qmp && !guest->pidfile && !guest->domain))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char path[64];
	static int fd = -1;
	struct config *config;
	char error[128];

	if (fd < 0) {
		fd = memfd_create("config", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	if (!config_load(path, &config, error, sizeof(error)))
		check_good(config);
	else if (config || strnlen(error, sizeof(error)) < strlen(path))
		abort();
	config_free(config);
	return 0;
}
