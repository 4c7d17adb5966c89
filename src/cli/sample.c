/* SPDX-License-Identifier: BSD-3-Clause
 * cairn sample CHECKPOINT --prompt TEXT --tokens N: text from a language model. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "checkpoint/checkpoint.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/trained.h"
#include "h5/h5.h"
#include "setup/setup.h"
#include "start/trained.h"
#include "tensor/threads.h"
#include "text/generate.h"

enum { BYTE_VALUES = 256 };

struct request {
    struct cairn_trained_request trained; /* checkpoint and ema of it */
    const char *prompt;
    size_t n_tokens, top_k, seed;
    double temperature;
};

/* What a checkpoint gives. */
struct language {
    struct cairn_config *config;
    struct cairn_model *model;
    real *w; /* [n_values] */
    size_t vocabulary;
    char *text; /* all characters, in the order of their tokens; NULL: tokens are bytes */
    const char **character; /* [vocabulary + 1]: where each begins in `text`, and its end */
    struct cairn_generator *generator;
};

#define AT(field) offsetof(struct request, field)

static const struct cairn_option flags[] = {
    {"--prompt", "TEXT", CAIRN_KEY_TEXT, AT(prompt),
     .doc = "how the text begins; without it, on a new line", .fallback = "", .may_be_empty = true},
    {"--tokens", "N", CAIRN_KEY_COUNT, AT(n_tokens), .doc = "how many tokens to write after it",
     .fallback = "200", .low = 1, .high = 1e15},
    {"--temperature", "T", CAIRN_KEY_REAL, AT(temperature),
     .doc = "below 1 likelier, above 1 bolder; 0: always the most likely token", .fallback = "0.8",
     .high = 1e6},
    {"--top-k", "K", CAIRN_KEY_COUNT, AT(top_k),
     .doc = "only from the K most likely tokens; default: all", .low = 1, .high = 1e9},
    {"--seed", "S", CAIRN_KEY_COUNT, AT(seed), .doc = "another seed, another text", .fallback = "1",
     .high = 9e15},
    CAIRN_OPTION_EMA(struct request, trained),
    {.name = NULL},
};

/* ---- what tokens stand for */

static cairn_status find_characters(const char *path, struct language *language)
{
    size_t n = 0;
    uint32_t code = 0;
    CAIRN_TRY(cairn_memory_get(language->vocabulary + 1, sizeof *language->character,
                               "the characters", &language->character));
    const char *at = language->text;
    size_t left = strlen(at);
    for (size_t bytes = 1; n < language->vocabulary; n++, at += bytes, left -= bytes) {
        bytes = cairn_utf8_read(at, left, &code);
        if (bytes == 0) break;
        language->character[n] = at;
    }
    language->character[n] = at;
    if (n == language->vocabulary && left == 0) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA, "%s: /characters are not the %zu of /vocabulary", path,
                      language->vocabulary);
}

static cairn_status read_tokens(const char *path, struct cairn_h5 *file, struct language *language)
{
    const struct cairn_h5_form one = {.type = CAIRN_H5_U64, .shape = {.ndim = 1, .dim = {1}}};
    uint64_t vocabulary = 0;
    CAIRN_TRY(cairn_h5_read(file, "/vocabulary", &one, &vocabulary));
    if (vocabulary < 1 || vocabulary > CAIRN_MOST_VOCABULARY)
        return cairn_fail(CAIRN_DATA, "%s: its /vocabulary is damaged; take another checkpoint",
                          path);
    language->vocabulary = (size_t)vocabulary;
    if (cairn_h5_has_array(file, "/characters")) {
        CAIRN_TRY(cairn_h5_read_text(file, "/characters", &language->text));
        return find_characters(path, language);
    }
    if (vocabulary == BYTE_VALUES) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA,
                      "%s: its %zu tokens are neither bytes nor known characters; import the text "
                      "with cairn import text",
                      path, language->vocabulary);
}

/* A character of the prompt that the model does not know. */
static cairn_status unknown(const struct language *language, const char *text, size_t n,
                            uint32_t code)
{
    if (code < ' ') n = 0; /* a line must stay a line */
    return cairn_fail(CAIRN_USAGE,
                      "--prompt: the character %s%.*s%sU+%04X is none of the %zu of "
                      "this model; leave it out",
                      n == 0 ? "" : "'", (int)n, text, n == 0 ? "" : "' ", (unsigned)code,
                      language->vocabulary);
}

/* The token at the start of n bytes of the prompt, and how many of them it takes. */
static cairn_status read_token(const struct language *language, const char *text, size_t n,
                               size_t *token, size_t *taken)
{
    uint32_t code = 0;
    *taken = 1;
    *token = (unsigned char)text[0];
    if (language->text == NULL) return CAIRN_OK;
    *taken = cairn_utf8_read(text, n, &code);
    if (*taken == 0)
        return cairn_fail(CAIRN_USAGE, "--prompt is not UTF-8: it has the byte 0x%02x",
                          (unsigned)*token);
    for (size_t i = 0; i < language->vocabulary; i++) {
        const char *character = language->character[i];
        if ((size_t)(language->character[i + 1] - character) != *taken) continue;
        *token = i;
        if (memcmp(character, text, *taken) == 0) return CAIRN_OK;
    }
    return unknown(language, text, *taken, code);
}

/* ---- the model */

