/* SPDX-License-Identifier: MIT */
#include "report/plot.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "net/process.h"
#include "stats/percentile.h"

#define CURVE_POINTS_PER_DECADE 24

/* Okabe and Ito: told apart by colour-blind readers and in grey. */
static const char *const colours[] = { "#0072b2", "#d55e00", "#009e73",
				       "#cc79a7", "#56b4e9", "#e69f00",
				       "#000000", "#8c6bb1" };
#define COLOURS (sizeof(colours) / sizeof(colours[0]))

static void head_write(FILE *script, const char *name)
{
	fprintf(script,
		"set terminal svg size 860,470 dynamic noenhanced "
		"font 'sans-serif,15' name '%s'\n"
		"set border 3 lc rgb '#666666'\n"
		"set tics nomirror textcolor rgb '#333333'\n"
		"set grid lc rgb '#dddddd' lw 1\n"
		"set key outside top center horizontal\n"
		"set ylabel 'wire to wire, us'\nset logscale y\n",
		name);
}

/* Single quotes: gnuplot looks into nothing but the quote itself. */
static void name_write(FILE *script, const char *name)
{
	fputc('\'', script);
	for (; *name; name++) {
		if (*name == '\'')
			fputc('\'', script);
		fputc(iscntrl((unsigned char)*name) ? '?' : *name, script);
	}
	fputc('\'', script);
}

static int curve_write(FILE *script, const struct results *results,
		       unsigned int arm, size_t *most)
{
	uint64_t *ns;
	size_t count;
	int err = results_arm_ns(results, arm, &ns, &count);

	if (err)
		return err;
	fprintf(script, "$d%u << EOD\n", arm);
	for (unsigned int i = 0; count > 0; i++) {
		double far = pow(10, (double)i / CURVE_POINTS_PER_DECADE);
		double percent = 100 * (1 - 1 / far);

		if (far > (double)count)
			break;
		fprintf(script, "%g %g\n", far,
			(double)percentile_of(ns, count, percent) / 1e3);
	}
	if (count > 0)
		fprintf(script, "%zu %g\n", count, (double)ns[count - 1] / 1e3);
	else
		fputs("1 NaN\n", script);
	fputs("EOD\n", script);
	*most = count > *most ? count : *most;
	free(ns);
	return 0;
}

static void plot_write(FILE *script, const struct results *results,
		       const char *style, const char *usual, const char *again)
{
	for (unsigned int arm = 0; arm < results->arm_count; arm++) {
		fprintf(script,
			"%s $d%u using 1:2 with %s%s lc rgb '%s' title ",
			arm ? "," : "plot", arm, style,
			(int)arm == results->aa ? again : usual,
			colours[(int)arm == results->aa ? 0 : arm % COLOURS]);
		name_write(script, results_arm_name(results, arm));
	}
	fputc('\n', script);
}

static int curves_write(FILE *script, const struct results *results)
{
	size_t most = 10;
	int err = 0;

	head_write(script, "curves");
	for (unsigned int arm = 0; arm < results->arm_count && !err; arm++)
		err = curve_write(script, results, arm, &most);
	fprintf(script,
		"set logscale x\nset xrange [1:%zu]\n"
		"set xlabel 'percentile'\n"
		"set xtics ('0 %%%%' 1, '50 %%%%' 2, '90 %%%%' 10, "
		"'99 %%%%' 100, '99.9 %%%%' 1000, '99.99 %%%%' 10000, "
		"'99.999 %%%%' 100000)\n",
		most);
	plot_write(script, results, "lines lw 2", "", " dt 2");
	return err;
}

static int blocks_write(FILE *script, const struct results *results)
{
	head_write(script, "blocks");
	for (unsigned int arm = 0; arm < results->arm_count; arm++) {
		fprintf(script, "$d%u << EOD\n0 NaN\n", arm);
		for (unsigned int b = 0; b < results->blocks; b++) {
			const struct results_trial *trial =
				results_trial(results, b, arm);

			/* Side by side, so that none hides another. */
			double beside = (arm + 0.5) / results->arm_count - 0.5;

			if (trial && results_counts(trial, arm))
				fprintf(script, "%g %g\n", b + 1 + 0.5 * beside,
					(double)trial->percentiles.p50 / 1e3);
		}
		fputs("EOD\n", script);
	}
	fprintf(script,
		"set xrange [0.5:%u.5]\nset xtics %u\nset xlabel 'block'\n"
		"set ylabel 'p50 of each trial, us'\n",
		results->blocks,
		results->blocks > 20 ? results->blocks / 10 : 1);
	plot_write(script, results, "points ps 0.7", " pt 7", " pt 6");
	return 0;
}

/* Only the element: a page has a prologue of its own. */
static int svg_copy(FILE *out, const char *path)
{
	char *text = NULL, *from, *end;
	size_t size = 0;
	FILE *file = fopen(path, "re");
	ssize_t n;

	if (!file)
		return -errno;
	n = getdelim(&text, &size, '\0', file);
	fclose(file);
	from = n > 0 ? strstr(text, "<svg") : NULL;
	end = from ? strstr(from, "</svg>") : NULL;
	if (end)
		fprintf(out, "%.*s\n", (int)(end + 6 - from), from);
	free(text);
	return end ? 0 : -EBADMSG;
}

static int gnuplot_run(const char *script, const char *svg, const char *errors)
{
	const char *const argv[] = { "gnuplot", script, NULL };
	const struct process_place place = {
		.namespace = -1, .cpu = -1, .out = svg, .err = errors
	};
	struct process process = { 0 };
	const char *const show[] = { "tail", "-n", "3", errors, NULL };
	char text[256] = "";
	int err = process_start(&process, argv, &place);

	if (!err)
		err = process_wait(&process, 60000, NULL);
	if (err)
		process_output(show, text, sizeof(text));
	if (err > 0)
		err = err == 127 ? -ENOENT : -EIO;
	if (err == -ENOENT)
		log_error("gnuplot is not installed: install gnuplot-nox");
	else if (err)
		log_error("gnuplot failed: %s", text);
	return err;
}

static int plot(FILE *out, const struct results *results,
		int (*write)(FILE *script, const struct results *results))
{
	static const char *const names[] = { "plot.gp", "plot.svg",
					     "plot.log" };
	const char *parent = getenv("TMPDIR");
	char folder[PATH_MAX / 2], path[3][PATH_MAX];
	FILE *script;
	int err;

	snprintf(folder, sizeof(folder), "%s/t2t-report.XXXXXX",
		 parent && *parent ? parent : "/tmp");
	if (!mkdtemp(folder)) {
		err = -errno;
		log_error("can't make %s: %s", folder, log_strerror(err));
		return err;
	}
	for (int i = 0; i < 3; i++)
		snprintf(path[i], sizeof(path[i]), "%s/%s", folder, names[i]);
	script = fopen(path[0], "we");
	err = script ? write(script, results) : -errno;
	if (script && fclose(script) == EOF && !err)
		err = -errno;
	if (!err)
		err = gnuplot_run(path[0], path[1], path[2]);
	if (!err)
		err = svg_copy(out, path[1]);
	for (int i = 0; i < 3; i++)
		unlink(path[i]);
	rmdir(folder);
	return err;
}

int plot_curves(FILE *out, const struct results *results)
{
	return plot(out, results, curves_write);
}

int plot_blocks(FILE *out, const struct results *results)
{
	return plot(out, results, blocks_write);
}
