/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target without libFuzzer:
 *
 *	target [--runs N] [--seed N] [--seconds N] CORPUS...
 *
 * runs every file of the corpus, then N mutations of them, as many as the
 * seconds allow (0: all). Without arguments: tests/fuzz/corpus/NAME, 100000
 * runs, 2 seconds: libfuzzer.sh, led by coverage, has the 5. The input lies
 * against an unmapped page, so that reading past its end crashes by any
 * compiler. The input that crashes, or takes longer than 20 seconds, is kept in
 * $TMPDIR.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"

#define INPUT_MAX	 65536
#define FILES_MAX	 1024
#define MUTATIONS_MAX	 8
#define HANG_SECONDS	 20
#define RUNS_PER_LOOK	 64
#define DEFAULT_RUNS	 100000
#define DEFAULT_SECONDS	 2
#define SIGNAL_STACK_LEN 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Of a target that has something to set up. */
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);
/* Sanitizers end the process without a signal. */
__attribute__((weak)) void __sanitizer_set_death_callback(
	void (*callback)(void));

struct input {
	uint8_t *bytes;
	size_t len;
};

struct options {
	uint64_t runs;
	uint64_t seed;
	uint64_t seconds;
};

static struct input corpus[FILES_MAX];
static size_t corpus_count;
static const char *name;
static uint64_t random_state;

/* Only what a signal handler may touch. */
static uint8_t *arena_end;
static struct input current;
static char crash_path[4096];
static char crash_text[8448];

static void keep_crash(void)
{
	int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	size_t written = 0;
	ssize_t n;

	while (fd >= 0 && written < current.len) {
		n = write(fd, current.bytes + written, current.len - written);
		if (n <= 0)
			break;
		written += (size_t)n;
	}
	/* Nothing is left to do about a stderr that is closed. */
	n = write(STDERR_FILENO, crash_text, strlen(crash_text));
	(void)n;
}

static void on_signal(int number)
{
	keep_crash();
	signal(number, SIG_DFL);
	raise(number);
}

static void catch_crashes(void)
{
	static uint8_t stack[SIGNAL_STACK_LEN];
	static const int signals[] = { SIGABRT, SIGALRM, SIGSEGV,
				       SIGBUS,	SIGFPE,	 SIGILL };
	stack_t alternative = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = SA_ONSTACK };
	size_t count = sizeof(signals) / sizeof(signals[0]);

	/* A sanitizer has its own say about the others. */
	if (__sanitizer_set_death_callback) {
		__sanitizer_set_death_callback(keep_crash);
		count = 2;
	}
	sigaltstack(&alternative, NULL);
	for (size_t i = 0; i < count; i++)
		sigaction(signals[i], &action, NULL);
}

static int arena_open(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *base = mmap(NULL, INPUT_MAX + page, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED)
		return -errno;
	arena_end = base + INPUT_MAX;
	if (mprotect(arena_end, page, PROT_NONE) < 0)
		return -errno;
	return 0;
}

static void run(const uint8_t *bytes, size_t len)
{
	current.bytes = arena_end - len;
	current.len = len;
	if (len > 0)
		memcpy(current.bytes, bytes, len);
	LLVMFuzzerTestOneInput(current.bytes, len);
}

static int corpus_add_file(const char *path)
{
	struct input *input = &corpus[corpus_count];
	FILE *file;

	if (corpus_count == FILES_MAX)
		return -E2BIG;
	file = fopen(path, "rb");
	if (!file)
		return -errno;
	input->bytes = malloc(INPUT_MAX);
	if (input->bytes) {
		input->len = fread(input->bytes, 1, INPUT_MAX, file);
		corpus_count++;
	}
	fclose(file);
	return input->bytes ? 0 : -ENOMEM;
}

/* A file, or a folder of files; in the order of names, so that a seed means
 * the same everywhere. */
static int corpus_add(const char *path)
{
	struct dirent **entries;
	struct stat status;
	char inside[4096];
	int count, err = 0;

	if (stat(path, &status) < 0)
		return -errno;
	if (!S_ISDIR(status.st_mode))
		return corpus_add_file(path);
	count = scandir(path, &entries, NULL, alphasort);
	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		snprintf(inside, sizeof(inside), "%s/%s", path,
			 entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && err == 0)
			err = corpus_add(inside);
		free(entries[i]);
	}
	free(entries);
	return err;
}

static void overwrite(struct input *input, uint64_t value, size_t width)
{
	bool big_endian = random_next(&random_state) & 1;
	size_t at;

	if (input->len < width)
		return;
	at = random_below(&random_state, input->len - width + 1);
	for (size_t i = 0; i < width; i++)
		input->bytes[at + (big_endian ? width - 1 - i : i)] =
			(uint8_t)(value >> 8 * i);
}

/* Put len bytes in at a place, as far as there is room. */
static void insert(struct input *input, const uint8_t *bytes, size_t len)
{
	size_t at = random_below(&random_state, input->len + 1);

	if (len > INPUT_MAX - input->len)
		len = INPUT_MAX - input->len;
	if (len == 0)
		return;
	memmove(input->bytes + at + len, input->bytes + at, input->len - at);
	memcpy(input->bytes + at, bytes, len);
	input->len += len;
}

static void remove_piece(struct input *input)
{
	size_t at = random_below(&random_state, input->len);
	size_t len = 1 + random_below(&random_state, input->len - at);

	memmove(input->bytes + at, input->bytes + at + len,
		input->len - at - len);
	input->len -= len;
}

