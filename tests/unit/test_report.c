/* SPDX-License-Identifier: BSD-3-Clause
 * Reports: reading CSVs, thinning, escaping, what gnuplot gets to see, and what tells runs apart.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "report/csv.h"
#include "report/page.h"
#include "report/plot.h"
#include "report/plot_script.h"
#include "report/run_files.h"
#include "report/run_labels.h"
#include "report/svg.h"
#include "report/thin.h"

/* What somebody may call a run, a layer or a host. */
static const char HOSTILE[] =
    "a\"; system(\"touch x\") `touch y` 'b' \\ @c $d {e} <script>\nset output 'f'";

static struct cairn_csv parse(const char *text)
{
    struct cairn_csv csv;
    char *copy = NULL;
    assert_int_equal(cairn_memory_text(text, &copy), CAIRN_OK);
    assert_int_equal(cairn_csv_parse(copy, &csv), CAIRN_OK);
    return csv;
}

/* ---- CSV */

static void reads_a_table(void **state)
{
    (void)state;
    struct cairn_csv csv = parse("update,loss,split\r\n1,2.5,test\r\n\n2,,\"a \"\"b\"\", c\"\n");
    size_t column = 9;
    assert_int_equal(csv.n_columns, 3);
    assert_int_equal(csv.n_rows, 2);
    assert_int_equal(csv.n_passed, 0);
    assert_true(cairn_csv_find(&csv, "split", &column));
    assert_int_equal(column, 2);
    assert_string_equal(cairn_csv_text(&csv, 0, 2), "test");
    assert_string_equal(cairn_csv_text(&csv, 1, 2), "a \"b\", c");
    assert_true(cairn_csv_number(&csv, 0, 1) == 2.5);
    assert_true(isnan(cairn_csv_number(&csv, 1, 1)));
    assert_true(isnan(cairn_csv_number(&csv, 0, 2)));
    assert_false(cairn_csv_find(&csv, "lr", &column));
    assert_true(cairn_csv_has_numbers(&csv, "loss"));
    assert_false(cairn_csv_has_numbers(&csv, "split"));
    cairn_csv_free(&csv);
}

static void passes_over_what_does_not_fit(void **state)
{
    (void)state;
    struct cairn_csv csv = parse("update,loss\n1,2\n2\n3,4,5\n4,5\n5,0.");
    assert_int_equal(csv.n_rows, 2);
    assert_int_equal(csv.n_passed, 3); /* too short, too long, half-written */
    assert_true(cairn_csv_number(&csv, 1, 0) == 4);
    cairn_csv_free(&csv);
    csv = parse("");
    assert_int_equal(csv.n_columns + csv.n_rows, 0);
    cairn_csv_free(&csv);
    csv = parse("no end of line");
    assert_int_equal(csv.n_columns + csv.n_rows, 0);
    cairn_csv_free(&csv);
    csv = parse("a,b\n\"1,2\n3,4\n"); /* a quote without its end spoils its own line only */
    assert_int_equal(csv.n_rows, 1);
    assert_int_equal(csv.n_passed, 1);
    cairn_csv_free(&csv);
}

static void gives_whole_columns(void **state)
{
    (void)state;
    struct cairn_csv csv = parse("a,b\n1,x\n2,3\n");
    double *value = NULL;
    assert_int_equal(cairn_csv_numbers(&csv, "b", &value), CAIRN_OK);
    assert_true(isnan(value[0]) && value[1] == 3);
    free(value);
    assert_int_equal(cairn_csv_numbers(&csv, "c", &value), CAIRN_OK);
    assert_true(isnan(value[0]) && isnan(value[1]));
    free(value);
    cairn_csv_free(&csv);
}

/* ---- thinning */

static void keeps_spikes(void **state)
{
    (void)state;
    enum { N = 10007, MOST = 100 };
    double *x = malloc(N * sizeof *x);
    double *y = malloc(N * sizeof *y);
    struct cairn_point *point = NULL;
    size_t n = 0;
    double sum = 0;
    assert_true(x != NULL && y != NULL);
    for (size_t i = 0; i < N; i++) x[i] = (double)i, y[i] = i == 5000 ? 77 : 1;
    assert_int_equal(cairn_thin(x, y, N, MOST, &point, &n), CAIRN_OK);
    assert_int_equal(n, MOST);
    size_t n_spikes = 0;
    for (size_t i = 0; i < n; i++) {
        n_spikes += point[i].high == 77;
        assert_true(point[i].low == 1);
        assert_true(i == 0 || point[i].x > point[i - 1].x);
        sum += point[i].y;
    }
    assert_int_equal(n_spikes, 1);
    assert_true(fabs(sum - MOST - 76.0 / 100) < 0.02); /* a bin has 100 or 101 points */
    free(point);
    free(x);
    free(y);
}

