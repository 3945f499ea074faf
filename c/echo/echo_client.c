/* SPDX-License-Identifier: MIT */
#include "echo/echo_client.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/log.h"
#include "echo/echo_link.h"
#include "echo/echo_message.h"

#define NAP_NS (50 * CLOCK_NS_PER_MS) /* heartbeats want a look */

struct pass {
	const struct echo_config *config;
	struct echo_link *link;
	uint64_t base; /* number of its first message */
	uint64_t count, window;
	uint64_t interval_ns; /* between intended times; 0: when it may */
	uint64_t start_ns;
	uint64_t sent, received;
	uint64_t settled; /* no answer is waited for below it */
	bool partial;	  /* one has begun to go out */
	uint64_t progress_ns;
	uint64_t *from_ns;    /* of each; 0: it is back */
	uint64_t *latency_ns; /* as they come */
	uint64_t *send_ns;    /* of each; NULL: not asked for */
	uint64_t cpu_ns;      /* of this process, once it is over */
};

static uint64_t due_ns(const struct pass *pass)
{
	return pass->start_ns + pass->sent * pass->interval_ns;
}

static bool is_open(const struct pass *pass)
{
	return pass->sent < pass->count &&
	       pass->sent - pass->settled < pass->window;
}

/* 1: something was done; 0; or a negative errno. */
static int send_step(struct pass *pass, uint64_t now_ns)
{
	struct echo_link *link = pass->link;
	int rc;

	if (!pass->partial) {
		if (!is_open(pass) ||
		    (pass->interval_ns && now_ns < due_ns(pass)))
			return 0;
		pass->from_ns[pass->sent] =
			pass->interval_ns ? due_ns(pass) : now_ns;
	}
	rc = link->ops->send(link);
	pass->partial = rc == 0;
	if (rc > 0) {
		if (pass->send_ns)
			pass->send_ns[pass->sent] = clock_monotonic_ns() -
						    pass->from_ns[pass->sent];
		pass->sent++;
		link->sending++;
		pass->progress_ns = now_ns;
	}
	return rc;
}

static void answer_take(struct pass *pass, uint64_t number)
{
	const uint64_t now_ns = clock_monotonic_ns(), at = number - pass->base;

	/* One that a link brings twice counts once. */
	if (at >= pass->sent || !pass->from_ns[at])
		return;
	pass->latency_ns[pass->received++] = now_ns - pass->from_ns[at];
	pass->from_ns[at] = 0;
	pass->progress_ns = now_ns;
	if (at >= pass->settled)
		pass->settled = at + 1;
}

/* As send_step(). */
static int receive_step(struct pass *pass, uint64_t now_ns)
{
	struct echo_link *link = pass->link;
	bool some = false;
	uint64_t number;
	int rc;

	while ((rc = link->ops->receive(link, now_ns, &number)) > 0) {
		answer_take(pass, number);
		some = true;
	}
	return rc < 0 ? rc : some;
}

/* Nothing has happened for too long: 0 where that is a loss. */
static int silence(struct pass *pass)
{
	const bool heard = pass->received > 0 || pass->base > 0;

	if (pass->link->lossy && heard && !pass->partial) {
		pass->settled = pass->sent;
		pass->progress_ns = clock_monotonic_ns();
		return 0;
	}
	pass->link->why = heard ? "the echo has stopped"
				: "nothing comes back: is there an echo?";
	return -ETIMEDOUT;
}

static void nap(const struct pass *pass, uint64_t now_ns)
{
	struct pollfd fd = { .fd = pass->link->fd, .events = POLLIN };
	uint64_t wake_ns = now_ns + NAP_NS;
	struct timespec wait;

	if (pass->config->spin || fd.fd < 0)
		return;
	if (pass->partial)
		fd.events |= POLLOUT;
	if (pass->interval_ns && is_open(pass))
		wake_ns = clock_sooner(wake_ns, due_ns(pass));
	wait.tv_sec = 0;
	wait.tv_nsec = wake_ns > now_ns ? (long)(wake_ns - now_ns) : 0;
	ppoll(&fd, 1, &wait, NULL);
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * CLOCK_NS_PER_S + (uint64_t)now.tv_nsec;
}

