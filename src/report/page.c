/* SPDX-License-Identifier: BSD-3-Clause
 * The page of a report while it is written. */
#include "report/page.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/utf8.h"
#include "report/svg.h"

static const unsigned char style[] = {
#include "report/page_css.h"
};

bool cairn_page_holds(struct cairn_page *page, cairn_status st)
{
    if (page->st == CAIRN_OK) page->st = st;
    return page->st == CAIRN_OK;
}

cairn_status cairn_page_begin(struct cairn_page *page, const char *folder, enum cairn_picture kind)
{
    *page = (struct cairn_page){.folder = folder, .kind = kind};
    page->out = open_memstream(&page->text, &page->n_text);
    if (page->out == NULL) return cairn_fail(CAIRN_MEMORY, "no memory for a page");
    return CAIRN_OK;
}

/* ---- texts */

static void put_character(FILE *out, const char *text, size_t n, uint32_t code)
{
    switch (code) {
    case '&': fputs("&amp;", out); break;
    case '<': fputs("&lt;", out); break;
    case '>': fputs("&gt;", out); break;
    case '"': fputs("&quot;", out); break;
    case '\'': fputs("&#39;", out); break;
    default: fwrite(text, 1, n, out);
    }
}

void cairn_html_text(FILE *out, const char *text, size_t n)
{
    uint32_t code = 0;
    while (n > 0) {
        size_t bytes = cairn_utf8_read(text, n, &code);
        if (bytes == 0 || !(cairn_utf8_is_plain(code) || code == '\n' || code == '\t'))
            fputs("\xef\xbf\xbd", out);
        else
            put_character(out, text, bytes, code);
        text += bytes == 0 ? 1 : bytes;
        n -= bytes == 0 ? 1 : bytes;
    }
}

void cairn_page_put(struct cairn_page *page, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vfprintf(page->out, format, values);
    va_end(values);
}

void cairn_page_text(struct cairn_page *page, const char *text)
{
    if (text != NULL) cairn_html_text(page->out, text, strlen(text));
}

static void put_element(struct cairn_page *page, const char *begin, const char *text,
                        const char *end)
{
    cairn_page_put(page, "%s", begin);
    cairn_page_text(page, text);
    cairn_page_put(page, "%s\n", end);
}

/* ---- figures */

static void close_panels(struct cairn_page *page)
{
    if (page->panels_open) cairn_page_put(page, "</div>\n");
    page->panels_open = false;
}

void cairn_page_figure(struct cairn_page *page, const char *name, const char *title,
                       const char *about)
{
    if (page->n_figures < CAIRN_PAGE_MOST_FIGURES) {
        snprintf(page->figure[page->n_figures].id, CAIRN_PAGE_NAME_BYTES, "%s", name);
        page->figure[page->n_figures++].title = title;
    }
    cairn_page_put(page,
                   "<figure id=\"%s\" aria-labelledby=\"%s-title\"><figcaption><h2 "
                   "id=\"%s-title\">%s</h2>\n<p class=\"about\">%s</p></figcaption>\n",
                   name, name, name, title, about);
}

void cairn_page_figure_end(struct cairn_page *page)
{
    close_panels(page);
    cairn_page_put(page, "</figure>\n");
}

void cairn_page_heading(struct cairn_page *page, const char *text)
{
    close_panels(page);
    put_element(page, "<h3>", text, "</h3>");
}

void cairn_page_note(struct cairn_page *page, const char *text)
{
    close_panels(page);
    put_element(page, "<p class=\"note\">", text, "</p>");
}

