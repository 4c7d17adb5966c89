/* SPDX-License-Identifier: BSD-3-Clause
 * cairn import FORMAT SOURCE... -o FILE.h5: makes a dataset from other files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/keys.h"
#include "base/memory.h"
#include "cli/command.h"
#include "data/format.h"

struct request {
    struct cairn_import import;
    struct cairn_about about;
    const struct cairn_format *format;
    const char *out;
    bool overwrite;
    const char **sources; /* [n arguments], owned */
};

static const char common[] = "-o= --overwrite --title= --source= --license= --citation= ";

/* Options whose values are numbers. */
static const struct cairn_key numbers[] = {
    {.name = "--val",
     .type = CAIRN_KEY_COUNT,
     .offset = offsetof(struct request, import.n_val),
     .high = 1e15},
    {.name = "--test-every",
     .type = CAIRN_KEY_COUNT,
     .offset = offsetof(struct request, import.test_every),
     .low = 2,
     .high = 1e15},
    {.name = "--test-fraction",
     .type = CAIRN_KEY_REAL,
     .offset = offsetof(struct request, import.test_fraction),
     .high = 0.99},
    {.name = "--seed",
     .type = CAIRN_KEY_COUNT,
     .offset = offsetof(struct request, import.seed),
     .high = 9e15},
};

/* Of a text; elsewhere these two are rows and files. */
static const struct cairn_key parts[] = {
    {.name = "--val",
     .type = CAIRN_KEY_REAL,
     .offset = offsetof(struct request, import.val_part),
     .high = 0.99},
    {.name = "--test",
     .type = CAIRN_KEY_REAL,
     .offset = offsetof(struct request, import.test_part),
     .high = 0.99},
};
enum { N_NUMBERS = sizeof numbers / sizeof numbers[0], N_PARTS = sizeof parts / sizeof parts[0] };

static bool take_text(struct request *request, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **field;
    } texts[] = {
        {"-o", &request->out},
        {"--title", &request->about.title},
        {"--source", &request->about.source},
        {"--license", &request->about.license},
        {"--citation", &request->about.citation},
        {"--target", &request->import.target},
        {"--train", &request->import.train[0]},
        {"--test", &request->import.test[0]},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(texts[i].name, name) != 0) continue;
        *texts[i].field = value;
        return true;
    }
    return false;
}

static bool take_flag(struct request *request, const char *name)
{
    const struct {
        const char *name;
        bool *field;
    } flags[] = {
        {"--overwrite", &request->overwrite},
        {"--classes", &request->import.classes},
        {"--standardize", &request->import.standardize},
        {"--bytes", &request->import.bytes},
        {"--characters", &request->import.characters},
    };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(flags[i].name, name) != 0) continue;
        *flags[i].field = true;
        return true;
    }
    return false;
}

/* The operand behind `--train IMAGES` or `--test IMAGES` names the labels. */
static void take_operand(struct request *request, const char *last, const char *value)
{
    if (last != NULL && strcmp(last, "--train") == 0)
        request->import.train[1] = value;
    else if (last != NULL && strcmp(last, "--test") == 0)
        request->import.test[1] = value;
    else
        request->sources[request->import.n_sources++] = value;
}

static cairn_status take_option(struct request *request, const char *name, const char *value)
{
    const struct cairn_key *part =
        request->format->parts ? cairn_argument_key(parts, N_PARTS, name) : NULL;
    if (part != NULL) return cairn_argument_number(part, value, request);
    if (take_text(request, name, value) || take_flag(request, name)) return CAIRN_OK;
    return cairn_argument_number(cairn_argument_key(numbers, N_NUMBERS, name), value, request);
}

static cairn_status read_options(const struct cairn_arguments *arguments, const char *known,
                                 struct request *request)
{
    int position = 1; /* behind the format */
    const char *last = NULL;
    for (;;) {
        const char *name = NULL;
        const char *value = NULL;
        CAIRN_TRY(cairn_arguments_next(arguments, known, &position, &name, &value));
        if (name == NULL && value == NULL) break;
        if (name == NULL)
            take_operand(request, last, value);
        else
            CAIRN_TRY(take_option(request, name, value));
        last = request->format->parts ? NULL : name; /* --test of a text takes no second file */
    }
    return CAIRN_OK;
}

static cairn_status check_request(const struct request *request)
{
    const struct cairn_import *import = &request->import;
    if (request->out == NULL)
        return cairn_fail(CAIRN_USAGE,
                          "no -o FILE.h5: name the file to write; see cairn import -h");
    if ((import->train[0] != NULL && import->train[1] == NULL) ||
        (import->test[0] != NULL && import->test[1] == NULL))
        return cairn_fail(CAIRN_USAGE, "--train and --test each take two files: IMAGES LABELS");
    for (size_t i = 0; i < import->n_sources; i++)
        if (cairn_file_same(request->out, import->source[i]))
            return cairn_fail(CAIRN_USAGE, "-o %s is the source itself; choose another name",
                              request->out);
    return CAIRN_OK;
}