static void leaves_short_ones_and_skips_what_is_not_finite(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3, 4};
    const double y[] = {5, (double)NAN, (double)INFINITY, 8};
    struct cairn_point *point = NULL;
    size_t n = 0;
    assert_int_equal(cairn_thin(x, y, 4, 10, &point, &n), CAIRN_OK);
    assert_int_equal(n, 2);
    assert_true(point[1].x == 4 && point[1].y == 8 && point[1].low == 8 && point[1].high == 8);
    free(point);
    assert_int_equal(cairn_thin(x, y, 0, 10, &point, &n), CAIRN_OK);
    assert_int_equal(n, 0);
    free(point);
}

/* A batch that doubles in the middle of a bin, and a smaller last update in each epoch. */
static void steps_stay_steps(void **state)
{
    (void)state;
    enum { N = 10007, MOST = 100, STEP = 5037 };
    static double x[N], y[N];
    struct cairn_point *point = NULL;
    size_t n = 0;
    for (size_t i = 0; i < N; i++) {
        x[i] = (double)i;
        y[i] = i % 50 == 49 ? 7 : i < STEP ? 64 : 128;
    }
    assert_int_equal(cairn_thin_steps(x, y, N, MOST, &point, &n), CAIRN_OK);
    assert_int_equal(n, 4);
    assert_true(point[1].x == STEP - 1 && point[1].y == 64 && point[1].low == 7);
    assert_true(point[2].x == STEP && point[2].y == 128 && point[2].high == 128);
    assert_true(point[3].x == N - 1);
    free(point);
    assert_int_equal(cairn_thin_steps(x, y, 120, MOST, &point, &n),
                     CAIRN_OK); /* all that is there */
    assert_int_equal(n, 8);
    assert_true(point[2].x == 49 && point[2].y == 7);
    free(point);
    assert_int_equal(cairn_thin_steps(x, x, N, MOST, &point, &n), CAIRN_OK); /* a slope */
    assert_int_equal(n, MOST);
    free(point);
}

/* ---- escaping */

static void escapes_html(void **state)
{
    (void)state;
    static const char text[] = "<b a=\"1\" c='2'>&\xff\x01\xe2\x80\xae\xc3\xa4</b>";
    char *out = NULL;
    size_t n = 0;
    FILE *file = open_memstream(&out, &n);
    assert_non_null(file);
    cairn_html_text(file, text, strlen(text));
    fclose(file);
    assert_string_equal(out, "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;\xef\xbf\xbd\xef\xbf\xbd"
                             "\xef\xbf\xbd\xc3\xa4&lt;/b&gt;");
    free(out);
}

static void gnuplot_sees_harmless_labels(void **state)
{
    (void)state;
    char out[CAIRN_PLOT_LABEL_BYTES];
    cairn_plot_label(HOSTILE, out);
    assert_null(strpbrk(out, "\"'`\\@${}<>%\n"));
    cairn_plot_label("optim.lr 0.3, 2 ranks \xc3\xa4 (x)", out);
    assert_string_equal(out, "optim.lr 0.3, 2 ranks \xc3\xa4 (x)");
    cairn_plot_label("\xff%d", out);
    assert_string_equal(out, "__d");
}

static void long_labels_keep_their_end(void **state)
{
    (void)state;
    char label[512];
    char out[CAIRN_PLOT_LABEL_BYTES];
    for (size_t i = 0; i + 2 < sizeof label; i += 2) memcpy(label + i, "\xc3\xa4", 3);
    memcpy(label + sizeof label - 5, "end", 4);
    cairn_plot_label(label, out);
    assert_true(strlen(out) < CAIRN_PLOT_LABEL_BYTES);
    assert_string_equal(out + strlen(out) - 3, "end");
}

