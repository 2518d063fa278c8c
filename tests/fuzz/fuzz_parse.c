// SPDX-License-Identifier: GPL-2.0
/* Numbers of the command line, and attributes, events and sentences of the kernel. */
#include <stdlib.h>
#include <string.h>
#include "../../userspace/lib/parse.c"
#include "../../userspace/lib/attr.c"
#include "../../userspace/lib/conn.c"
#include "../../userspace/lib/counters.c"
#include "../../userspace/lib/event.c"
#include "../../userspace/lib/extack.c"
#include "../../userspace/lib/msg.c"
#include "../../userspace/lib/request.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void numbers(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	unsigned int ms;
	uint64_t value;
	uint32_t rate;

	memcpy(text, data, size);
	text[size] = '\0';
	if (!parse_number(text, 1000, &value) && value > 1000)
		abort();
	parse_rate(text, &rate);
	if (!parse_seconds(text, &ms) && (!ms || ms > 86400000))
		abort();
	free(text);
}

static void event(struct nlmsghdr *nlh)
{
	static struct grpdedup_conn conn;
	struct grpdedup_event event;

	if (!parse(nlh, &event) &&
	    (strnlen(event.group, sizeof(event.group)) == sizeof(event.group) ||
	     strnlen(event.comm, sizeof(event.comm)) == sizeof(event.comm) ||
	     strnlen(event.message, sizeof(event.message)) == sizeof(event.message) ||
	     event.error > 0))
		abort();
	nlh->nlmsg_type = GENL_ID_CTRL;
	says_unloaded(&conn, nlh);
	nlh->nlmsg_type = 0;
}

/* A message as the kernel might send it, but for the length in its header. */
static void message(const uint8_t *data, size_t size)
{
	struct nlmsghdr *nlh = calloc(1, NLMSG_HDRLEN + size);
	struct nlmsghdr request = { .nlmsg_len = NLMSG_HDRLEN };
	struct nlattr *tb[GRPDEDUP_A_MAX + 1];
	struct grpdedup_counters counters;
	struct grpdedup_request result;
	char text[64];

	memcpy((char *)nlh + NLMSG_HDRLEN, data, size);
	nlh->nlmsg_len = (uint32_t)(NLMSG_HDRLEN + size);
	if (!grpdedup_attr_parse(nlh, tb)) {
		grpdedup_attr_u32(tb, GRPDEDUP_A_PID);
		grpdedup_attr_u64(tb, GRPDEDUP_A_PAGES);
		grpdedup_attr_str(tb, GRPDEDUP_A_COMM, text, sizeof(text));
		grpdedup_attr_counters(tb, &counters);
		fill_request(tb, &result);
		if (result.error > 0)
			abort();
	}
	event(nlh);
	nlh->nlmsg_flags = NLM_F_ACK_TLVS;
	grpdedup_extack_sentence(nlh, NLMSG_HDRLEN, &request, text,
				 sizeof(text));
	if (strnlen(text, sizeof(text)) == sizeof(text))
		abort();
	free(nlh);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	numbers(data, size);
	message(data, size);
	return 0;
}
