/* SPDX-License-Identifier: BSD-3-Clause
 * The script for gnuplot: data inside it, so that no file is named.  Ranges and marks are chosen
 * here, since gnuplot's own crowd a narrow chart. */
#include "report/plot_script.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum { MOST_ROUND = 6, LEGEND_ROW = 20 };

/* ---- texts */

static bool is_harmless(uint32_t code)
{
    static const char signs[] = " .,:;+-*/=()[]#_|";
    if (code >= 0x80) return cairn_utf8_is_plain(code);
    if (code >= '0' && code <= '9') return true;
    if ((code | 0x20) >= 'a' && (code | 0x20) <= 'z') return true;
    return code != 0 && strchr(signs, (int)code) != NULL;
}

void cairn_plot_label(const char *label, char out[CAIRN_PLOT_LABEL_BYTES])
{
    size_t left = strlen(label);
    size_t used = 0;
    uint32_t code = 0;
    while (left >= CAIRN_PLOT_LABEL_BYTES) { /* what tells names of folders apart is at their end */
        size_t n = cairn_utf8_read(label, left, &code);
        label += n == 0 ? 1 : n;
        left -= n == 0 ? 1 : n;
    }
    while (left > 0) {
        size_t n = cairn_utf8_read(label, left, &code);
        bool keep = n > 0 && is_harmless(code);
        if (keep)
            memcpy(out + used, label, n);
        else
            out[used] = '_';
        used += keep ? n : 1;
        label += n == 0 ? 1 : n;
        left -= n == 0 ? 1 : n;
    }
    out[used] = '\0';
}

void cairn_plot_number(double value, char out[CAIRN_PLOT_LABEL_BYTES])
{
    double size = fabs(value);
    const char *unit = size >= 1e12 ? "" : size >= 1e9 ? "G" : size >= 1e6 ? "M" : "k";
    double by = size >= 1e9 ? 1e9 : size >= 1e6 ? 1e6 : 1e3;
    if (size < 1e4 || size >= 1e12)
        snprintf(out, CAIRN_PLOT_LABEL_BYTES, "%.6g", size < 1e-12 ? 0 : value);
    else
        snprintf(out, CAIRN_PLOT_LABEL_BYTES, "%.6g%s", value / by, unit);
}

/* ---- ranges */

struct range {
    double low, high;
};

/* What is beyond has no place in a chart. */
static const double MOST = 1e100;

static void widen(struct range *range, double value, bool log)
{
    if (!(fabs(value) < MOST) || (log && value < 1 / MOST)) return;
    if (!(range->low <= value)) range->low = value; /* also where it is NaN */
    if (!(range->high >= value)) range->high = value;
}

static struct range find_range(const struct cairn_plot *plot, bool of_x)
{
    const struct cairn_axis *axis = of_x ? &plot->x : &plot->y;
    struct range range = {(double)NAN, (double)NAN};
    for (size_t s = 0; s < plot->n_series; s++) {
        const struct cairn_series *series = plot->series[s];
        for (size_t i = 0; i < series->n; i++) {
            const struct cairn_point *p = &series->point[i];
            widen(&range, of_x ? p->x : p->y, axis->log);
            widen(&range, of_x ? p->x : p->low, axis->log);
            widen(&range, of_x ? p->x : p->high, axis->log);
        }
    }
    if (axis->from_zero) widen(&range, 0, axis->log);
    if (isnan(range.low)) range = (struct range){axis->log ? 1 : 0, axis->log ? 10 : 1};
    return range;
}

/* Some air around the points, so that none lies on the frame. */
static struct range choose_range(const struct cairn_plot *plot, bool of_x)
{
    const struct cairn_axis *axis = of_x ? &plot->x : &plot->y;
    struct range range = find_range(plot, of_x);
    double air = of_x ? 0.02 : 0.05;
    if (axis->log) {
        double times = pow(range.high / range.low, air);
        times = times < 1.05 ? 1.05 : times;
        range = (struct range){range.low / times, range.high * times};
    } else {
        double more = (range.high - range.low) * air;
        if (more <= 0) more = range.high == 0 ? 1 : fabs(range.high) * 0.1;
        range = (struct range){range.low == 0 ? 0 : range.low - more, range.high + more};
    }
    if (isfinite(axis->low)) range.low = axis->low;
    if (isfinite(axis->high)) range.high = axis->high;
    return range;
}

