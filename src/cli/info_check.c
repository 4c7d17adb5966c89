/* SPDX-License-Identifier: BSD-3-Clause
 * cairn info --check: reads all of a dataset once, on all ranks, and prints what there is, what is
 * wrong with it and what is worth a look. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/info.h"
#include "comm/exchange.h"
#include "setup/setup.h"
#include "start/survey.h"

enum { MOST_COLUMNS = 16, MOST_CLASSES = 20, MOST_COUNTED = 1 << 24, LINE_BYTES = 1024 };

/* Of a rank, for hashes of samples: room for six million. */
static const size_t twins_bytes = (size_t)320 << 20;

/* One dataset on its way. */
struct check {
    const char *name;
    size_t n_wrong;
    char first[LINE_BYTES]; /* of what is wrong */
};

/* ---- what there is */

static void print_range(const char *name, const struct cairn_survey_column *column, double mean,
                        double deviation)
{
    if (column->low > column->high)
        printf("%s: no finite number\n", name);
    else
        printf("%s: from %g to %g, mean %g, deviation %g\n", name, column->low, column->high, mean,
               deviation);
}

/* All columns as one. */
static void print_whole(const char *name, const struct cairn_survey_array *array)
{
    struct cairn_survey_column all = {.low = INFINITY, .high = -INFINITY};
    double n = 0, sum = 0, squares = 0, mean = 0, deviation = 0;
    for (int round = 0; round < 2; round++) {
        const double middle = n > 0 ? sum / n : 0;
        for (size_t c = 0; c < array->n_columns; c++) {
            const struct cairn_survey_column *column = &array->column[c];
            const double count = cairn_exact_sum_value(&column->n);
            if (!(count > 0)) continue;
            cairn_survey_moments(array, c, &mean, &deviation);
            all.low = fmin(all.low, column->low);
            all.high = fmax(all.high, column->high);
            if (round == 0) n += count;
            if (round == 0) sum += count * mean;
            if (round == 1)
                squares += count * (deviation * deviation + (mean - middle) * (mean - middle));
        }
    }
    print_range(name, &all, sum / n, sqrt(squares / n));
}

static void print_columns(const char *name, const char *of_one,
                          const struct cairn_survey_array *array)
{
    char text[64];
    double mean = 0;
    double deviation = 0;
    snprintf(text, sizeof text, "    %s", name);
    print_whole(text, array);
    if (array->n_columns == 1 || array->n_columns > MOST_COLUMNS) return;
    for (size_t c = 0; c < array->n_columns; c++) {
        cairn_survey_moments(array, c, &mean, &deviation);
        snprintf(text, sizeof text, "      %s %zu", of_one, c);
        print_range(text, &array->column[c], mean, deviation);
    }
}

static cairn_status print_classes(const struct cairn_dataset *dataset, enum cairn_split split)
{
    const int32_t *label = cairn_dataset_labels(dataset, split);
    const size_t n = cairn_dataset_size(dataset, split);
    const size_t n_classes = cairn_dataset_classes(dataset);
    size_t *count = NULL;
    size_t least = SIZE_MAX;
    size_t most = 0;
    size_t n_empty = 0;
    if (label == NULL) return CAIRN_OK;
    if (n_classes > MOST_COUNTED) {
        printf("    y: %zu classes\n", n_classes);
        return CAIRN_OK;
    }
    CAIRN_TRY(cairn_memory_get(n_classes, sizeof *count, "counts of classes", &count));
    for (size_t i = 0; i < n; i++)
        if (label[i] >= 0) count[label[i]]++;
    for (size_t c = 0; c < n_classes; c++) {
        if (count[c] == 0) n_empty++;
        if (count[c] > 0 && count[c] < least) least = count[c];
        if (count[c] > most) most = count[c];
    }
    printf("    y: %zu classes", n_classes);
    if (most == least)
        printf(", %zu %s each", most, most == 1 ? "sample" : "samples");
    else if (most > 0)
        printf(", from %zu to %zu samples each", least, most);
    if (n_empty > 0) printf(", %zu classes without any", n_empty);
    for (size_t c = 0; n_classes <= MOST_CLASSES && c < n_classes; c++)
        printf("%s %zu", c == 0 ? ":" : "", count[c]);
    printf("\n");
    free(count);
    return CAIRN_OK;
}

static cairn_status print_group(const struct cairn_survey *survey, enum cairn_split split)
{
    const struct cairn_dataset *dataset = survey->dataset;
    const struct cairn_survey_array *array = survey->array[split];
    const bool tokens = cairn_dataset_vocabulary(dataset) > 0;
    printf("  %s: %zu %s\n", cairn_split_name(split), cairn_survey_rows(survey, split),
           tokens ? "tokens" : "samples");
    if (tokens && array[CAIRN_SURVEY_X].column->low <= array[CAIRN_SURVEY_X].column->high)
        printf("    tokens: from %g to %g, vocabulary of %zu\n", array[CAIRN_SURVEY_X].column->low,
               array[CAIRN_SURVEY_X].column->high, cairn_dataset_vocabulary(dataset));
    if (!tokens)
        print_columns("x", cairn_dataset_input(dataset)->ndim > 1 ? "channel" : "number",
                      &array[CAIRN_SURVEY_X]);
    if (array[CAIRN_SURVEY_Y].n_rows > 0) print_columns("y", "target", &array[CAIRN_SURVEY_Y]);
    if (array[CAIRN_SURVEY_WEIGHT].n_rows > 0)
        print_columns("weight", "", &array[CAIRN_SURVEY_WEIGHT]);
    return print_classes(dataset, split);
}

/* ---- what is thought of it */

