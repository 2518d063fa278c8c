/*
 * The only process of a guest in the paper's experiment (tests/bench/paper): it reads blocks of a
 * disk in random order through the page cache, as fast as its pace allows.
 *
 * Kernel command line: guest=NAME, role=fio (reads only) or role=mr (counts the words of each
 * block into a table, as a map task does), pace=N blocks a second at most.
 * Output, on the console, once a second: "paper NAME blocks N total T free F", blocks since boot,
 * memory in MiB. Input, on the second serial line: "drop" drops the page cache, "fill" fills it by
 * reading the disk once from end to end; both rest until "go", as it does at first.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define BLOCK		65536
/* Of each block; all of it would make this an experiment about two emulated CPUs. */
#define COUNTED		8192
#define FILL		(1 << 20)
/* Of the word counts: written to all the time, as a heap is. */
#define TABLE		(1u << 20)

static char name[32] = "0";
static int counts_words;
static double pace = 100;
static uint32_t *table;
static int resting = 1;

static void die(const char *what)
{
	printf("paper %s FAILED: %s: %s\n", name, what, strerror(errno));
	for (;;)
		pause();
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static uint64_t next_random(void)
{
	static uint64_t state;

	if (!state)
		for (const char *p = name; *p; p++)
			state = state * 31 + (unsigned char)*p;
	state += 0x9E3779B97F4A7C15ull;
	uint64_t x = state;
	x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9ull;
	x = (x ^ x >> 27) * 0x94D049BB133111EBull;
	return x ^ x >> 31;
}

static void load_modules(void)
{
	char path[64];

	for (int i = 10; i < 100; i++) {
		int fd;

		snprintf(path, sizeof(path), "/modules/%d.ko", i);
		fd = open(path, O_RDONLY);
		if (fd < 0)
			return;
		if (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST)
			printf("paper: cannot load %s: %s\n", path, strerror(errno));
		close(fd);
	}
}

static void read_command_line(void)
{
	static char line[4096];
	int fd = open("/proc/cmdline", O_RDONLY);
	ssize_t length = read(fd, line, sizeof(line) - 1);

	close(fd);
	line[length > 0 ? length : 0] = 0;
	for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n")) {
		if (!strncmp(word, "guest=", 6))
			snprintf(name, sizeof(name), "%s", word + 6);
		else if (!strcmp(word, "role=mr"))
			counts_words = 1;
		else if (!strncmp(word, "pace=", 5))
			pace = strtod(word + 5, NULL);
	}
}

static int open_commands(void)
{
	struct termios raw;
	int fd = open("/dev/ttyS1", O_RDONLY | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0 && !tcgetattr(fd, &raw)) {
		cfmakeraw(&raw);
		tcsetattr(fd, TCSANOW, &raw);
	}
	return fd;
}

static void drop(void)
{
	int caches = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (write(caches, "3", 1) == 1)
		printf("paper %s dropped\n", name);
	close(caches);
}

/* Few large requests: each costs exits of the virtual machine. */
static void fill(int disk)
{
	static char piece[FILL];

	for (off_t at = 0; pread(disk, piece, FILL, at) > 0; at += FILL)
		;
	printf("paper %s filled\n", name);
}

static void obey(int fd, int disk)
{
	char word[64];
	ssize_t length = read(fd, word, sizeof(word) - 1);

	if (length <= 0)
		return;
	word[length] = 0;
	resting = !strstr(word, "go");
	if (strstr(word, "drop"))
		drop();
	if (strstr(word, "fill"))
		fill(disk);
}

static void count(const unsigned char *block)
{
	uint32_t hash = 0;

	for (unsigned int i = 0; i < COUNTED; i++) {
		if (block[i] > ' ') {
			hash = hash * 31 + block[i];
		} else if (hash) {
			table[hash % TABLE]++;
			hash = 0;
		}
	}
}

static void report(unsigned long blocks)
{
	struct sysinfo info;

	sysinfo(&info);
	printf("paper %s blocks %lu total %lu free %lu\n", name, blocks,
	       info.totalram >> 20, info.freeram >> 20);
}

/* One block, no sooner than the pace allows; who is late does not catch up. */
static void one_block(int disk, uint64_t blocks, double *next)
{
	static unsigned char block[BLOCK] __attribute__((aligned(4096)));
	double wait = *next - now();

	if (wait > 0)
		usleep(wait * 1e6);
	else if (wait < -0.1)
		*next = now();
	*next += 1 / pace;
	if (pread(disk, block, BLOCK, (off_t)(next_random() % blocks) * BLOCK) != BLOCK)
		die("cannot read the disk");
	if (counts_words)
		count(block);
}

int main(void)
{
	double next = now(), said = 0;
	int disk, commands;
	uint64_t blocks;

	setvbuf(stdout, NULL, _IOLBF, 0);
	mkdir("/proc", 0755);
	if (mount("proc", "/proc", "proc", 0, NULL) || mount("dev", "/dev", "devtmpfs", 0, NULL))
		die("cannot mount");
	read_command_line();
	load_modules();
	commands = open_commands();
	disk = open("/dev/vda", O_RDONLY);
	if (disk < 0)
		die("no /dev/vda");
	posix_fadvise(disk, 0, 0, POSIX_FADV_RANDOM);
	blocks = lseek(disk, 0, SEEK_END) / BLOCK;
	table = calloc(TABLE, sizeof(*table));
	if (!table || !blocks)
		die("no memory, or an empty disk");
	for (unsigned long done = 0; ;) {
		if (now() - said >= 1) {
			said = now();
			report(done);
			obey(commands, disk);
		}
		if (resting) {
			usleep(200000);
			continue;
		}
		one_block(disk, blocks, &next);
		done++;
	}
}
