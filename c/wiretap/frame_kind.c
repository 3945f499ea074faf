/* SPDX-License-Identifier: MIT */
#include "wiretap/frame_kind.h"

#include "wiretap/rdma_view.h"

static bool is_group(const struct sockaddr_in *group, uint32_t destination)
{
	return group->sin_port && destination == ntohl(group->sin_addr.s_addr);
}

static bool is_multicast(uint32_t destination)
{
	return IN_MULTICAST(destination);
}

static enum frame_kind kind_of_udp(const struct analysis_config *config,
				   const struct frame *frame)
{
	for (unsigned int i = 0; i < MARKET_DATA_LINES_MAX; i++)
		if (is_group(&config->group[i], frame->destination) &&
		    frame->destination_port == ntohs(config->group[i].sin_port))
			return FRAME_KIND_LINE_A + i;
	if (rdma_view_is(frame))
		return FRAME_KIND_RDMA;
	if (!config->recover || is_multicast(frame->destination))
		return FRAME_KIND_OTHER;
	if (frame->source_port == analysis_retransmit_port(config))
		return FRAME_KIND_ANSWER;
	return frame->destination_port == analysis_retransmit_port(config)
		       ? FRAME_KIND_REQUEST
		       : FRAME_KIND_OTHER;
}

enum frame_kind frame_kind(const struct analysis_config *config,
			   const struct frame *frame)
{
	if (frame->protocol == FRAME_UDP)
		return kind_of_udp(config, frame);
	if (frame->protocol == FRAME_TCP &&
	    (frame->destination_port == config->order_port ||
	     frame->source_port == config->order_port))
		return FRAME_KIND_ORDERS;
	return FRAME_KIND_OTHER;
}

bool frame_kind_matters(const struct analysis_config *config,
			const struct frame *frame)
{
	if (!(frame->known & FRAME_KNOWN_ADDRESSES))
		return true;
	if (frame->known & FRAME_KNOWN_PORTS)
		return frame_kind(config, frame) != FRAME_KIND_OTHER;
	return frame->protocol == FRAME_TCP ||
	       (frame->protocol == FRAME_UDP &&
		(is_group(&config->group[0], frame->destination) ||
		 is_group(&config->group[1], frame->destination) ||
		 (config->recover && !is_multicast(frame->destination))));
}
