// SPDX-License-Identifier: GPL-2.0
/*
 * LD_PRELOAD: a stand-in for the module, for tests of the tool and the daemon
 * where it is not loaded. It serves netlink sockets by itself:
 *
 *   STANDIN_VERSION	version of the interface
 *   STANDIN_REFUSE	the sentence with which all requests are refused
 *   STANDIN_MS		how long a request takes that a scanner would carry out
 *   STANDIN_DEAF	nobody may listen for events
 *   STANDIN_SAVED	a file with the pages that group t saves
 *   STANDIN_TALK	whoever listens is sent some events, then SIGTERM
 *   STANDIN_TID	thread id of t's scanner; the next two are those of full and LONG_NAME
 *   STANDIN_PROC	a directory whose files take the place of those in /proc
 *
 * There are groups t, full (paused by request) and LONG_NAME (paused because of a
 * fault), but not nobody. Requests about full fail, and nobody can leave
 * LONG_NAME, which cannot be deleted. Processes 11 to 14 are in t; what else joins is a member as long as
 * this program runs.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Each thread has its own sockets, and one request at a time. */
#define FAKE	static __thread
#pragma GCC diagnostic ignored "-Wunused-function"
#include "../unit/fake_kernel.c"
#undef send
#undef recvfrom
#undef ppoll

#define LONG_NAME	"twenty-one-characters" "twenty-one-characters" "twenty-one-characters"
#define MAX_TASKS	4096
#define SLICE_NS	5000000

/* A request, or a process that has joined. */
struct task {
	uint8_t cmd;
	char group[GRPDEDUP_NAME_MAX + 1];
	uint32_t pid;
	double end;
	bool fails, told;
};