/* Every place that words can come to: legend, marks of both axes, words along them. */
static void scripts_hold_no_strangers_words(void **state)
{
    (void)state;
    struct cairn_plot plot;
    char *script = NULL;
    size_t n = 0;
    cairn_plot_begin(&plot, "test", HOSTILE);
    plot.x.label = plot.y.label = plot.heat_label = HOSTILE;
    cairn_plot_tic(&plot, &plot.x, 1, HOSTILE);
    cairn_plot_tic(&plot, &plot.y, 1, HOSTILE);
    struct cairn_series *series = cairn_plot_add(&plot, HOSTILE, 0, CAIRN_STYLE_LINE);
    cairn_plot_xy(&plot, series, 1, 2);
    for (int kind = CAIRN_PICTURE_SVG; kind <= CAIRN_PICTURE_SVG_ALONE; kind++) {
        assert_int_equal(cairn_plot_script(&plot, (enum cairn_picture)kind, &script, &n), CAIRN_OK);
        assert_null(strpbrk(script, "\"`\\@"));
        assert_null(strstr(script, "\nset output"));
        assert_null(strstr(script, "'b'"));
        size_t n_quotes = 0;
        for (size_t i = 0; i < n; i++) n_quotes += script[i] == '\'';
        assert_int_equal(n_quotes % 2, 0);
        free(script);
    }
    cairn_plot_free(&plot);
}

/* Numbers that no run has: the frame keeps to what it can show. */
static void odd_numbers_leave_a_frame(void **state)
{
    (void)state;
    static const double odd[] = {1e-320, 1e300, -1e300, 0, 5e-324};
    struct cairn_plot plot;
    char *script = NULL;
    size_t n = 0;
    for (int log = 0; log < 2; log++) {
        cairn_plot_begin(&plot, "test", "");
        plot.x.log = plot.y.log = log == 1;
        struct cairn_series *series = cairn_plot_add(&plot, NULL, 0, CAIRN_STYLE_LINE);
        for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
            cairn_plot_xy(&plot, series, odd[i], odd[i]);
        cairn_plot_xy(&plot, series, (double)NAN, 1);
        assert_int_equal(series->n, 5);
        assert_int_equal(cairn_plot_script(&plot, CAIRN_PICTURE_SVG, &script, &n), CAIRN_OK);
        assert_null(strstr(script, "inf"));
        assert_null(strstr(script, "nan"));
        free(script);
        cairn_plot_free(&plot);
    }
}

static void numbers_beside_axes(void **state)
{
    (void)state;
    char out[CAIRN_PLOT_LABEL_BYTES];
    const struct {
        double value;
        const char *text;
    } wanted[] = {{0, "0"},       {1e-20, "0"},    {0.05, "0.05"}, {2500, "2500"},
                  {40000, "40k"}, {1.5e6, "1.5M"}, {-2e9, "-2G"},  {1e-7, "1e-07"}};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        cairn_plot_number(wanted[i].value, out);
        assert_string_equal(out, wanted[i].text);
    }
}

/* What gnuplot 5.4 writes, in short. */
static const char SVG[] =
    "<?xml version=\"1.0\"?>\n<svg \n xmlns:xlink=\"http://x\">\n<title>chart</title>\n"
    "<g id=\"gnuplot_canvas\">\n<defs>\n\t<circle id='gpDot'/>\n\t<filter id='f'></filter>\n"
    "</defs>\n<g fill=\"none\" color=\"black\">\n</g>\n"
    "\t<g id=\"chart_plot_1\" ><title>$s0 using 1:2</title>\n"
    "<g fill=\"none\" color=\"black\">\n\t<use xlink:href='#gpDot'/></g>\n\t</g>\n</g>\n</svg>\n";

