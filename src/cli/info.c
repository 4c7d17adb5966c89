/* SPDX-License-Identifier: BSD-3-Clause
 * cairn info FILE.h5: describes a dataset, a checkpoint, weights or predictions. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/last_error.h"
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

static cairn_status take_operand(void *context, const char *value)
{
    struct cairn_info_request *request = context;
    const char *equals = strchr(value, '=');
    const bool is_key = equals != NULL && memchr(value, '/', (size_t)(equals - value)) == NULL &&
                        memchr(value, '.', (size_t)(equals - value)) != NULL;
    if (is_key || strncmp(value, "loss=", strlen("loss=")) == 0) {
        if (request->n_keys == CAIRN_MOST_OVERRIDES)
            return cairn_fail(CAIRN_USAGE, "more than %d key=value", CAIRN_MOST_OVERRIDES);
        request->key[request->n_keys++] = value;
        return CAIRN_OK;
    }
    if (request->n_files == CAIRN_INFO_MOST_FILES)
        return cairn_fail(CAIRN_USAGE, "more than %d files; a pattern in quotes is one dataset",
                          CAIRN_INFO_MOST_FILES);
    request->file[request->n_files++] = value;
    return CAIRN_OK;
}

/* Of several files each is looked at, whatever is wrong with another. */
static cairn_status check_files(const struct cairn_info_request *request, cairn_comm *comm)
{
    struct cairn_error first = {.st = CAIRN_OK};
    size_t n_wrong = 0;
    const size_t n = request->n_files;
    for (size_t i = 0; i < (n == 0 ? 1 : n); i++) {
        const cairn_status st = cairn_info_check(request, request->file[i], comm);
        if (st != CAIRN_OK && (st != CAIRN_DATA || n <= 1)) return st;
        if (st != CAIRN_OK && n_wrong++ == 0) cairn_error_take(st, &first);
    }
    if (n_wrong == 0) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA, "%zu of %zu files %s not right; %s%s", n_wrong, n,
                      n_wrong == 1 ? "is" : "are", n_wrong == 1 ? "" : "the first: ", first.text);
}

static cairn_status describe_file(const char *path)
{
    struct cairn_h5 *file = NULL;
    CAIRN_TRY(cairn_h5_open(path, &file));
    cairn_status st = describe(path, file);
    cairn_h5_close(file);
    return st;
}

static cairn_status read_request(const struct cairn_arguments *arguments,
                                 struct cairn_info_request *request)
{
    CAIRN_TRY(cairn_arguments_read(&cairn_command_info, arguments, request));
    if (request->n_files == 0 && (!request->check || request->n_keys == 0))
        return cairn_usage_fail(&cairn_command_info, "which file?");
    if (request->check) return CAIRN_OK;
    if (request->n_files > 1)
        return cairn_fail(CAIRN_USAGE, "%s: is a second one, but takes only one without --check",
                          request->file[1]);
    if (request->n_keys == 0) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "%s: keys are for --check", request->key[0]);
}

static cairn_status run_info(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    struct cairn_info_request request = {.n_files = 0};
    CAIRN_TRY(read_request(arguments, &request));
    return request.check ? check_files(&request, comm) : describe_file(request.file[0]);
}

/* Several ranks share the reading. */
static bool gathers(const struct cairn_arguments *arguments)
{
    struct cairn_info_request request = {.n_files = 0};
    const struct cairn_launcher_claim *claim = &arguments->claim;
    const bool several = claim->is_size && !claim->is_job && claim->least > 1;
    const cairn_status st = read_request(arguments, &request); /* run_info() says why */
    return several && st == CAIRN_OK && request.check;
}

#define AT(field) offsetof(struct cairn_info_request, field)

static const struct cairn_option flags[] = {
    {"key=value", .doc = "with --check: where the data are and what their arrays are called, as in "
                         "a run file: data.x=images data.y=labels"},
    {"--check", NULL, CAIRN_KEY_BOOL, AT(check),
     .doc = "reads all numbers once, on all ranks that mpirun starts"},
    {.name = NULL},
};

const struct cairn_command cairn_command_info = {
    .name = "info",
    .launch = "[mpirun -n RANKS]",
    .operands = "FILE.h5 [...] [key=value ...]",
    .doc = "describes a dataset, a checkpoint, weights or predictions",
    .about =
        "With --check each FILE is a dataset, a pattern in quotes that is one, or a run file.  "
        "Printed are ranges, means, classes, and lines that begin with wrong: or note:.",
    .tables = {{.flags = flags}},
    .notes =
        "Wrong are numbers that are not finite or missing, labels that are not classes, weights "
        "below 0, tokens outside of the vocabulary, and samples of one group that another "
        "group has, too: the exit code is 3 then.",
    .take = take_operand,
    .once = true,
    .gathers = gathers,
    .run = run_info,
};