/* Of all threads; a thread adds and ends only its own. */
static struct task tasks[MAX_TASKS];
static unsigned int nr_tasks;
static __thread struct nlattr *tb[GRPDEDUP_A_MAX + 1];

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static bool is_on(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

static void refuse(int err, const char *sentence)
{
	struct datagram *d = new_datagram();
	struct nlmsghdr *nlh = put_error(d, err, NLM_F_CAPPED | NLM_F_ACK_TLVS);

	put_str(d, nlh, NLMSGERR_ATTR_MSG, sentence);
}

static const char *name_of_request(void)
{
	return tb[GRPDEDUP_A_GROUP_NAME] ? nla_get_string(tb[GRPDEDUP_A_GROUP_NAME]) : "t";
}

static uint32_t pid_of_request(void)
{
	char path[64], line[256];
	unsigned int pid = 0;
	FILE *file;

	if (tb[GRPDEDUP_A_PID])
		return nla_get_u32(tb[GRPDEDUP_A_PID]);
	if (!tb[GRPDEDUP_A_PIDFD])
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%u", nla_get_u32(tb[GRPDEDUP_A_PIDFD]));
	file = fopen(path, "re");
	while (file && !pid && fgets(line, sizeof(line), file))
		sscanf(line, "Pid: %u", &pid);
	if (file)
		fclose(file);
	return pid;
}

static void put_task(struct datagram *d, struct nlmsghdr *nlh, const struct task *task)
{
	put_u64(d, nlh, GRPDEDUP_A_REQUEST, (uint64_t)(task - tasks) + 1);
	put_str(d, nlh, GRPDEDUP_A_GROUP_NAME, task->group);
	if (task->pid)
		put_u32(d, nlh, GRPDEDUP_A_PID, task->pid);
}

static void put_result(struct datagram *d, struct nlmsghdr *nlh, const struct task *task)
{
	put_task(d, nlh, task);
	if (now() < task->end)
		return;
	put_u64(d, nlh, GRPDEDUP_A_PAGES, 7);
	put_u32(d, nlh, GRPDEDUP_A_ERROR, task->fails ? ENOMEM : 0);
	if (task->fails)
		put_str(d, nlh, GRPDEDUP_A_MESSAGE, "there is no memory for it");
}

static void accept_task(uint8_t cmd)
{
	struct task *task = &tasks[nr_tasks];
	const char *ms = getenv("STANDIN_MS");
	struct datagram *d = new_datagram();
	struct nlmsghdr *nlh = put_reply(d, FAMILY, cmd, 0);
	unsigned int i;

	nr_tasks++;
	task->cmd = cmd;
	task->pid = pid_of_request();
	snprintf(task->group, sizeof(task->group), "%s", name_of_request());
	for (i = 0; i < nr_tasks - 1 && cmd == GRPDEDUP_CMD_MEMBER_DEL; i++)
		if (tasks[i].pid == task->pid)
			memcpy(task->group, tasks[i].group, sizeof(task->group));
	task->end = now() + (ms ? atof(ms) / 1000 : 0);
	task->fails = !strcmp(task->group, "full") ||
		      (cmd != GRPDEDUP_CMD_MEMBER_ADD && !strcmp(task->group, LONG_NAME));
	put_task(d, nlh, task);
	put_str(d, nlh, GRPDEDUP_A_COMM, "qemu");
	ack();
}

static void ask_task(void)
{
	uint64_t number = tb[GRPDEDUP_A_REQUEST] ? nla_get_u64(tb[GRPDEDUP_A_REQUEST]) : 0;
	struct datagram *d;

	if (!number || number > nr_tasks) {
		refuse(-ENOENT, "there is no request of that number");
		return;
	}
	d = new_datagram();
	put_result(d, put_reply(d, FAMILY, GRPDEDUP_CMD_REQUEST, 0), &tasks[number - 1]);
	ack();
}

/* Of group t */
static uint32_t pages_sharing(const char *name)
{
	const char *path = getenv("STANDIN_SAVED");
	FILE *file = path && !strcmp(name, "t") ? fopen(path, "re") : NULL;
	unsigned int pages = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%u", &pages) != 1)
		pages = 0;
	fclose(file);
	return pages;
}

static uint32_t tid_of(const char *name)
{
	const char *tid = getenv("STANDIN_TID");

	if (!tid)
		return 0;
	return (uint32_t)atoi(tid) + (!strcmp(name, LONG_NAME) ? 2 : !strcmp(name, "full"));
}

static void put_group(const char *name, int flags)
{
	uint32_t paused = !strcmp(name, LONG_NAME) ? GRPDEDUP_PAUSED_FAULT :
			  !strcmp(name, "full") ? GRPDEDUP_PAUSED_REQUEST : GRPDEDUP_PAUSED_NOT;
	struct datagram *d = new_datagram();
	struct nlmsghdr *nlh = put_reply(d, FAMILY, GRPDEDUP_CMD_GROUP_GET, flags);
	struct {
		struct nlattr attr;
		uint32_t value[2];
	} counters[] = {
		{ { 12, GRPDEDUP_CNT_PAGES_SHARING }, { pages_sharing(name) } },
		{ { 12, GRPDEDUP_CNT_FULL_SCANS }, { 3 } },
		{ { 12, GRPDEDUP_CNT_SKIP_VMA_HUGETLB }, { 2 << 20 } },
		{ { 12, GRPDEDUP_CNT_SKIP_RESERVE }, { 5 } },
	};

	put_u32(d, nlh, GRPDEDUP_A_GROUP_ID, name[0] == 't' && !name[1] ? 1 : 2);
	put_str(d, nlh, GRPDEDUP_A_GROUP_NAME, name);
	put_u32(d, nlh, GRPDEDUP_A_RATE, 4000);
	put_u32(d, nlh, GRPDEDUP_A_TID, tid_of(name));
	put_u32(d, nlh, GRPDEDUP_A_MEMBERS, 3);
	put_u32(d, nlh, GRPDEDUP_A_PAUSED, paused);
	put_attr(d, nlh, GRPDEDUP_A_COUNTERS | NLA_F_NESTED, counters, sizeof(counters));
}

/* ns since boot, 0 for a process that does not exist */
static uint64_t start_of(uint32_t pid)
{
	unsigned long long ticks = 0;
	char path[64], text[1024] = "";
	const char *rest;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) > 0 && (rest = strrchr(text, ')')))
		sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d "
		       "%*d %*d %*d %*d %*d %llu", &ticks);
	close(fd);
	return ticks * (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK));
}

