/* SPDX-License-Identifier: BSD-3-Clause
 * The columns of eval.csv.  A file keeps those that it has: another start may evaluate other
 * metrics. */
#include "record/eval_lines.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "record/number.h"

static const char FIRST[] = "update,epoch,samples,wall_s,split,loss,accuracy";

static void add_column(struct cairn_eval_columns *columns, const char *name, size_t n, int of)
{
    if (columns->n == CAIRN_EVAL_COLUMNS || n >= CAIRN_EVAL_NAME_BYTES) return;
    memcpy(columns->at[columns->n].name, name, n);
    columns->at[columns->n].name[n] = '\0';
    columns->at[columns->n++].of = of;
}

static int metric_of(const char *const metric[CAIRN_MOST_METRICS], const char *name, size_t n)
{
    for (int i = 0; i < CAIRN_MOST_METRICS; i++)
        if (metric[i] != NULL && strlen(metric[i]) == n && strncmp(metric[i], name, n) == 0)
            return i;
    return -1;
}

void cairn_eval_columns_read(const char *header, const char *const metric[CAIRN_MOST_METRICS],
                             struct cairn_eval_columns *out)
{
    const size_t n_first = sizeof FIRST - 1;
    out->n = 0;
    if (strncmp(header, FIRST, n_first) != 0) return;
    for (const char *at = header + n_first; *at == ',';) {
        const size_t n = strcspn(++at, ",\r\n");
        add_column(out, at, n, metric_of(metric, at, n));
        at += n;
    }
}

static bool has_metric(const struct cairn_eval_columns *columns, int metric)
{
    for (size_t i = 0; i < columns->n; i++)
        if (columns->at[i].of == metric) return true;
    return false;
}

/* "mae, rmse": names of columns from `first` on, or of those that are not evaluated. */
static const char *names(const struct cairn_eval_columns *columns, size_t first, bool evaluated,
                         char text[CAIRN_EVAL_HEADER_BYTES])
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = first; i < columns->n; i++) {
        if ((columns->at[i].of >= 0) != evaluated) continue;
        used += (size_t)snprintf(text + used, CAIRN_EVAL_HEADER_BYTES - used, "%s%s",
                                 used > 0 ? ", " : "", columns->at[i].name);
    }
    return text;
}

static void say_others(const struct cairn_eval_columns *columns, size_t n_before)
{
    char new[CAIRN_EVAL_HEADER_BYTES], old[CAIRN_EVAL_HEADER_BYTES];
    names(columns, n_before, true, new);
    names(columns, 0, false, old);
    if (new[0] == '\0' && old[0] == '\0') return;
    cairn_log_info("other metrics than before: eval.csv %s%s%s%s%s", new[0] == '\0' ? "" : "gets ",
                   new, new[0] == '\0' || old[0] == '\0' ? "" : ", and ",
                   old[0] == '\0' ? "" : "keeps the column of ", old);
}

cairn_status cairn_eval_columns_join(const char *path, const char *const metric[CAIRN_MOST_METRICS],
                                     struct cairn_eval_columns *out)
{
    FILE *file = NULL;
    char *line = NULL;
    size_t room = 0;
    bool any = false;
    out->n = 0;
    CAIRN_TRY(cairn_file_stream(path, &file));
    if (file != NULL) {
        if (getline(&line, &room, file) > 0) cairn_eval_columns_read(line, metric, out);
        any = getline(&line, &room, file) > 0;
        free(line);
        fclose(file);
    }
    const size_t n_before = out->n;
    for (int i = 0; i < CAIRN_MOST_METRICS; i++)
        if (metric[i] != NULL && !has_metric(out, i))
            add_column(out, metric[i], strlen(metric[i]), i);
    if (any) say_others(out, n_before);
    return CAIRN_OK;
}

void cairn_eval_header(const struct cairn_eval_columns *columns,
                       char header[CAIRN_EVAL_HEADER_BYTES])
{
    size_t used = (size_t)snprintf(header, CAIRN_EVAL_HEADER_BYTES, "%s", FIRST);
    for (size_t i = 0; i < columns->n; i++)
        used += (size_t)snprintf(header + used, CAIRN_EVAL_HEADER_BYTES - used, ",%s",
                                 columns->at[i].name);
}

void cairn_eval_write(const struct cairn_eval_columns *columns,
                      const struct cairn_eval_metrics *line, struct cairn_row *text)
{
    cairn_row_count(text, line->update);
    cairn_row_count(text, line->epoch);
    cairn_row_count(text, line->samples);
    cairn_row_number(text, cairn_number_micros(line->wall_s));
    cairn_row_text(text, line->split, strlen(line->split));
    cairn_row_number(text, line->loss);
    cairn_row_number(text, line->accuracy);
    for (size_t i = 0; i < columns->n; i++)
        cairn_row_number(text, columns->at[i].of < 0 ? (double)NAN : line->more[columns->at[i].of]);
}

/* A field and the comma before it; NaN where it is empty. */
static double next_number(const char **at)
{
    double value = (double)NAN;
    if (**at != ',') return value;
    const size_t n = strcspn(++*at, ",\r\n");
    if (n > 0) value = strtod(*at, NULL);
    *at += n;
    return value;
}

/* "12,0,3072,1.5,test,0.25,0.9,..." */
bool cairn_eval_read(const struct cairn_eval_columns *columns, const char *text, const char *split,
                     struct cairn_eval_metrics *out)
{
    struct cairn_eval_metrics found = {.split = split};
    char name[CAIRN_NUMBER_BYTES];
    int n_read = 0;
    int n = sscanf(text, "%" SCNu64 ",%" SCNu64 ",%" SCNu64 ",%lf,%31[^,],%lf%n", &found.update,
                   &found.epoch, &found.samples, &found.wall_s, name, &found.loss, &n_read);
    if (n < 6 || strcmp(name, split) != 0) return false;
    const char *at = text + n_read;
    found.accuracy = next_number(&at);
    for (int i = 0; i < CAIRN_MOST_METRICS; i++) found.more[i] = (double)NAN;
    for (size_t i = 0; i < columns->n; i++) {
        const double value = next_number(&at);
        if (columns->at[i].of >= 0) found.more[columns->at[i].of] = value;
    }
    *out = found;
    return true;
}
