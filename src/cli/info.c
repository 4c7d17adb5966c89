/* SPDX-License-Identifier: BSD-3-Clause
 * cairn info FILE.h5: describes a dataset, a checkpoint, weights or predictions. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/command.h"
#include "cli/info.h"
#include "h5/h5.h"

enum { PATH_IN_FILE_BYTES = 512 };

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
    cairn_info_text(": ", text, strlen(text));
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
    cairn_info_vocabulary((size_t)vocabulary, characters);
    free(characters);
    return CAIRN_OK;
}

/* The names of labels that were texts or an enum, in the order of the outputs. */
static cairn_status print_classes(struct cairn_h5 *file)
{
    char *names = NULL;
    if (!cairn_h5_has_array(file, "/classes")) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_read_text(file, "/classes", &names));
    cairn_info_text("  classes: ", names, strlen(names));
    free(names);
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
        cairn_info_text("    ", line, n);
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
    CAIRN_TRY(print_classes(file));
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
                                                    : cairn_info_dataset(path, file);
    CAIRN_TRY(cairn_h5_get_text(file, "/", "format", &format));
    bool is_checkpoint = strcmp(format, "cairn-checkpoint") == 0;
    bool is_predictions = strcmp(format, "cairn-predictions") == 0;
    free(format);
    if (is_checkpoint) return print_checkpoint(path, file);
    return is_predictions ? print_predictions(path, file) : cairn_info_dataset(path, file);
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
