/* SPDX-License-Identifier: MIT */
/* What is read of a CPU: from text as a kernel writes it, and from this one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sched.h>
#include <string.h>

#include "agent/canary.h"
#include "agent/cpu_look.h"
#include "base/cpu.h"
#include "base/json_get.h"

static FILE *text(const char *bytes)
{
	return fmemopen((void *)(uintptr_t)bytes, strlen(bytes), "r");
}

static void ticks_are_of_the_cpu(void **state)
{
	static const char stat[] = "cpu  10 20 30 40 50 60 70 80 90 100\n"
				   "cpu1 1 2 3 4 5 6 7 8 9 10\n"
				   "cpu11 1 1 1 1 1 1 1 2 0 0\n"
				   "intr 5\n";
	static const struct {
		int cpu;
		json_int_t ticks, stolen;
	} wanted[] = { { -1, 360, 80 }, { 1, 36, 8 }, { 11, 9, 2 } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		json_t *look = json_object();
		FILE *file = text(stat);

		cpu_look_ticks(file, wanted[i].cpu, look);
		fclose(file);
		assert_int_equal(json_get_integer(look, "ticks"),
				 wanted[i].ticks);
		assert_int_equal(json_get_integer(look, "stolen_ticks"),
				 wanted[i].stolen);
		json_decref(look);
	}
}

static void a_cpu_that_is_not_there_has_none(void **state)
{
	json_t *look = json_object();
	FILE *file = text("cpu  1 1 1 1 1 1 1 1\ncpu0 1 1 1 1 1 1 1 1\n");

	(void)state;
	cpu_look_ticks(file, 7, look);
	fclose(file);
	assert_int_equal(json_object_size(look), 0);
	json_decref(look);
}

/* CPU 1 is offline; what is of no CPU is left out. */
static void interrupts_are_of_the_column(void **state)
{
	static const char table[] =
		"           CPU0       CPU2       CPU12\n"
		"  1:         10        200       3000   IO-APIC   1-edge x9\n"
		"LOC:          1         20        300   Local timer\n"
		"ERR:          7\n";
	static const struct {
		int cpu;
		json_int_t sum;
	} wanted[] = { { 0, 11 }, { 2, 220 }, { 12, 3300 }, { -1, 3531 } };
	json_t *sum;
	FILE *file;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		file = text(table);
		sum = cpu_look_interrupts(file, wanted[i].cpu);
		fclose(file);
		assert_int_equal(json_integer_value(sum), wanted[i].sum);
		json_decref(sum);
	}
	file = text(table);
	sum = cpu_look_interrupts(file, 1);
	fclose(file);
	assert_true(json_is_null(sum));
}

static void pressure_is_that_of_some(void **state)
{
	FILE *file = text("some avg10=0.12 avg60=1.00 avg300=0.00 total=4711\n"
			  "full avg10=0.00 avg60=0.00 avg300=0.00 total=5\n");
	json_t *us = cpu_look_waited(file);

	(void)state;
	fclose(file);
	assert_int_equal(json_integer_value(us), 4711);
	json_decref(us);
	file = text("nothing of the kind\n");
	us = cpu_look_waited(file);
	fclose(file);
	assert_true(json_is_null(us));
}

static void this_machine_can_be_read(void **state)
{
	unsigned int cpu;
	json_t *look;

	(void)state;
	assert_true(cpu_list(&cpu, 1) > 0);
	look = cpu_look((int)cpu);
	assert_true(json_get_integer(look, "at_ns") > 0);
	assert_true(json_get_integer(look, "ticks") > 0);
	assert_true(json_get_integer(look, "interrupts") > 0);
	json_decref(look);
}

/* It runs on the CPU, and leaves us where we were. */
static void a_canary_comes_back(void **state)
{
	struct canary canary = { 0 };
	cpu_set_t before, after;
	unsigned int cpu;

	(void)state;
	assert_true(cpu_list(&cpu, 1) > 0);
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(canary_take((int)cpu, &canary), 0);
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	assert_true(CPU_EQUAL(&before, &after));
	assert_true(canary.call_ns > 1 && canary.call_ns < 1e9);
	assert_true(canary.gap_ns > 0);
	assert_int_equal(canary_take(-1, &canary), 0);
	assert_true(canary_take(CPU_SETSIZE - 1, &canary) < 0);
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	assert_true(CPU_EQUAL(&before, &after));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ticks_are_of_the_cpu),
		cmocka_unit_test(a_cpu_that_is_not_there_has_none),
		cmocka_unit_test(interrupts_are_of_the_column),
		cmocka_unit_test(pressure_is_that_of_some),
		cmocka_unit_test(this_machine_can_be_read),
		cmocka_unit_test(a_canary_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
