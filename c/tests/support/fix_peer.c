/* SPDX-License-Identifier: MIT */
#include "tests/support/fix_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "wire/fix.h"
#include "wire/fix_build.h"

static void head_add(struct fix_builder *builder,
		     const struct fix_peer_head *head)
{
	fix_add_unsigned(builder, FIX_MSG_SEQ_NUM, head->number);
	if (head->again)
		fix_add_text(builder, FIX_POSS_DUP_FLAG, "Y");
	fix_add_text(builder, FIX_SENDER_COMP_ID, head->sender);
	fix_add_time(builder, FIX_SENDING_TIME, clock_realtime_ns());
	fix_add_text(builder, FIX_TARGET_COMP_ID, head->target);
	if (head->again)
		fix_add_text(builder, FIX_ORIG_SENDING_TIME,
			     "20260131-12:00:00");
}

const uint8_t *fix_peer_message(uint8_t *bytes, size_t size, const char *text,
				const struct fix_peer_head *head, size_t *len)
{
	struct fix_builder builder;
	const uint8_t *message;

	fix_builder_begin(&builder, bytes, size);
	for (unsigned int i = 0; *text; i++) {
		const size_t field_len = strcspn(text, "|");
		const uint32_t tag = (uint32_t)strtoul(text, NULL, 10);
		char field[256];

		assert_in_range(field_len, 3, sizeof(field) - 1);
		memcpy(field, text, field_len);
		field[field_len] = '\0';
		fix_add_text(&builder, tag, strchr(field, '=') + 1);
		text += field_len + (text[field_len] == '|');
		if (i == 0)
			head_add(&builder, head);
	}
	message = fix_builder_end(&builder, "FIX.4.4", len);
	assert_non_null(message);
	return message;
}

const char *fix_peer_store(const struct lab *lab, char text[static PATH_MAX])
{
	static unsigned int stores;
	char folder[PATH_MAX], name[32];

	snprintf(name, sizeof(name), "store-%u", stores++);
	mkdir(lab_path(lab, name, folder), 0700);
	snprintf(text, PATH_MAX, "fix:store=%.1024s", folder);
	return text;
}
