/* SPDX-License-Identifier: MIT */
/* What this host can run, and why not. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/option.h"
#include "base/option_json.h"
#include "net/kernel_tls.h"
#include "net/namespace.h"
#include "order/channel_ops.h"
#include "order/transport_ops.h"
#include "publish/publish_path_ops.h"
#include "receive/receive_ops.h"

struct config {
	bool json;
	bool options;
	const char *interface;
};

static const struct option_row rows[] = {
	{ .name = "json",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct config, json),
	  .help = "one JSON object instead of the table" },
	{ .name = "options",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct config, options),
	  .help = "as JSON, the options of each receive path, publish path,\n"
		  "channel and transport; the host is asked nothing" },
	{ .name = "interface",
	  .metavar = "NAME",
	  .def = "lo",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, interface),
	  .help = "the interface that receive paths are asked about" },
	OPTION_END,
};

static const struct option_program program = {
	.name = "t2t-probe",
	.summary = "show what this host can run, and why not",
	.description =
		"Asks every receive path, publish path, channel and transport\n"
		"whether it was built and whether this host can run it, and\n"
		"reads what else decides: CPUs, clock, namespaces, packet\n"
		"sockets, huge pages. Changes nothing.",
	.rows = rows,
};

static const struct {
	const char *name;
	const char *kind; /* as the table says it */
	const struct registry *registry;
} families[] = {
	{ "receive", "receive path", &receive_paths },
	{ "send", "publish path", &publish_paths },
	{ "channel", "channel", &channels },
	{ "transport", "transport", &transports },
};

/* A row of the answer. */
static void tell(json_t *found, const char *kind, const char *name, bool can,
		 const char *why)
{
	json_array_append_new(found,
			      json_pack("{s:s,s:s,s:b,s:s}", "kind", kind,
					"name", name, "can", can, "why", why));
}

static void tell_registry(json_t *found, const char *kind,
			  const struct registry *registry)
{
	const struct registry_entry *entry;

	for (unsigned int i = 0; (entry = registry_at(registry, i)); i++) {
		const char *why = registry_unavailable(entry);

		tell(found, kind, entry->name, !why, why ? why : entry->help);
	}
}

static void tell_namespaces(json_t *found)
{
	int namespace = -1;

	if (namespace_become_root() == 0 && namespace_open(&namespace) == 0)
		tell(found, "host", "namespaces", true,
		     "the lab runs without a VM");
	else
		tell(found, "host", "namespaces", false,
		     "neither root nor user namespaces: run it through sudo");
	namespace_close(&namespace);
}

static void tell_packet_socket(json_t *found)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	tell(found, "host", "packet sockets", fd >= 0,
	     fd >= 0 ? "the wiretap can listen"
		     : "t2t-wiretap needs CAP_NET_RAW");
	if (fd >= 0)
		close(fd);
}

static void tell_huge_pages(json_t *found)
{
	struct mem_arena arena;
	bool huge = mem_arena_open(&arena, 1, true) == 0 && arena.huge;

	tell(found, "host", "huge pages", huge,
	     huge ? "2 MiB pages are free" : "none reserved: vm.nr_hugepages");
	mem_arena_close(&arena);
}

static void tell_kernel_tls(json_t *found)
{
	const char *why = "for --channel tls:ktls=on";
	int err = kernel_tls_probe(&why);

	tell(found, "host", "kernel TLS", !err, why);
}

static void tell_cpus(json_t *found)
{
	char text[64];
	unsigned int n = cpu_count();

	snprintf(text, sizeof(text), "%u CPU%s", n, n == 1 ? "" : "s");
	tell(found, "host", "a CPU for the trader", n > 1, text);
}

static void tell_kvm(json_t *found)
{
	char line[4096];
	FILE *file = fopen("/proc/cpuinfo", "re");
	bool flag = false;

	while (file && !flag && fgets(line, sizeof(line), file))
		flag = !strncmp(line, "flags", 5) &&
		       (strstr(line, " vmx") || strstr(line, " svm"));
	if (file)
		fclose(file);
	tell(found, "host", "hardware virtualisation", flag,
	     flag ? "the CPU has it; a VM's boot is the proof"
		  : "no vmx or svm flag: virtual machines run under TCG");
}

static void table_print(const json_t *found, const struct utsname *kernel)
{
	bool colour = isatty(STDOUT_FILENO);
	const json_t *row;
	size_t i;

	printf("Linux %s, counter %s\n\n%-14s %-24s %-4s %s\n", kernel->release,
	       clock_counter_name(), "kind", "name", "can", "what, or why not");
	json_array_foreach(found, i, row)
	{
		bool can = json_is_true(json_object_get(row, "can"));

		printf("%-14s %-24s %s%-4s%s %s\n",
		       json_string_value(json_object_get(row, "kind")),
		       json_string_value(json_object_get(row, "name")),
		       !colour ? ""
		       : can   ? "\033[32m"
			       : "\033[33m",
		       can ? "yes" : "no", colour ? "\033[0m" : "",
		       json_string_value(json_object_get(row, "why")));
	}
}

/* The options of all members of all families. */
static json_t *members_json(void)
{
	json_t *members = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		json_t *family =
			registry_json(families[i].registry, families[i].name);

		json_array_extend(members, family);
		json_decref(family);
	}
	return members;
}

static void json_print(json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(json);
}

static int finish(void)
{
	if (fflush(stdout) != EOF)
		return 0;
	log_error("can't write to stdout: %s", log_strerror(-errno));
	return 1;
}

int main(int argc, char **argv)
{
	enum option_result result;
	struct config config = { 0 };
	struct utsname kernel;
	json_t *found;

	result = option_parse_arguments(&program, argc, argv, &config);
	if (result != OPTION_RUN)
		return (int)result;
	if (config.options) {
		json_print(json_pack("{s:s,s:o}", "schema", "t2t-options/1",
				     "members", members_json()));
		return finish();
	}
	uname(&kernel);
	found = json_array();
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		tell_registry(found, families[i].kind, families[i].registry);
	tell_cpus(found);
	tell_huge_pages(found);
	tell_kernel_tls(found);
	tell_kvm(found);
	/* Last: without root this moves into a user namespace. */
	tell_packet_socket(found);
	tell_namespaces(found);
	if (config.json)
		json_print(json_pack("{s:s,s:s,s:s,s:O,s:o}", "schema",
				     "t2t-probe/1", "kernel", kernel.release,
				     "counter", clock_counter_name(), "found",
				     found, "members", members_json()));
	else
		table_print(found, &kernel);
	json_decref(found);
	return finish();
}
