/* SPDX-License-Identifier: MIT */
#include "wire/pcapng_reader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "wire/pcapng.h"

enum block_type {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET_OLD = 2,
	BLOCK_PACKET_SIMPLE = 3,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6,
};

enum code {
	CODE_END = 0,
	CODE_COMMENT = 1,
	CODE_INTERFACE_DESCRIPTION = 3,
	CODE_INTERFACE_RESOLUTION = 9,
	CODE_INTERFACE_OFFSET = 14,
	CODE_PACKET_DROPPED = 4,
	CODE_STATISTICS_DROPPED = 5,
	CODE_STATISTICS_DROPPED_BY_SYSTEM = 7,
};

enum {
	BLOCK_LEAST = 12,
	SECTION_LEAST = 28,
	BODY = 8,
	INTERFACE_BODY = 8,
	PACKET_BODY = 20,
	STATISTICS_BODY = 12,
	MICROSECONDS = 6,
};

#define BYTE_ORDER_MAGIC UINT32_C(0x1a2b3c4d)

__extension__ typedef unsigned __int128 wide;

/* What is left of a block's options. */
struct options {
	const uint8_t *at;
	size_t len;
};

struct option {
	uint16_t code;
	uint16_t len;
	const uint8_t *value;
};

static uint16_t get16(const struct pcapng_reader *reader, const uint8_t *bytes)
{
	uint16_t value;

	memcpy(&value, bytes, sizeof(value));
	return reader->swapped ? __builtin_bswap16(value) : value;
}

static uint32_t get32(const struct pcapng_reader *reader, const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return reader->swapped ? __builtin_bswap32(value) : value;
}

static uint64_t get64(const struct pcapng_reader *reader, const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return reader->swapped ? __builtin_bswap64(value) : value;
}

static int bad(struct pcapng_reader *reader, const char *why)
{
	reader->why = why;
	return -EBADMSG;
}

int64_t pcapng_reader_block_len(
	struct pcapng_reader *reader,
	const uint8_t head[static PCAPNG_READER_HEAD_LEN])
{
	uint32_t type, magic, len;

	memcpy(&type, head, sizeof(type));
	if (type == BLOCK_SECTION) {
		memcpy(&magic, head + 8, sizeof(magic));
		if (magic != BYTE_ORDER_MAGIC &&
		    magic != __builtin_bswap32(BYTE_ORDER_MAGIC))
			return bad(reader, "a section of no byte order");
		/* Number fields of the section before were read already. */
		reader->dropped = pcapng_reader_dropped(reader);
		reader->before += reader->interface_count;
		reader->interface_count = 0;
		reader->swapped = magic != BYTE_ORDER_MAGIC;
		reader->section = true;
	}
	if (!reader->section)
		return bad(reader, "no section begins it");
	len = get32(reader, head + 4);
	if (len < BLOCK_LEAST || len % 4 != 0)
		return bad(reader, "a block of impossible length");
	return len;
}

/* The next option; false behind the last. What is cut or too long ends them
 * as well. */
static bool option_next(const struct pcapng_reader *reader,
			struct options *options, struct option *option)
{
	size_t padded;

	if (options->len < 4)
		return false;
	option->code = get16(reader, options->at);
	option->len = get16(reader, options->at + 2);
	option->value = options->at + 4;
	padded = ((size_t)option->len + 3) & ~(size_t)3;
	if (option->code == CODE_END || padded > options->len - 4)
		return false;
	options->at += 4 + padded;
	options->len -= 4 + padded;
	return true;
}

/* By its description. Who captured elsewhere says nothing of it. */
static uint32_t clock_of(const struct pcapng_reader *reader,
			 const struct option *description)
{
	for (uint32_t i = PCAPNG_CLOCK_KERNEL; i < PCAPNG_CLOCKS; i++) {
		size_t len = strlen(pcapng_clock_texts[i]);

		if (description->len < len ||
		    memcmp(description->value, pcapng_clock_texts[i], len) != 0)
			continue;
		return i == PCAPNG_CLOCK_NIC
			       ? i + reader->before + reader->interface_count -
					 1
			       : i;
	}
	return PCAPNG_CLOCK_UNTOLD;
}

