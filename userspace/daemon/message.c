// SPDX-License-Identifier: GPL-2.0
/* Parse the bytes of a QMP monitor into messages. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "message.h"

#define DEPTH_MAX	32

/**
 * struct message_stream - a parser
 * @size: bytes of the current message so far
 * @error: error of the stream, 0 = none
 */
struct message_stream {
	struct json_tokener *tokener;
	message_fn fn;
	void *arg;
	size_t size;
	int error;
};

struct message_stream *message_stream_create(message_fn fn, void *arg)
{
	struct message_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	stream->fn = fn;
	stream->arg = arg;
	stream->tokener = json_tokener_new_ex(DEPTH_MAX);
	if (!stream->tokener) {
		free(stream);
		return NULL;
	}
	return stream;
}

void message_stream_destroy(struct message_stream *stream)
{
	if (!stream)
		return;
	json_tokener_free(stream->tokener);
	free(stream);
}

/* Only printable ASCII, as it is shown in logs, terminals and status lines. */
static void copy_text(char *to, size_t size, struct json_object *from)
{
	const char *text = json_object_is_type(from, json_type_string) ?
			   json_object_get_string(from) : "";
	size_t i;

	for (i = 0; text[i] && i < size - 1; i++)
		to[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	to[i] = '\0';
}

static struct json_object *member(struct json_object *of, const char *key)
{
	struct json_object *value;

	if (!json_object_is_type(of, json_type_object) ||
	    !json_object_object_get_ex(of, key, &value))
		return NULL;
	return value;
}

/* False if @value is not an integer of at least 0. */
static bool number(struct json_object *value, uint64_t *result)
{
	if (!json_object_is_type(value, json_type_int))
		return false;
	/* json-c clamps: a negative number would be read as 0. */
	if (json_object_get_int64(value) < 0)
		return false;
	*result = json_object_get_uint64(value);
	return true;
}

static void understand(struct message_stream *stream, struct json_object *json)
{
	struct message message = { .kind = MESSAGE_OTHER };
	struct json_object *event = member(json, "event");
	struct json_object *error = member(json, "error");
	struct json_object *value;

	message.has_id = number(member(json, "id"), &message.id);
	if (member(json, "QMP")) {
		message.kind = MESSAGE_GREETING;
	} else if (event) {
		message.kind = MESSAGE_EVENT;
		copy_text(message.class, sizeof(message.class), event);
		message.value = member(json, "data");
	} else if (error) {
		message.kind = MESSAGE_ERROR;
		copy_text(message.class, sizeof(message.class), member(error, "class"));
		copy_text(message.text, sizeof(message.text), member(error, "desc"));
	} else if (json_object_is_type(json, json_type_object) &&
		   json_object_object_get_ex(json, "return", &value)) {
		message.kind = MESSAGE_RETURN;
		message.value = value;
	}
	stream->fn(stream->arg, &message);
}

/* Parse some of the bytes; returns how many, or -errno. */
static ssize_t parse_some(struct message_stream *stream, const char *bytes, size_t count)
{
	struct json_object *json;
	enum json_tokener_error error;
	size_t eaten;

	/* Skip white space between messages. */
	if (!stream->size && strchr(" \t\r\n", *bytes) && *bytes)
		return 1;
	json = json_tokener_parse_ex(stream->tokener, bytes, (int)count);
	error = json_tokener_get_error(stream->tokener);
	if (error == json_tokener_continue) {
		stream->size += count;
		return stream->size > MESSAGE_SIZE_MAX ? -EMSGSIZE : (ssize_t)count;
	}
	/* A bare "null" is valid JSON, but is parsed to NULL. */
	if (error != json_tokener_success || !json)
		return -EBADMSG;
	eaten = json_tokener_get_parse_end(stream->tokener);
	stream->size = 0;
	json_tokener_reset(stream->tokener);
	understand(stream, json);
	json_object_put(json);
	return (ssize_t)eaten;
}

int message_stream_feed(struct message_stream *stream, const char *bytes, size_t count)
{
	while (count && !stream->error) {
		/*
		 * json-c takes an int; small pieces enforce the maximum size.
		 */
		size_t piece = count < 4096 ? count : 4096;
		ssize_t eaten = parse_some(stream, bytes, piece);

		if (eaten < 0) {
			stream->error = (int)eaten;
		} else {
			bytes += eaten;
			count -= (size_t)eaten;
		}
	}
	return stream->error;
}

bool message_actual(const struct message *message, uint64_t *actual)
{
	return number(member(message->value, "actual"), actual);
}

bool message_memory(const struct message *message, uint64_t *size)
{
	return number(member(message->value, "base-memory"), size);
}

static bool size_of_dimms(struct json_object *devices, uint64_t *size)
{
	size_t i, count = json_object_array_length(devices);
	uint64_t sum = 0, dimm;

	for (i = 0; i < count; i++) {
		struct json_object *device = json_object_array_get_idx(devices, i);
		struct json_object *type = member(device, "type");

		if (!json_object_is_type(type, json_type_string) ||
		    strcmp(json_object_get_string(type), "dimm"))
			continue;
		if (!number(member(member(device, "data"), "size"), &dimm) ||
		    sum + dimm < sum)
			return false;
		sum += dimm;
	}
	*size = sum;
	return true;
}

bool message_plugged(const struct message *message, uint64_t *size)
{
	if (json_object_is_type(message->value, json_type_array))
		return size_of_dimms(message->value, size);
	return number(member(message->value, "plugged-memory"), size);
}

bool message_status(const struct message *message, char *status, size_t size)
{
	struct json_object *value = member(message->value, "status");

	if (!json_object_is_type(value, json_type_string))
		return false;
	copy_text(status, size, value);
	return true;
}

static uint64_t known(struct json_object *stats, const char *name)
{
	uint64_t value;

	return number(member(stats, name), &value) ? value : MESSAGE_UNKNOWN;
}

bool message_stats(const struct message *message, struct guest_stats *stats)
{
	struct json_object *from = member(message->value, "stats");
	uint64_t updated;

	if (!from || !number(member(message->value, "last-update"), &updated))
		return false;
	*stats = (struct guest_stats){
		.last_update = updated,
		.available = known(from, "stat-available-memory"),
		.free = known(from, "stat-free-memory"),
		.total = known(from, "stat-total-memory"),
		.disk_caches = known(from, "stat-disk-caches"),
		.swap_in = known(from, "stat-swap-in"),
		.swap_out = known(from, "stat-swap-out"),
		.major_faults = known(from, "stat-major-faults"),
	};
	return true;
}

bool message_balloon_path(const struct message *message, const char *parent,
			  char *path, size_t size)
{
	static const char type[] = "child<virtio-balloon";
	size_t i, count;

	if (!json_object_is_type(message->value, json_type_array))
		return false;
	count = json_object_array_length(message->value);
	for (i = 0; i < count; i++) {
		struct json_object *entry = json_object_array_get_idx(message->value, i);
		struct json_object *kind = member(entry, "type");
		struct json_object *name = member(entry, "name");

		if (!json_object_is_type(kind, json_type_string) ||
		    !json_object_is_type(name, json_type_string) ||
		    strncmp(json_object_get_string(kind), type, strlen(type)))
			continue;
		return snprintf(path, size, "%s/%s", parent,
				json_object_get_string(name)) < (int)size;
	}
	return false;
}