static cairn_status read_config(const char *path, struct language *language)
{
    char *text = NULL;
    CAIRN_TRY(cairn_checkpoint_text(path, "/config", &text));
    cairn_status st = cairn_config_read(text, strlen(text), path, NULL, &language->config);
    free(text);
    if (st == CAIRN_USAGE) return cairn_fail_in(CAIRN_DATA, "the run file in the checkpoint");
    CAIRN_TRY(st);
    if (language->config->data_context != CAIRN_NONE) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA,
                      "%s: this model was trained on samples, not on tokens; cairn predict gives "
                      "its outputs",
                      path);
}

static cairn_status read_model(const char *path, bool ema, struct language *language)
{
    struct cairn_h5 *file = NULL;
    CAIRN_TRY(read_config(path, language));
    if (ema) CAIRN_TRY(cairn_trained_check_ema(language->config, path));
    CAIRN_TRY(cairn_threads_set(language->config->train_threads));
    CAIRN_TRY(cairn_h5_open(path, &file));
    cairn_status st = read_tokens(path, file, language);
    cairn_h5_close(file);
    CAIRN_TRY(st);
    const struct cairn_model_options options =
        cairn_setup_text_model_options(language->config, language->vocabulary, 1);
    st = cairn_model_create(&options, &language->model);
    if (st == CAIRN_USAGE) st = cairn_fail_in(CAIRN_DATA, "the run file in the checkpoint");
    CAIRN_TRY(st);
    const struct cairn_params *params = cairn_model_params(language->model);
    CAIRN_TRY(cairn_memory_get(params->n_values, sizeof *language->w, "the weights", &language->w));
    return cairn_trained_weights(path, params, ema, language->w);
}

static cairn_status begin_text(const struct request *request, struct language *language)
{
    const struct cairn_generate_options options = {
        .model = language->model,
        .w = language->w,
        .context = language->config->data_context,
        .vocabulary = language->vocabulary,
        .temperature = request->temperature,
        .top_k = request->top_k,
        .seed = request->seed,
    };
    CAIRN_TRY_IN(cairn_generate_begin(&options, &language->generator), "%s",
                 request->trained.checkpoint);
    size_t token = 0;
    size_t taken = 0;
    const char *prompt = request->prompt;
    for (size_t left = strlen(prompt); left > 0; left -= taken, prompt += taken) {
        CAIRN_TRY(read_token(language, prompt, left, &token, &taken));
        cairn_generate_put(language->generator, token);
    }
    if (request->prompt[0] != '\0') return CAIRN_OK;
    if (read_token(language, "\n", 1, &token, &taken) != CAIRN_OK) token = 0;
    cairn_generate_put(language->generator, token); /* a text begins on a new line */
    return CAIRN_OK;
}

static void close_language(struct language *language)
{
    cairn_generate_end(language->generator);
    cairn_model_free(language->model);
    cairn_config_free(language->config);
    free(language->character);
    free(language->text);
    free(language->w);
}

/* ---- the command */

/* The text of a stranger's model must not steer a terminal; files and pipes get it as it is. `last`
 * is the byte before. */
static bool may_go_out(const char *bytes, size_t n, unsigned char last)
{
    const unsigned char byte = (unsigned char)bytes[0];
    uint32_t code = 0;
    if (!isatty(STDOUT_FILENO) || byte == '\n' || byte == '\t') return true;
    if (n == 1)
        return byte >= ' ' && byte != 0x7f && !(last == 0xc2 && byte >= 0x80 && byte < 0xa0);
    return cairn_utf8_read(bytes, n, &code) == n && cairn_utf8_is_plain(code);
}

/* To stdout at once, so that a reader sees the text grow. */
static cairn_status put(const char *bytes, size_t n)
{
    fwrite(bytes, 1, n, stdout);
    return cairn_output_flush();
}

static cairn_status write_text(const struct request *request, struct language *language)
{
    unsigned char last = '\0';
    CAIRN_TRY(put(request->prompt, strlen(request->prompt)));
    for (size_t i = 0; i < request->n_tokens && !ferror(stdout); i++) { /* while it is read */
        size_t token = 0;
        CAIRN_TRY(cairn_generate_next(language->generator, &token));
        const char byte = (char)(unsigned char)token;
        const char *character = language->text == NULL ? &byte : language->character[token];
        size_t n =
            language->text == NULL ? 1 : (size_t)(language->character[token + 1] - character);
        bool plain = may_go_out(character, n, last);
        last = (unsigned char)character[n - 1];
        CAIRN_TRY(plain ? put(character, n) : put("?", 1));
    }
    return put("\n", 1);
}

static cairn_status run_sample(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    struct request request = {.prompt = NULL};
    struct language language = {0};
    (void)comm;
    CAIRN_TRY(cairn_arguments_read(&cairn_command_sample, arguments, &request));
    if (request.trained.checkpoint == NULL)
        return cairn_usage_fail(&cairn_command_sample, "which checkpoint?");
    cairn_status st = read_model(request.trained.checkpoint, request.trained.ema, &language);
    if (st == CAIRN_OK) st = begin_text(&request, &language);
    if (st == CAIRN_OK) st = write_text(&request, &language);
    close_language(&language);
    return st;
}

const struct cairn_command cairn_command_sample = {
    .name = "sample",
    .operands = "CHECKPOINT.h5",
    .doc = "writes text with a language model",
    .tables = {{.flags = flags}},
    .notes = "Prompt and text go to stdout as they come.  The model sees the last data.context "
             "tokens.",
    .take = cairn_trained_take,
    .precision = CAIRN_PRECISION_OF_WEIGHTS,
    .run = run_sample,
};
