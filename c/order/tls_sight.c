/* SPDX-License-Identifier: MIT */
#include "order/tls_sight.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "order/tls_files.h"

int tls_sight_open(const char *keylog, struct tls_sight **sight)
{
	struct tls_sight *new;
	int err;

	*sight = NULL;
	if (!*keylog) {
		log_error("--channel tls: what was said is read by --keys "
			  "FILE, the key log of an end");
		return -EINVAL;
	}
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	err = tls_files_keylog_read(keylog, &new->log);
	if (err) {
		free(new);
		return err;
	}
	tls_reader_begin(&new->reader, &new->log);
	*sight = new;
	return 0;
}

void tls_sight_close(struct tls_sight *sight)
{
	if (!sight)
		return;
	tls_reader_end(&sight->reader);
	free(sight->log.entries);
	free(sight);
}

int tls_sight_next(struct tls_sight *sight, struct channel_buffer *in,
		   const uint8_t **bytes, size_t *len, const char **why)
{
	struct tls_piece *piece = &sight->piece;

	while (piece->len == 0) {
		size_t n =
			tls_reader_take(&sight->reader, in->bytes + in->begin,
					channel_buffer_len(in), piece);

		channel_buffer_take(in, n);
		if (piece->event == TLS_MORE)
			return 0;
		if (piece->event == TLS_CLOSED)
			return -EPIPE;
		if (piece->event == TLS_FAULT) {
			*why = sight->reader.why;
			return -EPROTO;
		}
	}
	*bytes = piece->bytes;
	*len = piece->len;
	return 1;
}

void tls_sight_take(struct tls_sight *sight, size_t len)
{
	sight->piece.bytes += len;
	sight->piece.len -= len;
}
