/* SPDX-License-Identifier: MIT */
#include "report/page.h"

#include "report/export.h"

static const char style[] =
	"body{font:16px/1.5 system-ui,sans-serif;color:#222;background:#fff;"
	"max-width:58rem;margin:0 auto;padding:1rem}"
	"h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0}"
	"h2{font-size:1.15rem;margin:2rem 0 .5rem;border-bottom:1px solid #ddd}"
	".verdict{background:#eef4fa;border-left:5px solid #0072b2;"
	"padding:.7rem 1rem;font-size:1.1rem}"
	".verdict p{margin:.2rem 0}"
	".bad{color:#b00020;font-weight:600}.note{color:#555;font-size:.9rem}"
	".wide{overflow-x:auto}"
	"table{border-collapse:collapse;font-size:.9rem;margin:.5rem 0}"
	"th,td{padding:.25rem .45rem;border-bottom:1px solid #ddd;"
	"text-align:right;vertical-align:top;font-variant-numeric:tabular-nums}"
	"th:first-child,td:first-child,.text td,.text th{text-align:left}"
	"td{white-space:nowrap}"
	".text td{white-space:normal;overflow-wrap:anywhere}"
	".text td:first-child,.text th:first-child{min-width:9rem}"
	"svg{width:100%;height:auto;display:block}"
	"pre{background:#f5f5f5;padding:.7rem;white-space:pre-wrap;"
	"overflow-wrap:anywhere;font-size:.85rem}"
	/* On screen only: paper stays white. Turning the hue back keeps the
	 * curves' colours apart as they were. */
	"@media screen and (prefers-color-scheme:dark){"
	"body{color:#ddd;background:#16181c}h2,th,td{border-color:#3a3f47}"
	".verdict{background:#1d2a38}.bad{color:#ff8a80}.note{color:#aaa}"
	"pre{background:#22262c}svg{filter:invert(1) hue-rotate(180deg)}}"
	"@media print{body{max-width:none;padding:0;font-size:10pt}"
	"h2{break-after:avoid}svg,table,.verdict{break-inside:avoid}"
	".wide{overflow:visible}}";

void page_tagged(FILE *out, const char *tag, const char *text)
{
	fprintf(out, "<%s>", tag);
	export_escaped(out, text);
	fprintf(out, "</%s>", tag);
}

void page_us_cell(FILE *out, const json_t *ns)
{
	if (json_is_number(ns))
		fprintf(out, "<td>%.2f</td>", json_number_value(ns) / 1e3);
	else
		fputs("<td>-</td>", out);
}

void page_percent_cell(FILE *out, const json_t *ratio)
{
	if (json_is_number(ratio))
		fprintf(out, "<td>%+.1f %%</td>",
			(json_number_value(ratio) - 1) * 100);
	else
		fputs("<td>-</td>", out);
}

void page_head(FILE *out, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	      "<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" "
	      "content=\"width=device-width, initial-scale=1\"/>\n"
	      "<meta name=\"color-scheme\" content=\"light dark\"/>\n",
	      out);
	page_tagged(out, "title", title);
	fprintf(out, "\n<style>%s</style>\n</head>\n<body>\n", style);
	page_tagged(out, "h1", title);
}

void page_end(FILE *out)
{
	fputs("</body>\n</html>\n", out);
}
