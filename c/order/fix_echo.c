/* SPDX-License-Identifier: MIT */
#include "order/fix_echo.h"

#include <string.h>

#include "order/fix_refuse.h"
#include "order/fix_send.h"
#include "wire/fix_tags.h"

static bool is_known(const struct fix_echo *echo,
		     const struct fix_message *message,
		     const struct fix_field *id)
{
	for (unsigned int i = 0; i < FIX_ECHO_IDS; i++)
		if (echo->ids[i].len == id->len &&
		    memcmp(echo->ids[i].bytes, fix_value(message, id),
			   id->len) == 0)
			return true;
	return false;
}

/* True: it has been sent back before. */
static bool id_take(struct fix_echo *echo, const struct fix_message *message)
{
	const struct fix_field *id = fix_find(message, FIX_CL_ORD_ID);
	struct fix_echo_id *place = &echo->ids[echo->next % FIX_ECHO_IDS];

	/* Of a longer one it is not known whether it came. */
	if (!id || id->len > FIX_CL_ORD_ID_MAX)
		return false;
	if (fix_is(message, fix_find(message, FIX_POSS_RESEND), "Y") &&
	    is_known(echo, message, id))
		return true;
	place->len = id->len;
	memcpy(place->bytes, fix_value(message, id), id->len);
	echo->next++;
	return false;
}

/* Where those of the body lie, by ascending tags; how many. */
static unsigned int body_sort(const struct fix_message *message,
			      uint8_t places[static FIX_FIELDS_MAX])
{
	unsigned int count = 0;
	bool grouped = false;

	for (unsigned int i = 0; i < message->count; i++) {
		const uint32_t tag = message->fields[i].tag;
		unsigned int at = count;

		if (fix_tag_is(tag, FIX_IN_HEADER) ||
		    fix_tag_is(tag, FIX_IN_TRAILER))
			continue;
		grouped = grouped || fix_tag_is(tag, FIX_IS_COUNT);
		for (; !grouped && at > 0 &&
		       message->fields[places[at - 1]].tag > tag;
		     at--)
			places[at] = places[at - 1];
		places[at] = (uint8_t)i;
		count++;
	}
	return count;
}

void fix_echo_send(struct fix_echo *echo, struct fix_session *session,
		   const struct fix_message *message)
{
	const char type[2] = { fix_type(message), '\0' };
	uint8_t places[FIX_FIELDS_MAX];
	struct fix_builder builder;
	unsigned int count;

	if (id_take(echo, message))
		return;
	fix_send_begin(session, &builder, type);
	if (fix_is(message, fix_find(message, FIX_POSS_RESEND), "Y"))
		fix_add_text(&builder, FIX_POSS_RESEND, "Y");
	fix_send_route(&builder, message);
	count = body_sort(message, places);
	for (unsigned int i = 0; i < count; i++) {
		const struct fix_field *field = &message->fields[places[i]];

		fix_add(&builder, field->tag, fix_value(message, field),
			field->len);
	}
	if (!fix_send_end(session, &builder, true))
		fix_session_business_reject(session, message,
					    FIX_BUSINESS_OTHER,
					    "Too long to be sent back");
}
