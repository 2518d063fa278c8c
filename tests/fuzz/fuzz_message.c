// SPDX-License-Identifier: GPL-2.0
/* What a QEMU might say: the first byte chooses the size of the pieces it comes in. */
#include <stdlib.h>
#include <string.h>
#include "../../userspace/daemon/message.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
	size_t i;

	if (strnlen(text, size) == size)
		abort();
	for (i = 0; text[i]; i++)
		if (text[i] < ' ' || text[i] > '~')
			abort();
}

static void take(void *arg, const struct message *message)
{
	char path[MESSAGE_PATH_SIZE];
	struct guest_stats stats;
	uint64_t value;

	(void)arg;
	check_text(message->class, sizeof(message->class));
	check_text(message->text, sizeof(message->text));
	message_actual(message, &value);
	message_memory(message, &value);
	message_stats(message, &stats);
	if (message_balloon_path(message, "/machine/peripheral", path, sizeof(path)) &&
	    strnlen(path, sizeof(path)) == sizeof(path))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message_stream *stream = message_stream_create(take, NULL);
	size_t piece = size ? 1 + data[0] : 1, at = 1;
	int err = 0;

	for (; at < size; at += piece) {
		int now = message_stream_feed(stream, (const char *)data + at,
					      piece < size - at ? piece : size - at);

		/* Once dead, dead for ever. */
		if (err && now != err)
			abort();
		err = now;
	}
	message_stream_destroy(stream);
	return 0;
}
