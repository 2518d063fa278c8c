// SPDX-License-Identifier: GPL-2.0
/* Requests that are accepted and end later, against a kernel made up in fake_kernel.c. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/syscall.h>
#include "client.c"

#define COUNT	4

/* How the requests 501 to 500 + COUNT stand in the made-up kernel. */
struct fate {
	bool ended;
	bool forgotten;
	int error;
	uint64_t pages;
};

static struct fate fates[COUNT];
static struct grpdedup_request sent[COUNT];
static unsigned int asked;

static void put_result(struct datagram *d, struct nlmsghdr *nlh, unsigned int i)
{
	put_u64(d, nlh, GRPDEDUP_A_REQUEST, 501 + i);
	put_str(d, nlh, GRPDEDUP_A_GROUP_NAME, "t");
	put_u32(d, nlh, GRPDEDUP_A_PID, 41);
	if (!fates[i].ended)
		return;
	put_u64(d, nlh, GRPDEDUP_A_PAGES, fates[i].pages);
	put_u32(d, nlh, GRPDEDUP_A_ERROR, (uint32_t)fates[i].error);
	if (fates[i].error)
		put_str(d, nlh, GRPDEDUP_A_MESSAGE, "it would not");
}

/* The request ends, and its event is sent, unless it gets lost. */
static void end_one(unsigned int i, int error, bool lose)
{
	struct datagram *d;

	fates[i] = (struct fate){ .ended = true, .error = error, .pages = 10 + i };
	if (lose)
		return;
	d = new_event();
	put_result(d, put_reply(d, FAMILY, GRPDEDUP_CMD_REQUEST, 0), i);
}

static void refuse(int err, const char *sentence)
{
	struct datagram *d = new_datagram();
	struct nlmsghdr *nlh = put_error(d, err, NLM_F_CAPPED | NLM_F_ACK_TLVS);

	put_str(d, nlh, NLMSGERR_ATTR_MSG, sentence);
}

static void answer_question(void)
{
	uint64_t number = nla_get_u64(requested(GRPDEDUP_A_REQUEST));
	struct datagram *d;

	asked++;
	EXPECT(number > 500 && number <= 500 + COUNT);
	if (fates[number - 501].forgotten) {
		refuse(-ENOENT, "there is no request of that number");
		return;
	}
	d = new_datagram();
	put_result(d, put_reply(d, FAMILY, GRPDEDUP_CMD_REQUEST, 0),
		   (unsigned int)number - 501);
	ack();
}

static void answer_accepted(void)
{
	struct datagram *d = new_datagram();
	struct nlmsghdr *nlh = put_reply(d, FAMILY, GRPDEDUP_CMD_MEMBER_ADD, 0);

	put_u32(d, nlh, GRPDEDUP_A_GROUP_ID, 3);
	put_str(d, nlh, GRPDEDUP_A_GROUP_NAME, "t");
	put_u32(d, nlh, GRPDEDUP_A_PID, 41);
	put_str(d, nlh, GRPDEDUP_A_COMM, "qemu");
	put_u64(d, nlh, GRPDEDUP_A_REQUEST, 500 + requests);
	ack();
}

static void answer_any(void)
{
	if (((struct genlmsghdr *)NLMSG_DATA(request_header()))->cmd == GRPDEDUP_CMD_REQUEST)
		answer_question();
	else
		answer_accepted();
}

/* A connection that has sent COUNT requests; @watched: with an events socket. */
static struct grpdedup_conn *begin(bool watched)
{
	struct grpdedup_conn *conn = connect_to(answer_any);
	unsigned int i;

	memset(fates, 0, sizeof(fates));
	event_in = 0;
	event_out = 0;
	event_error = 0;
	meanwhile = NULL;
	waits = 0;
	asked = 0;
	if (watched) {
		struct grpdedup_conn *listener = connect_to(answer_any);

		conn->events = calloc(1, sizeof(*conn->events));
		EXPECT(conn->events);
		conn->events->conn = listener;
		events_fd = grpdedup_events_fd(conn->events);
	}
	for (i = 0; i < COUNT; i++)
		EXPECT(!grpdedup_group_del(conn, "t", 0, &sent[i]));
	return conn;
}

static void finish(struct grpdedup_conn *conn)
{
	grpdedup_conn_close(conn);
	events_fd = -1;
}

static void accepted(void)
{
	struct grpdedup_conn *conn = begin(false);

	EXPECT(sent[0].number == 501 && sent[3].number == 504);
	EXPECT(!sent[0].ended && !sent[0].error && sent[0].pid == 41);
	EXPECT(!strcmp(sent[0].group, "t") && !strcmp(sent[0].comm, "qemu"));
	answer = ack;
	EXPECT(grpdedup_group_del(conn, "t", 0, &sent[0]) == -EBADMSG);
	finish(conn);
}

