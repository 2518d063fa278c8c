// SPDX-License-Identifier: GPL-2.0
/* The client library against a kernel made up in fake_kernel.c. */
#define _GNU_SOURCE
#include "client.c"

static void family(void)
{
	struct grpdedup_conn *conn = connect_to(NULL);

	EXPECT(conn->family == FAMILY);
	EXPECT(conn->events_group == EVENTS_GROUP);
	EXPECT(grpdedup_conn_family_version(conn) == GRPDEDUP_GENL_VERSION);
	grpdedup_conn_close(conn);
}

static void other_version(void)
{
	struct grpdedup_conn *conn;
	struct grpdedup_group group;

	family_version = 1;
	conn = connect_to(ack);
	family_version = GRPDEDUP_GENL_VERSION;
	EXPECT(grpdedup_conn_family_version(conn) == 1);
	EXPECT(grpdedup_group_get(conn, "t", &group) == -EPROTO && !requests);
	EXPECT(strstr(grpdedup_conn_error(conn), "version 1 of the interface"));
	EXPECT(strstr(grpdedup_conn_error(conn), "needs version 2"));
	grpdedup_conn_close(conn);
}

static void answer_enoent(void)
{
	put_error(new_datagram(), -ENOENT, NLM_F_CAPPED);
}

static void no_family(void)
{
	struct grpdedup_conn *conn;

	forget_datagrams();
	answer = answer_enoent;
	EXPECT(grpdedup_conn_open(&conn) == -EPROTONOSUPPORT);
	EXPECT(!conn);
}

static void unloaded_in_between(void)
{
	struct grpdedup_conn *conn = connect_to(answer_enoent);

	EXPECT(grpdedup_group_pause(conn, "t") == -EPROTONOSUPPORT);
	grpdedup_conn_close(conn);
}

static void answer_no_such_group(void)
{
	struct datagram *d = new_datagram();
	struct nlmsghdr *nlh = put_error(d, -ENOENT, NLM_F_CAPPED | NLM_F_ACK_TLVS);

	put_str(d, nlh, NLMSGERR_ATTR_MSG, "there is no group of that name");
}

static void refusal(void)
{
	struct grpdedup_conn *conn = connect_to(answer_no_such_group);
	struct grpdedup_group group;

	EXPECT(grpdedup_group_pause(conn, "t") == -ENOENT);
	EXPECT(!strcmp(grpdedup_conn_error(conn),
		       "there is no group of that name"));
	EXPECT(request_header()->nlmsg_type == FAMILY);
	EXPECT(request_header()->nlmsg_flags & NLM_F_ACK);
	/* The next call must not inherit the sentence. */
	answer = ack;
	EXPECT(!grpdedup_group_get(conn, "t", &group));
	EXPECT(!grpdedup_conn_error(conn)[0]);
	grpdedup_conn_close(conn);
}

static void answer_uncapped(void)
{
	struct datagram *d = new_datagram();
	struct nlmsghdr *nlh = put_error(d, -EBUSY, NLM_F_ACK_TLVS);

	put_bytes(d, nlh, request + NLMSG_HDRLEN,
		  request_header()->nlmsg_len - NLMSG_HDRLEN);
	put_str(d, nlh, NLMSGERR_ATTR_MSG, "busy");
}

static void uncapped_refusal(void)
{
	struct grpdedup_conn *conn = connect_to(answer_uncapped);

	EXPECT(grpdedup_group_pause(conn, "some") == -EBUSY);
	EXPECT(!strcmp(grpdedup_conn_error(conn), "busy"));
	grpdedup_conn_close(conn);
}

/* Offset of the RATE attribute in a GROUP_SET with the name "t". */
#define RATE_OFFSET	(NLMSG_HDRLEN + GENL_HDRLEN + NLA_HDRLEN + 4)

static void answer_out_of_range(void)
{
	struct datagram *d = new_datagram();
	struct nlmsghdr *nlh = put_error(d, -ERANGE, NLM_F_CAPPED | NLM_F_ACK_TLVS);
	struct {
		struct nlattr min_attr;
		uint32_t min[2];
		struct nlattr max_attr;
		uint32_t max[2];
	} limits = {
		{ 12, NL_POLICY_TYPE_ATTR_MIN_VALUE_U }, { 0 },
		{ 12, NL_POLICY_TYPE_ATTR_MAX_VALUE_U }, { 1000 },
	};

	put_str(d, nlh, NLMSGERR_ATTR_MSG, "integer out of range");
	put_u32(d, nlh, NLMSGERR_ATTR_OFFS, RATE_OFFSET);
	put_attr(d, nlh, NLMSGERR_ATTR_POLICY, &limits, sizeof(limits));
}

