/* SPDX-License-Identifier: BSD-3-Clause
 * cairn info: datasets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "cli/info.h"
#include "data/dataset.h"
#include "data/loader.h"

enum { PATH_IN_FILE_BYTES = 512, MOST_CLASSES = 20, READ_BYTES = 1 << 20 };

/* The range is that of the first samples, where a group holds more numbers than this. */
static const size_t most_numbers = (size_t)1 << 28;

void cairn_info_text(const char *name, const char *text, size_t n)
{
    cairn_utf8_show(stdout, name, strlen(name));
    cairn_utf8_show(stdout, text, n);
    printf("\n");
}

void cairn_info_vocabulary(size_t vocabulary, const char *characters)
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

static cairn_status print_names(const struct cairn_dataset *dataset, struct cairn_h5 *file,
                                const char *y)
{
    const char *known = cairn_dataset_class_names(dataset);
    char *names = NULL;
    if (known != NULL) cairn_info_text("    classes: ", known, strlen(known));
    if (known != NULL || !cairn_h5_has_attribute(file, y, "classes")) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_get_text(file, y, "classes", &names));
    cairn_info_text("    classes: ", names, strlen(names));
    free(names);
    return CAIRN_OK;
}

static cairn_status print_array(struct cairn_h5 *file, const char *name, const char *path)
{
    char shape[CAIRN_SHAPE_TEXT_BYTES];
    struct cairn_h5_form form;
    char stored[CAIRN_H5_STORED_BYTES];
    CAIRN_TRY(cairn_h5_describe(file, path, &form));
    printf("    %s %s %s", name, cairn_shape_text(&form.shape, shape),
           cairn_h5_stored_text(&form, stored));
    return CAIRN_OK;
}

/* ", read as float32" */
static void print_conversion(const struct cairn_dataset *dataset, enum cairn_split split)
{
    const char *type = cairn_dataset_converts_to(dataset, split);
    if (type != NULL) printf(", read as %s", type);
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
    print_conversion(dataset, split);
    printf("\n");
    return print_array_of_weights(file, split);
}

/* Labels or targets; rows that are only to be predicted have none. */
static cairn_status print_y(struct cairn_h5 *file, const struct cairn_dataset *dataset,
                            enum cairn_split split)
{
    char y[PATH_IN_FILE_BYTES];
    snprintf(y, sizeof y, "/%s/y", cairn_split_name(split));
    if (!cairn_h5_has_array(file, y)) {
        printf("    no y\n");
        return CAIRN_OK;
    }
    CAIRN_TRY(print_array(file, "y", y));
    if (cairn_dataset_y_is_whole(dataset) && cairn_dataset_y(dataset)->ndim > 1)
        printf(", labels or targets, as the loss takes them");
    else if (cairn_dataset_targets(dataset) > 0)
        printf(", real targets");
    if (cairn_dataset_labels(dataset, split) != NULL) {
        print_counts(dataset, split);
        return print_names(dataset, file, y);
    }
    printf("\n");
    return CAIRN_OK;
}

static cairn_status print_x_and_y(struct cairn_h5 *file, struct cairn_dataset *dataset,
                                  enum cairn_split split)
{
    char x[PATH_IN_FILE_BYTES];
    size_t n_channels = cairn_dataset_input(dataset)->dim[0];
    snprintf(x, sizeof x, "/%s/x", cairn_split_name(split));
    printf("  %s: %zu samples\n", cairn_split_name(split), cairn_dataset_size(dataset, split));
    CAIRN_TRY(print_array(file, "x", x));
    print_conversion(dataset, split);
    CAIRN_TRY(print_factor(file, x, "scale", n_channels));
    CAIRN_TRY(print_factor(file, x, "shift", n_channels));
    CAIRN_TRY(print_range(dataset, split));
    printf("\n");
    CAIRN_TRY(print_y(file, dataset, split));
    return print_array_of_weights(file, split);
}

cairn_status cairn_info_dataset(const char *path, struct cairn_h5 *file)
{
    static const char *const about[] = {"title", "source", "license", "citation"};
    char shape[CAIRN_SHAPE_TEXT_BYTES];
    struct cairn_dataset *dataset = NULL;
    cairn_status st = CAIRN_OK;
    const struct cairn_dataset_options options = {.file = path, .labels_optional = true};
    CAIRN_TRY(cairn_dataset_open_as(&options, &dataset));
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
        cairn_info_text(": ", text, strlen(text));
    }
    if (vocabulary > 0) cairn_info_vocabulary(vocabulary, cairn_dataset_characters(dataset));
    for (int split = 0; split < CAIRN_N_SPLITS && st == CAIRN_OK; split++)
        if (cairn_dataset_has(dataset, (enum cairn_split)split))
            st = vocabulary > 0 ? print_tokens(file, dataset, (enum cairn_split)split)
                                : print_x_and_y(file, dataset, (enum cairn_split)split);
    cairn_dataset_close(dataset);
    return st;
}
