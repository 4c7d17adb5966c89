/* SPDX-License-Identifier: BSD-3-Clause
 * cairn info FILE.h5: describes a dataset, a checkpoint, weights or predictions. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "data/dataset.h"
#include "data/loader.h"
#include "h5/h5.h"

enum { PATH_IN_FILE_BYTES = 512, MOST_CLASSES = 20, READ_BYTES = 1 << 20 };

/* The range is that of the first samples, where a group holds more numbers than this. */
static const size_t most_numbers = (size_t)1 << 28;

/* "  title: ..." */
static void print_text(const char *name, const char *text, size_t n)
{
    cairn_utf8_show(stdout, name, strlen(name));
    cairn_utf8_show(stdout, text, n);
    printf("\n");
}

/* ---- datasets */

static cairn_status print_range(struct cairn_dataset *dataset, enum cairn_split split)
{
    struct cairn_loader *loader = NULL;
    struct cairn_micro micro;
    size_t n_values = cairn_shape_count(cairn_dataset_input(dataset));
    size_t n = cairn_dataset_size(dataset, split);
    if (n > most_numbers / n_values) n = most_numbers / n_values + 1;
    size_t block = READ_BYTES / n_values + 1;
    const struct cairn_loader_options options = {.split = split, .micro = block};
    cairn_real low = 0;
    cairn_real high = 0;
    CAIRN_TRY(cairn_loader_create(dataset, &options, &loader));
    cairn_status st = CAIRN_OK;
    for (size_t first = 0; first < n && st == CAIRN_OK; first += block) {
        st = cairn_loader_read(loader, first, n - first < block ? n - first : block, &micro);
        if (st == CAIRN_OK && first == 0) low = high = micro.x[0];
        for (size_t i = 0; st == CAIRN_OK && i < micro.n * n_values; i++) {
            low = micro.x[i] < low ? micro.x[i] : low;
            high = micro.x[i] > high ? micro.x[i] : high;
        }
    }
    cairn_loader_free(loader);
    if (st != CAIRN_OK) return st;
    printf(", from %g to %g", (double)low, (double)high);
    if (n < cairn_dataset_size(dataset, split)) printf(" in the first %zu", n);
    return CAIRN_OK;
}

/* " scale 0.0625": one number, or how many there are. */
static cairn_status print_factor(struct cairn_h5 *file, const char *x, const char *name,
                                 size_t n_channels)
{
    double *value = NULL;
    size_t n = 0;
    if (!cairn_h5_has_attribute(file, x, name)) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(n_channels, sizeof *value, name, &value));
    cairn_status st = cairn_h5_get_numbers(file, x, name, n_channels, value, &n);
    if (st == CAIRN_OK && n == 1)
        printf(", %s %g", name, value[0]);
    else if (st == CAIRN_OK)
        printf(", %s by channel", name);
    free(value);
    return st;
}

static void print_counts(const struct cairn_dataset *dataset, enum cairn_split split)
{
    size_t n_classes = cairn_dataset_classes(dataset);
    const int32_t *label = cairn_dataset_labels(dataset, split);
    size_t count[MOST_CLASSES] = {0};
    size_t n_negative = 0; /* labels that a loss may pass over */
    for (size_t i = 0; i < cairn_dataset_size(dataset, split); i++) {
        if (label[i] < 0)
            n_negative++;
        else if (label[i] < MOST_CLASSES)
            count[label[i]]++;
    }
    printf(", %zu classes; samples of each:", n_classes);
    for (size_t i = 0; i < n_classes && i < MOST_CLASSES; i++) printf(" %zu", count[i]);
    printf("%s", n_classes > MOST_CLASSES ? " ..." : "");
    if (n_negative > 0) printf(", %zu below class 0", n_negative);
    printf("\n");
}

static cairn_status print_names(struct cairn_h5 *file, const char *y)
{
    char *names = NULL;
    if (!cairn_h5_has_attribute(file, y, "classes")) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_get_text(file, y, "classes", &names));
    print_text("    classes: ", names, strlen(names));
    free(names);
    return CAIRN_OK;
}

