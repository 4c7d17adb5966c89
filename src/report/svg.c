/* SPDX-License-Identifier: BSD-3-Clause
 * gnuplot's SVG made fit to stand in a page with others. */
#include "report/svg.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "report/page.h"

static const char DEFS[] = "<defs>";
static const char DEFS_END[] = "</defs>";
static const char GROUP[] = "<g fill=\"none\"";
static const char GROUP_END[] = "</g>";

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static cairn_status strange(void)
{
    return cairn_fail(CAIRN_BUG, "gnuplot wrote an SVG of another form than versions 5.2 to 6.0");
}

/* Write n bytes, without what an HTML page does not want. */
static void put(FILE *out, const char *text, size_t n)
{
    static const char *const unwanted[] = {"xlink:", " font-family=\"sans-serif\" ", "\n", "\t"};
    static const char *const instead[] = {"", " ", " ", ""};
    for (size_t i = 0; i < n;) {
        size_t k = 0;
        while (k < 4 && !starts(text + i, unwanted[k])) k++;
        if (k == 4) {
            fputc(text[i++], out);
            continue;
        }
        fputs(instead[k], out);
        i += strlen(unwanted[k]);
    }
}

/* The group of an element: its title is the words that gnuplot drew it by; ours is the legend's. */
static const char *put_element(FILE *out, const char *line, const struct cairn_plot *plot,
                               size_t element)
{
    const struct cairn_series *series = cairn_plot_element(plot, element);
    const char *title = strstr(line, "</title>");
    if (title == NULL) return NULL;
    fputs("<g>", out);
    if (series != NULL && series->label != NULL) {
        fputs("<title>", out);
        cairn_html_text(out, series->label, strlen(series->label));
        fputs("</title>", out);
    }
    return title + strlen("</title>");
}

static bool is_element(const char *line)
{
    return starts(line + strspn(line, "\t "), "<g id=\"chart_plot_");
}

/* An empty group, which gnuplot writes for each change of colour; where it ends, else NULL. */
static const char *behind_empty(const char *line)
{
    if (!starts(line, GROUP)) return NULL;
    const char *next = strchr(line, '\n');
    if (next == NULL || !starts(next + 1, GROUP_END)) return NULL;
    return next + 1 + strlen(GROUP_END);
}

cairn_status cairn_svg_inline(FILE *out, const char *svg, const struct cairn_plot *plot)
{
    const char *line = strstr(svg, DEFS_END);
    const char *end = strstr(svg, "</svg>");
    size_t element = 0;
    if (line == NULL || end == NULL || end < line) return strange();
    line += strlen(DEFS_END);
    fprintf(out, "<svg class=\"chart%s\" role=\"img\" viewBox=\"0 0 %d %d\" aria-label=\"",
            plot->heat == NULL ? "" : " heat", cairn_plot_width(plot), cairn_plot_height(plot));
    cairn_html_text(out, plot->title, strlen(plot->title));
    fputs("\"><g>", out);
    while (line != NULL && line < end) {
        const char *next = behind_empty(line);
        if (next == NULL && is_element(line)) {
            next = put_element(out, line, plot, element++);
            if (next == NULL) return strange();
        } else if (next == NULL) {
            next = strchr(line, '\n');
            next = next == NULL || next >= end ? end : next + 1;
            put(out, line, (size_t)(next - line));
        }
        line = next;
    }
    fputs("</svg>\n", out);
    return CAIRN_OK;
}

cairn_status cairn_svg_marks(const char *svg, char **marks)
{
    char *text = NULL;
    size_t n = 0;
    const char *begin = strstr(svg, DEFS);
    const char *end = strstr(svg, "<filter");
    if (begin == NULL || end == NULL || end < begin) return strange();
    FILE *out = open_memstream(&text, &n);
    if (out == NULL) return cairn_fail(CAIRN_MEMORY, "no memory for a page");
    put(out, begin, (size_t)(end - begin));
    fputs(DEFS_END, out);
    if (fclose(out) != 0) {
        free(text);
        return cairn_fail(CAIRN_MEMORY, "no memory for a page");
    }
    *marks = text;
    return CAIRN_OK;
}