static void flags_of_groups(void)
{
	struct grpdedup_conn *conn = begin(false);

	EXPECT(!requested(GRPDEDUP_A_UNSHARE) && !requested(GRPDEDUP_A_FORCE));
	EXPECT(!grpdedup_group_del(conn, "t", GRPDEDUP_FLAG_UNSHARE, &sent[0]));
	EXPECT(requested(GRPDEDUP_A_UNSHARE) && !requested(GRPDEDUP_A_FORCE));
	EXPECT(!grpdedup_group_del(conn, "t", GRPDEDUP_FLAG_UNSHARE |
				   GRPDEDUP_FLAG_FORCE, &sent[0]));
	EXPECT(requested(GRPDEDUP_A_UNSHARE) && requested(GRPDEDUP_A_FORCE));
	answer = ack;
	EXPECT(!grpdedup_group_resume(conn, "t") && requested(GRPDEDUP_A_GROUP_NAME));
	EXPECT(!grpdedup_group_pause(conn, NULL) && !requested(GRPDEDUP_A_GROUP_NAME));
	finish(conn);
}

static void asking(void)
{
	struct grpdedup_conn *conn = begin(false);
	struct grpdedup_request now;

	EXPECT(!grpdedup_request_get(conn, 501, &now));
	EXPECT(now.number == 501 && !now.ended && now.pid == 41);
	end_one(0, ENOMEM, true);
	EXPECT(!grpdedup_request_get(conn, 501, &now));
	EXPECT(now.ended && now.error == -ENOMEM && now.pages == 10);
	EXPECT(!strcmp(now.message, "it would not") && !strcmp(now.group, "t"));
	fates[0].error = 0x7fffffff;
	EXPECT(!grpdedup_request_get(conn, 501, &now) && now.error == -EBADMSG);
	fates[0].forgotten = true;
	EXPECT(grpdedup_request_get(conn, 501, &now) == -ENOENT);
	EXPECT(!strcmp(grpdedup_conn_error(conn), "there is no request of that number"));
	finish(conn);
}

static int end_all_backwards(void)
{
	unsigned int i;

	for (i = COUNT; waits == 1 && i; i--)
		end_one(i - 1, i == 3 ? EBUSY : 0, false);
	return 0;
}

static void events_tell(void)
{
	struct grpdedup_conn *conn = begin(true);
	unsigned int i;

	meanwhile = end_all_backwards;
	for (i = 0; i < COUNT; i++) {
		int err = grpdedup_request_wait(conn, &sent[i], COUNT - i, NULL);

		test_note("request %u", i);
		EXPECT(err == (i == 2 ? -EBUSY : 0));
		EXPECT(!strcmp(grpdedup_conn_error(conn), i == 2 ? "it would not" : ""));
		EXPECT(sent[i].ended && sent[i].pages == 10 + i);
		EXPECT(!strcmp(sent[i].comm, "qemu"));
	}
	EXPECT(waits == COUNT && !asked && !signals_end_waits);
	finish(conn);
}

/* They came before the first wait: the socket has kept them. */
static void early_events(void)
{
	struct grpdedup_conn *conn = begin(true);

	end_one(1, 0, false);
	end_one(0, 0, false);
	EXPECT(!grpdedup_request_wait(conn, sent, COUNT, NULL));
	EXPECT(sent[0].pages == 10 && sent[1].ended && !sent[2].ended && !asked);
	finish(conn);
}

static int lose_events(void)
{
	if (waits == 1) {
		end_one(0, 0, true);
		event_error = ENOBUFS;
	}
	return 0;
}

static void lost_events(void)
{
	struct grpdedup_conn *conn = begin(true);

	meanwhile = lose_events;
	EXPECT(!grpdedup_request_wait(conn, sent, COUNT, NULL));
	EXPECT(sent[0].pages == 10 && asked == COUNT && waits == 1);
	finish(conn);
}

static int lose_event_silently(void)
{
	end_one(0, EBUSY, true);
	return 0;
}

static void silently_lost_event(void)
{
	struct grpdedup_conn *conn = begin(true);

	meanwhile = lose_event_silently;
	EXPECT(grpdedup_request_wait(conn, sent, COUNT, NULL) == -EBUSY);
	EXPECT(!strcmp(grpdedup_conn_error(conn), "it would not"));
	EXPECT(asked == COUNT && waits < 3);
	finish(conn);
}

static int end_at_last(void)
{
	if (waits == 4)
		end_one(1, 0, true);
	if (waits == 5)
		end_one(0, 0, true);
	return 0;
}

static void without_events(void)
{
	struct grpdedup_conn *conn = begin(false);

	meanwhile = end_at_last;
	EXPECT(!grpdedup_request_wait(conn, sent, 2, NULL));
	EXPECT(sent[0].pages == 10 && sent[1].pages == 11);
	EXPECT(waits >= 5 && asked >= 5);
	finish(conn);
}

static void forgotten(void)
{
	struct grpdedup_conn *conn = begin(false);

	fates[0].forgotten = true;
	EXPECT(grpdedup_request_wait(conn, sent, COUNT, NULL) == -ENOENT);
	EXPECT(!strcmp(grpdedup_conn_error(conn), "there is no request of that number"));
	finish(conn);
}

