/* SPDX-License-Identifier: MIT */
/* A raw client of the order port: sends whatever bytes in whatever pieces,
 * and leaves in whatever manner. Descriptors are plain blocking sockets. */
#ifndef TESTS_SUPPORT_ORDER_CLIENT_H
#define TESTS_SUPPORT_ORDER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Connect from where the caller is; TCP_NODELAY. */
int order_client_open(const char *address, uint16_t port);
/* The same, or -1. */
int order_client_try(const char *address, uint16_t port);
/* The client's own port. */
uint16_t order_client_port(int fd);

void order_client_send(int fd, const void *bytes, size_t len);

/* One order; price in nano. Any side and quantity. */
void order_client_order(int fd, uint32_t quantity, int64_t price, uint8_t side);

void order_client_close(int fd);      /* FIN */
void order_client_half_close(int fd); /* FIN, while it still could read */
void order_client_reset(int fd);      /* RST */

/* Did the other end close, within timeout_ms? */
bool order_client_closed(int fd, int timeout_ms);

#endif
