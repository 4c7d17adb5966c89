/* SPDX-License-Identifier: BSD-3-Clause
 * What is to be drawn.  The script for gnuplot is in plot_script.c. */
#include "report/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "report/gnuplot.h"
#include "report/plot_script.h"

void cairn_plot_begin(struct cairn_plot *plot, const char *name, const char *title)
{
    *plot = (struct cairn_plot){.st = CAIRN_OK};
    snprintf(plot->name, sizeof plot->name, "%s", name);
    snprintf(plot->title, sizeof plot->title, "%s", title);
    plot->x.low = plot->x.high = plot->y.low = plot->y.high = (double)NAN;
}

static uint32_t between(uint32_t a, uint32_t b, double share)
{
    uint32_t mixed = 0;
    for (unsigned shift = 0; shift <= 16; shift += 8) {
        double from = (a >> shift) & 0xff;
        double to = (b >> shift) & 0xff;
        mixed |= (uint32_t)(from + (to - from) * share + 0.5) << shift;
    }
    return mixed;
}

uint32_t cairn_colour(size_t i)
{
    static const uint32_t colour[] = {0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7,
                                      0xe69f00, 0x56b4e9, 0x767676, 0x8c6d1f};
    static const struct {
        uint32_t to;
        double share;
    } shade[] = {{0, 0}, {0xffffff, 0.5}, {0x000000, 0.4}, {0xffffff, 0.25}, {0x000000, 0.2}};
    const size_t n = sizeof colour / sizeof colour[0];
    const size_t round = i / n % (sizeof shade / sizeof shade[0]);
    return between(colour[i % n], shade[round].to, shade[round].share);
}

uint32_t cairn_colour_of(size_t i, size_t n)
{
    /* viridis without its brightest fifth, which white paper swallows */
    static const uint32_t viridis[] = {0x440154, 0x46327e, 0x365c8d, 0x277f8e, 0x1fa187, 0x4ac16d};
    double at = n < 2 ? 0 : 5.0 * (double)i / (double)(n - 1);
    size_t low = at >= 5 ? 4 : (size_t)at;
    return between(viridis[low], viridis[low + 1], at - (double)low);
}

uint32_t cairn_colour_part(size_t i)
{
    static const uint32_t colour[] = {0x77aadd, 0xee8866, 0x44bb99, 0xffaabb,
                                      0xeedd88, 0x99ddff, 0xaaaa00};
    return colour[i % (sizeof colour / sizeof colour[0])];
}

uint32_t cairn_colour_late(size_t i, size_t n)
{
    return between(0x9ecae1, 0x08306b, n < 2 ? 1 : (double)i / (double)(n - 1));
}

bool cairn_plot_holds(struct cairn_plot *plot, cairn_status st)
{
    if (plot->st == CAIRN_OK) plot->st = st;
    return plot->st == CAIRN_OK;
}

struct cairn_series *cairn_plot_add(struct cairn_plot *plot, const char *label, uint32_t colour,
                                    enum cairn_series_style style)
{
    struct cairn_series *series = NULL;
    if (plot->st != CAIRN_OK || plot->n_series == CAIRN_PLOT_MOST_SERIES) return NULL;
    if (!cairn_plot_holds(plot, cairn_memory_get(1, sizeof *series, "a series", &series)))
        return NULL;
    plot->series[plot->n_series++] = series;
    series->colour = colour;
    series->style = style;
    if (label == NULL || cairn_plot_holds(plot, cairn_memory_text(label, &series->label)))
        return series;
    return NULL;
}

static bool make_room(struct cairn_plot *plot, struct cairn_series *series)
{
    struct cairn_point *grown = NULL;
    size_t room = series->room == 0 ? 16 : 2 * series->room;
    if (series->n < series->room) return true;
    if (!cairn_plot_holds(plot, cairn_memory_get(room, sizeof *grown, "points", &grown)))
        return false;
    if (series->n > 0) memcpy(grown, series->point, series->n * sizeof *grown);
    free(series->point);
    series->point = grown;
    series->room = room;
    return true;
}

