/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages of a QMP monitor. The owner of a guest may control its QEMU, so
 * nothing here trusts the input.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <json-c/json.h>

/*
 * Maximum size of a message. Parsed, it takes up to 300 times its size
 * ([{},{},...): 16 MiB and 40 ms at this size, which is enough for a list of
 * hundreds of devices.
 */
#define MESSAGE_SIZE_MAX	(64u << 10)
#define MESSAGE_TEXT_SIZE	160
#define MESSAGE_PATH_SIZE	256
#define MESSAGE_STATUS_SIZE	32

enum message_kind {
	MESSAGE_GREETING,
	MESSAGE_RETURN,
	MESSAGE_ERROR,
	MESSAGE_EVENT,
	MESSAGE_OTHER,
};

/**
 * struct message - one message; valid during the callback only
 * @has_id: @id is the id of the request
 * @class: class of an error, name of an event; escaped, and truncated to fit
 * @text: description of an error, likewise
 * @value: result of a command, data of an event; may be NULL
 */
struct message {
	enum message_kind kind;
	bool has_id;
	uint64_t id;
	char class[64];
	char text[MESSAGE_TEXT_SIZE];
	struct json_object *value;
};

typedef void (*message_fn)(void *arg, const struct message *message);

struct message_stream;

struct message_stream *message_stream_create(message_fn fn, void *arg);
void message_stream_destroy(struct message_stream *stream);
/*
 * Feed bytes in pieces of any size. 0, -EBADMSG if they are not JSON (or nested
 * too deep), -EMSGSIZE if a message is too long; the stream is then unusable.
 * @fn must not destroy the stream.
 */
int message_stream_feed(struct message_stream *stream, const char *bytes, size_t count);

/**
 * struct guest_stats - statistics of the guest's balloon driver, in bytes
 * @last_update: seconds since 1970; 0: the driver has never answered
 *
 * A value that the driver does not report is MESSAGE_UNKNOWN.
 */
#define MESSAGE_UNKNOWN	UINT64_MAX
struct guest_stats {
	uint64_t last_update;
	uint64_t available;
	uint64_t free;
	uint64_t total;
	uint64_t disk_caches;
	uint64_t swap_in;
	uint64_t swap_out;
	uint64_t major_faults;
};

/* Getters for replies; false if the value does not have the expected form. */
/* query-balloon, BALLOON_CHANGE */
bool message_actual(const struct message *message, uint64_t *actual);
/* query-memory-size-summary: what the guest was started with */
bool message_memory(const struct message *message, uint64_t *size);
/*
 * query-memory-devices: the size of all DIMMs, which is what QEMU's balloon
 * counts as plugged in; or, of query-memory-size-summary, all that is plugged
 * in
 */
bool message_plugged(const struct message *message, uint64_t *size);
/* query-status: "running" or another word */
bool message_status(const struct message *message, char *status, size_t size);
/* qom-get guest-stats */
bool message_stats(const struct message *message, struct guest_stats *stats);
/* qom-list of @parent: the path of the first virtio balloon in it. */
bool message_balloon_path(const struct message *message, const char *parent,
			  char *path, size_t size);

#endif /* MESSAGE_H */
