/* SPDX-License-Identifier: MIT */
/*
 * The end of a connection whose last words the peer is to have. Bytes that lie
 * unread at a close(2) make it an RST, which takes what is on its way along:
 * RFC 1122, 4.2.2.13, and RFC 2525, 2.17. So our half is closed, and what still
 * comes is dropped until the peer has closed its own: for SOCKET_END_MS and
 * SOCKET_END_BYTES at most.
 */
#ifndef NET_SOCKET_END_H
#define NET_SOCKET_END_H

#define SOCKET_END_MS	 1000
#define SOCKET_END_BYTES (4 << 20)
#define SOCKET_END_MAX	 16 /* that are waited for at once */

/* Close a connected stream socket so. Returns at once: the peer is waited for
 * by a thread of its own, unless too many are; then what is there is dropped,
 * and the socket closed. */
void socket_end(int fd);

#endif
