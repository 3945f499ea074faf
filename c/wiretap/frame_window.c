/* SPDX-License-Identifier: MIT */
#include "wiretap/frame_window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_LEAST 256
#define ROOM_KEPT  4096 /* more is given back */

static struct frame_window_entry **window_at(const struct frame_window *window,
					     unsigned int i)
{
	return &window->held[(window->first + i) % FRAME_WINDOW_MAX];
}

int frame_window_open(struct frame_window *window,
		      const struct frame_window_config *config)
{
	*window = (struct frame_window){ .config = *config };
	window->held = calloc(FRAME_WINDOW_MAX, sizeof(*window->held));
	window->idle = calloc(FRAME_WINDOW_MAX, sizeof(*window->idle));
	if (window->held && window->idle)
		return 0;
	frame_window_close(window);
	return -ENOMEM;
}

static void entry_free(struct frame_window_entry *entry)
{
	free(entry->payload);
	free(entry);
}

void frame_window_close(struct frame_window *window)
{
	for (unsigned int i = 0; i < window->count; i++)
		entry_free(*window_at(window, i));
	for (unsigned int i = 0; i < window->idle_count; i++)
		entry_free(window->idle[i]);
	free(window->held);
	free(window->idle);
	*window = (struct frame_window){ 0 };
}

/* Room for a payload; the one used last, which caches still hold. */
static struct frame_window_entry *entry_take(struct frame_window *window,
					     size_t len)
{
	struct frame_window_entry *entry;
	uint8_t *payload;

	entry = window->idle_count > 0 ? window->idle[--window->idle_count]
				       : calloc(1, sizeof(*entry));
	if (!entry || len <= entry->room)
		return entry;
	if (len < ROOM_LEAST)
		len = ROOM_LEAST;
	payload = realloc(entry->payload, len);
	if (!payload) {
		entry_free(entry);
		return NULL;
	}
	entry->payload = payload;
	entry->room = (uint32_t)len;
	return entry;
}

static int window_pass(struct frame_window *window)
{
	struct frame_window_entry *entry = *window_at(window, 0);
	int rc;

	window->first = (window->first + 1) % FRAME_WINDOW_MAX;
	window->count--;
	window->last_ns = entry->stamp_ns;
	window->held_bytes -= entry->frame.payload_len;
	rc = window->config.each(window->config.context, entry);
	if (entry->room > ROOM_KEPT) {
		free(entry->payload);
		entry->payload = NULL;
		entry->room = 0;
	}
	window->idle[window->idle_count++] = entry;
	return rc;
}

int frame_window_add(struct frame_window *window, uint64_t stamp_ns,
		     const struct frame *frame, uint32_t gso_size,
		     uint32_t clock, enum frame_result seen)
{
	struct frame_window_entry *entry;
	unsigned int i;
	int rc = 0;

	while (rc == 0 && (window->count == FRAME_WINDOW_MAX ||
			   window->held_bytes > FRAME_WINDOW_BYTES_MAX))
		rc = window_pass(window);
	if (rc < 0)
		return rc;
	entry = entry_take(window, frame->payload_len);
	if (!entry)
		return -ENOMEM;
	entry->stamp_ns = stamp_ns;
	entry->gso_size = gso_size;
	entry->clock = clock;
	entry->seen = seen;
	entry->frame = *frame;
	if (frame->payload_len > 0)
		memcpy(entry->payload, frame->payload, frame->payload_len);
	entry->frame.payload = entry->payload;
	window->unsorted += stamp_ns < window->last_ns;
	for (i = window->count; i > 0; i--) {
		if ((*window_at(window, i - 1))->stamp_ns <= stamp_ns)
			break;
		*window_at(window, i) = *window_at(window, i - 1);
	}
	*window_at(window, i) = entry;
	window->count++;
	window->held_bytes += frame->payload_len;
	if (stamp_ns > window->newest_ns)
		window->newest_ns = stamp_ns;
	while (rc == 0 && window->count > 0 &&
	       window->newest_ns - (*window_at(window, 0))->stamp_ns >
		       FRAME_WINDOW_NS)
		rc = window_pass(window);
	return rc;
}

int frame_window_end(struct frame_window *window)
{
	int rc = 0;

	while (rc == 0 && window->count > 0)
		rc = window_pass(window);
	return rc;
}
