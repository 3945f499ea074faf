/* SPDX-License-Identifier: MIT */
#include "campaign/counters.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

#define LINE_MAX_LEN 8192

static void counter_set(json_t *counters, const char *group, const char *name,
			const char *value)
{
	char key[256];
	long long number;

	if (sscanf(value, "%lld", &number) != 1)
		return;
	snprintf(key, sizeof(key), "%s.%s", group, name);
	json_object_set_new(counters, key, json_integer(number));
}

/* "Udp: InDatagrams InErrors", then "Udp: 12 0". */
static void pair_read(json_t *counters, char *names, char *values)
{
	char *group = strsep(&names, ":");
	char *name, *value;

	strsep(&values, ":");
	while ((name = strsep(&names, " ")) && values) {
		if (!*name)
			continue;
		do
			value = strsep(&values, " ");
		while (value && !*value);
		if (value)
			counter_set(counters, group, name, value);
	}
}

/* A line of /proc/net/dev: sixteen numbers. */
static bool device_read(json_t *counters, const char *line)
{
	static const struct {
		unsigned int column;
		const char *name;
	} wanted[] = {
		{ 2, "rx_errs" },  { 3, "rx_drop" },  { 4, "rx_fifo" },
		{ 10, "tx_errs" }, { 11, "tx_drop" }, { 12, "tx_fifo" },
	};
	char name[64], cells[16][24];

	if (sscanf(line,
		   " %63[^: ]: %23s %23s %23s %23s %23s %23s %23s %23s %23s "
		   "%23s %23s %23s %23s %23s %23s %23s",
		   name, cells[0], cells[1], cells[2], cells[3], cells[4],
		   cells[5], cells[6], cells[7], cells[8], cells[9], cells[10],
		   cells[11], cells[12], cells[13], cells[14], cells[15]) != 17)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		counter_set(counters, name, wanted[i].name,
			    cells[wanted[i].column]);
	return true;
}

/* "     rx_queue_0_drops: 0", of ethtool -S. */
static void nic_read(json_t *counters, const char *line)
{
	char name[128], value[32];

	if (line[0] == ' ' &&
	    sscanf(line, " %127[^:]: %31[0-9]", name, value) == 2)
		counter_set(counters, "nic", name, value);
}

json_t *counters_parse(FILE *text)
{
	char line[LINE_MAX_LEN], names[LINE_MAX_LEN] = "";
	json_t *counters = json_object();

	while (fgets(line, sizeof(line), text)) {
		size_t group = strcspn(line, ":") + 1;

		line[strcspn(line, "\n")] = '\0';
		if (*names && !strncmp(line, names, group)) {
			pair_read(counters, names, line);
			*names = '\0';
			continue;
		}
		*names = '\0';
		if (line[0] >= 'A' && line[0] <= 'Z' && strchr(line, ':'))
			memcpy(names, line, sizeof(names));
		else if (!device_read(counters, line))
			nic_read(counters, line);
	}
	return counters;
}

static json_t *counters_read(const char *path)
{
	FILE *file = fopen(path, "re");
	json_t *counters;

	if (!file)
		return NULL;
	counters = counters_parse(file);
	fclose(file);
	return counters;
}

json_t *counters_of(const char *before, const char *after)
{
	json_t *first = counters_read(before), *last = counters_read(after);
	json_t *both = NULL;
	const char *name;
	json_t *value;
	void *next;

	if (!first || !last)
		goto out;
	json_object_foreach_safe(last, next, name, value)
	{
		if (json_integer_value(value) ||
		    json_integer_value(json_object_get(first, name)))
			continue;
		json_object_del(first, name);
		json_object_del(last, name);
	}
	both = json_pack("{s:O,s:O}", "before", first, "after", last);
out:
	json_decref(first);
	json_decref(last);
	return both ? both : json_null();
}