static cairn_status print_array(struct cairn_h5 *file, const char *name, const char *path)
{
    char shape[CAIRN_SHAPE_TEXT_BYTES];
    struct cairn_h5_form form;
    CAIRN_TRY(cairn_h5_describe(file, path, &form));
    printf("    %s %s %s", name, cairn_shape_text(&form.shape, shape),
           cairn_h5_type_name(form.type));
    return CAIRN_OK;
}

/* The weights of samples or tokens, where a group has them. */
static cairn_status print_array_of_weights(struct cairn_h5 *file, enum cairn_split split)
{
    char path[PATH_IN_FILE_BYTES];
    snprintf(path, sizeof path, "/%s/weight", cairn_split_name(split));
    if (!cairn_h5_has_array(file, path)) return CAIRN_OK;
    CAIRN_TRY(print_array(file, "weight", path));
    printf("\n");
    return CAIRN_OK;
}

static cairn_status print_tokens(struct cairn_h5 *file, const struct cairn_dataset *dataset,
                                 enum cairn_split split)
{
    char path[PATH_IN_FILE_BYTES];
    snprintf(path, sizeof path, "/%s/tokens", cairn_split_name(split));
    printf("  %s: %zu tokens\n", cairn_split_name(split), cairn_dataset_tokens(dataset, split));
    CAIRN_TRY(print_array(file, "tokens", path));
    printf("\n");
    return print_array_of_weights(file, split);
}

/* "vocabulary: 65" and "characters: \n !$&'...": control characters as C writes them. */
static void print_vocabulary(size_t vocabulary, const char *characters)
{
    printf("  vocabulary: %zu\n", vocabulary);
    if (characters == NULL) return;
    printf("  characters: ");
    for (size_t left = strlen(characters), n = 0; left > 0; left -= n, characters += n) {
        uint32_t code = 0;
        n = cairn_utf8_read(characters, left, &code);
        if (n == 0 || cairn_utf8_is_plain(code))
            cairn_utf8_show(stdout, characters, n = n == 0 ? 1 : n);
        else if (code == '\n' || code == '\t')
            printf(code == '\n' ? "\\n" : "\\t");
        else
            printf(code < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)code);
    }
    printf("\n");
}

static cairn_status print_x_and_y(struct cairn_h5 *file, struct cairn_dataset *dataset,
                                  enum cairn_split split)
{
    char x[PATH_IN_FILE_BYTES];
    char y[PATH_IN_FILE_BYTES];
    size_t n_channels = cairn_dataset_input(dataset)->dim[0];
    snprintf(x, sizeof x, "/%s/x", cairn_split_name(split));
    snprintf(y, sizeof y, "/%s/y", cairn_split_name(split));
    printf("  %s: %zu samples\n", cairn_split_name(split), cairn_dataset_size(dataset, split));
    CAIRN_TRY(print_array(file, "x", x));
    CAIRN_TRY(print_factor(file, x, "scale", n_channels));
    CAIRN_TRY(print_factor(file, x, "shift", n_channels));
    CAIRN_TRY(print_range(dataset, split));
    printf("\n");
    CAIRN_TRY(print_array(file, "y", y));
    if (cairn_dataset_targets(dataset) > 0) {
        printf(", real targets\n");
    } else {
        print_counts(dataset, split);
        CAIRN_TRY(print_names(file, y));
    }
    return print_array_of_weights(file, split);
}

static cairn_status print_dataset(const char *path, struct cairn_h5 *file)
{
    static const char *const about[] = {"title", "source", "license", "citation"};
    char shape[CAIRN_SHAPE_TEXT_BYTES];
    struct cairn_dataset *dataset = NULL;
    cairn_status st = CAIRN_OK;
    CAIRN_TRY(cairn_dataset_open(path, &dataset));
    size_t vocabulary = cairn_dataset_vocabulary(dataset);
    if (vocabulary > 0)
        printf("%s: dataset of tokens\n", path);
    else
        printf("%s: dataset, samples of %s\n", path,
               cairn_shape_text(cairn_dataset_input(dataset), shape));
    for (size_t i = 0; i < sizeof about / sizeof about[0]; i++) {
        const char *text = cairn_dataset_about(dataset, about[i]);
        if (text[0] == '\0') continue;
        printf("  %s", about[i]);
        print_text(": ", text, strlen(text));
    }
    if (vocabulary > 0) print_vocabulary(vocabulary, cairn_dataset_characters(dataset));
    for (int split = 0; split < CAIRN_N_SPLITS && st == CAIRN_OK; split++)
        if (cairn_dataset_has(dataset, (enum cairn_split)split))
            st = vocabulary > 0 ? print_tokens(file, dataset, (enum cairn_split)split)
                                : print_x_and_y(file, dataset, (enum cairn_split)split);
    cairn_dataset_close(dataset);
    return st;
}

