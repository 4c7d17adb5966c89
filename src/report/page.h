/* SPDX-License-Identifier: BSD-3-Clause
 * The page of a report while it is written: texts, figures, charts, tables; or the charts alone, a
 * picture file each.  Whatever came from files is escaped here.  A failure sticks: the calls that
 * follow do nothing, and the end returns it.  Knows nothing of runs.  Local. */
#ifndef CAIRN_REPORT_PAGE_H
#define CAIRN_REPORT_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cairn/status.h"
#include "report/plot.h"

enum { CAIRN_PAGE_MOST_FIGURES = 64, CAIRN_PAGE_NAME_BYTES = 64 };

/** One page.  Begin it, end it or drop it. */
struct cairn_page {
    FILE *out; /* the body */
    char *text;
    size_t n_text;
    char *marks;        /* what all charts draw their marks by; owned */
    const char *folder; /* where pictures go; NULL: into the page */
    enum cairn_picture kind;
    struct {
        char id[CAIRN_PAGE_NAME_BYTES];
        const char *title; /* a constant */
    } figure[CAIRN_PAGE_MOST_FIGURES];
    size_t n_figures, n_charts;
    bool panels_open;
    double again_s; /* not 0: it loads itself again after so many seconds */
    cairn_status st;
};

/** Begin; `folder` NULL for a page, else pictures of this kind go there.  Ranks: local.
 * Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_page_begin(struct cairn_page *page, const char *folder,
                                            enum cairn_picture kind);

/** See that a page may be written to `path`: what is there was a page of ours.  Ranks: local.
 * Errors: CAIRN_USAGE; CAIRN_FILES: cannot be read. */
CAIRN_CHECKED cairn_status cairn_page_check(const char *path);

/** The whole page, to be released with free(); `page` is gone.  Ranks: local.  Errors: what
 * stuck. */
CAIRN_CHECKED cairn_status cairn_page_end(struct cairn_page *page, const char *title, char **html,
                                          size_t *n);

/** Keep a failure; whether there was none until now.  Ranks: local.  Errors: stick. */
bool cairn_page_holds(struct cairn_page *page, cairn_status st);

/** Write text that was made here, HTML and all.  Ranks: local.  Errors: stick. */
void cairn_page_put(struct cairn_page *page, const char *format, ...) CAIRN_PRINTF(2, 3);

/** Write text of anybody, escaped; NULL is "".  Ranks: local.  Errors: stick. */
void cairn_page_text(struct cairn_page *page, const char *text);

/** Escape n bytes for HTML, texts and values of attributes: what is no character becomes U+FFFD.
 * Ranks: local.  Errors: those of `out`. */
void cairn_html_text(FILE *out, const char *text, size_t n);

/** Open a figure: `name` is a constant and becomes its id, title and about are constants.
 *  Ranks: local.  Errors: stick. */
void cairn_page_figure(struct cairn_page *page, const char *name, const char *title,
                       const char *about);

/** Close it.  Ranks: local.  Errors: stick. */
void cairn_page_figure_end(struct cairn_page *page);

/** A heading in a figure, of anybody's words.  Ranks: local.  Errors: stick. */
void cairn_page_heading(struct cairn_page *page, const char *text);

/** Draw a chart into the figure, beside the one before; nothing where it is empty.  The plot stays
 * the caller's.  _panel also says what its colours mean, _large is for one that stands alone.
 * Ranks: local.  Errors: stick. */
void cairn_page_plot(struct cairn_page *page, struct cairn_plot *plot);
void cairn_page_panel(struct cairn_page *page, struct cairn_plot *plot);
void cairn_page_large(struct cairn_page *page, struct cairn_plot *plot);

/** What the colours of a plot, and of those beside it, mean.  Ranks: local.  Errors: stick. */
void cairn_page_legend(struct cairn_page *page, const struct cairn_plot *plot);

/** A line of warning.  Ranks: local.  Errors: stick. */
void cairn_page_note(struct cairn_page *page, const char *text);

/** Open a table: heads are constants, with units; NULL after the last, and those that begin with
 * '<' are for columns of text.  Ranks: local.  Errors: stick. */
void cairn_page_table(struct cairn_page *page, const char *const *heads);

/** Close it.  Ranks: local.  Errors: stick. */
void cairn_page_table_end(struct cairn_page *page);

/** What follows is seen when asked for, and printed: for long tables.  `words` is a constant.
 * Ranks: local.  Errors: stick. */
void cairn_page_fold(struct cairn_page *page, const char *words);
void cairn_page_fold_end(struct cairn_page *page);

/** A row of a table, and its fields: a text, a number ("-" where it is none).  Ranks: local.
 * Errors: stick. */
void cairn_page_row(struct cairn_page *page);
void cairn_page_cell(struct cairn_page *page, const char *text);
void cairn_page_number(struct cairn_page *page, double value, int digits);

/** A number as tables show it, in one of a few buffers of the thread: large ones without powers of
 * ten.  Ranks: local.  Errors: none. */
const char *cairn_page_words(double value, int digits);

#endif
