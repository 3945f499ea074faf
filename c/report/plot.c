/* SPDX-License-Identifier: MIT */
#include "report/plot.h"

#include "report/export.h"
#include "report/svg.h"

/* Letters of a name, on a phone: beside figures, and on a line of its own. */
#define NAME_BESIDE 16
#define NAME_MOST   42

unsigned int plot_mark(const struct results *results, unsigned int arm)
{
	return (int)arm == results->aa ? 0 : arm;
}

bool plot_hollow(const struct results *results, unsigned int arm)
{
	return (int)arm == results->aa;
}

void plot_legend(FILE *out, const struct results *results)
{
	fputs("<p class=\"legend\">", out);
	for (unsigned int arm = 0; arm < results->arm_count; arm++) {
		fputs("<span>", out);
		svg_icon(out, plot_mark(results, arm),
			 plot_hollow(results, arm));
		export_escaped(out, results_arm_name(results, arm));
		fputs("</span>\n", out);
	}
	fputs("</p>\n", out);
}

static size_t letters_of(const char *name)
{
	size_t letters = 0;

	for (; *name; name++)
		letters += (*name & 0xc0) != 0x80;
	return letters;
}

double plot_name_room(const struct results *results)
{
	for (unsigned int arm = 0; arm < results->arm_count; arm++)
		if (letters_of(results_arm_name(results, arm)) > NAME_BESIDE)
			return 16;
	return 0;
}

const char *plot_name(const char *name, char text[static PLOT_NAME_MAX])
{
	size_t letters = 0, n = 0;

	for (; name[n] && n < PLOT_NAME_MAX - 8; n++)
		if ((name[n] & 0xc0) != 0x80 && ++letters > NAME_MOST)
			break;
	snprintf(text, PLOT_NAME_MAX, "%.*s%s", (int)n, name,
		 name[n] ? "\u2026" : "");
	return text;
}

double plot_y(const struct scale *scale, double top, double bottom,
	      double value)
{
	return bottom - scale_at(scale, value) * (bottom - top);
}

void plot_us_axis(FILE *out, const struct scale *scale, double top,
		  double bottom, const char *title)
{
	double ticks[SCALE_TICKS_MAX];
	const size_t count = scale_ticks(scale, 7, ticks);
	char text[SCALE_LABEL_MAX];

	svg_text(out, 0, top - 10, SVG_START, "axis", title);
	for (size_t i = 0; i < count; i++) {
		double y = plot_y(scale, top, bottom, ticks[i]);

		svg_line(out, PLOT_LEFT, y, PLOT_RIGHT, y, "grid");
		svg_text(out, PLOT_LEFT - 0.01, y + 4, SVG_END, "tick",
			 scale_label(ticks[i], text));
	}
}
