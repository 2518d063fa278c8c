// SPDX-License-Identifier: GPL-2.0
/*
 * gd-rawnl: send the module a request byte for byte, also a malformed one.
 *
 * usage: gd-rawnl [--dump] [--overlong] [--unread] [--repeat N] COMMAND [ATTR=TYPE:VALUE]...
 *
 *   COMMAND	group-add, group-set, ..., or a number
 *   ATTR	name, rate, pid, ..., or a number
 *   TYPE	s: string; n: string without its NUL; u8: u16: u32: u64: number;
 *		raw: hex bytes; flag: nothing; pidfd: a pidfd of this PID
 *   --overlong	the last attribute claims to be longer than the message
 *   --unread	no answer is read: soon the kernel cannot send any more
 *   --repeat	N requests; "%d" in a string becomes 0..N-1
 *
 * Prints "ok REPLIES" or "refused ERRNO SENTENCE". Exit status: 0 accepted,
 * 2 refused, 3 no such family.
 */
#include <linux/genetlink.h>
#include <linux/grpdedup.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "gd.h"

static const char * const commands[] = {
	[GRPDEDUP_CMD_GROUP_ADD] = "group-add", [GRPDEDUP_CMD_GROUP_SET] = "group-set",
	[GRPDEDUP_CMD_GROUP_DEL] = "group-del", [GRPDEDUP_CMD_GROUP_GET] = "group-get",
	[GRPDEDUP_CMD_MEMBER_ADD] = "member-add", [GRPDEDUP_CMD_MEMBER_DEL] = "member-del",
	[GRPDEDUP_CMD_MEMBER_GET] = "member-get", [GRPDEDUP_CMD_SCAN] = "scan",
	[GRPDEDUP_CMD_RECLAIM] = "reclaim", [GRPDEDUP_CMD_REQUEST] = "request",
	[GRPDEDUP_CMD_PAUSE] = "pause", [GRPDEDUP_CMD_RESUME] = "resume",
};

static const char * const attrs[] = {
	[GRPDEDUP_A_GROUP_NAME] = "name", [GRPDEDUP_A_GROUP_ID] = "id", [GRPDEDUP_A_RATE] = "rate",
	[GRPDEDUP_A_SPLIT_MIN] = "split-min", [GRPDEDUP_A_FRAMES_MAX] = "frames-max",
	[GRPDEDUP_A_PID] = "pid", [GRPDEDUP_A_PIDFD] = "pidfd", [GRPDEDUP_A_UNSHARE] = "unshare",
	[GRPDEDUP_A_KEEP] = "keep", [GRPDEDUP_A_MOVE] = "move", [GRPDEDUP_A_REQUEST] = "request",
	[GRPDEDUP_A_FORCE] = "force",
};

static char message[4096], reply[65536];
static struct nlmsghdr *head = (void *)message;
static int sock, seq;

/* The number of @word in @table, or @word as a number. */
static int number(const char * const *table, size_t n, const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (table[i] && strlen(table[i]) == len && !strncmp(table[i], word, len))
			return i;
	if (word[0] < '0' || word[0] > '9')
		gd_die("gd-rawnl: what is '%s'?", word);
	return atoi(word);
}

