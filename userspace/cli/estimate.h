/* SPDX-License-Identifier: GPL-2.0 */
/* How the verb estimate prints its answer. */
#ifndef CLI_ESTIMATE_H
#define CLI_ESTIMATE_H

#include "../estimate/estimate.h"

void estimate_print_text(const struct estimate *estimate);
void estimate_print_json(const struct estimate *estimate);

#endif /* CLI_ESTIMATE_H */