/* Until all are back, or given up. */
static int pass_steps(struct pass *pass)
{
	const uint64_t patience_ns = pass->config->timeout_ms * CLOCK_NS_PER_MS;

	pass->start_ns = pass->progress_ns = clock_monotonic_ns();
	while (pass->settled < pass->count) {
		uint64_t now_ns = clock_monotonic_ns();
		int sent = send_step(pass, now_ns), got;

		if (sent < 0)
			return sent;
		got = receive_step(pass, now_ns);
		if (got < 0)
			return got;
		if (pass->config->stop && *pass->config->stop)
			return -EINTR;
		if (sent || got)
			continue;
		nap(pass, now_ns);
		if ((pass->partial || pass->settled < pass->sent) &&
		    clock_monotonic_ns() > pass->progress_ns + patience_ns) {
			int err = silence(pass);

			if (err)
				return err;
		}
	}
	return 0;
}

static int pass_run(struct pass *pass)
{
	const uint64_t begin_ns = cpu_ns();
	int err = pass_steps(pass);

	pass->cpu_ns = cpu_ns() - begin_ns;
	return err;
}

static void latencies_keep(struct echo_result *result, uint64_t *latency_ns,
			   uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		histogram_add(&result->histogram, latency_ns[i]);
	result->latency_ns = percentiles_of(latency_ns, (size_t)count);
}

static void result_keep(const struct pass *pass, enum echo_measure measure,
			struct echo_result *result)
{
	const struct echo_link *link = pass->link;
	const bool orders = link->ops == &echo_channel_ops &&
			    !link->connection.channel->writes;

	result->measure = measure;
	result->size = link->size;
	result->orders = orders ? echo_message_orders(link->size) : 0;
	result->payload =
		orders ? result->orders * (size_t)ORDER_LEN : link->size;
	result->sent = pass->sent;
	result->received = pass->received;
	result->elapsed_ns = pass->progress_ns - pass->start_ns;
	result->bytes_out = link->bytes_out;
	result->bytes_in = link->bytes_in;
	result->cpu_ns = pass->cpu_ns;
	latencies_keep(result, pass->latency_ns, pass->received);
	if (pass->send_ns)
		result->send_ns =
			percentiles_of(pass->send_ns, (size_t)pass->sent);
}

/* One measurement over a link that is open. 0 or a negative errno; not
 * logged. */
static int measure(const struct echo_config *config, struct echo_link *link,
		   enum echo_measure what, struct echo_result *result)
{
	struct pass pass = {
		.config = config,
		.link = link,
		.base = link->sending,
		.count = config->messages,
		.window = what == ECHO_PING_PONG    ? 1
			  : what == ECHO_THROUGHPUT ? config->window
						    : UINT64_MAX,
		.interval_ns = what == ECHO_OPEN_LOOP
				       ? CLOCK_NS_PER_S / config->rate
				       : 0,
	};
	int err = -ENOMEM;

	link->coming = link->sending;
	link->bytes_out = link->bytes_in = 0;
	pass.from_ns = calloc(pass.count, sizeof(*pass.from_ns));
	pass.latency_ns = calloc(pass.count, sizeof(*pass.latency_ns));
	if (what == ECHO_PING_PONG)
		pass.send_ns = calloc(pass.count, sizeof(*pass.send_ns));
	if (pass.from_ns && pass.latency_ns &&
	    (pass.send_ns || what != ECHO_PING_PONG))
		err = pass_run(&pass);
	if (!err)
		result_keep(&pass, what, result);
	free(pass.from_ns);
	free(pass.latency_ns);
	free(pass.send_ns);
	return err;
}

/* A message there and back, after which whoever resumes has what it takes. */
static int message_exchange(const struct echo_config *config,
			    struct echo_link *link)
{
	struct echo_config one = *config;
	struct echo_result *unused = calloc(1, sizeof(*unused));
	int err = -ENOMEM;