/* ---- marks beside an axis */

static void put_tic(FILE *out, double at, const char *label, size_t *n)
{
    char text[CAIRN_PLOT_LABEL_BYTES];
    cairn_plot_label(label, text);
    fprintf(out, "%s'%s' %.9g", (*n)++ == 0 ? "" : ", ", text, at);
}

static void put_number(FILE *out, double at, size_t *n)
{
    char text[CAIRN_PLOT_LABEL_BYTES];
    cairn_plot_number(at, text);
    put_tic(out, at, text, n);
}

/* The round distance, 1, 2 or 5 of a power of ten, that gives at most MOST_ROUND marks. */
static double round_distance(struct range range)
{
    double rough = (range.high - range.low) / MOST_ROUND;
    double power = pow(10, floor(log10(rough)));
    double times = rough / power;
    return power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
}

static void put_linear(FILE *out, struct range range)
{
    size_t n = 0;
    double distance = round_distance(range);
    double first = ceil(range.low / distance - 1e-9);
    for (double i = first; i * distance <= range.high + 1e-9 * distance && n < 2 * MOST_ROUND; i++)
        put_number(out, i * distance, &n);
}

/* How a decade is parted, by how many there are. */
struct parting {
    double most_decades;
    size_t n;
    double times[7];
};

static const struct parting partings[] = {
    {0.9, 7, {1, 1.5, 2, 3, 4, 6, 8}},
    {2.2, 3, {1, 2, 5}},
    {INFINITY, 1, {1}},
};

static void put_log(FILE *out, struct range range)
{
    const struct parting *parting = partings;
    size_t n = 0;
    double decades = log10(range.high / range.low);
    double every = ceil(decades / MOST_ROUND);
    while (decades > parting->most_decades) parting++;
    for (double power = floor(log10(range.low)); power <= log10(range.high); power++) {
        if (every > 1 && fmod(power, every) != 0) continue;
        for (size_t i = 0; i < parting->n; i++) {
            double at = parting->times[i] * pow(10, power);
            if (at >= range.low && at <= range.high) put_number(out, at, &n);
        }
    }
    if (n == 0) put_number(out, range.low, &n);
}

static void put_twos(FILE *out, struct range range)
{
    size_t n = 0;
    double every = ceil(log2(range.high / range.low) / MOST_ROUND);
    for (double power = ceil(log2(range.low)); power <= log2(range.high); power += every)
        put_number(out, pow(2, power), &n);
    if (n == 0) put_number(out, range.low, &n);
}

static void put_axis(FILE *out, const char *letter, const struct cairn_axis *axis,
                     struct range range)
{
    size_t n = 0;
    if (axis->log) fprintf(out, "set logscale %s\n", letter);
    fprintf(out, "set %srange [%.9g:%.9g]\nset %stics %s (", letter, range.low, range.high, letter,
            axis->upright ? "rotate by 60 right" : "norotate");
    if (axis->n_tics > 0)
        for (size_t i = 0; i < axis->n_tics; i++)
            put_tic(out, axis->tic[i].at, axis->tic[i].label, &n);
    else if (axis->log && axis->twos)
        put_twos(out, range);
    else if (axis->log)
        put_log(out, range);
    else
        put_linear(out, range);
    fprintf(out, ")\n");
}

/* ---- data and elements */

static bool has_range(const struct cairn_series *series)
{
    for (size_t i = 0; i < series->n; i++)
        if (series->point[i].low < series->point[i].high) return true;
    return false;
}

size_t cairn_plot_elements(const struct cairn_series *series)
{
    if (series->n == 0) return 0;
    return series->style == CAIRN_STYLE_LINE && has_range(series) ? 2 : 1;
}