static int read_interface(struct pcapng_reader *reader, const uint8_t *body,
			  size_t len)
{
	struct pcapng_reader_interface *interface;
	struct options options;
	struct option option;

	if (len < INTERFACE_BODY)
		return bad(reader, "an interface that is cut");
	if (reader->interface_count == PCAPNG_READER_INTERFACE_MAX)
		return bad(reader, "too many interfaces");
	interface = &reader->interfaces[reader->interface_count++];
	*interface = (struct pcapng_reader_interface){
		.link = get16(reader, body),
		.snap_len = get32(reader, body + 4),
		.resolution = MICROSECONDS,
	};
	options.at = body + INTERFACE_BODY;
	options.len = len - INTERFACE_BODY;
	while (option_next(reader, &options, &option)) {
		if (option.code == CODE_INTERFACE_RESOLUTION && option.len == 1)
			interface->resolution = option.value[0];
		if (option.code == CODE_INTERFACE_DESCRIPTION)
			interface->clock = clock_of(reader, &option);
		if (option.code == CODE_INTERFACE_OFFSET && option.len == 8)
			interface->offset_s =
				(int64_t)get64(reader, option.value);
	}
	interface->nanoseconds =
		interface->resolution == 9 && interface->offset_s == 0;
	return 0;
}

/* Units of 10^-n or, with the highest bit, 2^-n s. 0: none of this age. */
__attribute__((noinline)) static uint64_t stamp_convert(
	const struct pcapng_reader_interface *interface, uint64_t units)
{
	unsigned int exponent = interface->resolution & 0x7f;
	wide ns = units;

	if (interface->resolution & 0x80) {
		ns *= CLOCK_NS_PER_S;
		ns = exponent < 128 ? ns >> exponent : 0;
	} else {
		for (unsigned int i = exponent; i < 9; i++)
			ns *= 10;
		for (unsigned int i = 9; i < exponent && ns > 0; i++)
			ns /= 10;
	}
	if (interface->offset_s < 0) {
		wide back = (0 - (wide)interface->offset_s) * CLOCK_NS_PER_S;

		ns = ns > back ? ns - back : 0;
	} else {
		ns += (wide)interface->offset_s * CLOCK_NS_PER_S;
	}
	return ns > INT64_MAX ? 0 : (uint64_t)ns;
}

static uint64_t stamp_ns(const struct pcapng_reader_interface *interface,
			 uint64_t units)
{
	if (interface->nanoseconds)
		return units > INT64_MAX ? 0 : units;
	return stamp_convert(interface, units);
}

static void read_statistics(struct pcapng_reader *reader, const uint8_t *body,
			    size_t len)
{
	struct pcapng_reader_interface *interface;
	uint64_t dropped = 0;
	struct options options;
	struct option option;
	uint32_t id;

	if (len < STATISTICS_BODY)
		return;
	id = get32(reader, body);
	if (id >= reader->interface_count)
		return;
	interface = &reader->interfaces[id];
	options.at = body + STATISTICS_BODY;
	options.len = len - STATISTICS_BODY;
	while (option_next(reader, &options, &option))
		if ((option.code == CODE_STATISTICS_DROPPED ||
		     option.code == CODE_STATISTICS_DROPPED_BY_SYSTEM) &&
		    option.len == 8)
			dropped += get64(reader, option.value);
	if (dropped > interface->dropped)
		interface->dropped = dropped;
}

static void read_packet_options(struct pcapng_reader *reader,
				struct options options,
				struct pcapng_reader_frame *frame)
{
	char comment[PCAPNG_MERGED_MAX];
	struct option option;

	while (option_next(reader, &options, &option)) {
		if (option.code == CODE_PACKET_DROPPED && option.len == 8)
			reader->dropped += get64(reader, option.value);
		if (option.code == CODE_COMMENT &&
		    option.len < sizeof(comment)) {
			memcpy(comment, option.value, option.len);
			comment[option.len] = '\0';
			sscanf(comment, PCAPNG_MERGED_COMMENT,
			       &frame->gso_size);
		}
	}
}