static void put_swatch(struct cairn_page *page, const struct cairn_series *series)
{
    static const char *const dash[] = {"", " stroke-dasharray=\"7 4\"",
                                       " stroke-dasharray=\"3 3\""};
    unsigned colour = series->colour;
    bool filled = series->style == CAIRN_STYLE_AREA || series->style == CAIRN_STYLE_BARS;
    bool marks = series->style == CAIRN_STYLE_MARKS || series->style == CAIRN_STYLE_RANGE_MARKS;
    cairn_page_put(page, "<svg viewBox=\"0 0 28 12\" aria-hidden=\"true\">");
    if (filled)
        cairn_page_put(page, "<rect x=\"4\" width=\"20\" height=\"12\" fill=\"#%06x\"/>", colour);
    else if (!marks)
        cairn_page_put(page, "<path d=\"M0 6H28\" stroke=\"#%06x\" stroke-width=\"2.5\"%s/>",
                       colour, dash[series->dash]);
    if (!filled && series->style != CAIRN_STYLE_LINE)
        cairn_page_put(page,
                       "<circle cx=\"14\" cy=\"6\" r=\"3.4\" stroke=\"#%06x\" stroke-width=\"1.6\" "
                       "fill=\"#%06x\"%s/>",
                       colour, colour, marks && series->dash > 0 ? " fill-opacity=\"0\"" : "");
    cairn_page_put(page, "</svg>");
}

static void put_legend(struct cairn_page *page, const struct cairn_plot *plot)
{
    enum { MOST_SEEN = 12 }; /* of more a part, until it is scrolled */
    bool any = false;
    for (size_t i = 0; i < plot->n_series; i++) {
        const struct cairn_series *series = plot->series[i];
        if (series->label == NULL || series->n == 0) continue;
        if (!any)
            cairn_page_put(page, "<ul class=\"legend%s\">\n",
                           plot->n_series > MOST_SEEN ? " many" : "");
        any = true;
        cairn_page_put(page, "<li>");
        put_swatch(page, series);
        put_element(page, "<span>", series->label, "</span></li>");
    }
    if (any) cairn_page_put(page, "</ul>\n");
}

void cairn_page_legend(struct cairn_page *page, const struct cairn_plot *plot)
{
    close_panels(page);
    put_legend(page, plot);
}

static void put_file(struct cairn_page *page, const char *picture, size_t n,
                     const struct cairn_plot *plot)
{
    char name[CAIRN_PLOT_TEXT_BYTES + 8];
    char path[CAIRN_PATH_BYTES];
    snprintf(name, sizeof name, "%s.%s", plot->name,
             page->kind == CAIRN_PICTURE_PNG ? "png" : "svg");
    if (cairn_page_holds(page, cairn_path_join(page->folder, name, path)))
        cairn_page_holds(page, cairn_file_replace(path, picture, n));
}

/* Draw a chart, into a panel of this class or into a file. */
static void put_panel(struct cairn_page *page, struct cairn_plot *plot, const char *class,
                      bool legend)
{
    char *picture = NULL;
    size_t n = 0;
    if (page->st != CAIRN_OK || !cairn_page_holds(page, plot->st) || cairn_plot_is_empty(plot))
        return;
    if (!cairn_page_holds(page, cairn_plot_draw(plot, page->kind, &picture, &n))) return;
    page->n_charts++;
    if (page->folder != NULL) {
        put_file(page, picture, n, plot);
    } else if (page->marks != NULL ||
               cairn_page_holds(page, cairn_svg_marks(picture, &page->marks))) {
        if (!page->panels_open) cairn_page_put(page, "<div class=\"panels\">\n");
        page->panels_open = true;
        cairn_page_put(page, "<div class=\"%s\">", class);
        cairn_page_holds(page, cairn_svg_inline(page->out, picture, plot));
        if (legend) put_legend(page, plot);
        cairn_page_put(page, "</div>\n");
    }
    free(picture);
}

void cairn_page_plot(struct cairn_page *page, struct cairn_plot *plot)
{
    put_panel(page, plot, "panel", false);
}

void cairn_page_panel(struct cairn_page *page, struct cairn_plot *plot)
{
    put_panel(page, plot, "panel", true);
}

void cairn_page_large(struct cairn_page *page, struct cairn_plot *plot)
{
    plot->large = true;
    put_panel(page, plot, "panel large", true);
}

/* ---- tables */

void cairn_page_table(struct cairn_page *page, const char *const *heads)
{
    close_panels(page);
    cairn_page_put(page, "<div class=\"wide\" tabindex=\"0\"><table><thead><tr>");
    for (; *heads != NULL; heads++) {
        bool text = **heads == '<';
        put_element(page, text ? "<th class=\"text\">" : "<th>", *heads + text, "</th>");
    }
    cairn_page_put(page, "</tr></thead><tbody>\n");
}