static void put_member(const char *group, uint32_t pid, uint32_t state, const char *message)
{
	struct datagram *d = new_datagram();
	struct nlmsghdr *nlh = put_reply(d, FAMILY, GRPDEDUP_CMD_MEMBER_GET, NLM_F_MULTI);
	uint64_t start = start_of(pid);

	put_u32(d, nlh, GRPDEDUP_A_GROUP_ID, 1);
	put_str(d, nlh, GRPDEDUP_A_GROUP_NAME, group);
	put_u32(d, nlh, GRPDEDUP_A_PID, pid);
	put_attr(d, nlh, GRPDEDUP_A_START_TIME, &start, sizeof(start));
	put_str(d, nlh, GRPDEDUP_A_COMM, "qemu");
	put_u32(d, nlh, GRPDEDUP_A_STATE, state);
	if (message)
		put_str(d, nlh, GRPDEDUP_A_MESSAGE, message);
}

/* Of a process that a request was about, by its last one */
static void put_newcomer(const struct task *task)
{
	bool joins = task->cmd == GRPDEDUP_CMD_MEMBER_ADD;
	const struct task *later;

	for (later = task + 1; later < tasks + nr_tasks; later++)
		if (later->pid == task->pid)
			return;
	if (now() < task->end)
		put_member(task->group, task->pid,
			   joins ? GRPDEDUP_STATE_JOINING : GRPDEDUP_STATE_LEAVING, NULL);
	else if (joins || task->fails)
		put_member(task->group, task->pid, joins && task->fails ?
			   GRPDEDUP_STATE_FAILED : GRPDEDUP_STATE_MEMBER, NULL);
}

static void put_members(void)
{
	unsigned int i;

	put_member("t", 11, GRPDEDUP_STATE_MEMBER, "there is no room for the copies");
	put_member("t", 12, GRPDEDUP_STATE_JOINING, NULL);
	put_member("t", 13, GRPDEDUP_STATE_LEAVING, NULL);
	put_member("t", 14, GRPDEDUP_STATE_FAILED, "there is no memory for it");
	for (i = 0; i < nr_tasks; i++)
		if (tasks[i].pid)
			put_newcomer(&tasks[i]);
}

static void answer_dump(uint8_t cmd)
{
	struct datagram *d;
	int err = 0;

	if (cmd == GRPDEDUP_CMD_GROUP_GET) {
		put_group("t", NLM_F_MULTI);
		put_group(LONG_NAME, NLM_F_MULTI);
		put_group("full", NLM_F_MULTI);
	} else {
		put_members();
	}
	d = new_datagram();
	put_bytes(d, put_header(d, NLMSG_DONE, NLM_F_MULTI), &err, sizeof(err));
}

/* The next pass, which never ends */
static void accept_pass(void)
{
	struct datagram *d = new_datagram();

	put_u64(d, put_reply(d, FAMILY, GRPDEDUP_CMD_SCAN, 0), GRPDEDUP_A_PASS, 4);
	ack();
}

static void answer_one(uint8_t cmd)
{
	switch (cmd) {
	case GRPDEDUP_CMD_MEMBER_ADD:
	case GRPDEDUP_CMD_MEMBER_DEL:
	case GRPDEDUP_CMD_GROUP_DEL:
		accept_task(cmd);
		break;
	case GRPDEDUP_CMD_REQUEST:
		ask_task();
		break;
	case GRPDEDUP_CMD_GROUP_GET:
		put_group(name_of_request(), 0);
		ack();
		break;
	case GRPDEDUP_CMD_SCAN:
		accept_pass();
		break;
	default:
		ack();
	}
}

static void answer_module(void)
{
	uint8_t cmd = ((struct genlmsghdr *)NLMSG_DATA(request_header()))->cmd;
	const char *sentence = getenv("STANDIN_REFUSE");

	if (genlmsg_parse(request_header(), 0, tb, GRPDEDUP_A_MAX, NULL) < 0)
		refuse(-EINVAL, "malformed");
	else if (sentence)
		refuse(-EPERM, sentence);
	else if (!strcmp(name_of_request(), "nobody"))
		refuse(-ENOENT, "there is no group of that name");
	else if (request_header()->nlmsg_flags & NLM_F_DUMP)
		answer_dump(cmd);
	else
		answer_one(cmd);
}

static void put_event(int cmd, int attr, uint32_t value, const struct task *task)
{
	struct datagram *d = new_event();
	struct nlmsghdr *nlh = put_reply(d, FAMILY, cmd, 0);

	if (task)
		put_result(d, nlh, task);
	else
		put_str(d, nlh, GRPDEDUP_A_GROUP_NAME, "t");
	if (attr)
		put_u32(d, nlh, attr, value);
}

