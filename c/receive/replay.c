/* SPDX-License-Identifier: MIT */
/* The payloads of a capture, from memory: the real feed without a network. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "net/address.h"
#include "net/capture_file.h"
#include "receive/receive_ops.h"
#include "wire/frame.h"

/* Of the block of payloads: room for some millions of them. */
#define BLOCK_MAX   (UINT64_C(512) << 20)
#define BLOCK_FIRST (UINT64_C(1) << 20)

/* One payload in the block; the next one follows, aligned as this one. */
struct record {
	uint64_t stamp_ns;
	uint32_t len;
	uint8_t data[];
};

struct receive_replay {
	struct receive receive;
	const char *file;
	uint64_t loops;
	uint8_t *block;
	size_t size; /* had */
	size_t len;  /* filled */
	size_t at;   /* next record */
};

static const struct option_row replay_options[] = {
	{ .name = "file",
	  .metavar = "PATH",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct receive_replay, file),
	  .required = true,
	  .help = "a capture that holds the group's datagrams" },
	{ .name = "loops",
	  .metavar = "N",
	  .def = "1",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = UINT32_MAX,
	  .offset = offsetof(struct receive_replay, loops),
	  .help = "how often the capture is played" },
	OPTION_END,
};

static size_t record_size(size_t payload_len)
{
	size_t align = _Alignof(struct record);

	return (sizeof(struct record) + payload_len + align - 1) / align *
	       align;
}

static int payload_keep(struct receive_replay *replay, uint64_t stamp_ns,
			const struct frame *frame)
{
	size_t need = replay->len + record_size(frame->payload_len);
	struct record *record;

	if (need > BLOCK_MAX) {
		log_error("--receive replay: %s: its payloads fill more than "
			  "%llu MiB",
			  replay->file, (unsigned long long)BLOCK_MAX >> 20);
		return -EFBIG;
	}
	if (need > replay->size) {
		size_t size = replay->size ? replay->size * 2 : BLOCK_FIRST;
		uint8_t *block = realloc(replay->block, size);

		if (!block)
			return -ENOMEM;
		replay->block = block;
		replay->size = size;
	}
	record = (struct record *)(void *)(replay->block + replay->len);
	record->stamp_ns = stamp_ns;
	record->len = (uint32_t)frame->payload_len;
	memcpy(record->data, frame->payload, frame->payload_len);
	replay->len = need;
	return 0;
}

static int frame_take(struct receive_replay *replay,
		      const struct capture_frame *captured, uint64_t *damaged)
{
	const struct sockaddr_in *group = &replay->receive.config.group;
	struct frame frame;

	if (!frame_link_known(captured->link)) {
		log_error("--receive replay: %s: its link type is %u, which is "
			  "not known here",
			  replay->file, captured->link);
		return -EPROTONOSUPPORT;
	}
	switch (frame_decode((enum frame_link)captured->link, captured->bytes,
			     captured->captured_len, &frame)) {
	case FRAME_OK:
		break;
	case FRAME_OTHER:
		return 0;
	case FRAME_FRAGMENT:
	case FRAME_TRUNCATED:
	case FRAME_MALFORMED:
		++*damaged;
		return 0;
	}
	if (frame.protocol != FRAME_UDP ||
	    frame.destination != ntohl(group->sin_addr.s_addr) ||
	    frame.destination_port != ntohs(group->sin_port))
		return 0;
	return payload_keep(replay, captured->stamp_ns, &frame);
}

static int file_read(struct receive_replay *replay)
{
	struct capture_frame captured;
	struct capture_file *file;
	uint64_t damaged = 0;
	int err;

	err = capture_file_open(replay->file, &file);
	if (err)
		return err;
	while ((err = capture_file_next(file, &captured)) > 0) {
		err = frame_take(replay, &captured, &damaged);
		if (err)
			break;
	}
	capture_file_close(file);
	if (damaged)
		log_warning("--receive replay: %s: left out %llu frames that "
			    "are truncated, malformed or fragments",
			    replay->file, (unsigned long long)damaged);
	return err;
}

static int replay_open(struct receive *receive)
{
	struct receive_replay *replay =
		container_of(receive, struct receive_replay, receive);
	char group[ADDRESS_TEXT_MAX];
	int err;

	err = file_read(replay);
	if (!err && !replay->len) {
		log_error("--receive replay: %s: no datagram for %s in it",
			  replay->file,
			  address_format(&receive->config.group, group));
		err = -ENODATA;
	}
	if (err)
		free(replay->block);
	return err;
}

static int replay_poll(struct receive *receive, struct packet *packets,
		       unsigned int max)
{
	struct receive_replay *replay =
		container_of(receive, struct receive_replay, receive);
	unsigned int n = 0;

	if (replay->at == replay->len) {
		if (replay->loops <= 1)
			return -ESHUTDOWN;
		replay->loops--;
		replay->at = 0;
	}
	for (; n < max && replay->at < replay->len; n++) {
		const struct record *record =
			(const void *)(replay->block + replay->at);

		packets[n] = (struct packet){ .data = record->data,
					      .len = record->len,
					      .kernel_ns = record->stamp_ns };
		replay->at += record_size(record->len);
	}
	return (int)n;
}

static void replay_close(struct receive *receive)
{
	free(container_of(receive, struct receive_replay, receive)->block);
}

const struct receive_ops receive_replay_ops = {
	.entry.name = "replay",
	.entry.help = "no network: the group's datagrams out of a capture",
	.caps = RECEIVE_MEMORY,
	.entry.size = sizeof(struct receive_replay),
	.entry.options = replay_options,
	.open = replay_open,
	.poll = replay_poll,
	.close = replay_close,
};