static void svg_becomes_part_of_a_page(void **state)
{
    (void)state;
    struct cairn_plot plot;
    char *out = NULL;
    char *marks = NULL;
    size_t n = 0;
    cairn_plot_begin(&plot, "test", "a <chart>");
    cairn_plot_xy(&plot, cairn_plot_add(&plot, "<x>", 0, CAIRN_STYLE_LINE), 1, 2);
    FILE *file = open_memstream(&out, &n);
    assert_non_null(file);
    assert_int_equal(cairn_svg_inline(file, SVG, &plot), CAIRN_OK);
    assert_int_equal(cairn_svg_marks(SVG, &marks), CAIRN_OK);
    assert_int_equal(cairn_svg_inline(file, "no svg", &plot), CAIRN_BUG);
    fclose(file);
    assert_non_null(strstr(out, "aria-label=\"a &lt;chart&gt;\""));
    assert_non_null(strstr(out, "<title>&lt;x&gt;</title>"));
    assert_non_null(strstr(out, "<use href='#gpDot'/>"));
    assert_null(strstr(out, "id="));
    assert_null(strstr(out, "http"));
    assert_null(strstr(out, "using"));
    assert_string_equal(marks, "<defs> <circle id='gpDot'/> </defs>");
    cairn_plot_free(&plot);
    free(out);
    free(marks);
}

/* ---- labels of runs */

static const char CONFIG[] = "data:\n  file: /a/b.h5\nmodel:\n- {type: flatten}\n"
                             "- {type: dense, units: 10}\nloss: cross_entropy\noptim:\n  lr: %s\n"
                             "batch:\n  global: %d\n";

static struct cairn_run_files run_of(const char *name, const char *lr, int global)
{
    struct cairn_run_files run = {.name = name};
    char text[512];
    snprintf(text, sizeof text, CONFIG, lr, global);
    assert_int_equal(cairn_memory_text(text, &run.config), CAIRN_OK);
    return run;
}

static void runs_are_told_apart(void **state)
{
    (void)state;
    struct cairn_run_files run[] = {run_of("a", "0.1", 8), run_of("b", "0.2", 8),
                                    run_of("c", "0.2", 8)};
    assert_int_equal(cairn_run_labels(run, 3), CAIRN_OK);
    assert_string_equal(run[0].label, "optim.lr 0.1");
    assert_string_equal(run[1].label, "optim.lr 0.2");
    assert_string_not_equal(run[2].label, run[1].label);
    for (size_t i = 0; i < 3; i++) cairn_run_files_free(&run[i]);
    run[0] = run_of("a", "0.1", 8);
    run[1] = run_of("b", "0.1", 16);
    run[1].summary = json_pack("{s:i}", "ranks", 4);
    assert_int_equal(cairn_run_labels(run, 2), CAIRN_OK);
    assert_string_equal(run[0].label, "batch.global 8, ranks ?");
    assert_string_equal(run[1].label, "batch.global 16, ranks 4");
    cairn_run_files_free(&run[0]);
    cairn_run_files_free(&run[1]);
    run[0] = run_of("alone", "0.1", 8);
    assert_int_equal(cairn_run_labels(run, 1), CAIRN_OK);
    assert_string_equal(run[0].label, "alone");
    cairn_run_files_free(&run[0]);
}

static void config_is_read(void **state)
{
    (void)state;
    char value[CAIRN_RUN_LABEL_BYTES];
    struct cairn_run_files run = run_of("a", "0.1", 8);
    assert_true(cairn_config_value(run.config, "batch.global", value));
    assert_string_equal(value, "8");
    assert_true(cairn_config_value(run.config, "loss", value));
    assert_string_equal(value, "cross_entropy");
    assert_false(cairn_config_value(run.config, "batch.micro", value));
    assert_true(cairn_config_layer(run.config, 1, value));
    assert_string_equal(value, "dense");
    assert_false(cairn_config_layer(run.config, 2, value));
    assert_false(cairn_config_value(NULL, "loss", value));
    cairn_run_files_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_table),
        cmocka_unit_test(passes_over_what_does_not_fit),
        cmocka_unit_test(gives_whole_columns),
        cmocka_unit_test(keeps_spikes),
        cmocka_unit_test(steps_stay_steps),
        cmocka_unit_test(leaves_short_ones_and_skips_what_is_not_finite),
        cmocka_unit_test(escapes_html),
        cmocka_unit_test(gnuplot_sees_harmless_labels),
        cmocka_unit_test(long_labels_keep_their_end),
        cmocka_unit_test(scripts_hold_no_strangers_words),
        cmocka_unit_test(odd_numbers_leave_a_frame),
        cmocka_unit_test(numbers_beside_axes),
        cmocka_unit_test(svg_becomes_part_of_a_page),
        cmocka_unit_test(runs_are_told_apart),
        cmocka_unit_test(config_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