/* Insert a piece of any file of the corpus, of this one at times. */
static void insert_piece(struct input *input)
{
	const struct input *other =
		&corpus[random_below(&random_state, corpus_count)];
	size_t at = random_below(&random_state, other->len);

	if (other->len > 0)
		insert(input, other->bytes + at,
		       1 + random_below(&random_state, other->len - at));
}

static void mutate(struct input *input)
{
	static const uint64_t interesting[] = {
		0,	    1,	       UINT64_MAX, 7,	       8,
		16,	    20,	       0x7f,	   0x80,       0xff,
		0x7fff,	    0x8000,    0xffff,	   0x7fffffff, 0x80000000,
		0xffffffff, INT64_MAX, 1ULL << 63,
	};
	static const char texts[] = "0123456789+-.eE,:\"\\{}[] \r\n";
	uint8_t byte = (uint8_t)random_next(&random_state);
	size_t choice = random_below(&random_state, 9);

	if (input->len == 0)
		choice = 7 + (choice & 1);
	switch (choice) {
	case 0:
		input->bytes[random_below(&random_state, input->len)] ^=
			(uint8_t)(1U << (byte & 7));
		break;
	case 1:
		input->bytes[random_below(&random_state, input->len)] = byte;
		break;
	case 2:
		input->len = random_below(&random_state, input->len);
		break;
	case 3:
	case 4:
		overwrite(
			input,
			interesting[random_below(
				&random_state,
				sizeof(interesting) / sizeof(interesting[0]))],
			(size_t)1 << (byte & 3));
		break;
	case 5:
		remove_piece(input);
		break;
	case 6:
		byte = (uint8_t)
			texts[random_below(&random_state, sizeof(texts) - 1)];
		input->bytes[random_below(&random_state, input->len)] = byte;
		break;
	case 7:
		insert(input, &byte, 1);
		break;
	case 8:
		insert_piece(input);
		break;
	}
}

static uint64_t run_mutations(const struct options *options)
{
	static uint8_t bytes[INPUT_MAX];
	uint64_t end_ns =
		clock_monotonic_ns() + options->seconds * CLOCK_NS_PER_S;
	uint64_t done;

	for (done = 0; done < options->runs; done++) {
		const struct input *seed =
			&corpus[random_below(&random_state, corpus_count)];
		struct input input = { .bytes = bytes, .len = seed->len };

		if (done % RUNS_PER_LOOK == 0) {
			if (options->seconds && clock_monotonic_ns() > end_ns)
				break;
			alarm(HANG_SECONDS);
		}
		memcpy(bytes, seed->bytes, seed->len);
		for (size_t i = 1 + random_below(&random_state, MUTATIONS_MAX);
		     i > 0; i--)
			mutate(&input);
		run(input.bytes, input.len);
	}
	alarm(0);
	return done;
}

static int parse(int argc, char **argv, struct options *options)
{
	for (int i = 1; i < argc; i++) {
		uint64_t *target = NULL;
		char *end;
		int err;

		if (strcmp(argv[i], "--runs") == 0)
			target = &options->runs;
		else if (strcmp(argv[i], "--seed") == 0)
			target = &options->seed;
		else if (strcmp(argv[i], "--seconds") == 0)
			target = &options->seconds;
		if (target) {
			if (++i == argc)
				return -EINVAL;
			*target = strtoull(argv[i], &end, 10);
			if (end == argv[i] || *end)
				return -EINVAL;
			continue;
		}
		err = corpus_add(argv[i]);
		if (err < 0) {
			fprintf(stderr, "%s: %s\n", argv[i], strerror(-err));
			return err;
		}
	}
	return 0;
}

static void crash_texts(void)
{
	const char *folder = getenv("TMPDIR");

	snprintf(crash_path, sizeof(crash_path), "%s/crash-%s-%d",
		 folder ? folder : "/tmp", name, (int)getpid());
	snprintf(crash_text, sizeof(crash_text),
		 "fuzz %s: this input crashes or hangs it: %s\n", name,
		 crash_path);
}

int main(int argc, char **argv)
{
	struct options options = { .runs = DEFAULT_RUNS, .seed = 1 };
	char own_corpus[512];
	char *own_arguments[] = { argv[0], own_corpus, NULL };
	uint64_t mutations;

	name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	crash_texts();
	if (argc == 1) {
		snprintf(own_corpus, sizeof(own_corpus), "tests/fuzz/corpus/%s",
			 name);
		options.seconds = DEFAULT_SECONDS;
		argc = 2;
		argv = own_arguments;
	}
	if (parse(argc, argv, &options) < 0 || corpus_count == 0) {
		fprintf(stderr,
			"usage: %s [--runs N] [--seed N] [--seconds N] "
			"CORPUS...\n",
			name);
		printf("not ok 1 - fuzz %s: no corpus\n1..1\n", name);
		return 1;
	}
	if (arena_open() < 0) {
		printf("not ok 1 - fuzz %s: no memory\n1..1\n", name);
		return 1;
	}
	random_state = options.seed;
	catch_crashes();
	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	alarm(HANG_SECONDS);
	run(NULL, 0);
	for (size_t i = 0; i < corpus_count; i++)
		run(corpus[i].bytes, corpus[i].len);
	mutations = run_mutations(&options);
	printf("ok 1 - fuzz %s: %zu files, %llu mutations\n1..1\n", name,
	       corpus_count, (unsigned long long)mutations);
	for (size_t i = 0; i < corpus_count; i++)
		free(corpus[i].bytes);
	return 0;
}
