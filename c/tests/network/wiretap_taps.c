/* SPDX-License-Identifier: MIT */
/* What a tap shows is not what was on the wire: frames that were merged, tags
 * that were taken off. The judge is not misled, and tcpdump's capture of the
 * same session, where it is installed, is judged as our own. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/interface.h"
#include "net/namespace.h"
#include "net/socket.h"
#include "tests/support/fake_exchange.h"
#include "tests/support/oracle.h"
#include "tests/support/tshark.h"

#define UPDATES 40
#define VLAN	7
#define MARKER	"all of the session lies before this"

/* Of linux/bpf.h since Linux 6.6. */
#define TCX_INGRESS ((enum bpf_attach_type)46)
#define TCX_EGRESS  ((enum bpf_attach_type)47)

static struct lab lab;
static struct program wiretap, tcpdump, trader;
static struct fake_exchange fake = FAKE_EXCHANGE_NONE;
static struct fake_exchange foreign = FAKE_EXCHANGE_NONE;
static char ours[PATH_MAX], theirs[PATH_MAX];

static int clean(void **state)
{
	(void)state;
	program_end(&wiretap);
	program_end(&tcpdump);
	program_end(&trader);
	fake_exchange_close(&fake);
	fake_exchange_close(&foreign);
	return 0;
}

