/* SPDX-License-Identifier: MIT */
#include "report/page_trials.h"

#include <ctype.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json_get.h"
#include "report/export.h"
#include "report/page.h"
#include "report/trial_mark.h"

/* What a reader opens; only what is there. */
static const struct file {
	const char *name, *text;
} files[] = {
	{ "capture.pcapng", "capture" },
	{ "latencies.csv", "latencies" },
	{ "trader.log", "log" },
};

/* "/a/b/c", "/a/d": "../../d/". Both are real paths. */
static const char *relative(const char *from, const char *to,
			    char text[static PATH_MAX])
{
	size_t same = 0, n = 0;

	/* As far as whole names are the same. */
	for (size_t i = 0;; i++) {
		const bool ends = from[i] == '/' || from[i] == '\0';

		if (ends && (to[i] == '/' || to[i] == '\0'))
			same = i;
		if (from[i] == '\0' || from[i] != to[i])
			break;
	}
	text[0] = '\0';
	for (const char *c = from + same; *c && n + 4 < PATH_MAX; c++)
		if (*c == '/' && c[1] != '\0')
			n += (size_t)snprintf(text + n, PATH_MAX - n, "../");
	to += same + (to[same] == '/');
	if (*to &&
	    snprintf(text + n, PATH_MAX - n, "%s/", to) >= (int)(PATH_MAX - n))
		return NULL;
	return text;
}

const char *page_trials_links(const char *page, const char *folder,
			      char text[static PATH_MAX])
{
	char copy[PATH_MAX], from[PATH_MAX], to[PATH_MAX];

	if (snprintf(copy, sizeof(copy), "%s", page) >= PATH_MAX ||
	    !realpath(dirname(copy), from) || !realpath(folder, to))
		return NULL;
	return relative(from, to, text);
}

/* RFC 3986, 2.3: what is not unreserved is written as %XX. */
static void link_escaped(FILE *out, const char *path)
{
	for (; *path; path++) {
		const unsigned char c = (unsigned char)*path;

		if (isalnum(c) || strchr("-._~/", c))
			fputc(c, out);
		else
			fprintf(out, "%%%02X", c);
	}
}

static void links_write(FILE *out, const struct results *results,
			const char *links, const char *folder)
{
	char path[PATH_MAX];

	fputs("<td>", out);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (!links || !*folder ||
		    snprintf(path, sizeof(path), "%s/%s/%s", results->folder,
			     folder, files[i].name) >= PATH_MAX ||
		    access(path, F_OK) < 0)
			continue;
		fputs("<a href=\"", out);
		/* A name with a colon would be a scheme. */
		fputs(*links == '/' || *links == '.' ? "" : "./", out);
		link_escaped(out, links);
		link_escaped(out, folder);
		fprintf(out, "/%s\">%s</a> ", files[i].name, files[i].text);
	}
	fputs("</td>", out);
}

static void us_write(FILE *out, const struct percentiles *all, double percent,
		     uint64_t ns)
{
	if (percentile_supported(all->count, percent))
		fprintf(out, "<td>%.2f</td>", (double)ns / 1e3);
	else
		fputs("<td>-</td>", out);
}

/* Behind its latencies: orders, whether it counts, and files. */
static void row_end(FILE *out, const struct results *results,
		    const json_t *trial, const struct trial_mark *mark,
		    const char *links)
{
	const json_t *analysis = json_object_get(trial, "analysis");

	fprintf(out, "<td>%lld of %lld</td><td>",
		(long long)json_get_integer(analysis, "matched"),
		(long long)json_get_integer(analysis, "triggers"));
	export_escaped(out, trial_mark_words[mark->kind]);
	fputs(*mark->why ? ": " : "", out);
	export_escaped(out, mark->why);
	fputs("</td>", out);
	links_write(out, results, links, json_get_text(trial, "folder", ""));
	fputs("</tr>\n", out);
}

static void row_write(FILE *out, const struct results *results,
		      const struct results_trial *trial, const char *links)
{
	const struct trial_mark mark =
		trial_mark(trial->json, trial->block_void);

	fprintf(out, "<tr%s><td>%u</td><td>%u</td>",
		trial_mark_counts(&mark) ? "" : " class=\"out\"", trial->number,
		trial->block + 1);
	page_tagged(out, "td", results_arm_name(results, trial->arm));
	us_write(out, &trial->percentiles, 50, trial->percentiles.p50);
	us_write(out, &trial->percentiles, 90, trial->percentiles.p90);
	row_end(out, results, trial->json, &mark, links);
}

/* Of blocks that ran again: why, and what can be looked into. */
static void aside_write(FILE *out, const struct results *results,
			const json_t *trials, const char *links)
{
	const json_t *trial;
	size_t i;

	json_array_foreach(trials, i, trial)
	{
		const json_t *analysis = json_object_get(trial, "analysis");
		const json_t *ns =
			json_object_get(analysis, results->measured->key);
		const struct trial_mark mark = trial_mark_aside(trial);
		const json_int_t arm = json_get_integer(trial, "arm");

		fprintf(out, "<tr class=\"out\"><td>%lld</td><td>%lld</td>",
			(long long)json_get_integer(trial, "number"),
			(long long)json_get_integer(trial, "block") + 1);
		page_tagged(
			out, "td",
			arm >= 0 && arm < results->arm_count
				? results_arm_name(results, (unsigned int)arm)
				: "unknown");
		page_us_cell(out, json_object_get(ns, "p50"));
		page_us_cell(out, json_object_get(ns, "p90"));
		row_end(out, results, trial, &mark, links);
	}
}

void page_trials(FILE *out, const struct results *results, const char *links)
{
	fputs("<h2>Trials, as they ran</h2>\n<div class=\"wide\"><table "
	      "class=\"trials\"><tr><th>trial</th><th>block</th><th>arm</th>"
	      "<th>p50, us</th><th>p90</th><th>orders right</th>"
	      "<th>does it count</th><th>files</th></tr>\n",
	      out);
	for (size_t i = 0; i < results->count; i++)
		row_write(out, results, &results->trials[i], links);
	aside_write(out, results, results->gated, links);
	aside_write(out, results, results->aside, links);
	fputs("</table></div>\n", out);
}
