/* SPDX-License-Identifier: MIT */
#include "agent/cpu_look.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define STEAL 7 /* of user nice system idle iowait irq softirq steal */
#define TICKS 8 /* what guests had is in user and nice, too */

void cpu_look_ticks(FILE *stat, int cpu, json_t *look)
{
	size_t size = 0, len;
	char *line = NULL, name[16];
	bool found = false;

	if (cpu < 0)
		snprintf(name, sizeof(name), "cpu ");
	else
		snprintf(name, sizeof(name), "cpu%d ", cpu);
	len = strlen(name);
	while (!found && getline(&line, &size, stat) > 0) {
		unsigned long long ticks[TICKS] = { 0 }, all = 0;
		char *at = line + len;

		found = !strncmp(line, name, len);
		for (int i = 0; i < TICKS && found; i++) {
			ticks[i] = strtoull(at, &at, 10);
			all += ticks[i];
		}
		if (!found)
			continue;
		json_object_set_new(look, "ticks",
				    json_integer((json_int_t)all));
		json_object_set_new(look, "stolen_ticks",
				    json_integer((json_int_t)ticks[STEAL]));
	}
	free(line);
}

json_t *cpu_look_waited(FILE *pressure)
{
	unsigned long long us;

	return fscanf(pressure,
		      "some avg10=%*f avg60=%*f avg300=%*f total=%llu",
		      &us) == 1
		       ? json_integer((json_int_t)us)
		       : json_null();
}

/* In which of the columns does that CPU stand? Those that are offline have
 * none. -1: not there. */
static int column_of(const char *head, int cpu)
{
	int column = 0, number;

	while ((head = strstr(head, "CPU"))) {
		head += 3;
		number = atoi(head);
		if (number == cpu)
			return column;
		column++;
	}
	return -1;
}

/* The sum of a row's numbers, or the one in the column. */
static unsigned long long row_sum(const char *row, int columns, int column)
{
	unsigned long long sum = 0, value;
	int n = 0;
	char *end;

	for (; n < columns; n++) {
		value = strtoull(row, &end, 10);
		if (end == row)
			break;
		row = end;
		sum += column < 0 || n == column ? value : 0;
	}
	/* "ERR: 0" is of no CPU. */
	return n == columns ? sum : 0;
}

json_t *cpu_look_interrupts(FILE *interrupts, int cpu)
{
	unsigned long long sum = 0;
	int columns = 0, column = -1;
	size_t size = 0;
	char *line = NULL;

	if (getline(&line, &size, interrupts) > 0) {
		for (const char *at = line; (at = strstr(at, "CPU")); at += 3)
			columns++;
		column = column_of(line, cpu);
	}
	while (getline(&line, &size, interrupts) > 0) {
		const char *colon = strchr(line, ':');

		if (colon)
			sum += row_sum(colon + 1, columns, column);
	}
	free(line);
	return columns == 0 || (cpu >= 0 && column < 0)
		       ? json_null()
		       : json_integer((json_int_t)sum);
}

static json_t *mhz_of(int cpu)
{
	unsigned long long khz = 0;
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path),
		 "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq", cpu);
	file = cpu < 0 ? NULL : fopen(path, "re");
	if (!file)
		return json_null();
	if (fscanf(file, "%llu", &khz) != 1)
		khz = 0;
	fclose(file);
	return khz ? json_real((double)khz / 1e3) : json_null();
}

json_t *cpu_look(int cpu)
{
	FILE *stat = fopen("/proc/stat", "re");
	FILE *pressure = fopen("/proc/pressure/cpu", "re");
	FILE *interrupts = fopen("/proc/interrupts", "re");
	json_t *look = json_pack(
		"{s:I,s:o,s:o,s:o}", "at_ns", (json_int_t)clock_monotonic_ns(),
		"waited_us", pressure ? cpu_look_waited(pressure) : json_null(),
		"interrupts",
		interrupts ? cpu_look_interrupts(interrupts, cpu) : json_null(),
		"mhz", mhz_of(cpu));

	if (stat) {
		cpu_look_ticks(stat, cpu, look);
		fclose(stat);
	}
	if (pressure)
		fclose(pressure);
	if (interrupts)
		fclose(interrupts);
	return look;
}
