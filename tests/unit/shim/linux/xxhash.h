/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_LINUX_XXHASH_H
#define SHIM_LINUX_XXHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t xxh64(const void *input, size_t length, uint64_t seed);

#endif /* SHIM_LINUX_XXHASH_H */
