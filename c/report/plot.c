/* SPDX-License-Identifier: MIT */
#include "report/plot.h"

#include "report/export.h"
#include "report/svg.h"

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
