/* SPDX-License-Identifier: MIT */
#include "report/page.h"

#include "report/export.h"

/* Colours of the arms: Okabe and Ito's, told apart by colour-blind readers and
 * in grey; lighter ones where the page is dark. Stages: light and dark by
 * turns, in the order that the words beside them have. */
static const char style[] =
	":root{--ink:#1b1f24;--soft:#59636e;--line:#d8dde3;--ground:#fff;"
	"--box:#f4f6f8;--bad:#b00020;--zone:#dfe7ee;"
	"--c0:#0072b2;--c1:#d55e00;--c2:#009e73;--c3:#b8558f;--c4:#3d9fd6;"
	"--c5:#c98a00;--c6:#444;--c7:#7b5ba6;"
	"--s0:#0b4f7d;--s1:#f0b440;--s2:#74b5dc;--rest:#d8dde3}"
	"body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);"
	"background:var(--ground);max-width:58rem;margin:0 auto;padding:1rem}"
	"h1{font-size:1.6rem;line-height:1.2;margin:.3rem 0 .4rem}"
	"h2{font-size:1.2rem;margin:2.2rem 0 .5rem}"
	"h3{font-size:1rem;margin:1.2rem 0 .3rem}"
	"h1,h2,p,figcaption{overflow-wrap:anywhere}"
	".facts{margin:.2rem 0 .9rem;color:var(--soft);font-size:.88rem}"
	".facts span{margin-right:1.1em;display:inline-block}"
	".facts b{color:var(--ink);font-weight:500}"
	".call,.verdict{background:var(--box);"
	"border-left:6px solid var(--soft);padding:.55rem .9rem;"
	"margin:.5rem 0;border-radius:3px}"
	".call p,.verdict p{margin:.1rem 0}"
	".call p:first-child{font-size:1.12rem}"
	".calls{display:grid;gap:0 .6rem;"
	"grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr))}"
	".call .figures{color:var(--soft);font-size:.93rem}"
	".call .figures strong{color:var(--ink)}"
	".sign{display:inline-block;width:1.3em;font-weight:700}"
	".faster{border-color:var(--c2)}.slower{border-color:var(--c1)}"
	".same{border-color:var(--c0)}.no{border-color:var(--bad)}"
	".faster .sign{color:var(--c2)}.slower .sign{color:var(--c1)}"
	".same .sign{color:var(--c0)}.no .sign,.bad{color:var(--bad)}"
	".bad{font-weight:600}.note,figcaption,summary{color:var(--soft);"
	"font-size:.88rem}"
	".wide{overflow-x:auto}"
	"table{border-collapse:collapse;font-size:.88rem;margin:.4rem 0}"
	"th,td{padding:.22rem .5rem;border-bottom:1px solid var(--line);"
	"text-align:right;vertical-align:top;font-variant-numeric:tabular-nums}"
	"th{font-weight:600}"
	"th:first-child,td:first-child,.text td,.text th{text-align:left}"
	"td{white-space:nowrap}"
	".trials td:nth-child(3),.trials th:nth-child(3),"
	".trials td:nth-child(n+7),.trials th:nth-child(n+7){text-align:left}"
	".of td:nth-child(2),.of th:nth-child(2){text-align:left}"
	".out td{color:var(--bad)}a{color:var(--c0)}"
	".text td{white-space:normal;overflow-wrap:anywhere}"
	".text td:first-child,.text th:first-child{min-width:9rem}"
	/* A word is never cut. */
	".claims td{min-width:4.2rem;white-space:normal;text-align:left}"
	".claims th{text-align:left}.claims small{font-size:.8rem}"
	".claims .row{border-bottom:0;padding-top:.8rem}"
	"pre{background:var(--box);padding:.7rem;white-space:pre-wrap;"
	"overflow-wrap:anywhere;font-size:.85rem}"
	/* On screen only: paper stays white. */
	"@media screen and (prefers-color-scheme:dark){:root{--ink:#e3e6ea;"
	"--soft:#9aa4af;--line:#343a42;--ground:#15181c;--box:#1f242a;"
	"--bad:#ff8a80;--zone:#26333f;"
	"--c0:#4ea8e0;--c1:#f08a4b;--c2:#3cc79c;--c3:#e08fc0;--c4:#8fd0f5;"
	"--c5:#f0c04a;--c6:#d0d4d8;--c7:#b49ae0;"
	"--s0:#2f7fb8;--s1:#e0a93c;--s2:#9fd2f0;--rest:#3a4149}}"
	"@media print{body{max-width:none;padding:0;font-size:9.5pt}"
	"*{print-color-adjust:exact;-webkit-print-color-adjust:exact}"
	"h2,h3,.legend{break-after:avoid}figure,.call,tr{break-inside:avoid}"
	"thead{display:table-header-group}table{font-size:8pt}"
	".wide{overflow:visible}}";

