/*
 * The only process of a KVM test guest: it fills a tmpfs with files and keeps checking that they hold
 * what was written to them.
 *
 * Every page's content follows from (kind, owner, file, page, generation), so a check compares each
 * page with what it must be instead of keeping checksums. Common files are the same in all guests,
 * own files are not, zero files are zero; hot files are rewritten before every check and change kind
 * as they go, so that pages which have just been shared are written to.
 *
 * Kernel command line: guest=NAME, mib=SIZE of all files, balloon to load the balloon driver.
 * Output, on the console: "guest NAME up", then about every second "guest NAME check K ok total T
 * free F", the guest's memory in MiB, or "guest NAME check K FAILED: what".
 * Input, on the second serial line: "scramble" has it rewrite every file with content of its own,
 * which it reports as "guest NAME scrambled".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PAGE		4096
#define FILE_PAGES	64
#define HOT_EVERY	8	/* one file in so many is hot */

enum kind { COMMON, OWN, ZERO, NKINDS };

static char name[32] = "0";
static uint64_t owner;
static unsigned int nfiles;
static unsigned int *generation;
static int scrambled;

static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdull;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ull;
	return x ^ x >> 33;
}

/* Of sixteen files: seven common, seven own, two zero. A hot file moves through the kinds. */
static enum kind kind_of(unsigned int file)
{
	if (scrambled)
		return OWN;
	if (file % HOT_EVERY == 0)
		return (file / HOT_EVERY + generation[file]) % NKINDS;
	if (file % 16 == 15 || file % 16 == 7)
		return ZERO;
	return file % 2 ? COMMON : OWN;
}

static void fill_page(uint64_t *page, unsigned int file, unsigned int index)
{
	enum kind kind = kind_of(file);
	uint64_t x;

	if (kind == ZERO) {
		memset(page, 0, PAGE);
		return;
	}
	x = mix((uint64_t)generation[file] << 32 | file << 16 | (index + 1));
	if (kind == OWN)
		x = mix(x ^ owner);
	for (unsigned int i = 0; i < PAGE / sizeof(*page); i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		page[i] = x;
	}
}

static int open_file(unsigned int file, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/data/%u", file);
	fd = open(path, flags, 0600);
	if (fd < 0) {
		printf("guest %s FAILED: cannot open %s: %s\n", name, path, strerror(errno));
		exit(1);
	}
	return fd;
}

static void write_file(unsigned int file)
{
	static uint64_t page[PAGE / 8];
	int fd = open_file(file, O_WRONLY | O_CREAT);

	for (unsigned int i = 0; i < FILE_PAGES; i++) {
		fill_page(page, file, i);
		if (write(fd, page, PAGE) != PAGE) {
			printf("guest %s FAILED: cannot write file %u: %s\n", name, file, strerror(errno));
			exit(1);
		}
	}
	close(fd);
}

/* The first page that is not what it must be is described in what. */
static int check_file(unsigned int file, char *what, size_t size)
{
	static uint64_t want[PAGE / 8], got[PAGE / 8];
	int fd = open_file(file, O_RDONLY);
	int bad = 0;

	for (unsigned int i = 0; i < FILE_PAGES && !bad; i++) {
		fill_page(want, file, i);
		if (read(fd, got, PAGE) != PAGE) {
			snprintf(what, size, "cannot read file %u page %u: %s", file, i, strerror(errno));
			bad = 1;
			break;
		}
		for (unsigned int j = 0; j < PAGE / 8 && !bad; j++) {
			if (got[j] == want[j])
				continue;
			snprintf(what, size, "file %u page %u generation %u offset %u: %016llx instead of %016llx",
				 file, i, generation[file], j * 8,
				 (unsigned long long)got[j], (unsigned long long)want[j]);
			bad = 1;
		}
	}
	close(fd);
	return bad;
}

static void check(unsigned long count)
{
	char what[160];
	struct sysinfo info;
	int failures = 0;

	for (unsigned int file = 0; file < nfiles; file++) {
		if (!check_file(file, what, sizeof(what)))
			continue;
		if (!failures++)
			printf("guest %s check %lu FAILED: %s\n", name, count, what);
	}
	sysinfo(&info);
	if (!failures)
		printf("guest %s check %lu ok total %lu free %lu\n", name, count,
		       info.totalram >> 20, info.freeram >> 20);
	else
		printf("guest %s check %lu FAILED: %d of %u files in all\n", name, count, failures, nfiles);
}

static void rewrite_hot_files(void)
{
	for (unsigned int file = 0; file < nfiles; file += HOT_EVERY) {
		generation[file]++;
		write_file(file);
	}
}

static void load_modules(void)
{
	char path[64];
	int fd;

	for (int i = 10; i < 100; i++) {
		snprintf(path, sizeof(path), "/modules/%d.ko", i);
		fd = open(path, O_RDONLY);
		if (fd < 0)
			return;
		if (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST)
			printf("guest %s: cannot load %s: %s\n", name, path, strerror(errno));
		close(fd);
	}
}

static void read_command_line(void)
{
	static char line[4096];
	unsigned long mib = 32;
	int fd = open("/proc/cmdline", O_RDONLY);
	ssize_t length = read(fd, line, sizeof(line) - 1);

	close(fd);
	line[length > 0 ? length : 0] = 0;
	for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n")) {
		if (!strncmp(word, "guest=", 6))
			snprintf(name, sizeof(name), "%s", word + 6);
		else if (!strncmp(word, "mib=", 4))
			mib = strtoul(word + 4, NULL, 10);
		else if (!strcmp(word, "balloon"))
			load_modules();
	}
	for (const char *p = name; *p; p++)
		owner = mix(owner ^ (unsigned char)*p);
	nfiles = mib * (1024 * 1024 / PAGE) / FILE_PAGES;
}

static int open_commands(void)
{
	struct termios raw;
	int fd;

	mknod("/dev/ttyS1", S_IFCHR | 0600, makedev(4, 65));
	fd = open("/dev/ttyS1", O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0 && !tcgetattr(fd, &raw)) {
		cfmakeraw(&raw);
		tcsetattr(fd, TCSANOW, &raw);
	}
	return fd;
}

static void obey(int fd)
{
	char word[64];
	ssize_t length = read(fd, word, sizeof(word) - 1);

	if (length <= 0)
		return;
	word[length] = 0;
	if (!strstr(word, "scramble"))
		return;
	scrambled = 1;
	for (unsigned int file = 0; file < nfiles; file++) {
		generation[file]++;
		write_file(file);
	}
	printf("guest %s scrambled\n", name);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(void)
{
	int commands;

	setvbuf(stdout, NULL, _IOLBF, 0);
	mkdir("/proc", 0755);
	mkdir("/data", 0755);
	if (mount("proc", "/proc", "proc", 0, NULL) || mount("data", "/data", "tmpfs", 0, "size=90%")) {
		printf("guest FAILED: cannot mount: %s\n", strerror(errno));
		return 1;
	}
	read_command_line();
	commands = open_commands();
	printf("guest %s up\n", name);
	generation = calloc(nfiles ? nfiles : 1, sizeof(*generation));
	for (unsigned int file = 0; file < nfiles; file++)
		write_file(file);
	for (unsigned long count = 1; ; count++) {
		double start = now(), spent;

		check(count);
		rewrite_hot_files();
		obey(commands);
		spent = now() - start;
		if (spent < 1)
			usleep((1 - spent) * 1e6);
	}
}