static void say(void *context, bool wrong, const char *line)
{
    struct check *check = context;
    printf("  %s: ", wrong ? "wrong" : "note");
    cairn_info_text("", line, strlen(line));
    if (!wrong) return;
    if (check->n_wrong++ == 0) snprintf(check->first, sizeof check->first, "%s", line);
}

static void say_doubt(void *context, const char *line)
{
    say(context, false, line);
}

static cairn_status print(const struct cairn_config *config, const struct cairn_survey *survey,
                          struct check *check)
{
    char shape[CAIRN_SHAPE_TEXT_BYTES], line[LINE_BYTES];
    const struct cairn_dataset *dataset = survey->dataset;
    const struct cairn_dataset_given given = {.hwc = config->data_layout == CAIRN_LAYOUT_HWC,
                                              .normalized =
                                                  cairn_config_given(config, "data.mean") ||
                                                  cairn_config_given(config, "data.std")};
    printf("%s: dataset", check->name);
    if (cairn_dataset_vocabulary(dataset) == 0)
        printf(", samples of %s", cairn_shape_text(cairn_dataset_input(dataset), shape));
    printf(", all read\n");
    for (int i = 0; i < CAIRN_N_SPLITS; i++)
        if (cairn_dataset_has(dataset, (enum cairn_split)i))
            CAIRN_TRY(print_group(survey, (enum cairn_split)i));
    CAIRN_TRY(cairn_survey_judge(survey, say, check));
    CAIRN_TRY(cairn_dataset_doubts(dataset, &given, say_doubt, check));
    for (int i = 0; i < CAIRN_N_SPLITS; i++) {
        const enum cairn_split split = (enum cairn_split)i;
        if (cairn_dataset_size(dataset, split) == 0 || cairn_dataset_targets(dataset) > 0 ||
            cairn_dataset_labels(dataset, split) != NULL ||
            survey->array[split][CAIRN_SURVEY_Y].n_rows > 0)
            continue;
        snprintf(line, sizeof line, "%s: %s has no labels: only cairn predict takes it",
                 check->name, cairn_split_name(split));
        say(check, false, line);
    }
    if (check->n_wrong == 0) printf("  nothing is wrong\n");
    return CAIRN_OK;
}

/* ---- one dataset */

/* The keys of the command line, of a run file where FILE is one, else with FILE as data.file. */
static cairn_status read_config(const struct cairn_info_request *request, const char *file,
                                struct cairn_config **out)
{
    static const char no_model[] = "model: [{type: dense, units: 1}]\n";
    const char *override[CAIRN_MOST_OVERRIDES + 2] = {NULL};
    const char *end = file == NULL ? NULL : strrchr(file, '.');
    char *text = NULL;
    size_t n = 0;
    memcpy(override + 1, request->key, request->n_keys * sizeof *override);
    if (end != NULL && (strcmp(end, ".yaml") == 0 || strcmp(end, ".yml") == 0)) {
        CAIRN_TRY(cairn_config_load(file, &text, &n));
        cairn_status st = cairn_config_read(text, n, file, override + 1, out);
        free(text);
        return st;
    }
    if (file != NULL) {
        CAIRN_TRY(cairn_memory_get(strlen(file) + sizeof "data.file=", 1, "a name", &text));
        strcat(strcpy(text, "data.file="), file);
        override[0] = text;
    }
    cairn_status st = cairn_config_read(no_model, strlen(no_model), "command line",
                                        override + (file == NULL), out);
    free(text);
    return st;
}

/* Collective. */
static cairn_status open_data(const struct cairn_info_request *request, const char *file,
                              cairn_comm *comm, struct cairn_config **config,
                              struct cairn_dataset **dataset)
{
    struct cairn_setup_other other = {.as_stored = true};
    cairn_status st = read_config(request, file, config);
    if (comm != NULL) st = cairn_comm_agree(comm, st);
    if (st != CAIRN_OK) return st;
    other.labels_optional = !cairn_config_given(*config, "data.y");
    return comm == NULL ? cairn_setup_dataset(*config, &other, dataset)
                        : cairn_setup_dataset_for_all(comm, *config, &other, dataset);
}

static bool is_first(const cairn_comm *comm)
{
    return comm == NULL || cairn_comm_rank(comm) == 0;
}

/* What rank 0 has found, for all. */
static cairn_status share(cairn_comm *comm, cairn_status st, struct check *check)
{
    if (st == CAIRN_OK && check->n_wrong > 0)
        st = cairn_fail(CAIRN_DATA, "%s: %zu %s: %s", check->name, check->n_wrong,
                        check->n_wrong == 1 ? "thing is wrong" : "things are wrong, the first",
                        check->first);
    return comm == NULL ? st : cairn_comm_agree_root(comm, st);
}

cairn_status cairn_info_check(const struct cairn_info_request *request, const char *file,
                              cairn_comm *comm)
{
    struct check check = {.name = file == NULL ? "data" : file};
    struct cairn_config *config = NULL;
    struct cairn_dataset *dataset = NULL;
    struct cairn_survey *survey = NULL;
    cairn_status st = open_data(request, file, comm, &config, &dataset);
    if (st == CAIRN_OK) st = cairn_start_survey(dataset, comm, twins_bytes, &survey);
    if (st == CAIRN_OK) {
        if (is_first(comm)) st = print(config, survey, &check);
        st = share(comm, st, &check);
    }
    if (st != CAIRN_OK && check.n_wrong == 0 && request->n_files > 1 && is_first(comm))
        say(&check, true, cairn_error_text());
    cairn_survey_free(survey);
    cairn_dataset_close(dataset);
    cairn_config_free(config);
    return st;
}
