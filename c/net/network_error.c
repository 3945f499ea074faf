/* SPDX-License-Identifier: MIT */
#include "net/network_error.h"

#include <errno.h>

enum network_error network_error(int err)
{
	switch (-err) {
	case EAGAIN:  /* the socket's buffer is full, or has nothing */
	case EINTR:   /* a signal came first */
	case ENOBUFS: /* the interface's queue is full */
	case ENOMEM:  /* the kernel had none for a buffer */
		return NETWORK_BUSY;
	case ENETDOWN:	   /* the link is down */
	case ENETUNREACH:  /* its routes went with it */
	case EHOSTUNREACH: /* the next hop does not answer */
	case EHOSTDOWN:	   /* nor does the host */
	case ECONNREFUSED: /* what was sent before found nobody: ICMP */
		return NETWORK_DOWN;
	case ENODEV:	    /* the interface's index is no one's any more */
	case ENXIO:	    /* as packet and XDP sockets call it */
	case EADDRNOTAVAIL: /* its address went with it */
		return NETWORK_GONE;
	}
	return NETWORK_STANDS;
}