static void answer_offset_only(void)
{
	struct datagram *d = new_datagram();
	struct nlmsghdr *nlh = put_error(d, -EINVAL, NLM_F_CAPPED | NLM_F_ACK_TLVS);

	put_u32(d, nlh, NLMSGERR_ATTR_OFFS, RATE_OFFSET);
}

static void answer_wild_offset(void)
{
	struct datagram *d = new_datagram();
	struct nlmsghdr *nlh = put_error(d, -EINVAL, NLM_F_CAPPED | NLM_F_ACK_TLVS);

	put_u32(d, nlh, NLMSGERR_ATTR_OFFS, UINT32_MAX - 2);
}

static void answer_missing(void)
{
	struct datagram *d = new_datagram();
	struct nlmsghdr *nlh = put_error(d, -EINVAL, NLM_F_CAPPED | NLM_F_ACK_TLVS);

	put_u32(d, nlh, NLMSGERR_ATTR_MISS_TYPE, GRPDEDUP_A_SPLIT_MIN);
}

static void refusal_by_policy(void)
{
	struct grpdedup_group_params params = { .name = "t",
						.set = GRPDEDUP_SET_RATE,
						.rate = 5 };
	struct grpdedup_conn *conn = connect_to(answer_out_of_range);

	EXPECT(grpdedup_group_set(conn, &params) == -ERANGE);
	EXPECT(!strcmp(grpdedup_conn_error(conn),
		       "integer out of range (rate: 0 to 1000)"));
	answer = answer_offset_only;
	EXPECT(grpdedup_group_set(conn, &params) == -EINVAL);
	EXPECT(!strcmp(grpdedup_conn_error(conn), "not accepted: rate"));
	answer = answer_wild_offset;
	EXPECT(grpdedup_group_set(conn, &params) == -EINVAL);
	EXPECT(!grpdedup_conn_error(conn)[0]);
	answer = answer_missing;
	EXPECT(grpdedup_group_set(conn, &params) == -EINVAL);
	EXPECT(!strcmp(grpdedup_conn_error(conn), "missing: split_min"));
	grpdedup_conn_close(conn);
}

/* As long as possible */
#define LONG_NAME	"twenty-one-characters" "twenty-one-characters" "twenty-one-characters"

static void answer_group(void)
{
	struct datagram *d = new_datagram();
	struct nlmsghdr *nlh = put_reply(d, FAMILY, GRPDEDUP_CMD_GROUP_GET, 0);
	uint64_t limit = UINT64_MAX;
	struct {
		struct nlattr attr;
		uint32_t value[2];
	} counters[] = {
		{ { 12, GRPDEDUP_CNT_MERGES }, { 1, 1 } },
		{ { 12, GRPDEDUP_CNT_MAX + 1 }, { 2 } },
		{ { 12, 300 }, { 3 } },
		{ { 12, GRPDEDUP_CNT_PAD }, { 4 } },
		{ { 12, GRPDEDUP_CNT_ZAPS }, { 0 } },
	};

	put_u32(d, nlh, GRPDEDUP_A_GROUP_ID, 3);
	put_str(d, nlh, GRPDEDUP_A_GROUP_NAME, LONG_NAME);
	put_u32(d, nlh, GRPDEDUP_A_RATE, 4000);
	put_u32(d, nlh, GRPDEDUP_A_PAUSED, GRPDEDUP_PAUSED_FAULT);
	put_attr(d, nlh, GRPDEDUP_A_PAD, "", 0);
	put_attr(d, nlh, GRPDEDUP_A_FRAMES_MAX, &limit, sizeof(limit));
	put_u32(d, nlh, GRPDEDUP_A_MAX + 5, 1);
	put_attr(d, nlh, GRPDEDUP_A_COUNTERS | NLA_F_NESTED, counters, sizeof(counters));
	ack();
}