static const char *tcpdump_path(void)
{
	static const char *const paths[] = { "/usr/bin/tcpdump",
					     "/usr/sbin/tcpdump" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

static void taps_start(void)
{
	lab_wiretap(&lab, &wiretap, lab_path(&lab, "ours.pcapng", ours));
	lab_path(&lab, "theirs.pcap", theirs);
	if (!tcpdump_path())
		return;
	/* By default its buffer holds eight frames, of 256 KiB each. */
	lab_start(&tcpdump, lab.exchange, tcpdump_path(), "--immediate-mode",
		  "-U", "-n", "-s", "4096", "-B", "16384", "-i",
		  LAB_EXCHANGE_INTERFACE, "-Z", "root",
		  "--time-stamp-precision=nano", "-w", theirs, NULL);
	lab_says(&tcpdump, "listening on");
}

static int group_sender(uint16_t port)
{
	const struct sockaddr_in group = { .sin_family = AF_INET,
					   .sin_port = htons(port),
					   .sin_addr.s_addr =
						   inet_addr(LAB_GROUP) };
	struct interface interface;
	int fd;

	lab_go_exchange(&lab);
	assert_int_equal(interface_find(LAB_EXCHANGE_INTERFACE, &interface), 0);
	fd = socket_multicast_sender(&group, &interface, 1);
	lab_go_trader(&lab);
	assert_true(fd >= 0);
	return fd;
}

/* Behind all of the session. */
static void marker_send(void)
{
	int fd = group_sender(LAB_GROUP_PORT + 1);

	assert_int_equal(send(fd, MARKER, strlen(MARKER), 0), strlen(MARKER));
	close(fd);
}

static bool marker_there(const char *path)
{
	uint8_t end[4096];
	FILE *file = fopen(path, "re");
	size_t len;

	assert_non_null(file);
	if (fseek(file, -(long)sizeof(end), SEEK_END) < 0)
		rewind(file);
	len = fread(end, 1, sizeof(end), file);
	fclose(file);
	return memmem(end, len, MARKER, strlen(MARKER));
}

static void taps_stop(void)
{
	/* On its signal tcpdump leaves what it has not read. */
	for (int i = 0; tcpdump.pid && i < LAB_SOON_MS; i++) {
		if (marker_there(theirs))
			break;
		usleep(1000);
	}
	assert_int_equal(program_stop(&wiretap, SIGINT, LAB_SOON_MS), 0);
	if (tcpdump.pid)
		assert_int_equal(program_stop(&tcpdump, SIGINT, LAB_SOON_MS),
				 0);
}

/* The analysis; *code: how it ended. */
static json_t *judge(const char *capture, int *code)
{
	struct program program = { 0 };
	json_t *analysis;

	*code = lab_call(&program, -1, "t2t-wiretap", "--read", capture,
			 "--json", NULL);
	analysis = oracle_json(&program);
	program_end(&program);
	return analysis;
}

static void same_counts(const json_t *one, const json_t *other)
{
	static const char *const names[] = {
		"packets",  "messages", "sessions",	   "gaps",
		"triggers", "orders",	"matched",	   "missing",
		"extra",    "wrong",	"unjudged_orders", "connections"
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(oracle_count(one, names[i]),
				 oracle_count(other, names[i]));
	assert_true(json_equal(json_object_get(one, "correct"),
			       json_object_get(other, "correct")));
}

/* Both captures say the same, and ours is right. tcpdump's format has no place
 * for the size that merged datagrams are of: then it can't be judged. */
static void witnesses_agree(bool merged)
{
	json_t *mine, *witness;
	int code;

	mine = judge(ours, &code);
	if (code != 0)
		print_message("# %s\n", json_string_value(json_object_get(
						mine, "reason")));
	assert_int_equal(code, 0);
	oracle_is_right(mine);
	assert_int_equal(oracle_count(mine, "matched"), UPDATES);
	if (!merged)
		assert_int_equal(oracle_count(mine, "split_frames"), 0);
	if (!*theirs || access(theirs, R_OK) < 0) {
		json_decref(mine);
		return;
	}
	witness = judge(theirs, &code);
	if (merged && oracle_count(mine, "split_frames") > 0) {
		assert_int_equal(code, 1);
		assert_non_null(strstr(
			json_string_value(json_object_get(witness, "reason")),
			"switch off GRO and GSO"));
		assert_int_equal(oracle_count(witness, "missing") +
					 oracle_count(witness, "extra") +
					 oracle_count(witness, "wrong"),
				 0);
	} else {
		if (code != 0)
			print_message("# theirs: %s\n",
				      json_string_value(json_object_get(
					      witness, "reason")));
		assert_int_equal(code, 0);
		same_counts(mine, witness);
	}
	json_decref(witness);
	json_decref(mine);
}

static void offload(uint32_t command, uint32_t value)
{
	struct ethtool_value wanted = { .cmd = command, .data = value };
	struct ifreq request = { .ifr_data = (char *)&wanted };
	int fd;

	lab_go_exchange(&lab);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	strcpy(request.ifr_name, LAB_EXCHANGE_INTERFACE);
	assert_int_equal(ioctl(fd, SIOCETHTOOL, &request), 0);
	close(fd);
	lab_go_trader(&lab);
}

static void offloads(bool on)
{
	offload(ETHTOOL_STXCSUM, on);
	offload(ETHTOOL_SSG, on);
	offload(ETHTOOL_SGSO, on);
	offload(ETHTOOL_STSO, on);
	offload(ETHTOOL_SGRO, on);
}

/* Updates that each call for an order, so many in one send. */
static void publish(struct fake_exchange *exchange, unsigned int together)
{
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];
	const int size = (int)market_data_len(1);
	char price[16];

	for (unsigned int i = 0; i < UPDATES; i += together) {
		for (unsigned int k = 0; k < together; k++) {
			struct market_data_message message;
			struct market_data_header header = {
				.sequence = exchange->sequence++,
				.message_count = 1,
			};

			snprintf(price, sizeof(price), "%u", 101 + i + k);
			message = fake_exchange_message('B', price, "1000000");
			market_data_write_header(bytes + k * (size_t)size,
						 &header);
			market_data_write(bytes + k * (size_t)size, 0,
					  &message);
		}
		if (together > 1)
			assert_int_equal(setsockopt(exchange->sender[0],
						    SOL_UDP, UDP_SEGMENT, &size,
						    sizeof(size)),
					 0);
		assert_int_equal(send(exchange->sender[0], bytes,
				      together * (size_t)size, 0),
				 together * (size_t)size);
		usleep(1000);
	}
	if (together > 1)
		assert_int_equal(setsockopt(exchange->sender[0], SOL_UDP,
					    UDP_SEGMENT, &(int){ 0 },
					    sizeof(int)),
				 0);
}

/* Orders until the trader leaves or is quiet; how many. */
static unsigned int orders_take(unsigned int least)
{
	const struct timeval quiet = { .tv_usec = LAB_QUIET_MS * 1000 };
	const struct timeval soon = { .tv_sec = LAB_SOON_MS / 1000 };
	uint8_t bytes[ORDER_LEN];
	unsigned int count = 0;

	setsockopt(fake.client, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
	for (; count < least; count++)
		if (recv(fake.client, bytes, sizeof(bytes), MSG_WAITALL) !=
		    ORDER_LEN)
			fail_msg("%u orders, where %u are called for", count,
				 least);
	/* That none is too many the judge sees. */
	if (least > 0)
		return count;
	setsockopt(fake.client, SOL_SOCKET, SO_RCVTIMEO, &quiet, sizeof(quiet));
	while (recv(fake.client, bytes, sizeof(bytes), MSG_WAITALL) ==
	       ORDER_LEN)
		count++;
	return count;
}

static unsigned int session(const char *receive, unsigned int together,
			    void (*meanwhile)(void))
{
	unsigned int orders;

	taps_start();
	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &trader, "--receive", receive, NULL);
	fake_exchange_accept(&fake);
	fake_exchange_book(&fake);
	publish(&fake, together);
	if (meanwhile)
		meanwhile();
	orders = orders_take(meanwhile ? 0 : UPDATES);
	fake_exchange_end(&fake);
	program_wait(&trader, LAB_SOON_MS);
	fake_exchange_close(&fake);
	marker_send();
	taps_stop();
	return orders;
}

static void merged_by_the_sender(void **state)
{
	json_t *analysis;
	int code;

	(void)state;
	assert_int_equal(session("block", 4, NULL), UPDATES);
	witnesses_agree(true);
	analysis = judge(ours, &code);
	assert_int_equal(oracle_count(analysis, "split_frames"), UPDATES / 4);
	json_decref(analysis);
	clean(NULL);
	/* Cut before they reach the tap. */
	offloads(false);
	assert_int_equal(session("block", 4, NULL), UPDATES);
	offloads(true);
	witnesses_agree(false);
}

static bool runs_here(const char *receive)
{
	struct program program = { 0 };
	char line[32];
	const char *found;
	bool runs;

	lab_call(&program, lab.trader, "t2t-trader", "--receive", "help", NULL);
	snprintf(line, sizeof(line), "%s ", receive);
	found = program_line(&program, PROGRAM_OUT, line, LAB_SOON_MS);
	runs = found && strstr(found, " yes ");
	program_end(&program);
	return runs;
}

/* The network's VLAN, as the judge found it. */
static void network_is(const char *vlan)
{
	json_t *analysis;
	int code;

	analysis = judge(ours, &code);
	assert_string_equal(
		json_string_value(json_object_get(analysis, "vlan")), vlan);
	json_decref(analysis);
}

/* Where the tag is taken off, by traffic control, a path that sees frames has
 * seen it already: to it they are another network's. */
static bool sees_tags(const char *receive)
{
	return !strcmp(receive, "packet") || !strcmp(receive, "xdp");
}

/* Each path, offloads on and off. */
static void every_receive_path_in(const char *vlan)
{
	static const char *const paths[] = {
		"block", "epoll",  "spin",  "mmsg",
		"busy",	 "packet", "uring", "xdp"
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (strcmp(vlan, "none") != 0 && sees_tags(paths[i]))
			continue;
		if (!runs_here(paths[i])) {
			print_message("# %s does not run here\n", paths[i]);
			continue;
		}
		for (int on = 0; on < 2; on++) {
			offloads(on);
			assert_int_equal(session(paths[i], 1, NULL), UPDATES);
			witnesses_agree(false);
			network_is(vlan);
			clean(NULL);
		}
	}
}

static void every_receive_path(void **state)
{
	(void)state;
	every_receive_path_in("none");
}

static struct bpf_insn insn(uint8_t code, unsigned int destination,
			    unsigned int source, int16_t offset, int32_t value)
{
	return (struct bpf_insn){ .code = code,
				  .dst_reg = destination & 0xf,
				  .src_reg = source & 0xf,
				  .off = offset,
				  .imm = value };
}

/*
 * Tag what leaves an interface with that mark, or untag what comes in: beside
 * the frame, as a NIC's offload or a bridge does. The link's descriptor.
 */
static int tagger(int space, const char *name, bool push, int mark)
{
	const struct bpf_insn pushes[] = {
		insn(BPF_LDX | BPF_MEM | BPF_W, 2, 1,
		     offsetof(struct __sk_buff, mark), 0),
		insn(BPF_JMP | BPF_JNE | BPF_K, 2, 0, 3, mark),
		insn(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, htons(0x8100)),
		insn(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, VLAN),
		insn(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_skb_vlan_push),
		insn(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0),
		insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	const struct bpf_insn pops[] = {
		insn(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_skb_vlan_pop),
		insn(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0),
		insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	struct interface interface;
	int program, link;

	assert_int_equal(namespace_enter(space), 0);
	assert_int_equal(interface_find(name, &interface), 0);
	program = bpf_prog_load(
		BPF_PROG_TYPE_SCHED_CLS, "tagger", "MIT", push ? pushes : pops,
		push ? ARRAY_SIZE(pushes) : ARRAY_SIZE(pops), NULL);
	link = program < 0
		       ? program
		       : bpf_link_create(program, (int)interface.index,
					 push ? TCX_EGRESS : TCX_INGRESS, NULL);
	if (program >= 0)
		close(program);
	lab_go_trader(&lab);
	if (link < 0) {
		print_message("# BPF_TCX: %s\n", strerror(-link));
		lab_skip("frames can't be tagged beside themselves here");
	}
	return link;
}

/* All of it in a VLAN, of which the programs see nothing. */
static void session_in_a_vlan(void **state)
{
	const int links[] = {
		tagger(lab.exchange, LAB_EXCHANGE_INTERFACE, true, 0),
		tagger(lab.exchange, LAB_EXCHANGE_INTERFACE, false, 0),
		tagger(lab.trader, LAB_TRADER_INTERFACE, true, 0),
		tagger(lab.trader, LAB_TRADER_INTERFACE, false, 0),
	};

	(void)state;
	every_receive_path_in("7");
	assert_int_equal(session("block", 4, NULL), UPDATES);
	witnesses_agree(true);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		close(links[i]);
}

static void foreign_publish(void)
{
	publish(&foreign, 1);
}

static void foreign_open(void)
{
	foreign.sender[0] = group_sender(LAB_GROUP_PORT);
	assert_int_equal(setsockopt(foreign.sender[0], SOL_SOCKET, SO_MARK,
				    &(int){ VLAN }, sizeof(int)),
			 0);
	foreign.sequence = UPDATES + 2;
}

/* Market data of another VLAN with the same group and port: who trades on it
 * is wrong, who does not is right. */
static void another_vlans_market_data(void **state)
{
	static const char *const paths[] = { "block", "packet", "xdp" };
	int link = tagger(lab.exchange, LAB_EXCHANGE_INTERFACE, true, VLAN);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		unsigned int orders;
		json_t *analysis;
		int code;

		if (!runs_here(paths[i]))
			continue;
		foreign_open();
		orders = session(paths[i], 1, foreign_publish);
		analysis = judge(ours, &code);
		if (code != 0)
			print_message("# %s\n",
				      json_string_value(json_object_get(
					      analysis, "reason")));
		assert_int_equal(code, 0);
		assert_int_equal(oracle_count(analysis, "other_vlan_frames"),
				 UPDATES);
		assert_int_equal(oracle_count(analysis, "triggers"), UPDATES);
		assert_int_equal(oracle_count(analysis, "orders"), orders);
		print_message("# %s: %u orders\n", paths[i], orders);
		assert_int_equal(
			json_is_true(json_object_get(analysis, "correct")),
			orders == UPDATES);
		json_decref(analysis);
		clean(NULL);
	}
	close(link);
}

/* Wireshark reads what we write beside the frames. */
static void wireshark_reads_it(void **state)
{
	char command[3 * PATH_MAX];

	(void)state;
	tshark_needed();
	assert_int_equal(session("block", 4, NULL), UPDATES);
	snprintf(command, sizeof(command),
		 "tshark -r %s -T fields -e frame.comment 2>&1 | "
		 "grep -c 'merged frame: gso_size=36' | grep -qx %d",
		 ours, UPDATES / 4);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command),
		 "! tshark -r %s -Y _ws.malformed 2>/dev/null | grep .", ours);
	assert_int_equal(system(command), 0);
	/* Its tools keep it. */
	snprintf(command, sizeof(command),
		 "cd %s && editcap ours.pcapng copy && mv copy ours.pcapng",
		 lab.folder);
	assert_int_equal(system(command), 0);
	*theirs = '\0';
	witnesses_agree(true);
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("wiretap: datagrams merged by UDP_SEGMENT are taken apart",
		 merged_by_the_sender, clean),
	LAB_TEST("wiretap: tcpdump's capture is judged as ours, on each "
		 "receive path",
		 every_receive_path, clean),
	LAB_TEST("wiretap: a session in a VLAN is judged as any other",
		 session_in_a_vlan, clean),
	LAB_TEST("wiretap: another VLAN's market data is another network's",
		 another_vlans_market_data, clean),
	LAB_TEST("wiretap: Wireshark reads what is written beside the frames",
		 wireshark_reads_it, clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "wiretap_taps", tests, ARRAY_SIZE(tests), argc,
		       argv);
}
