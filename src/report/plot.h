/* SPDX-License-Identifier: BSD-3-Clause
 * What is to be drawn: axes and series of points, or a heat map; and the picture that gnuplot makes
 * of it.  A failure sticks: the calls that follow do nothing and cairn_plot_draw() returns it.
 * Knows nothing of runs.  Local.
 *
 * Labels may come from files: what reaches gnuplot of them is letters, digits and a few harmless
 * signs. */
#ifndef CAIRN_REPORT_PLOT_H
#define CAIRN_REPORT_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"
#include "report/thin.h"

enum {
    CAIRN_PLOT_MOST_SERIES = 1024,
    CAIRN_PLOT_MOST_TICS = 64,
    CAIRN_PLOT_MOST_POINTS = 240, /* of a series that is thinned */
    CAIRN_PLOT_WIDTH = 460,       /* units of the drawing */
    CAIRN_PLOT_HEIGHT = 300,
    CAIRN_PLOT_LARGE_WIDTH = 600,
    CAIRN_PLOT_LARGE_HEIGHT = 390,
    CAIRN_PLOT_TEXT_BYTES = 160,
    CAIRN_COLOUR_GREY = 0x767676,
    CAIRN_COLOUR_INK = 0x1c2127,
};

/** How a series is drawn. */
enum cairn_series_style {
    CAIRN_STYLE_LINE,   /* with the range from low to high behind it, where it has one */
    CAIRN_STYLE_MARKED, /* a line with a mark at each point */
    CAIRN_STYLE_MARKS,
    CAIRN_STYLE_RANGES,      /* a line with marks and bars from low to high */
    CAIRN_STYLE_RANGE_MARKS, /* marks with bars from low to high */
    CAIRN_STYLE_AREA,        /* filled from low to high */
    CAIRN_STYLE_BARS,        /* bars from low to high, one at each x */
};

/** Points that belong together. */
struct cairn_series {
    char *label; /* for the legend, as it came; NULL: it has no place there; owned */
    uint32_t colour;
    enum cairn_series_style style;
    bool steps;                /* of columns: its value changes at once (report/thin.h) */
    unsigned dash;             /* 0: none, 1: long, marks alone are open, 2: short */
    struct cairn_point *point; /* [n]; owned */
    size_t n, room;
};

/** A mark beside an axis. */
struct cairn_tic {
    double at;
    char *label; /* as it came; owned */
};

/** One axis; NaN: as the points have it. */
struct cairn_axis {
    const char *label; /* with its unit; outlives the plot */
    bool log;
    bool from_zero;
    bool twos;    /* marks at powers of two, where it is logarithmic */
    bool upright; /* its marks are written upwards, for long ones */
    double low, high;
    struct cairn_tic tic[CAIRN_PLOT_MOST_TICS]; /* none: round numbers */
    size_t n_tics;
};

/** A chart.  Zero it, with name and title, before use. */
struct cairn_plot {
    char name[CAIRN_PLOT_TEXT_BYTES];  /* "loss-updates": of files */
    char title[CAIRN_PLOT_TEXT_BYTES]; /* a sentence for those who do not see it */
    bool large;                        /* it stands alone */
    struct cairn_axis x, y;
    struct cairn_series *series[CAIRN_PLOT_MOST_SERIES];
    size_t n_series;
    double *heat; /* [n_heat_y, n_heat_x], drawn instead of series; owned */
    size_t n_heat_x, n_heat_y;
    const char *heat_label; /* outlives the plot */
    cairn_status st;
};

/** What kind of picture. */
enum cairn_picture { CAIRN_PICTURE_SVG, CAIRN_PICTURE_PNG, CAIRN_PICTURE_SVG_ALONE };

/** Begin one; its name is [a-z0-9-].  Ranks: local.  Errors: none. */
void cairn_plot_begin(struct cairn_plot *plot, const char *name, const char *title);

/** Keep a failure; whether there was none until now.  Ranks: local.  Errors: stick. */
bool cairn_plot_holds(struct cairn_plot *plot, cairn_status st);

/** A colour that is told from the others by most people, after eight of them in darker and lighter
 * shades, 40 in all; or n colours from dark to light, for what
 * has an order.  Ranks: local.  Errors: none.  Source: Okabe and Ito 2008; viridis: van der Walt
 * and Smith 2015, dedicated to the public. */
uint32_t cairn_colour(size_t i);
uint32_t cairn_colour_of(size_t i, size_t n);

/** Colours that stand for something else than these two, wherever they are on a page: parts of a
 * whole, and n updates from early to late.  Ranks: local.  Errors: none.  Source: the light scheme
 * of Tol 2021, SRON/EPS/TN/09-002. */
uint32_t cairn_colour_part(size_t i);
uint32_t cairn_colour_late(size_t i, size_t n);

/** One more series, owned by the plot; NULL after a failure, or where there are too many.
 *  Ranks: local.  Errors: stick. */
struct cairn_series *cairn_plot_add(struct cairn_plot *plot, const char *label, uint32_t colour,
                                    enum cairn_series_style style);

/** One more point; `series` may be NULL, and what is not finite is left out.  Ranks: local.
 *  Errors: stick. */
void cairn_plot_put(struct cairn_plot *plot, struct cairn_series *series, struct cairn_point point);

/** A point without a range.  Ranks: local.  Errors: stick. */
void cairn_plot_xy(struct cairn_plot *plot, struct cairn_series *series, double x, double y);

/** The points of two columns of n, thinned.  Ranks: local.  Errors: stick. */
void cairn_plot_columns(struct cairn_plot *plot, struct cairn_series *series, const double *x,
                        const double *y, size_t n);

/** A mark beside an axis.  Ranks: local.  Errors: stick. */
void cairn_plot_tic(struct cairn_plot *plot, struct cairn_axis *axis, double at, const char *label);

/** Make it a heat map of ny x nx values, all NaN at first.  Ranks: local.  Errors: stick. */
void cairn_plot_heat(struct cairn_plot *plot, const char *label, size_t ny, size_t nx);

/** Whether there is anything to see.  Ranks: local.  Errors: none. */
bool cairn_plot_is_empty(const struct cairn_plot *plot);

/**
 * Let gnuplot draw it.
 *
 * *out      *n bytes and a NUL, to be released with free()
 *
 * Ranks   local
 * Errors  what stuck; those of cairn_gnuplot_run()
 */
CAIRN_CHECKED cairn_status cairn_plot_draw(struct cairn_plot *plot, enum cairn_picture kind,
                                           char **out, size_t *n);

/** The size of the drawing.  Ranks: local.  Errors: none. */
int cairn_plot_width(const struct cairn_plot *plot);
int cairn_plot_height(const struct cairn_plot *plot);

/** Release what it owns.  Ranks: local.  Errors: none. */
void cairn_plot_free(struct cairn_plot *plot);

/** The series that element `i` (from 0) of the drawing belongs to, or NULL.  Ranks: local.
 * Errors: none. */
const struct cairn_series *cairn_plot_element(const struct cairn_plot *plot, size_t i);

#endif