static void put_data(FILE *out, const struct cairn_plot *plot)
{
    for (size_t s = 0; s < plot->n_series; s++) {
        const struct cairn_series *series = plot->series[s];
        if (series->n == 0) continue;
        fprintf(out, "$s%zu << END\n", s);
        for (size_t i = 0; i < series->n; i++) {
            const struct cairn_point *p = &series->point[i];
            fprintf(out, "%.7g %.7g %.7g %.7g\n", p->x, p->y, p->low, p->high);
        }
        fprintf(out, "END\n");
    }
}

/* How a series is drawn, its columns first. */
static void put_style(FILE *out, const struct cairn_series *series)
{
    static const char *const style[] = {
        [CAIRN_STYLE_LINE] = "1:2 with lines lw 1.8",
        [CAIRN_STYLE_MARKED] = "1:2 with linespoints lw 1.4 ps 0.45",
        [CAIRN_STYLE_MARKS] = "1:2 with points lw 1.5 ps 0.6",
        [CAIRN_STYLE_RANGES] = "1:2:3:4 with yerrorlines lw 1.4 ps 0.5",
        [CAIRN_STYLE_RANGE_MARKS] = "1:2:3:4 with yerrorbars lw 1.4 ps 0.6",
        [CAIRN_STYLE_AREA] = "1:3:4 with filledcurves fs solid 0.85 noborder",
        [CAIRN_STYLE_BARS] = "1:2:($1-0.38):($1+0.38):3:4 with boxxyerror fs solid 0.85 noborder",
    };
    static const char *const dash[] = {"", " dt (9,5)", " dt (3,4)"};
    bool filled = series->style == CAIRN_STYLE_AREA || series->style == CAIRN_STYLE_BARS;
    bool marks = series->style == CAIRN_STYLE_MARKS;
    fprintf(out, "%s lc rgb '#%06x'", style[series->style], (unsigned)series->colour);
    if (series->style != CAIRN_STYLE_LINE && !filled)
        fprintf(out, " pt %d", marks && series->dash > 0 ? 6 : 7);
    if (!filled && !marks) fputs(dash[series->dash], out);
}

static void put_series(FILE *out, const struct cairn_plot *plot)
{
    const char *before = "plot ";
    for (size_t s = 0; s < plot->n_series; s++) {
        const struct cairn_series *series = plot->series[s];
        char label[CAIRN_PLOT_LABEL_BYTES] = "";
        if (series->n == 0) continue;
        if (cairn_plot_elements(series) == 2) {
            fprintf(out,
                    "%s$s%zu using 1:3:4 with filledcurves fs transparent solid 0.2 noborder lc "
                    "rgb '#%06x' notitle",
                    before, s, (unsigned)series->colour);
            before = ", ";
        }
        fprintf(out, "%s$s%zu using ", before, s);
        put_style(out, series);
        if (series->label != NULL) cairn_plot_label(series->label, label);
        fprintf(out, series->label == NULL ? " notitle" : " title '%s'", label);
        before = ", ";
    }
    fprintf(out, "\n");
}

static void put_heat(FILE *out, const struct cairn_plot *plot)
{
    fprintf(out, "$heat << END\n");
    for (size_t i = 0; i < plot->n_heat_x * plot->n_heat_y; i++) {
        bool last = i % plot->n_heat_x == plot->n_heat_x - 1;
        if (isfinite(plot->heat[i]))
            fprintf(out, "%.5g%c", plot->heat[i], last ? '\n' : ' ');
        else
            fprintf(out, "NaN%c", last ? '\n' : ' ');
    }
    fprintf(out, "END\n"
                 "set palette maxcolors 64 defined (0 '#440154', 1 '#46327e', 2 '#365c8d', 3 "
                 "'#277f8e', 4 '#1fa187', 5 '#4ac16d', 6 '#a0da39', 7 '#fde725')\n"
                 "set cbtics scale 0\n"
                 "set colorbox noborder\n"
                 "unset grid\n"
                 "plot $heat matrix using 1:2:3 with image pixels notitle\n");
}

