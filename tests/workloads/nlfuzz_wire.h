/* SPDX-License-Identifier: GPL-2.0 */
/* gd-nlfuzz: sockets and answers. */
#ifndef GD_NLFUZZ_WIRE_H
#define GD_NLFUZZ_WIRE_H

#include "nlfuzz.h"

void wire_find_family(void);
void wire_open(struct worker *w, struct conn *c, bool plain);
void wire_exchange(struct worker *w, struct conn *c);
int wire_ask(struct worker *w, uint64_t number);
void wire_listen(struct worker *w);
void wire_hear(struct worker *w);
typedef void wire_entry_t(struct worker *w, const struct nlmsghdr *nlh);
void wire_dump(struct worker *w, uint8_t cmd, wire_entry_t *each);
uint64_t wire_counter(const struct nlmsghdr *nlh, int id);
bool wire_attr(const struct nlmsghdr *nlh, int type, void *data, size_t size);

#endif /* GD_NLFUZZ_WIRE_H */