static struct nlattr *put(int type, const void *data, size_t len)
{
	struct nlattr *attr = (void *)(message + NLMSG_ALIGN(head->nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memcpy((char *)attr + NLA_HDRLEN, data, len);
	head->nlmsg_len = NLMSG_ALIGN(head->nlmsg_len) + NLA_ALIGN(attr->nla_len);
	return attr;
}

/* ATTR=TYPE:VALUE */
static struct nlattr *put_word(const char *word, int turn)
{
	size_t name_len = strcspn(word, "=");
	const char *kind = word + name_len + (word[name_len] == '=');
	size_t kind_len = strcspn(kind, ":");
	const char *value = kind + kind_len + (kind[kind_len] == ':');
	int type = number(attrs, sizeof(attrs) / sizeof(*attrs), word, name_len);
	uint64_t n = strtoull(value, NULL, 0);
	char text[1024];
	size_t i;

	/* little endian: the low bytes of n are the shorter number */
	if (!strncmp(kind, "u8", kind_len))
		return put(type, &n, 1);
	if (!strncmp(kind, "u16", kind_len))
		return put(type, &n, 2);
	if (!strncmp(kind, "u32", kind_len))
		return put(type, &n, 4);
	if (!strncmp(kind, "u64", kind_len))
		return put(type, &n, 8);
	if (!strncmp(kind, "flag", kind_len))
		return put(type, &n, 0);
	if (!strncmp(kind, "pidfd", kind_len)) {
		n = syscall(SYS_pidfd_open, (pid_t)n, 0);
		if ((int)n < 0)
			gd_die("gd-rawnl: pidfd_open of %s", value);
		return put(type, &n, 4);
	}
	if (!strncmp(kind, "raw", kind_len)) {
		for (i = 0; i < strlen(value) / 2; i++)
			sscanf(value + 2 * i, "%2hhx", &text[i]);
		return put(type, text, i);
	}
	if (!strncmp(kind, "s", kind_len) || !strncmp(kind, "n", kind_len)) {
		const char *mark = strstr(value, "%d");

		if (mark)
			snprintf(text, sizeof(text), "%.*s%d%s", (int)(mark - value), value, turn, mark + 2);
		else
			snprintf(text, sizeof(text), "%s", value);
		return put(type, text, strlen(text) + (kind[0] == 's'));
	}
	gd_die("gd-rawnl: what is '%s'?", word);
}

static void begin(int family, int flags, int command, int version)
{
	memset(message, 0, sizeof(message));
	head->nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	head->nlmsg_type = family;
	head->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	head->nlmsg_seq = ++seq;
	*(struct genlmsghdr *)NLMSG_DATA(head) = (struct genlmsghdr){ command, version, 0 };
}

/* The kernel's sentence; it follows the header of the request (NETLINK_CAP_ACK). */
static const char *sentence(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr = (void *)((char *)NLMSG_DATA(nlh) + sizeof(struct nlmsgerr));
	const char *end = (const char *)nlh + nlh->nlmsg_len;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return "";
	while ((const char *)attr + NLA_HDRLEN <= end && attr->nla_len >= NLA_HDRLEN) {
		if ((attr->nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG)
			return (const char *)attr + NLA_HDRLEN;
		attr = (void *)((char *)attr + NLA_ALIGN(attr->nla_len));
	}
	return "";
}

/*
 * Send and read on to the acknowledgement or the end of the dump. Returns the
 * number of replies, or -errno with the sentence in @why; @id gets the family
 * number if a reply holds one.
 */
static int transact(const char **why, uint16_t *id)
{
	struct nlmsghdr *nlh;
	int n, replies = 0;

	*why = "";
	if (send(sock, message, head->nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		n = recv(sock, reply, sizeof(reply), 0);
		if (n < 0)
			gd_die("gd-rawnl: no answer");
		for (nlh = (void *)reply; NLMSG_OK(nlh, n); nlh = NLMSG_NEXT(nlh, n)) {
			if (nlh->nlmsg_seq != head->nlmsg_seq)
				continue;
			if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
				int err = *(int *)NLMSG_DATA(nlh);

				if (nlh->nlmsg_type == NLMSG_ERROR)
					*why = sentence(nlh);
				return err < 0 ? err : replies;
			}
			replies++;
			for (struct nlattr *a = (void *)((char *)NLMSG_DATA(nlh) + GENL_HDRLEN);
			     id && (char *)a < (char *)nlh + nlh->nlmsg_len;
			     a = (void *)((char *)a + NLA_ALIGN(a->nla_len)))
				if (a->nla_type == CTRL_ATTR_FAMILY_ID)
					*id = *(uint16_t *)((char *)a + NLA_HDRLEN);
		}
	}
}

static int find_family(void)
{
	uint16_t id = 0;
	const char *why;

	begin(GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY, 2);
	put(CTRL_ATTR_FAMILY_NAME, GRPDEDUP_GENL_NAME, sizeof(GRPDEDUP_GENL_NAME));
	if (transact(&why, &id) < 0 || !id) {
		fprintf(stderr, "gd-rawnl: no family %s here\n", GRPDEDUP_GENL_NAME);
		exit(3);
	}
	return id;
}

int main(int argc, char **argv)
{
	int i, arg, n = 0, flags = 0, repeat = 1, one = 1, family, command;
	struct timeval patience = { .tv_sec = 60 };
	struct nlattr *last = NULL;
	bool overlong = false, unread = false;
	const char *why;

	for (arg = 1; arg < argc && !strncmp(argv[arg], "--", 2); arg++) {
		if (!strcmp(argv[arg], "--dump"))
			flags = NLM_F_DUMP;
		else if (!strcmp(argv[arg], "--overlong"))
			overlong = true;
		else if (!strcmp(argv[arg], "--unread"))
			unread = true;
		else if (!strcmp(argv[arg], "--repeat") && arg + 1 < argc)
			repeat = atoi(argv[++arg]);
		else
			gd_die("gd-rawnl: what is '%s'?", argv[arg]);
	}
	if (arg == argc)
		gd_die("usage: gd-rawnl [--dump] [--overlong] [--unread] [--repeat N] COMMAND [ATTR=TYPE:VALUE]...");
	sock = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(sock, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(sock, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(sock, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	family = find_family();
	command = number(commands, sizeof(commands) / sizeof(*commands), argv[arg], strlen(argv[arg]));
	for (i = 0; i < repeat; i++) {
		begin(family, flags, command, GRPDEDUP_GENL_VERSION);
		for (int k = arg + 1; k < argc; k++)
			last = put_word(argv[k], i);
		if (overlong && last)
			last->nla_len += 64;
		n = 0;
		why = "";
		if (!unread)
			n = transact(&why, NULL);
		else if (send(sock, message, head->nlmsg_len, 0) < 0)
			n = -errno;
		if (n < 0) {
			printf("refused %s %s\n", strerrorname_np(-n), why);
			return 2;
		}
	}
	printf("ok %d\n", n);
	return 0;
}
