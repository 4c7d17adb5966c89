/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/precision.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fault.h"
#include "base/file.h"
#include "cairn/real.h"
#include "cli/command.h"
#include "config/config.h"
#include "config/study_file.h"
#include "h5/h5.h"

enum { PATH_BYTES = 512 };

/* A pipe can be read but once. */
static bool is_file(const char *path)
{
    struct stat facts;
    return path != NULL && stat(path, &facts) == 0 && S_ISREG(facts.st_mode);
}

static int of_config(const char *path, const char *const *overrides)
{
    cairn_options *options = NULL;
    struct cairn_config *config = NULL;
    int bits = CAIRN_REAL_BITS;
    if (!is_file(path)) return bits;
    cairn_status st = cairn_options_read(path, overrides, &options);
    if (st == CAIRN_OK) st = cairn_options_config(options, false, &config);
    if (st == CAIRN_OK) bits = cairn_config_bits(config);
    cairn_config_free(config);
    cairn_options_free(options);
    return bits;
}

/* The command line alone says it wherever the run file is. */
static int of_run(const struct cairn_run_operands *operands)
{
    for (size_t i = operands->n_overrides; i-- > 0;) {
        if (strcmp(operands->overrides[i], "train.precision=float64") == 0) return 64;
        if (strcmp(operands->overrides[i], "train.precision=float32") == 0) return 32;
        if (strcmp(operands->overrides[i], "train.precision=bf16") == 0) return 32;
    }
    return of_config(operands->run_file, operands->overrides);
}

static int of_folder(const char *folder)
{
    char path[CAIRN_PATH_BYTES];
    if (folder == NULL || cairn_path_join(folder, "config.yaml", path) != CAIRN_OK)
        return CAIRN_REAL_BITS;
    return of_config(path, NULL);
}

static int of_study(const struct cairn_run_operands *operands)
{
    struct cairn_study_file *file = NULL;
    char *text = NULL;
    size_t n = 0;
    int bits = CAIRN_REAL_BITS;
    if (!is_file(operands->run_file)) return bits;
    cairn_status st = cairn_study_file_load(operands->run_file, &text, &n);
    if (st == CAIRN_OK)
        st = cairn_study_file_read(text, n, operands->run_file, operands->overrides, &file);
    if (st == CAIRN_OK) bits = of_config(file->run, (const char *const *)file->override);
    cairn_study_file_free(file);
    free(text);
    return bits;
}

struct weights {
    struct cairn_h5 *file;
    int bits;
};

static cairn_status visit_weight(void *context, const char *name, bool is_group)
{
    struct weights *weights = context;
    struct cairn_h5_form form;
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "/weights/%s", name);
    if (is_group) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_describe(weights->file, path, &form));
    weights->bits = form.type == CAIRN_H5_F64 ? 64 : 32;
    return CAIRN_OK;
}

static int of_weights(const char *path)
{
    struct weights weights = {.bits = CAIRN_REAL_BITS};
    if (!is_file(path) || cairn_h5_open(path, &weights.file) != CAIRN_OK) return CAIRN_REAL_BITS;
    cairn_status st = cairn_h5_children(weights.file, "/weights", visit_weight, &weights);
    cairn_h5_close(weights.file);
    return st == CAIRN_OK ? weights.bits : CAIRN_REAL_BITS;
}

static int of_flag(const struct cairn_arguments *arguments)
{
    static const char flag[] = "--precision";
    int bits = CAIRN_REAL_BITS;
    for (int i = 0; i < arguments->count; i++) {
        const char *word = arguments->value[i];
        if (strncmp(word, flag, sizeof flag - 1) != 0) continue;
        const char *value = strchr(word, '=');
        value = value != NULL ? value + 1 : i + 1 < arguments->count ? arguments->value[i + 1] : "";
        if (strcmp(value, "float64") == 0) bits = 64;
        if (strcmp(value, "float32") == 0) bits = 32;
    }
    return bits;
}

int cairn_precision_wanted(const struct cairn_command *command,
                           const struct cairn_arguments *arguments)
{
    struct cairn_run_operands operands = {.n_overrides = 0};
    int bits = CAIRN_REAL_BITS;
    cairn_fault_pass(true); /* they are for what comes after this look */
    cairn_arguments_operands(command, arguments, &operands);
    switch (command->precision) {
    case CAIRN_PRECISION_OF_RUN: bits = of_run(&operands); break;
    case CAIRN_PRECISION_OF_FOLDER: bits = of_folder(operands.run_file); break;
    case CAIRN_PRECISION_OF_STUDY: bits = of_study(&operands); break;
    case CAIRN_PRECISION_OF_WEIGHTS: bits = of_weights(operands.run_file); break;
    case CAIRN_PRECISION_OF_FLAG: bits = of_flag(arguments); break;
    case CAIRN_PRECISION_OF_BUILD: break;
    }
    cairn_fault_pass(false);
    return bits;
}
