/* SPDX-License-Identifier: MIT */
/*
 * Options are rows. From the same rows come parsing, checking, --help, the
 * man page and the key=value lists that pluggable parts take
 * ("spin:rcvbuf=1m,timestamps=off"). A row's target is an offset into the
 * caller's configuration struct.
 */
#ifndef BASE_OPTION_H
#define BASE_OPTION_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum option_type {
	OPTION_FLAG,	 /* bool; on the command line it takes no value, in a
			    list it is on or off */
	OPTION_UNSIGNED, /* uint64_t; min..max; suffixes k, m, g (1024) */
	OPTION_DECIMAL,	 /* int64_t in nano; min..max in nano */
	OPTION_STRING,	 /* const char *: points into the caller's text */
	OPTION_CHOICE,	 /* unsigned int: index into choices */
	OPTION_KEEP,	 /* struct option_keep: keep, or min..max (at most
			    INT_MAX) as OPTION_UNSIGNED; on and off are 1, 0 */
	OPTION_PARSED,	 /* whatever parse() fills */
};

struct registry;

/* What the kernel has is kept, unless it is set. Zeroed: kept. */
struct option_keep {
	int value;
	int set;
};

/* Which option of a socket a row sets: setsockopt(2), and getsockopt(2) to read
 * it back. */
struct option_socket {
	int level, option;
	const char *name; /* "SO_RCVLOWAT" */
	int doubled;	  /* read back as twice what was set: socket(7) */
};

struct option_row {
	const char *name;    /* "order-quantity": no dashes before it */
	const char *alias;   /* an older name, which is taken too; NULL: none */
	const char *metavar; /* name of the value in help: "LOTS" */
	const char *def;     /* default, as text; NULL: none, target zeroed */
	enum option_type type;
	uint64_t min, max;	    /* both 0: no limits */
	const char *const *choices; /* NULL-terminated */
	/* OPTION_PARSED: 0, or -EINVAL with *why set to the reason */
	int (*parse)(const char *text, void *target, const char **why);
	size_t offset;
	const char *help; /* wrapped where it is shown */
	/* The family that a string names a member of; NULL: none. For
	 * completion only: whether there is one, its registry says. */
	const struct registry *family;
	uint8_t required; /* an error when it is not given */
	uint8_t rest; /* of a list: the value goes to the list's end, commas and
			 all */
	const struct option_socket *socket; /* NULL: none, or not it alone */
};

#define OPTION_ROWS_MAX 64 /* of one program */

/* What each program takes besides its own rows, separated by blanks. */
#define OPTION_COMMON_NAMES \
	"--help --version --man --completion --verbose --quiet"

/* What a program is: all that help and the man page need. */
struct option_program {
	const char *name;	       /* "t2t-trader" */
	const char *summary;	       /* one line for NAME */
	const char *synopsis;	       /* after the name; NULL: "[OPTION...]" */
	const char *description;       /* paragraphs, separated by \n\n */
	const char *exit_and_output;   /* what stdout carries; may be NULL */
	const struct option_row *rows; /* ends with a row without name */
};

/* OPTION_RUN, or the code to exit with. */
enum option_result {
	OPTION_RUN = -1,   /* go on */
	OPTION_DONE = 0,   /* --help or its like was answered */
	OPTION_FAILED = 1, /* ... to a stdout that did not take it; said */
	OPTION_WRONG = 2,  /* bad usage, said on stderr */
};

/*
 * Set all defaults, then read argv. Every program knows OPTION_COMMON_NAMES.
 * "--name value" and "--name=value" both work; anything that is not an option
 * is bad usage. Checks everything and logs the first fault with option and
 * value.
 */
enum option_result option_parse_arguments(const struct option_program *program,
					  int argc, char **argv, void *config);

/*
 * Set all defaults, then read "key=value,key=value" (may be NULL or empty).
 * The text is copied where a string target needs it: *copy is the caller's
 * to free() once the config is no longer used. 0 or -EINVAL, logged with
 * what ("--receive spin").
 */
int option_parse_list(const struct option_row *rows, const char *text,
		      const char *what, void *config, char **copy);

/* Print the rows of a list, indented, as in "--receive help". */
void option_print_rows(FILE *out, const struct option_row *rows,
		       const char *prefix);

void option_print_help(FILE *out, const struct option_program *program);
/* man(7) source. */
void option_print_man(FILE *out, const struct option_program *program);
/* What bash completes: assignments to the table of completion.bash. */
void option_print_completion(FILE *out, const struct option_program *program);

#define OPTION_END           \
	{                    \
		.name = NULL \
	}

#endif