	one.messages = 1;
	link->size = config->sizes[0];
	if (unused)
		err = measure(&one, link, ECHO_PING_PONG, unused);
	if (err && err != -EINTR)
		log_error("%zu bytes: %s", link->size,
			  link->why ? link->why : log_strerror(err));
	free(unused);
	return err;
}

/* One connection, from nothing to nothing: how long its handshake took. */
static int handshake_once(const struct echo_config *config,
			  struct echo_link *link, bool again, uint64_t *ns)
{
	const uint64_t from_ns = clock_monotonic_ns();
	int err = echo_link_open(link, config);

	if (err)
		return err;
	*ns = clock_monotonic_ns() - from_ns;
	if (again)
		err = message_exchange(config, link);
	echo_link_close(link);
	return !err && config->stop && *config->stop ? -EINTR : err;
}

static int handshakes_measure(const struct echo_config *config,
			      struct echo_link *link, enum echo_measure what,
			      struct echo_result *result)
{
	const bool again = what == ECHO_RECONNECT;
	uint64_t *latency_ns = calloc(config->handshakes, sizeof(*latency_ns));
	const uint64_t begin_ns = cpu_ns();
	int err = latency_ns ? 0 : -ENOMEM;

	result->measure = what;
	/* Whoever comes for the first time has not been there. */
	if (!err && again)
		err = handshake_once(config, link, again, latency_ns);
	while (!err && result->received < config->handshakes) {
		uint64_t *ns = &latency_ns[result->received];

		err = handshake_once(config, link, again, ns);
		if (err)
			break;
		result->elapsed_ns += *ns;
		result->received++;
	}
	result->sent = result->received;
	result->cpu_ns = cpu_ns() - begin_ns;
	if (!err)
		latencies_keep(result, latency_ns, result->received);
	free(latency_ns);
	return err;
}

/* Each size by each measurement, over one connection. */
static int sizes_measure(const struct echo_config *config,
			 struct echo_link *link, struct echo_results *results)
{
	static const enum echo_measure order[] = { ECHO_PING_PONG,
						   ECHO_OPEN_LOOP,
						   ECHO_THROUGHPUT };

	for (unsigned int i = 0; i < config->size_count; i++) {
		link->size = config->sizes[i];
		for (size_t j = 0; j < ARRAY_SIZE(order); j++) {
			int err;

			if (!(config->measures & order[j]))
				continue;
			err = measure(config, link, order[j],
				      &results->all[results->count]);
			if (err)
				return err;
			results->count++;
		}
	}
	return 0;
}

static int all_measure(const struct echo_config *config, struct echo_link *link,
		       struct echo_results *results)
{
	static const enum echo_measure handshakes[] = { ECHO_HANDSHAKE,
							ECHO_RECONNECT };
	const bool connects =
		config->over != ECHO_UDP && config->over != ECHO_MULTICAST;
	unsigned int others = config->measures;
	int err;

	for (size_t i = 0; i < ARRAY_SIZE(handshakes); i++) {
		others &= ~(unsigned int)handshakes[i];
		if (!connects || !(config->measures & handshakes[i]))
			continue;
		err = handshakes_measure(config, link, handshakes[i],
					 &results->all[results->count]);
		if (err)
			return err;
		results->count++;
	}
	if (!others)
		return 0;
	err = echo_link_open(link, config);
	if (err)
		return err;
	err = sizes_measure(config, link, results);
	if (err && err != -EINTR)
		log_error("%zu bytes: %s", link->size,
			  link->why ? link->why : log_strerror(err));
	echo_link_close(link);
	return err;
}

int echo_client_run(const struct echo_config *config,
		    struct echo_results *results)
{
	struct echo_link *link = malloc(sizeof(*link));
	int err;

	results->count = 0;
	if (!link)
		return -ENOMEM;
	if (!config->spin)
		cpu_exact_timers();
	err = all_measure(config, link, results);
	free(link);
	return err;
}
