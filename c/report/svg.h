/* SPDX-License-Identifier: MIT */
/*
 * Figures as SVG (W3C, Scalable Vector Graphics 1.1) in a page, without a
 * script or a request. They are as wide as the page: x is a share of the width,
 * 0 to 1, and y is in pixels, so that on a phone a figure gets narrower and its
 * letters don't get smaller. Colours come from the page's style, by class c0 to
 * c7; what differs in colour differs in shape too. Text is escaped.
 */
#ifndef REPORT_SVG_H
#define REPORT_SVG_H

#include <stdbool.h>
#include <stdio.h>

/* So many colours and shapes; beyond, they are combined anew. */
#define SVG_COLOURS 8

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };

/* A figure's element, with what it is called and what it shows for who can't
 * see it (WAI-ARIA's role img). id: unique in the page, of letters. */
void svg_open(FILE *out, const char *id, double height, const char *title,
	      const char *description);
void svg_close(FILE *out);

/* class: of the page's style, may be "". */
void svg_text(FILE *out, double x, double y, enum svg_anchor anchor,
	      const char *class, const char *text);
void svg_line(FILE *out, double x1, double y1, double x2, double y2,
	      const char *class);
/* tip: shown where a pointer rests (may be NULL). */
void svg_box(FILE *out, double x1, double x2, double y, double height,
	     const char *class, const char *tip);

/* The mark of what is number index of several; hollow: not filled. */
void svg_mark(FILE *out, double x, double y, unsigned int index, bool hollow,
	      const char *tip);

/* What differs from all those: an x. */
void svg_cross(FILE *out, double x, double y, const char *class,
	       const char *tip);

/* A part of the figure in which paths may be drawn: between both x and y are
 * written as svg_point() does. */
void svg_area_open(FILE *out, double x1, double x2, double y, double height);
void svg_area_close(FILE *out);

/* A path's next point, x from 0 to 1 within the area; first: it begins here. */
void svg_point(FILE *out, double x, double y, bool first);

/* The mark by itself, for a legend. */
void svg_icon(FILE *out, unsigned int index, bool hollow);

#endif