void cairn_page_table_end(struct cairn_page *page)
{
    cairn_page_put(page, "</tbody></table></div>\n");
}

void cairn_page_fold(struct cairn_page *page, const char *words)
{
    close_panels(page);
    cairn_page_put(page, "<details><summary>%s</summary>\n", words);
}

void cairn_page_fold_end(struct cairn_page *page)
{
    cairn_page_put(page, "</details>\n");
}

void cairn_page_row(struct cairn_page *page)
{
    cairn_page_put(page, "<tr>"); /* </tr> may be left out */
}

void cairn_page_cell(struct cairn_page *page, const char *text)
{
    put_element(page, "<td class=\"text\">", text, "</td>");
}

const char *cairn_page_words(double value, int digits)
{
    static _Thread_local char text[4][32];
    static _Thread_local unsigned next;
    char *out = text[next++ % 4];
    double size = fabs(value);
    bool whole = size < 1e15 && (size >= pow(10, digits) || value == nearbyint(value));
    snprintf(out, sizeof text[0], "%.*g", whole ? 15 : digits, whole ? nearbyint(value) : value);
    return isfinite(value) ? out : "-";
}

void cairn_page_number(struct cairn_page *page, double value, int digits)
{
    cairn_page_put(page, "<td>%s</td>\n", cairn_page_words(value, digits));
}

/* ---- the whole */

static void put_navigation(FILE *out, const struct cairn_page *page)
{
    fputs("<nav aria-label=\"figures\">", out);
    for (size_t i = 0; i < page->n_figures; i++)
        fprintf(out, "<a href=\"#%s\">%s</a>\n", page->figure[i].id, page->figure[i].title);
    fputs("</nav>\n", out);
}

/* By which a page is known, too. */
static const char HEAD[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n<title>";

cairn_status cairn_page_check(const char *path)
{
    char *text = NULL;
    if (!cairn_file_is_alone(path)) return CAIRN_OK;
    CAIRN_TRY(cairn_file_read(path, &text));
    bool ours = text != NULL && strncmp(text, HEAD, sizeof HEAD - 1) == 0;
    free(text);
    if (ours) return CAIRN_OK;
    return cairn_fail(
        CAIRN_USAGE,
        "%s: exists and is not a report of Cairn; choose another name by -o, or remove it", path);
}

static void put_page(FILE *out, const struct cairn_page *page, const char *title)
{
    fputs(HEAD, out);
    cairn_html_text(out, title, strlen(title));
    fputs("</title>\n", out);
    if (page->again_s > 0)
        fprintf(out, "<meta http-equiv=\"refresh\" content=\"%.0f\">\n", ceil(page->again_s));
    fputs("<style>\n", out);
    fwrite(style, 1, sizeof style, out);
    fputs("</style></head>\n<body>\n", out);
    if (page->marks != NULL)
        fprintf(out, "<svg class=\"hidden\" aria-hidden=\"true\">%s</svg>\n", page->marks);
    fputs("<header><h1>", out);
    cairn_html_text(out, title, strlen(title));
    fputs("</h1></header>\n", out);
    put_navigation(out, page);
    fwrite(page->text, 1, page->n_text, out);
    fputs("</body></html>\n", out);
}

cairn_status cairn_page_end(struct cairn_page *page, const char *title, char **html, size_t *n)
{
    cairn_status st = page->st;
    char *text = NULL;
    size_t n_text = 0;
    bool well = !ferror(page->out);
    well = fclose(page->out) == 0 && well;
    FILE *out = well && st == CAIRN_OK ? open_memstream(&text, &n_text) : NULL;
    if (out != NULL) {
        put_page(out, page, title);
        well = fclose(out) == 0;
    }
    if (st == CAIRN_OK && (!well || text == NULL))
        st = cairn_fail(CAIRN_MEMORY, "no memory for a page");
    free(page->text);
    free(page->marks);
    if (st != CAIRN_OK) {
        free(text);
        return st;
    }
    *html = text;
    *n = n_text;
    return CAIRN_OK;
}