static void group_reply(void)
{
	struct grpdedup_conn *conn = connect_to(answer_group);
	struct grpdedup_group group;

	EXPECT(!grpdedup_group_get(conn, LONG_NAME, &group));
	EXPECT(group.id == 3);
	EXPECT(!strcmp(group.name, LONG_NAME));
	EXPECT(group.paused == GRPDEDUP_PAUSED_FAULT);
	EXPECT(strstr(grpdedup_group_paused(group.paused), "see the kernel log"));
	EXPECT(group.rate == 4000);
	EXPECT(group.frames_max == UINT64_MAX);
	EXPECT(group.counters.value[GRPDEDUP_CNT_MERGES] == 0x100000001);
	EXPECT(group.counters.present == (UINT64_C(1) << GRPDEDUP_CNT_MERGES |
					  UINT64_C(1) << GRPDEDUP_CNT_ZAPS));
	EXPECT(queue_in == queue_out);
	grpdedup_conn_close(conn);
}

static void answer_short_rate(void)
{
	struct datagram *d = new_datagram();
	struct nlmsghdr *nlh = put_reply(d, FAMILY, GRPDEDUP_CMD_GROUP_GET, 0);

	put_attr(d, nlh, GRPDEDUP_A_RATE, "ab", 2);
	ack();
}

static void malformed_reply(void)
{
	struct grpdedup_conn *conn = connect_to(answer_short_rate);
	struct grpdedup_group group;

	EXPECT(grpdedup_group_get(conn, "t", &group) == -EBADMSG);
	EXPECT(queue_in == queue_out);
	grpdedup_conn_close(conn);
}

/* Messages of an earlier exchange and of other processes. */
static void answer_after_noise(void)
{
	struct datagram *d = new_datagram();
	struct nlmsghdr *nlh = put_error(d, -EIO, NLM_F_CAPPED);

	nlh->nlmsg_seq--;
	d = new_datagram();
	put_error(d, -EIO, NLM_F_CAPPED);
	d->from = 4242;
	receive_error = EINTR;
	answer_group();
}

static void noise(void)
{
	struct grpdedup_conn *conn = connect_to(answer_after_noise);
	struct grpdedup_group group;

	EXPECT(!grpdedup_group_get(conn, "t", &group));
	EXPECT(group.id == 3);
	grpdedup_conn_close(conn);
}

static void put_groups(unsigned int first, unsigned int end, int flags)
{
	struct datagram *d = NULL;
	char name[16];

	for (; first < end; first++) {
		struct nlmsghdr *nlh;

		if (!d || d->len > 32000)
			d = new_datagram();
		nlh = put_reply(d, FAMILY, GRPDEDUP_CMD_GROUP_GET,
				NLM_F_MULTI | flags);
		snprintf(name, sizeof(name), "group-%u", first);
		put_u32(d, nlh, GRPDEDUP_A_GROUP_ID, first);
		put_str(d, nlh, GRPDEDUP_A_GROUP_NAME, name);
	}
}

static struct nlmsghdr *put_done(struct datagram *d, int err, int flags)
{
	struct nlmsghdr *nlh = put_header(d, NLMSG_DONE, NLM_F_MULTI | flags);

	put_bytes(d, nlh, &err, sizeof(err));
	return nlh;
}

static void answer_1000_groups(void)
{
	put_groups(0, 1000, 0);
	put_done(new_datagram(), 0, 0);
}

static void big_dump(void)
{
	struct grpdedup_conn *conn = connect_to(answer_1000_groups);
	struct grpdedup_group *groups;
	size_t count;

	EXPECT(!grpdedup_group_list(conn, &groups, &count));
	EXPECT(request_header()->nlmsg_flags & NLM_F_DUMP);
	EXPECT(count == 1000);
	EXPECT(groups[999].id == 999 && !strcmp(groups[999].name, "group-999"));
	free(groups);
	grpdedup_conn_close(conn);
}

static void answer_interrupted_once(void)
{
	/* Only the last message of the first dump tells. */
	put_groups(0, requests == 1 ? 30 : 20, 0);
	put_done(new_datagram(), 0, requests == 1 ? NLM_F_DUMP_INTR : 0);
}

static void answer_interrupted(void)
{
	forget_datagrams();
	put_groups(0, 3, NLM_F_DUMP_INTR);
	put_done(new_datagram(), 0, 0);
}

static void interrupted_dump(void)
{
	struct grpdedup_conn *conn = connect_to(answer_interrupted_once);
	struct grpdedup_group *groups;
	size_t count;

	EXPECT(!grpdedup_group_list(conn, &groups, &count));
	EXPECT(requests == 2 && count == 20);
	free(groups);

	answer = answer_interrupted;
	EXPECT(grpdedup_group_list(conn, &groups, &count) == -EAGAIN);
	EXPECT(!groups && !count);
	EXPECT(requests > 10 && requests < 100);
	grpdedup_conn_close(conn);
}