static cairn_status read_request(const struct cairn_arguments *arguments, struct request *request)
{
    char *known = NULL;
    if (arguments->count < 1)
        return cairn_fail(CAIRN_USAGE,
                          "usage: cairn import FORMAT SOURCE... -o FILE.h5; see cairn import -h");
    CAIRN_TRY(cairn_format_find(arguments->value[0], &request->format));
    request->about = request->format->about;
    size_t bytes = sizeof common + strlen(request->format->options) + 1;
    CAIRN_TRY(cairn_memory_get((size_t)arguments->count, sizeof *request->sources, "the sources",
                               &request->sources));
    request->import.source = request->sources;
    CAIRN_TRY(cairn_memory_get(bytes, 1, "the options", &known));
    snprintf(known, bytes, "%s%s", common, request->format->options);
    cairn_status st = read_options(arguments, known, request);
    free(known);
    return st == CAIRN_OK ? check_request(request) : st;
}

/* What was written, as a reader sees it. */
static cairn_status print_result(const char *path)
{
    char shape[CAIRN_SHAPE_TEXT_BYTES];
    struct cairn_dataset *dataset = NULL;
    CAIRN_TRY(cairn_dataset_open(path, &dataset));
    size_t vocabulary = cairn_dataset_vocabulary(dataset);
    if (vocabulary > 0)
        printf("%s: tokens of a vocabulary of %zu", path, vocabulary);
    else
        printf("%s: samples %s, ", path, cairn_shape_text(cairn_dataset_input(dataset), shape));
    if (cairn_dataset_targets(dataset) > 0)
        printf("%zu real targets", cairn_dataset_targets(dataset));
    else if (vocabulary == 0)
        printf("%zu classes", cairn_dataset_classes(dataset));
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        size_t n = vocabulary > 0 ? cairn_dataset_tokens(dataset, (enum cairn_split)split)
                                  : cairn_dataset_size(dataset, (enum cairn_split)split);
        if (n > 0) printf(", %s %zu", cairn_split_name((enum cairn_split)split), n);
    }
    printf("\n");
    cairn_dataset_close(dataset);
    return CAIRN_OK;
}

static cairn_status import(const struct request *request)
{
    struct cairn_writer *writer = NULL;
    CAIRN_TRY(cairn_writer_create(request->out, request->overwrite, &request->about, &writer));
    cairn_status st = request->format->run(&request->import, writer);
    if (st == CAIRN_OK) st = cairn_writer_finish(writer);
    cairn_writer_free(writer);
    return st == CAIRN_OK ? print_result(request->out) : st;
}

static cairn_status run_import(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    (void)comm;
    struct request request = {.import = {.test_fraction = 0.2, .val_part = 0.1}};
    cairn_status st = read_request(arguments, &request);
    if (st == CAIRN_OK) st = import(&request);
    free(request.sources);
    return st;
}

const struct cairn_command cairn_command_import = {
    .name = "import",
    .usage = "cairn import FORMAT SOURCE... -o FILE.h5 [--overwrite] [--title T] [--source S] "
             "[--license L] "
             "[--citation C]",
    .doc = "makes a dataset from other files, plain or compressed with gzip",
    .help =
        "\n  idx FOLDER               MNIST's four file names; images become [n, 1, H, W], bytes "
        "are scaled by 1/255\n"
        "  idx --train IMAGES LABELS --test IMAGES LABELS\n"
        "  csv FILE                 a table with or without a header, one row per sample\n"
        "      --target NAME|INDEX  the column of the target; default the last, indices count from "
        "0\n"
        "      --classes            the target is a class: whole numbers, or texts, numbered in "
        "sorted order\n"
        "      --standardize        features and real targets to mean 0 and variance 1 over the "
        "training rows\n"
        "      --test-fraction F    this part of the rows is test, drawn at random; default 0.2\n"
        "      --test-every N       instead: row i is test where i mod N is 0\n"
        "      --seed S             of that draw; default 0\n"
        "  digits FILE              the UCI digits, 8 x 8 pixels from 0 to 16; row i is test where "
        "i mod 5 is 0\n"
        "  text FILE...             plain text, one file behind the other\n"
        "      --characters         a token is a character, of those that occur (default)\n"
        "      --bytes              a token is a byte\n"
        "      --val F, --test F    these parts of the text, from its end (train, val, test), are "
        "val and test;\n"
        "                           default 0.1 and 0\n\n"
        "  --val N                  the last N training samples become the group val\n"
        "  -o FILE.h5               the dataset; an older one is only replaced with --overwrite\n"
        "  --title, --source, --license, --citation   kept in the file, shown by cairn info\n",
    .run = run_import,
};
