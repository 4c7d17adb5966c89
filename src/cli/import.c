/* SPDX-License-Identifier: BSD-3-Clause
 * cairn import FORMAT SOURCE... -o FILE.h5: makes a dataset from other files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/keys.h"
#include "base/memory.h"
#include "cli/command.h"
#include "data/foreign.h"
#include "data/format.h"
#include "record/progress.h"

struct request {
    struct cairn_import import;
    struct cairn_about about;
    const struct cairn_format *format;
    const char *out;
    bool overwrite;
    const char *compress;
    int precision; /* main has chosen the instance by it */
    struct cairn_writer_options storage;
    const char **sources; /* [n arguments], owned */
};

#define AT(field) offsetof(struct request, field)

static const struct cairn_option flags[] = {
    {"-o", "FILE.h5", CAIRN_KEY_PATH, AT(out), .doc = "the dataset", .required = true},
    {"--overwrite", NULL, CAIRN_KEY_BOOL, AT(overwrite), .doc = "replace an older one"},
    {"--compress", "deflate:N|none", CAIRN_KEY_TEXT, AT(compress),
     .doc = "pack the chunks: N from 1 to 9, slower and smaller", .fallback = "none"},
    {"--precision", NULL, CAIRN_KEY_CHOICE, AT(precision),
     .doc = "of numbers that are converted; a run with train.precision: float64 wants float64",
     .fallback = CAIRN_BUILT_PRECISION, .words = "float32 float64"},
    {"--title", "T", CAIRN_KEY_TEXT, AT(about.title),
     .doc = "kept in the file and shown by cairn info"},
    {"--source", "S", CAIRN_KEY_TEXT, AT(about.source),
     .doc = "where the data come from, likewise"},
    {"--license", "L", CAIRN_KEY_TEXT, AT(about.license), .doc = "of the data, likewise"},
    {"--citation", "C", CAIRN_KEY_TEXT, AT(about.citation), .doc = "what to cite, likewise"},
    {.name = NULL},
};

static struct cairn_option_table table_of(const struct cairn_format *format)
{
    return (struct cairn_option_table){format->flags, AT(import), format->heading};
}

static void list_formats(struct cairn_option_table *further)
{
    const struct cairn_format *const *formats = cairn_formats();
    for (size_t i = 0; formats[i] != NULL && i + 1 < CAIRN_MOST_TABLES; i++)
        further[i] = table_of(formats[i]);
}

/* The format first, then the sources. */
static cairn_status take_operand(void *request, const char *value)
{
    struct request *taken = request;
    taken->sources[taken->import.n_sources++] = value;
    return CAIRN_OK;
}

static cairn_status read_compression(struct request *request)
{
    static const char word[] = "deflate:";
    const char *given = request->compress;
    if (strcmp(given, "none") == 0) return CAIRN_OK;
    const char *level = given + sizeof word - 1;
    if (strncmp(given, word, sizeof word - 1) != 0 || strlen(level) != 1 || *level < '1' ||
        *level > '9')
        return cairn_fail(CAIRN_USAGE,
                          "--compress is %s, but takes none, or deflate:1 to deflate:9", given);
    request->storage.deflate = (unsigned)(*level - '0');
    return CAIRN_OK;
}

/* Whether the import reads the file that it would replace. */
static bool is_read(const struct request *request)
{
    const struct cairn_import *import = &request->import;
    const char *const named[] = {import->train[0], import->train[1], import->test[0],
                                 import->test[1],  import->group[0], import->group[1],
                                 import->group[2], import->like};
    bool read = false;
    for (size_t i = 0; i < import->n_sources; i++)
        read = read || cairn_file_is_among(request->out, import->source[i]);
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        read = read || cairn_file_is_among(request->out, named[i]);
    return read;
}

static cairn_status check_request(const struct request *request)
{
    const struct cairn_import *import = &request->import;
    if (request->out == NULL)
        return cairn_fail(CAIRN_USAGE,
                          "no -o FILE.h5: name the file to write; see cairn import -h");
    if ((import->train[0] != NULL && import->train[1] == NULL) ||
        (import->train[0] != NULL && import->test[0] != NULL && import->test[1] == NULL))
        return cairn_fail(CAIRN_USAGE, "--train and --test each take two files: IMAGES LABELS");
    if (!is_read(request)) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "-o %s is what the import reads; choose another name",
                      request->out);
}