static void talk(void)
{
	tasks[16] = (struct task){ .group = "t", .pid = 41 };
	tasks[17] = (struct task){ .group = "full", .pid = 42, .fails = true };
	tasks[18] = (struct task){ .group = "t" };
	put_event(GRPDEDUP_CMD_PAUSE, GRPDEDUP_A_PAUSED, GRPDEDUP_PAUSED_REQUEST, NULL);
	put_event(GRPDEDUP_CMD_PAUSE, GRPDEDUP_A_PAUSED, GRPDEDUP_PAUSED_FAULT, NULL);
	put_event(GRPDEDUP_CMD_RESUME, GRPDEDUP_A_PAUSED, GRPDEDUP_PAUSED_NOT, NULL);
	put_event(GRPDEDUP_CMD_REQUEST, 0, 0, &tasks[16]);
	put_event(GRPDEDUP_CMD_REQUEST, 0, 0, &tasks[17]);
	put_event(GRPDEDUP_CMD_REQUEST, 0, 0, &tasks[18]);
	put_event(GRPDEDUP_CMD_RECLAIM, 0, 0, NULL);
	put_event(GRPDEDUP_CMD_GROUP_DEL, 0, 0, NULL);
	put_event(GRPDEDUP_CMD_MAX + 1, 0, 0, NULL);
}

/* The last one first; there may be more than fit in the queue. */
static void end_tasks(void)
{
	unsigned int i;

	if (event_in == event_out)
		event_in = event_out = 0;
	for (i = nr_tasks; i && event_in < 60; i--) {
		if (tasks[i - 1].told || now() < tasks[i - 1].end)
			continue;
		tasks[i - 1].told = true;
		put_event(GRPDEDUP_CMD_REQUEST, 0, 0, &tasks[i - 1]);
	}
}

static bool is_netlink(int fd)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);

	return !getsockname(fd, (struct sockaddr *)&address, &len) &&
	       address.ss_family == AF_NETLINK;
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	const char *version = getenv("STANDIN_VERSION");

	if (!is_netlink(fd))
		return syscall(SYS_sendto, fd, buf, len, flags, NULL, 0);
	queue_in = queue_out = 0;
	family_version = version ? (uint32_t)atoi(version) : GRPDEDUP_GENL_VERSION;
	answer = ((const struct nlmsghdr *)buf)->nlmsg_type == FAMILY ? answer_module :
									  answer_family;
	return fake_send(fd, buf, len, flags);
}

ssize_t recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *from,
		 socklen_t *from_len)
{
	if (!is_netlink(fd))
		return syscall(SYS_recvfrom, fd, buf, len, flags, from, from_len);
	return fake_recvfrom(fd, buf, len, flags, from, from_len);
}

FILE *fopen(const char *path, const char *mode)
{
	FILE *(*real)(const char *, const char *) =
		(FILE *(*)(const char *, const char *))dlsym(RTLD_NEXT, "fopen");
	char other[4096] = "";

	if (is_on("STANDIN_PROC") && !strncmp(path, "/proc/", 6))
		snprintf(other, sizeof(other), "%s/%s", getenv("STANDIN_PROC"), path + 6);
	return real(other[0] && !access(other, R_OK) ? other : path, mode);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (level != SOL_NETLINK || name != NETLINK_ADD_MEMBERSHIP)
		return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
	if (is_on("STANDIN_DEAF")) {
		errno = EPERM;
		return -1;
	}
	if (events_fd != fd && is_on("STANDIN_TALK"))
		talk();
	events_fd = fd;
	return 0;
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	double end = timeout ? now() + timeout->tv_sec + timeout->tv_nsec / 1e9 : 1e300;

	do {
		struct timespec slice = { .tv_nsec = SLICE_NS };

		if (!is_on("STANDIN_TALK"))
			end_tasks();
		if (count && fds->fd >= 0 && fds->fd == events_fd && event_in != event_out)
			return 1;
		/* It has had all events. */
		if (is_on("STANDIN_TALK"))
			raise(SIGTERM);
		if (syscall(SYS_ppoll, NULL, 0, &slice, mask, 8) < 0)
			return -1;
	} while (now() < end);
	return 0;
}
