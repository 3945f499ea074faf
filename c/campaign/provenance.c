/* SPDX-License-Identifier: MIT */
#include "campaign/provenance.h"

#include <dirent.h>
#include <limits.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/mem.h"
#include "base/version.h"
#include "net/process.h"

/* The first line of a file, or null. */
static json_t *line_of(const char *path)
{
	char line[1024];
	FILE *file = fopen(path, "re");
	json_t *text = NULL;

	if (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		text = json_string(line);
	}
	if (file)
		fclose(file);
	return text ? text : json_null();
}

/* The value behind key in a file of "key SEPARATOR value" lines, or null. */
static json_t *value_of(const char *path, const char *key, char separator)
{
	char line[1024];
	FILE *file = fopen(path, "re");
	json_t *text = NULL;

	while (file && !text && fgets(line, sizeof(line), file)) {
		char *value = strchr(line, separator);

		if (strncmp(line, key, strlen(key)) != 0 || !value)
			continue;
		value += 1 + strspn(value + 1, " \t\"");
		value[strcspn(value, "\"\n")] = '\0';
		text = json_string(value);
	}
	if (file)
		fclose(file);
	return text ? text : json_null();
}

/* Settings that decide how fast packets move, as they stand now. */
static json_t *settings(void)
{
	static const char *const names[] = {
		"net/core/rmem_max",
		"net/core/wmem_max",
		"net/core/busy_read",
		"net/core/busy_poll",
		"net/core/netdev_budget",
		"net/core/netdev_max_backlog",
		"net/core/netdev_tstamp_prequeue",
		"net/ipv4/tcp_low_latency",
		"net/ipv4/tcp_autocorking",
		"kernel/timer_migration",
		"kernel/sched_rt_runtime_us",
		"kernel/numa_balancing",
		"vm/stat_interval",
	};
	json_t *found = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "/proc/sys/%s", names[i]);
		json_object_set_new(found, names[i], line_of(path));
	}
	return found;
}

/* Of the CPU's faults: what the kernel does about each, by its name. */
static json_t *mitigations(void)
{
	const char *folder = "/sys/devices/system/cpu/vulnerabilities";
	DIR *listing = opendir(folder);
	const struct dirent *entry;
	json_t *found;

	if (!listing)
		return json_null();
	found = json_object();
	while ((entry = readdir(listing))) {
		char path[PATH_MAX];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		json_object_set_new(found, entry->d_name, line_of(path));
	}
	closedir(listing);
	return found;
}

static json_t *libraries(void)
{
	return json_pack("{s:s,s:s,s:s}", "zlib", zlibVersion(), "libpcap",
			 pcap_lib_version(), "jansson", JANSSON_VERSION);
}

json_t *provenance_host(void)
{
	struct utsname kernel;
	struct sysinfo memory;
	const char *const virtualisation[] = { "systemd-detect-virt", NULL };
	char text[256];
	json_t *host;

	if (uname(&kernel) < 0)
		memset(&kernel, 0, sizeof(kernel));
	if (sysinfo(&memory) < 0)
		memset(&memory, 0, sizeof(memory));
	host = json_pack(
		"{s:s,s:s,s:s,s:o,s:o,s:I,s:s,s:I,s:o,s:o,s:o,s:o,s:o,s:o,s:o}",
		"kernel", kernel.release, "kernel_version", kernel.version,
		"machine", kernel.machine, "distribution",
		value_of("/etc/os-release", "PRETTY_NAME", '='), "cpu",
		value_of("/proc/cpuinfo", "model name", ':'), "cpus",
		(json_int_t)cpu_count(), "counter", clock_counter_name(),
		"memory_bytes",
		(json_int_t)memory.totalram * (json_int_t)memory.mem_unit,
		"clock_source",
		line_of("/sys/devices/system/clocksource/clocksource0/"
			"current_clocksource"),
		"governor",
		line_of("/sys/devices/system/cpu/cpu0/cpufreq/"
			"scaling_governor"),
		"kernel_command_line", line_of("/proc/cmdline"),
		"transparent_huge_pages",
		line_of("/sys/kernel/mm/transparent_hugepage/enabled"),
		"mitigations", mitigations(), "settings", settings(),
		"libraries", libraries());
	/* 1 says "none", which is an answer, too. */
	if (process_output(virtualisation, text, sizeof(text)) <= 1 && *text)
		json_object_set_new(host, "virtualisation", json_string(text));
	else
		json_object_set_new(host, "virtualisation", json_null());
	return host;
}

json_t *provenance_file(const char *path)
{
	const char *const argv[] = { "sha256sum", "--", path, NULL };
	char text[PATH_MAX + 128];
	struct stat found;
	json_t *file = json_pack("{s:s}", "path", path);

	json_object_set_new(file, "bytes",
			    stat(path, &found) == 0
				    ? json_integer(found.st_size)
				    : json_null());
	if (process_output(argv, text, sizeof(text)) == 0 && strlen(text) > 64)
		json_object_set_new(file, "sha256", json_stringn(text, 64));
	else
		json_object_set_new(file, "sha256", json_null());
	return file;
}

json_t *provenance_programs(const char *folder)
{
	static const char *const names[] = { "t2t-exchange", "t2t-trader",
					     "t2t-wiretap", "t2t-run" };
	json_t *programs = json_pack("{s:s}", "version", version_text);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		json_object_set_new(programs, names[i], provenance_file(path));
	}
	return programs;
}