/* Of what stands in report/svg.h's figures, and beside them. */
static const char figure_style[] =
	"figure{margin:1rem 0 1.4rem}figure>svg{display:block;overflow:visible}"
	"figcaption{margin-top:.3rem}"
	".legend{margin:.2rem 0 .5rem;font-size:.88rem}"
	".legend span{display:inline-block;margin-right:1.1em;max-width:100%;"
	"overflow-wrap:anywhere}"
	".icon{width:14px;height:14px;vertical-align:-2px;margin-right:.35em}"
	".swatch{display:inline-block;width:1em;height:.8em;margin-right:.4em}"
	"svg text{font:12.5px system-ui,sans-serif;fill:var(--ink)}"
	"svg .name{font-weight:600;font-size:13.5px}"
	"svg .tick,svg .axis{fill:var(--soft);font-size:12px}"
	"svg .wrong{fill:var(--bad);color:var(--bad);"
	"font-weight:700}svg .noted{fill:var(--soft)}"
	"svg .aside{color:var(--soft)}"
	".grid{stroke:var(--line)}.equal{stroke:var(--soft)}"
	".rule{stroke:var(--line);stroke-dasharray:2 4}"
	".zone{fill:var(--zone)}.shade{fill:var(--box)}"
	".interval{stroke:var(--ink);stroke-width:2}"
	".reach{stroke:currentColor;opacity:.5}"
	".level{stroke:currentColor;stroke-width:6;opacity:.35}"
	".drift{stroke:var(--bad);stroke-width:2;stroke-dasharray:7 5}"
	".change{stroke:var(--ink);stroke-dasharray:3 3}"
	".unbounded{stroke:var(--soft);stroke-dasharray:3 5}"
	".mark{fill:currentColor;stroke:var(--ground);stroke-width:.8}"
	".mark.hollow{fill:var(--ground);stroke:currentColor;stroke-width:1.8}"
	".cross{fill:none;stroke:currentColor;stroke-width:2}"
	".curve{fill:none;stroke:currentColor;stroke-width:2;"
	"vector-effect:non-scaling-stroke}.curve.dashed{stroke-dasharray:6 5}"
	".band{fill:currentColor;opacity:.16}"
	".s0{fill:var(--s0);background:var(--s0)}"
	".s1{fill:var(--s1);background:var(--s1)}"
	".s2{fill:var(--s2);background:var(--s2)}"
	".whole{fill:var(--ink);background:var(--ink)}.swatch.whole{width:4px}"
	".rest{fill:var(--rest);background:var(--rest)}"
	".c0{color:var(--c0)}.c1{color:var(--c1)}.c2{color:var(--c2)}"
	".c3{color:var(--c3)}.c4{color:var(--c4)}.c5{color:var(--c5)}"
	".c6{color:var(--c6)}.c7{color:var(--c7)}";

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
	fprintf(out, "\n<style>%s%s</style>\n</head>\n<body>\n", style,
		figure_style);
	page_tagged(out, "h1", title);
}

void page_end(FILE *out)
{
	fputs("</body>\n</html>\n", out);
}