static void answer_no_family(void)
{
	put_error(new_datagram(), -ENOENT, NLM_F_CAPPED);
}

static int unload(void)
{
	struct datagram *d = new_event();
	struct nlmsghdr *nlh = put_reply(d, GENL_ID_CTRL, CTRL_CMD_DELFAMILY, 0);
	uint16_t id = FAMILY;

	put_attr(d, nlh, CTRL_ATTR_FAMILY_ID, &id, sizeof(id));
	answer = answer_no_family;
	return 0;
}

static void unloaded_meanwhile(void)
{
	struct grpdedup_conn *conn = begin(true);

	meanwhile = unload;
	EXPECT(grpdedup_request_wait(conn, sent, COUNT, NULL) == -EPROTONOSUPPORT);
	EXPECT(!asked && !sent[0].ended);
	finish(conn);

	conn = begin(false);
	meanwhile = unload;
	EXPECT(grpdedup_request_wait(conn, sent, COUNT, NULL) == -EPROTONOSUPPORT);
	finish(conn);
}

static int interrupt(void)
{
	if (waits == 1)
		return EINTR;
	end_one(0, 0, false);
	return 0;
}

static void interrupted(void)
{
	struct grpdedup_conn *conn = begin(true);
	sigset_t mask;

	sigemptyset(&mask);
	meanwhile = interrupt;
	EXPECT(grpdedup_request_wait(conn, sent, COUNT, &mask) == -EINTR);
	EXPECT(signals_end_waits && !sent[0].ended && !grpdedup_conn_error(conn)[0]);
	/* It can be resumed. */
	EXPECT(!grpdedup_request_wait(conn, sent, COUNT, &mask) && sent[0].ended);
	finish(conn);

	conn = begin(true);
	meanwhile = interrupt;
	EXPECT(!grpdedup_request_wait(conn, sent, COUNT, NULL) && waits == 2);
	finish(conn);
}

static void answer_refusal(void)
{
	refuse(-EBUSY, "it is in another group");
}

/* Waiting for a request that was refused returns what sending it returned. */
static void refused(void)
{
	struct grpdedup_conn *conn = begin(true);

	answer = answer_refusal;
	EXPECT(grpdedup_member_del(conn, getpid(), 0, &sent[1]) == -EBUSY);
	EXPECT(sent[1].ended && !sent[1].number);
	answer = answer_any;
	end_one(0, 0, false);
	EXPECT(!grpdedup_request_wait(conn, sent, 2, NULL));
	EXPECT(grpdedup_request_wait(conn, &sent[1], 1, NULL) == -EBUSY);
	EXPECT(!strcmp(grpdedup_conn_error(conn), "it is in another group"));
	EXPECT(waits == 1);
	finish(conn);
}

static void *assign_this_thread(void *arg)
{
	struct grpdedup_request request;

	grpdedup_member_add(arg, "t", (pid_t)syscall(SYS_gettid),
			    GRPDEDUP_FLAG_MOVE | GRPDEDUP_FLAG_FORCE, &request);
	return NULL;
}

static void processes(void)
{
	struct grpdedup_conn *conn = connect_to(answer_accepted);
	struct grpdedup_request request;
	pthread_t thread;

	EXPECT(!grpdedup_member_add(conn, "t", getpid(), 0, &request));
	EXPECT(requested(GRPDEDUP_A_PIDFD) && !requested(GRPDEDUP_A_PID));
	EXPECT(!requested(GRPDEDUP_A_MOVE) && !requested(GRPDEDUP_A_FORCE));
	EXPECT(!grpdedup_member_del(conn, getpid(), GRPDEDUP_FLAG_KEEP, &request));
	EXPECT(requested(GRPDEDUP_A_PIDFD) && requested(GRPDEDUP_A_KEEP));
	EXPECT(!requested(GRPDEDUP_A_FORCE));
	EXPECT(requests == 2);
	/* There is no such process, above the highest possible id. */
	EXPECT(grpdedup_member_del(conn, 0x7ffffff0, 0, &request) == -ESRCH);
	EXPECT(requests == 2 && request.ended && request.error == -ESRCH);
	/* A thread has no pidfd: the kernel is to say what it thinks of it. */
	EXPECT(!pthread_create(&thread, NULL, assign_this_thread, conn));
	pthread_join(thread, NULL);
	EXPECT(requested(GRPDEDUP_A_PID) && !requested(GRPDEDUP_A_PIDFD));
	EXPECT(requested(GRPDEDUP_A_MOVE) && requested(GRPDEDUP_A_FORCE));
	grpdedup_conn_close(conn);
}

static const struct test tests[] = {
	TEST(accepted),
	TEST(flags_of_groups),
	TEST(asking),
	TEST(events_tell),
	TEST(early_events),
	TEST(lost_events),
	TEST(silently_lost_event),
	TEST(without_events),
	TEST(forgotten),
	TEST(unloaded_meanwhile),
	TEST(interrupted),
	TEST(refused),
	TEST(processes),
};

TEST_MAIN(tests)