/* Bytes of a frame of an interface, of which the block holds at most room. */
static int read_bytes(struct pcapng_reader *reader, uint32_t id,
		      const uint8_t *bytes, size_t room,
		      struct pcapng_reader_frame *frame)
{
	if (id >= reader->interface_count)
		return bad(reader, "a frame of an interface that there is not");
	if (frame->captured_len > room)
		return bad(reader, "a frame that is longer than its block");
	frame->bytes = bytes;
	frame->link = reader->interfaces[id].link;
	frame->clock = reader->interfaces[id].clock;
	return 1;
}

static int read_packet(struct pcapng_reader *reader, bool old,
		       const uint8_t *body, size_t len,
		       struct pcapng_reader_frame *frame)
{
	size_t room, padded;
	uint32_t id;
	uint64_t units;
	int rc;

	if (len < PACKET_BODY)
		return bad(reader, "a frame that is cut");
	id = old ? get16(reader, body) : get32(reader, body);
	units = (uint64_t)get32(reader, body + 4) << 32 |
		get32(reader, body + 8);
	frame->captured_len = get32(reader, body + 12);
	frame->wire_len = get32(reader, body + 16);
	room = len - PACKET_BODY;
	rc = read_bytes(reader, id, body + PACKET_BODY, room, frame);
	if (rc < 0)
		return rc;
	frame->stamp_ns = stamp_ns(&reader->interfaces[id], units);
	padded = ((size_t)frame->captured_len + 3) & ~(size_t)3;
	/* 0xffff: the old block does not know. */
	if (old && get16(reader, body + 2) != UINT16_MAX)
		reader->dropped += get16(reader, body + 2);
	if (padded < room)
		read_packet_options(
			reader,
			(struct options){ .at = frame->bytes + padded,
					  .len = room - padded },
			frame);
	return 1;
}

/* It has no stamp and is always the first interface's. */
static int read_simple_packet(struct pcapng_reader *reader, const uint8_t *body,
			      size_t len, struct pcapng_reader_frame *frame)
{
	uint32_t snap_len;

	if (len < 4)
		return bad(reader, "a frame that is cut");
	snap_len = reader->interfaces[0].snap_len;
	frame->wire_len = frame->captured_len = get32(reader, body);
	if (reader->interface_count > 0 && snap_len > 0 &&
	    frame->captured_len > snap_len)
		frame->captured_len = snap_len;
	return read_bytes(reader, 0, body + 4, len - 4, frame);
}

int pcapng_reader_block(struct pcapng_reader *reader, const uint8_t *block,
			size_t len, struct pcapng_reader_frame *frame)
{
	const uint8_t *body = block + BODY;
	size_t body_len = len - BLOCK_LEAST;

	if (get32(reader, block + len - 4) != len)
		return bad(reader, "a block whose two lengths differ");
	*frame = (struct pcapng_reader_frame){ 0 };
	switch (get32(reader, block)) {
	case BLOCK_SECTION:
		if (len < SECTION_LEAST)
			return bad(reader, "a section that is cut");
		if (get16(reader, body + 4) != 1)
			return bad(reader, "a section of a later format");
		return 0;
	case BLOCK_INTERFACE:
		return read_interface(reader, body, body_len);
	case BLOCK_PACKET_OLD:
		return read_packet(reader, true, body, body_len, frame);
	case BLOCK_PACKET:
		return read_packet(reader, false, body, body_len, frame);
	case BLOCK_PACKET_SIMPLE:
		return read_simple_packet(reader, body, body_len, frame);
	case BLOCK_STATISTICS:
		read_statistics(reader, body, body_len);
		return 0;
	}
	return 0;
}

uint64_t pcapng_reader_dropped(const struct pcapng_reader *reader)
{
	uint64_t dropped = reader->dropped;

	for (unsigned int i = 0; i < reader->interface_count; i++)
		dropped += reader->interfaces[i].dropped;
	return dropped;
}