static void answer_dump_error(void)
{
	struct datagram *d;
	struct nlmsghdr *nlh;

	put_groups(0, 3, 0);
	d = new_datagram();
	nlh = put_done(d, -ENOENT, NLM_F_ACK_TLVS);
	put_str(d, nlh, NLMSGERR_ATTR_MSG, "gone");
}

static void dump_that_fails(void)
{
	struct grpdedup_conn *conn = connect_to(answer_dump_error);
	struct grpdedup_member *members;
	size_t count;

	EXPECT(grpdedup_member_list(conn, "t", &members, &count) == -ENOENT);
	EXPECT(!strcmp(grpdedup_conn_error(conn), "gone"));
	EXPECT(!members && !count);
	grpdedup_conn_close(conn);
}

static void lost_socket(void)
{
	struct grpdedup_conn *conn = connect_to(ack);

	receive_error = ENOBUFS;
	EXPECT(grpdedup_group_pause(conn, "t") == -ENOBUFS);
	grpdedup_conn_close(conn);
}

static void long_name(void)
{
	struct grpdedup_conn *conn = connect_to(ack);
	static char name[100001];

	memset(name, 'x', sizeof(name) - 1);
	EXPECT(grpdedup_group_pause(conn, name) == -EMSGSIZE);
	EXPECT(!requests);
	grpdedup_conn_close(conn);
}

static struct grpdedup_event got[4];
static size_t got_count;

static void get_event(const struct grpdedup_event *event, void *arg)
{
	(void)arg;
	got[got_count++] = *event;
}

static void put_event_of(int family_id, int cmd)
{
	struct datagram *d = new_event();
	struct nlmsghdr *nlh = put_reply(d, family_id, cmd, 0);

	put_str(d, nlh, GRPDEDUP_A_GROUP_NAME, "t");
	put_u32(d, nlh, GRPDEDUP_A_REASON, GRPDEDUP_REASON_EXEC);
	put_u64(d, nlh, GRPDEDUP_A_REQUEST, UINT64_MAX);
	put_u32(d, nlh, GRPDEDUP_A_ERROR, EBUSY);
	put_str(d, nlh, GRPDEDUP_A_MESSAGE, "busy");
}

static void put_unload(uint16_t id)
{
	struct datagram *d = new_event();
	struct nlmsghdr *nlh = put_reply(d, GENL_ID_CTRL, CTRL_CMD_DELFAMILY, 0);

	put_attr(d, nlh, CTRL_ATTR_FAMILY_ID, &id, sizeof(id));
}

static void event_stream(void)
{
	struct grpdedup_events events = { .conn = connect_to(NULL) };

	events_fd = grpdedup_events_fd(&events);
	got_count = 0;
	EXPECT(!grpdedup_events_read(&events, get_event, NULL));
	put_event_of(FAMILY, GRPDEDUP_CMD_MEMBER_DEL);
	put_event_of(FAMILY + 1, GRPDEDUP_CMD_MEMBER_DEL);
	put_unload(FAMILY + 1);
	put_unload(FAMILY);
	EXPECT(!grpdedup_events_read(&events, get_event, NULL) &&
	       got_count == 1);
	EXPECT(got[0].cmd == GRPDEDUP_CMD_MEMBER_DEL);
	EXPECT(got[0].reason == GRPDEDUP_REASON_EXEC);
	EXPECT(got[0].request == UINT64_MAX && got[0].error == -EBUSY);
	EXPECT(!strcmp(got[0].message, "busy"));
	EXPECT(!grpdedup_events_read(&events, get_event, NULL) &&
	       got_count == 1);
	EXPECT(!grpdedup_events_read(&events, get_event, NULL) &&
	       got_count == 1);
	event_error = ENOBUFS;
	EXPECT(grpdedup_events_read(&events, get_event, NULL) == -ENOBUFS);
	EXPECT(grpdedup_events_read(&events, get_event, NULL) ==
	       -EPROTONOSUPPORT);
	grpdedup_conn_close(events.conn);
}

static const struct test tests[] = {
	TEST(family),
	TEST(other_version),
	TEST(no_family),
	TEST(unloaded_in_between),
	TEST(refusal),
	TEST(uncapped_refusal),
	TEST(refusal_by_policy),
	TEST(group_reply),
	TEST(malformed_reply),
	TEST(noise),
	TEST(big_dump),
	TEST(interrupted_dump),
	TEST(dump_that_fails),
	TEST(lost_socket),
	TEST(long_name),
	TEST(event_stream),
};

TEST_MAIN(tests)
