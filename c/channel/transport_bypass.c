/* SPDX-License-Identifier: MIT */
/* Orders past the kernel: TCP by lwIP, on the very AF_XDP socket that the
 * market data comes from. */
#include <errno.h>

#include "base/log.h"
#include "channel/transport_ops.h"
#include "net/xdp_stream.h"

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF) && defined(HAVE_LWIP)

#define WAIT_MS 100

struct transport_bypass {
	struct transport transport;
	struct xdp_stream *stream;
};

static struct transport_bypass *bypass_of(struct transport *transport)
{
	return container_of(transport, struct transport_bypass, transport);
}

static int bypass_connect(struct transport *transport,
			  const struct transport_config *config)
{
	if (!config->xdp) {
		log_error("--transport bypass: needs --receive xdp: orders "
			  "leave by its socket");
		return -EINVAL;
	}
	return xdp_stream_connect(config->xdp, &config->peer,
				  config->timeout_ms, config->stop,
				  &bypass_of(transport)->stream);
}

static int bypass_send(struct transport *transport, const uint8_t *bytes,
		       size_t len)
{
	struct xdp_stream *stream = bypass_of(transport)->stream;
	ssize_t n;

	while ((n = xdp_stream_send(stream, bytes, len)) >= 0 && len > 0) {
		int err = n ? 0 : xdp_stream_wait(stream, WAIT_MS);

		if (err)
			return err;
		bytes += n;
		len -= (size_t)n;
	}
	return n < 0 ? (int)n : 0;
}

static int bypass_alive(struct transport *transport)
{
	return xdp_stream_alive(bypass_of(transport)->stream);
}

static uint16_t bypass_port(const struct transport *transport)
{
	const struct transport_bypass *bypass =
		(const struct transport_bypass *)transport;

	return xdp_stream_port(bypass->stream);
}

static void bypass_close(struct transport *transport)
{
	xdp_stream_close(bypass_of(transport)->stream);
}

#endif

const struct transport_ops transport_bypass_ops = {
	.name = "bypass",
	.help = "TCP in this process (lwIP), on the rings of --receive xdp",
#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF) && defined(HAVE_LWIP)
	.size = sizeof(struct transport_bypass),
	.probe = xdp_socket_probe,
	.connect = bypass_connect,
	.send = bypass_send,
	.alive = bypass_alive,
	.port = bypass_port,
	.close = bypass_close,
#else
	.absent = "built without libxdp, libbpf or lwIP",
#endif
};
