/* SPDX-License-Identifier: MIT */
#include "report/svg.h"

#include "report/export.h"

/* An area's own width, in its own units. */
#define AREA 10000

/* About 10 pixels wide, around 0. */
static const char *const shapes[SVG_COLOURS] = {
	"M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0Z",	/* circle */
	"M-4 -4H4V4H-4Z",					/* square */
	"M0 -5L5 4H-5Z",					/* triangle */
	"M0 -5.5L5 0L0 5.5L-5 0Z",				/* diamond */
	"M0 5L5 -4H-5Z",					/* on its tip */
	"M-1.7 -5H1.7V-1.7H5V1.7H1.7V5H-1.7V1.7H-5V-1.7H-1.7Z", /* plus */
	"M0 -5.3L5 -1.6L3.1 4.3H-3.1L-5 -1.6Z",			/* pentagon */
	"M-5 -5H5L-5 5H5Z",					/* hourglass */
};

/* From the ninth on a colour has another shape. */
static const char *shape_of(unsigned int index)
{
	return shapes[(index + index / SVG_COLOURS) % SVG_COLOURS];
}

static void tip_write(FILE *out, const char *tip)
{
	if (!tip)
		return;
	fputs("<title>", out);
	export_escaped(out, tip);
	fputs("</title>", out);
}

void svg_open(FILE *out, const char *id, double height, const char *title,
	      const char *description)
{
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"%s\" "
		"width=\"100%%\" height=\"%.0f\" role=\"img\" "
		"aria-labelledby=\"%s-title %s-text\">\n"
		"<title id=\"%s-title\">",
		id, height, id, id, id);
	export_escaped(out, title);
	fprintf(out, "</title><desc id=\"%s-text\">", id);
	export_escaped(out, description);
	fputs("</desc>\n", out);
}

void svg_close(FILE *out)
{
	fputs("</svg>\n", out);
}

void svg_text(FILE *out, double x, double y, enum svg_anchor anchor,
	      const char *class, const char *text)
{
	static const char *const anchors[] = { "start", "middle", "end" };

	fprintf(out,
		"<text x=\"%.2f%%\" y=\"%.1f\" text-anchor=\"%s\" "
		"class=\"%s\">",
		100 * x, y, anchors[anchor], class);
	export_escaped(out, text);
	fputs("</text>\n", out);
}

void svg_line(FILE *out, double x1, double y1, double x2, double y2,
	      const char *class)
{
	fprintf(out,
		"<line x1=\"%.2f%%\" y1=\"%.1f\" x2=\"%.2f%%\" y2=\"%.1f\" "
		"class=\"%s\"/>\n",
		100 * x1, y1, 100 * x2, y2, class);
}

void svg_box(FILE *out, double x1, double x2, double y, double height,
	     const char *class, const char *tip)
{
	fprintf(out,
		"<rect x=\"%.3f%%\" y=\"%.1f\" width=\"%.3f%%\" "
		"height=\"%.1f\" class=\"%s\">",
		100 * x1, y, 100 * (x2 - x1), height, class);
	tip_write(out, tip);
	fputs("</rect>\n", out);
}

static void shape_write(FILE *out, unsigned int index, bool hollow)
{
	fprintf(out, "<path class=\"mark%s c%u\" d=\"%s\"/>",
		hollow ? " hollow" : "", index % SVG_COLOURS, shape_of(index));
}

void svg_mark(FILE *out, double x, double y, unsigned int index, bool hollow,
	      const char *tip)
{
	fprintf(out, "<svg x=\"%.2f%%\" y=\"%.1f\" overflow=\"visible\">",
		100 * x, y);
	tip_write(out, tip);
	shape_write(out, index, hollow);
	fputs("</svg>\n", out);
}

void svg_cross(FILE *out, double x, double y, const char *class,
	       const char *tip)
{
	fprintf(out,
		"<svg x=\"%.2f%%\" y=\"%.1f\" overflow=\"visible\" "
		"class=\"%s\">",
		100 * x, y, class);
	tip_write(out, tip);
	fputs("<path class=\"cross\" d=\"M-4.5 -4.5L4.5 4.5M-4.5 4.5L4.5 "
	      "-4.5\"/></svg>\n",
	      out);
}

void svg_area_open(FILE *out, double x1, double x2, double y, double height)
{
	fprintf(out,
		"<svg x=\"%.2f%%\" y=\"%.1f\" width=\"%.2f%%\" "
		"height=\"%.1f\" viewBox=\"0 0 %d %.1f\" "
		"preserveAspectRatio=\"none\">\n",
		100 * x1, y, 100 * (x2 - x1), height, AREA, height);
}

void svg_area_close(FILE *out)
{
	fputs("</svg>\n", out);
}

void svg_point(FILE *out, double x, double y, bool first)
{
	fprintf(out, "%c%.0f %.1f", first ? 'M' : 'L', AREA * x, y);
}

void svg_icon(FILE *out, unsigned int index, bool hollow)
{
	fputs("<svg class=\"icon\" viewBox=\"-7 -7 14 14\" "
	      "aria-hidden=\"true\">",
	      out);
	shape_write(out, index, hollow);
	fputs("</svg>", out);
}
