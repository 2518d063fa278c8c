// SPDX-License-Identifier: GPL-2.0
/* The client library on top of fake_kernel.c, and what its tests share. */
#include "fake_kernel.c"
#include "../../userspace/lib/attr.c"
#include "../../userspace/lib/conn.c"
#include "../../userspace/lib/counters.c"
#include "../../userspace/lib/event.c"
#include "../../userspace/lib/extack.c"
#include "../../userspace/lib/group.c"
#include "../../userspace/lib/member.c"
#include "../../userspace/lib/msg.c"
#include "../../userspace/lib/request.c"
#include "test.h"

static void forget_datagrams(void)
{
	queue_in = 0;
	queue_out = 0;
}

static struct grpdedup_conn *connect_to(void (*next)(void))
{
	struct grpdedup_conn *conn;

	forget_datagrams();
	answer = answer_family;
	EXPECT(!grpdedup_conn_open(&conn));
	EXPECT(queue_in == queue_out);
	forget_datagrams();
	requests = 0;
	answer = next;
	return conn;
}

__attribute__((unused))
static struct nlattr *requested(int attr)
{
	struct nlattr *tb[GRPDEDUP_A_MAX + 1];

	EXPECT(!genlmsg_parse(request_header(), 0, tb, GRPDEDUP_A_MAX, NULL));
	return tb[attr];
}