/* What a legend in the picture wants, in units of the drawing. */
static int legend_height(const struct cairn_plot *plot)
{
    int n = 0;
    size_t longest = 0;
    for (size_t i = 0; i < plot->n_series; i++) {
        if (plot->series[i]->label == NULL || plot->series[i]->n == 0) continue;
        const size_t length = strlen(plot->series[i]->label);
        if (length > longest) longest = length;
        n++;
    }
    const bool two = 2 * (7 * (int)longest + 50) < cairn_plot_width(plot) - 68; /* as measured */
    return (two ? (n + 1) / 2 : n) * LEGEND_ROW;
}

static void put_terminal(FILE *out, const struct cairn_plot *plot, enum cairn_picture kind,
                         int height)
{
    int width = cairn_plot_width(plot);
    fprintf(out, "set encoding utf8\n");
    if (kind == CAIRN_PICTURE_PNG)
        fprintf(out,
                "set terminal pngcairo size %d,%d noenhanced font 'sans,10' fontscale 1.8 "
                "linewidth 2 pointscale 2 background rgb 'white'\n",
                2 * width, 2 * height);
    else
        fprintf(out,
                "set terminal svg size %d,%d dynamic noenhanced font 'sans-serif,13' name "
                "'chart'%s\n",
                width, height, kind == CAIRN_PICTURE_SVG ? "" : " background rgb 'white'");
}

/* Words along an axis or above the chart; they may have a name from a file in them. */
static void put_words(FILE *out, const char *command, const char *words, const char *options)
{
    char text[CAIRN_PLOT_LABEL_BYTES];
    if (words == NULL) return;
    cairn_plot_label(words, text);
    fprintf(out, "set %s '%s' %s textcolor rgb '#222222'\n", command, text, options);
}

static void put_frame(FILE *out, const struct cairn_plot *plot, enum cairn_picture kind)
{
    bool legend = kind != CAIRN_PICTURE_SVG && plot->heat == NULL;
    int height = cairn_plot_height(plot) + (legend ? legend_height(plot) : 0);
    char place[64];
    put_terminal(out, plot, kind, height);
    fprintf(out,
            "set border %d lc rgb '#888888'\nset tics nomirror scale 0.5 textcolor rgb '#444444'\n"
            "set grid lt 1 lw 0.6 lc rgb '#dddddd'\nset tmargin at screen %.4f\n%s\n",
            plot->heat == NULL ? 3 : 0, 1 - 33.0 / height,
            legend ? "set key below left Left reverse samplen 2 spacing 1.1 noenhanced"
                   : "unset key");
    snprintf(place, sizeof place, "at screen 0.015, screen %.4f left", 1 - 13.5 / height);
    put_words(out, "xlabel", plot->x.label, "");
    put_words(out, "label 1", plot->y.label, place);
    snprintf(place, sizeof place, "at screen 0.985, screen %.4f right", 1 - 13.5 / height);
    put_words(out, "label 2", plot->heat_label, place);
}

cairn_status cairn_plot_script(const struct cairn_plot *plot, enum cairn_picture kind, char **out,
                               size_t *n)
{
    char *text = NULL;
    size_t n_text = 0;
    FILE *script = open_memstream(&text, &n_text);
    if (script == NULL) return cairn_fail(CAIRN_MEMORY, "no memory for a chart");
    put_frame(script, plot, kind);
    put_axis(script, "x", &plot->x, choose_range(plot, true));
    put_axis(script, "y", &plot->y, choose_range(plot, false));
    if (plot->heat != NULL) {
        put_heat(script, plot);
    } else {
        put_data(script, plot);
        put_series(script, plot);
    }
    bool well = !ferror(script);
    if (fclose(script) != 0 || !well) {
        free(text);
        return cairn_fail(CAIRN_MEMORY, "no memory for a chart");
    }
    *out = text;
    *n = n_text;
    return CAIRN_OK;
}
