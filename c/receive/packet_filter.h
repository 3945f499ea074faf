/* SPDX-License-Identifier: MIT */
/* The filter of a packet socket that receives a group: classic BPF, run by the
 * kernel before anything is copied. */
#ifndef RECEIVE_PACKET_FILTER_H
#define RECEIVE_PACKET_FILTER_H

#include "receive/receive.h"

/*
 * Let in, of all that a socket of ETH_P_ALL is shown: IPv4, UDP, to the
 * config's group and port, from its source, of no VLAN but 0, not to another
 * host's Ethernet address, nor sent by this one; of a fragmented datagram the
 * first piece, since it is to be counted. 0 or a negative errno, silent.
 */
int packet_filter_attach(int fd, const struct receive_config *config);

#endif