/* The flags of the format stand after its name. */
static cairn_status read_request(const struct cairn_arguments *arguments, struct request *request)
{
    struct cairn_command with_format = cairn_command_import;
    struct cairn_arguments rest = *arguments;
    if (arguments->count < 1) return cairn_usage_fail(&cairn_command_import, "which format?");
    CAIRN_TRY(cairn_format_find(arguments->value[0], &request->format));
    request->about = request->format->about;
    CAIRN_TRY(cairn_memory_get((size_t)arguments->count, sizeof *request->sources, "the sources",
                               &request->sources));
    request->import.source = request->sources;
    with_format.tables[1] = table_of(request->format);
    rest.count--;
    rest.value++;
    CAIRN_TRY(cairn_arguments_read(&with_format, &rest, request));
    CAIRN_TRY(read_compression(request));
    return check_request(request);
}

/* What was written, as a reader sees it. */
static cairn_status print_result(const char *path, const struct cairn_writer *writer)
{
    char shape[CAIRN_SHAPE_TEXT_BYTES];
    char stored[CAIRN_WRITER_STORED_BYTES];
    struct cairn_dataset *dataset = NULL;
    const struct cairn_dataset_options options = {.file = path, .labels_optional = true};
    CAIRN_TRY(cairn_dataset_open_as(&options, &dataset));
    size_t vocabulary = cairn_dataset_vocabulary(dataset);
    if (vocabulary > 0)
        printf("%s: tokens of a vocabulary of %zu", path, vocabulary);
    else
        printf("%s: samples %s, ", path, cairn_shape_text(cairn_dataset_input(dataset), shape));
    if (cairn_dataset_y(dataset)->ndim > 1)
        printf("y %s", cairn_shape_text(cairn_dataset_y(dataset), shape));
    else if (cairn_dataset_targets(dataset) > 0)
        printf("%zu real targets", cairn_dataset_targets(dataset));
    else if (vocabulary == 0 && cairn_dataset_classes(dataset) > 0)
        printf("%zu classes", cairn_dataset_classes(dataset));
    else if (vocabulary == 0)
        printf("without targets");
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        size_t n = vocabulary > 0 ? cairn_dataset_tokens(dataset, (enum cairn_split)split)
                                  : cairn_dataset_size(dataset, (enum cairn_split)split);
        if (n > 0) printf(", %s %zu", cairn_split_name((enum cairn_split)split), n);
    }
    printf("; %s\n", cairn_writer_stored(writer, vocabulary > 0 ? "tokens" : "samples", stored));
    cairn_dataset_close(dataset);
    return CAIRN_OK;
}

static void show(void *context, size_t done, size_t total)
{
    cairn_progress_count(context, done, total);
}

/* The text format takes any file as bytes. */
static cairn_status check_sources(const struct request *request)
{
    const struct cairn_import *import = &request->import;
    const char *const named[] = {import->train[0], import->train[1], import->test[0],
                                 import->test[1]};
    for (size_t i = 0; i < import->n_sources && !import->bytes; i++)
        CAIRN_TRY(cairn_foreign_check(import->source[i], request->format->name));
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        if (named[i] != NULL) CAIRN_TRY(cairn_foreign_check(named[i], request->format->name));
    return CAIRN_OK;
}

static cairn_status import(const struct request *request)
{
    struct cairn_writer *writer = NULL;
    struct cairn_progress progress;
    struct cairn_writer_options options = request->storage;
    CAIRN_TRY(check_sources(request));
    CAIRN_TRY(cairn_writer_create(request->out, request->overwrite, &request->about, &writer));
    cairn_progress_begin_of(&progress, "samples");
    options.tell = show;
    options.context = &progress;
    cairn_writer_choose(writer, &options);
    cairn_status st = request->format->run(&request->import, writer);
    cairn_progress_end(&progress);
    if (st == CAIRN_OK) st = cairn_writer_finish(writer);
    if (st == CAIRN_OK) st = print_result(request->out, writer);
    cairn_writer_free(writer);
    return st;
}

static cairn_status run_import(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    (void)comm;
    struct request request = {.out = NULL};
    cairn_status st = read_request(arguments, &request);
    if (st == CAIRN_OK) st = import(&request);
    free(request.sources);
    return st;
}

const struct cairn_command cairn_command_import = {
    .name = "import",
    .operands = "FORMAT SOURCE...",
    .doc = "makes a dataset from other files, plain or compressed with gzip",
    .tables = {{.flags = flags}},
    .more = list_formats,
    .take = take_operand,
    .precision = CAIRN_PRECISION_OF_FLAG,
    .run = run_import,
};
