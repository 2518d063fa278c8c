/*
 * Print the rate of this machine's time stamp counter in kHz; nothing where there is none.
 *
 * QEMU's TCG hands the host's counter to the VM, whose kernel finds its rate by watching an emulated
 * timer. On a busy host the result can be wrong by a factor of 30, and the VM sees
 * false stalls, lockups and timeouts. So measure it here and pass it to the kernel.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#ifdef __x86_64__
#include <x86intrin.h>

struct sample {
	uint64_t ticks;
	double ns;
};

/* Of several tries, the one with the least time between the two readings of the counter. */
static struct sample sample(void)
{
	struct sample best = { 0 };
	uint64_t shortest = UINT64_MAX;

	for (int i = 0; i < 20; i++) {
		struct timespec t;
		uint64_t before = __rdtsc(), after;

		clock_gettime(CLOCK_MONOTONIC_RAW, &t);
		after = __rdtsc();
		if (after - before >= shortest)
			continue;
		shortest = after - before;
		best.ticks = before + shortest / 2;
		best.ns = t.tv_sec * 1e9 + t.tv_nsec;
	}
	return best;
}

int main(void)
{
	struct sample a = sample(), b;

	usleep(50000);
	b = sample();
	printf("%.0f\n", (b.ticks - a.ticks) * 1e6 / (b.ns - a.ns));
	return 0;
}
#else
int main(void)
{
	return 0;
}
#endif