/* ---- checkpoints */

/* One group of a checkpoint while its children are visited. */
struct visit {
    struct cairn_h5 *file;
    const char *group;
    size_t n_arrays, n_numbers;
    bool quiet; /* only count */
};

static cairn_status visit_array(void *context, const char *name, bool is_group)
{
    struct visit *visit = context;
    char path[PATH_IN_FILE_BYTES];
    char shape[CAIRN_SHAPE_TEXT_BYTES];
    struct cairn_h5_form form;
    snprintf(path, sizeof path, "%s/%s", visit->group, name);
    if (is_group) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_describe(visit->file, path, &form));
    visit->n_arrays++;
    visit->n_numbers += cairn_shape_count(&form.shape);
    if (visit->quiet) return CAIRN_OK;
    printf("    ");
    cairn_utf8_show(stdout, name, strlen(name));
    printf(" %s %s\n", cairn_shape_text(&form.shape, shape), cairn_h5_type_name(form.type));
    return CAIRN_OK;
}

static cairn_status print_weights(struct cairn_h5 *file, const char *group)
{
    struct visit visit = {.file = file, .group = group, .quiet = true};
    if (!cairn_h5_has_group(file, group)) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_children(file, group, visit_array, &visit));
    printf("  %s: %zu arrays, %zu numbers\n", group + 1, visit.n_arrays, visit.n_numbers);
    visit.quiet = false;
    return cairn_h5_children(file, group, visit_array, &visit);
}

static cairn_status visit_slot(void *context, const char *name, bool is_group)
{
    struct visit *visit = context;
    char path[PATH_IN_FILE_BYTES];
    snprintf(path, sizeof path, "%s/%s", visit->group, name);
    struct visit slot = {.file = visit->file, .group = path, .quiet = true};
    if (!is_group) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_children(visit->file, path, visit_array, &slot));
    printf("  optimizer slot ");
    cairn_utf8_show(stdout, name, strlen(name));
    printf(": %zu arrays, %zu numbers\n", slot.n_arrays, slot.n_numbers);
    return CAIRN_OK;
}

/* "update 1200": every single number of /progress. */
static cairn_status visit_progress(void *context, const char *name, bool is_group)
{
    struct visit *visit = context;
    char path[PATH_IN_FILE_BYTES];
    struct cairn_h5_form form;
    double number = 0;
    uint64_t whole = 0;
    snprintf(path, sizeof path, "%s/%s", visit->group, name);
    if (is_group) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_describe(visit->file, path, &form));
    if (form.type == CAIRN_H5_TEXT || cairn_shape_count(&form.shape) != 1) return CAIRN_OK;
    bool is_real = cairn_h5_is_real(form.type);
    form.type = is_real ? CAIRN_H5_F64 : CAIRN_H5_U64;
    CAIRN_TRY(cairn_h5_read(visit->file, path, &form, is_real ? (void *)&number : (void *)&whole));
    printf("  ");
    cairn_utf8_show(stdout, name, strlen(name));
    if (is_real)
        printf(": %g\n", number);
    else
        printf(": %" PRIu64 "\n", whole);
    return CAIRN_OK;
}

static cairn_status visit_attribute(void *context, const char *name)
{
    struct visit *visit = context;
    char *text = NULL;
    if (strcmp(name, "format") == 0 || strcmp(name, "format_version") == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_get_text(visit->file, "/", name, &text));
    printf("  ");
    cairn_utf8_show(stdout, name, strlen(name));
    print_text(": ", text, strlen(text));
    free(text);
    return CAIRN_OK;
}

