/* SPDX-License-Identifier: MIT */
/*
 * rdma-core's two libraries, opened when RDMA is asked for: a machine without
 * them runs all else. What posts and polls is inline in their headers, by a
 * device's own table. rdma_cm(7), verbs(7).
 */
#ifndef NET_RDMA_LIBRARY_H
#define NET_RDMA_LIBRARY_H

#include <netinet/in.h>
#include <stdint.h>

#ifdef HAVE_RDMA

#include <rdma/rdma_cma.h>

/* ibv_reg_mr() and ibv_query_port() are macros, too; these are the
 * libraries' own. */
#define RDMA_LIBRARY(RDMA, VERBS)                                              \
	RDMA(struct rdma_event_channel *, create_event_channel, (void))        \
	RDMA(void, destroy_event_channel, (struct rdma_event_channel *))       \
	RDMA(int, create_id,                                                   \
	     (struct rdma_event_channel *, struct rdma_cm_id **, void *,       \
	      enum rdma_port_space))                                           \
	RDMA(int, destroy_id, (struct rdma_cm_id *))                           \
	RDMA(int, bind_addr, (struct rdma_cm_id *, struct sockaddr *))         \
	RDMA(int, resolve_addr,                                                \
	     (struct rdma_cm_id *, struct sockaddr *, struct sockaddr *, int)) \
	RDMA(int, resolve_route, (struct rdma_cm_id *, int))                   \
	RDMA(int, create_qp,                                                   \
	     (struct rdma_cm_id *, struct ibv_pd *,                            \
	      struct ibv_qp_init_attr *))                                      \
	RDMA(void, destroy_qp, (struct rdma_cm_id *))                          \
	RDMA(int, connect, (struct rdma_cm_id *, struct rdma_conn_param *))    \
	RDMA(int, listen, (struct rdma_cm_id *, int))                          \
	RDMA(int, accept, (struct rdma_cm_id *, struct rdma_conn_param *))     \
	RDMA(int, reject, (struct rdma_cm_id *, const void *, uint8_t))        \
	RDMA(int, disconnect, (struct rdma_cm_id *))                           \
	RDMA(int, migrate_id,                                                  \
	     (struct rdma_cm_id *, struct rdma_event_channel *))               \
	RDMA(int, get_cm_event,                                                \
	     (struct rdma_event_channel *, struct rdma_cm_event **))           \
	RDMA(int, ack_cm_event, (struct rdma_cm_event *))                      \
	RDMA(int, join_multicast,                                              \
	     (struct rdma_cm_id *, struct sockaddr *, void *))                 \
	RDMA(int, leave_multicast, (struct rdma_cm_id *, struct sockaddr *))   \
	VERBS(struct ibv_device **, get_device_list, (int *))                  \
	VERBS(void, free_device_list, (struct ibv_device **))                  \
	VERBS(const char *, get_device_name, (struct ibv_device *))            \
	VERBS(struct ibv_pd *, alloc_pd, (struct ibv_context *))               \
	VERBS(int, dealloc_pd, (struct ibv_pd *))                              \
	VERBS(struct ibv_mr *, reg_mr, (struct ibv_pd *, void *, size_t, int)) \
	VERBS(int, dereg_mr, (struct ibv_mr *))                                \
	VERBS(struct ibv_comp_channel *, create_comp_channel,                  \
	      (struct ibv_context *))                                          \
	VERBS(int, destroy_comp_channel, (struct ibv_comp_channel *))          \
	VERBS(struct ibv_cq *, create_cq,                                      \
	      (struct ibv_context *, int, void *, struct ibv_comp_channel *,   \
	       int))                                                           \
	VERBS(int, destroy_cq, (struct ibv_cq *))                              \
	VERBS(int, get_cq_event,                                               \
	      (struct ibv_comp_channel *, struct ibv_cq **, void **))          \
	VERBS(void, ack_cq_events, (struct ibv_cq *, unsigned int))            \
	VERBS(int, modify_qp, (struct ibv_qp *, struct ibv_qp_attr *, int))    \
	VERBS(int, query_port, (struct ibv_context *, uint8_t, void *))        \
	VERBS(struct ibv_ah *, create_ah,                                      \
	      (struct ibv_pd *, struct ibv_ah_attr *))                         \
	VERBS(int, destroy_ah, (struct ibv_ah *))                              \
	VERBS(const char *, wc_status_str, (enum ibv_wc_status))

struct rdma_library {
#define RDMA_LIBRARY_MEMBER(type, name, arguments) type(*name) arguments;
	RDMA_LIBRARY(RDMA_LIBRARY_MEMBER, RDMA_LIBRARY_MEMBER)
#undef RDMA_LIBRARY_MEMBER
};

/* Opened by the first call, and never closed; NULL, with *why. */
const struct rdma_library *rdma_library(const char **why);

/* The same; NULL: logged, who: the option that wants it. */
const struct rdma_library *rdma_library_for(const char *who);

/* Of a call that failed: a negative errno, also where it set none. */
int rdma_library_error(void);

/* In their place; for tests, before anything is opened. */
void rdma_library_replace(const struct rdma_library *other);

#endif

/* May this process use RDMA: is it built in, are the libraries there, and has
 * the machine a device? 0, or -EOPNOTSUPP with *why. */
int rdma_library_probe(const char **why);

#endif