void cairn_plot_put(struct cairn_plot *plot, struct cairn_series *series, struct cairn_point point)
{
    if (series == NULL || plot->st != CAIRN_OK) return;
    if (!isfinite(point.x) || !isfinite(point.y)) return;
    if (!isfinite(point.low)) point.low = point.y;
    if (!isfinite(point.high)) point.high = point.y;
    if (make_room(plot, series)) series->point[series->n++] = point;
}

void cairn_plot_xy(struct cairn_plot *plot, struct cairn_series *series, double x, double y)
{
    cairn_plot_put(plot, series, (struct cairn_point){x, y, y, y});
}

void cairn_plot_columns(struct cairn_plot *plot, struct cairn_series *series, const double *x,
                        const double *y, size_t n)
{
    struct cairn_point *point = NULL;
    size_t n_points = 0;
    if (series == NULL || plot->st != CAIRN_OK) return;
    cairn_status st = series->steps
                          ? cairn_thin_steps(x, y, n, CAIRN_PLOT_MOST_POINTS, &point, &n_points)
                          : cairn_thin(x, y, n, CAIRN_PLOT_MOST_POINTS, &point, &n_points);
    if (!cairn_plot_holds(plot, st)) return;
    for (size_t i = 0; i < n_points; i++) cairn_plot_put(plot, series, point[i]);
    free(point);
}

void cairn_plot_tic(struct cairn_plot *plot, struct cairn_axis *axis, double at, const char *label)
{
    if (plot->st != CAIRN_OK || axis->n_tics == CAIRN_PLOT_MOST_TICS) return;
    struct cairn_tic *tic = &axis->tic[axis->n_tics];
    if (!cairn_plot_holds(plot, cairn_memory_text(label, &tic->label))) return;
    tic->at = at;
    axis->n_tics++;
}

void cairn_plot_heat(struct cairn_plot *plot, const char *label, size_t ny, size_t nx)
{
    plot->heat_label = label;
    if (plot->st != CAIRN_OK || nx == 0 || ny == 0) return;
    if (!cairn_plot_holds(plot,
                          cairn_memory_get(nx * ny, sizeof *plot->heat, "a heat map", &plot->heat)))
        return;
    plot->n_heat_x = nx;
    plot->n_heat_y = ny;
    for (size_t i = 0; i < nx * ny; i++) plot->heat[i] = (double)NAN;
}

bool cairn_plot_is_empty(const struct cairn_plot *plot)
{
    for (size_t i = 0; i < plot->n_series; i++)
        if (plot->series[i]->n > 0) return false;
    for (size_t i = 0; i < plot->n_heat_x * plot->n_heat_y; i++)
        if (isfinite(plot->heat[i])) return false;
    return true;
}

const struct cairn_series *cairn_plot_element(const struct cairn_plot *plot, size_t i)
{
    for (size_t s = 0; s < plot->n_series; s++) {
        size_t n = cairn_plot_elements(plot->series[s]);
        if (i < n) return plot->series[s];
        i -= n;
    }
    return NULL;
}

int cairn_plot_width(const struct cairn_plot *plot)
{
    return plot->large ? CAIRN_PLOT_LARGE_WIDTH : CAIRN_PLOT_WIDTH;
}

int cairn_plot_height(const struct cairn_plot *plot)
{
    return plot->large ? CAIRN_PLOT_LARGE_HEIGHT : CAIRN_PLOT_HEIGHT;
}

cairn_status cairn_plot_draw(struct cairn_plot *plot, enum cairn_picture kind, char **out,
                             size_t *n)
{
    char *script = NULL;
    size_t n_script = 0;
    CAIRN_TRY(plot->st);
    CAIRN_TRY(cairn_plot_script(plot, kind, &script, &n_script));
    cairn_status st = cairn_gnuplot_run(script, n_script, out, n);
    free(script);
    return st;
}

static void free_axis(struct cairn_axis *axis)
{
    for (size_t i = 0; i < axis->n_tics; i++) free(axis->tic[i].label);
    axis->n_tics = 0;
}

void cairn_plot_free(struct cairn_plot *plot)
{
    for (size_t i = 0; i < plot->n_series; i++) {
        free(plot->series[i]->label);
        free(plot->series[i]->point);
        free(plot->series[i]);
    }
    plot->n_series = 0;
    free(plot->heat);
    plot->heat = NULL;
    free_axis(&plot->x);
    free_axis(&plot->y);
}