/* What the tokens of a language model are. */
static cairn_status print_text_model(struct cairn_h5 *file)
{
    const struct cairn_h5_form form = {.type = CAIRN_H5_U64, .shape = {.ndim = 1, .dim = {1}}};
    uint64_t vocabulary = 0;
    char *characters = NULL;
    if (!cairn_h5_has_array(file, "/vocabulary")) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_read(file, "/vocabulary", &form, &vocabulary));
    if (cairn_h5_has_array(file, "/characters"))
        CAIRN_TRY(cairn_h5_read_text(file, "/characters", &characters));
    print_vocabulary((size_t)vocabulary, characters);
    free(characters);
    return CAIRN_OK;
}

static cairn_status print_config(struct cairn_h5 *file)
{
    char *text = NULL;
    if (!cairn_h5_has_array(file, "/config")) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_read_text(file, "/config", &text));
    char *end = text;
    printf("  run file:\n");
    for (char *line = text; *line != '\0'; line = end) {
        size_t n = strcspn(line, "\n");
        end = line + n + (line[n] == '\n');
        print_text("    ", line, n);
    }
    free(text);
    return CAIRN_OK;
}

static cairn_status print_checkpoint(const char *path, struct cairn_h5 *file)
{
    struct visit progress = {.file = file, .group = "/progress"};
    struct visit optimizer = {.file = file, .group = "/optimizer"};
    CAIRN_TRY(cairn_h5_arrays(file, NULL, NULL)); /* no graph of groups, without end to print */
    printf("%s: checkpoint\n", path);
    CAIRN_TRY(cairn_h5_attributes(file, "/", visit_attribute, &progress));
    if (cairn_h5_has_group(file, "/progress"))
        CAIRN_TRY(cairn_h5_children(file, "/progress", visit_progress, &progress));
    CAIRN_TRY(print_text_model(file));
    CAIRN_TRY(print_weights(file, "/weights"));
    CAIRN_TRY(print_weights(file, "/buffers"));
    CAIRN_TRY(print_weights(file, "/ema"));
    if (cairn_h5_has_group(file, "/optimizer"))
        CAIRN_TRY(cairn_h5_children(file, "/optimizer", visit_slot, &optimizer));
    return print_config(file);
}

/* ---- the command */

/* What cairn predict has written. */
static cairn_status print_predictions(const char *path, struct cairn_h5 *file)
{
    struct visit visit = {.file = file, .group = ""};
    printf("%s: predictions\n", path);
    CAIRN_TRY(cairn_h5_attributes(file, "/", visit_attribute, &visit));
    return cairn_h5_children(file, "/", visit_array, &visit);
}

/* Weights made elsewhere, for cairn train --init. */
static cairn_status print_start(const char *path, struct cairn_h5 *file)
{
    printf("%s: weights\n", path);
    CAIRN_TRY(print_weights(file, "/weights"));
    return print_weights(file, "/buffers");
}

static cairn_status describe(const char *path, struct cairn_h5 *file)
{
    char *format = NULL;
    if (!cairn_h5_has_attribute(file, "/", "format"))
        return cairn_h5_has_group(file, "/weights") ? print_start(path, file)
                                                    : print_dataset(path, file);
    CAIRN_TRY(cairn_h5_get_text(file, "/", "format", &format));
    bool is_checkpoint = strcmp(format, "cairn-checkpoint") == 0;
    bool is_predictions = strcmp(format, "cairn-predictions") == 0;
    free(format);
    if (is_checkpoint) return print_checkpoint(path, file);
    return is_predictions ? print_predictions(path, file) : print_dataset(path, file);
}

static cairn_status run_info(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    (void)comm;
    const char *path = NULL;
    struct cairn_h5 *file = NULL;
    CAIRN_TRY(cairn_arguments_read(&cairn_command_info, arguments, &path));
    if (path == NULL) return cairn_usage_fail(&cairn_command_info, "which file?");
    CAIRN_TRY(cairn_h5_open(path, &file));
    cairn_status st = describe(path, file);
    cairn_h5_close(file);
    return st;
}

const struct cairn_command cairn_command_info = {
    .name = "info",
    .operands = "FILE.h5",
    .doc = "describes a dataset, a checkpoint, weights or predictions",
    .take = cairn_single_operand,
    .run = run_info,
};
