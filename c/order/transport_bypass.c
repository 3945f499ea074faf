/* SPDX-License-Identifier: MIT */
/* Orders past the kernel: TCP by lwIP, on the very frame port that the market
 * data comes from. */
#include <errno.h>

#include "base/log.h"
#include "net/frame_stream.h"
#include "order/transport_ops.h"

#if defined(HAVE_LWIP)

struct transport_bypass {
	struct transport transport;
	struct frame_stream *stream;
};

static struct transport_bypass *bypass_of(struct transport *transport)
{
	return container_of(transport, struct transport_bypass, transport);
}

static int bypass_connect(struct transport *transport,
			  const struct transport_config *config)
{
	if (!config->frames) {
		log_error(
			"--transport bypass: needs a receive path with a "
			"frame port (--receive xdp, dpdk): orders leave by it");
		return -EINVAL;
	}
	return frame_stream_connect(config->frames, &config->peer,
				    config->timeout_ms, config->stop,
				    &bypass_of(transport)->stream);
}

static ssize_t bypass_send(struct transport *transport, const uint8_t *bytes,
			   size_t len)
{
	return frame_stream_send(bypass_of(transport)->stream, bytes, len);
}

static int bypass_wait(struct transport *transport, unsigned int timeout_ms)
{
	return frame_stream_wait(bypass_of(transport)->stream, timeout_ms);
}

static uint64_t bypass_unacknowledged(const struct transport *transport)
{
	const struct transport_bypass *bypass =
		(const struct transport_bypass *)transport;

	return frame_stream_unacknowledged(bypass->stream);
}

static ssize_t bypass_receive(struct transport *transport, uint8_t *bytes,
			      size_t len)
{
	return frame_stream_receive(bypass_of(transport)->stream, bytes, len);
}

static int bypass_alive(struct transport *transport)
{
	return frame_stream_alive(bypass_of(transport)->stream);
}

static uint16_t bypass_port(const struct transport *transport)
{
	const struct transport_bypass *bypass =
		(const struct transport_bypass *)transport;

	return frame_stream_port(bypass->stream);
}

static void bypass_close(struct transport *transport)
{
	frame_stream_close(bypass_of(transport)->stream);
}

#endif

const struct transport_ops transport_bypass_ops = {
	.entry.name = "bypass",
	.entry.help = "TCP in this process (lwIP), on the frame port of "
		      "--receive xdp or dpdk",
#if defined(HAVE_LWIP)
	.entry.size = sizeof(struct transport_bypass),
	.connect = bypass_connect,
	.send = bypass_send,
	.wait = bypass_wait,
	.receive = bypass_receive,
	.alive = bypass_alive,
	.port = bypass_port,
	.unacknowledged = bypass_unacknowledged,
	.close = bypass_close,
#else
	.entry.unavailable_reason = "built without lwIP",
#endif
};
