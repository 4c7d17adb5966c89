/* SPDX-License-Identifier: BSD-3-Clause
 * Token after token.  The window after the last token is filled with token 0, which a causal model
 * does not see. */
#include "text/generate.h"

#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include "base/memory.h"
#include "base/random.h"

/* How much of the largest output may change before a token that changed: sums of float32 in another
 * order, but no influence. */
#define ROUNDING 1e-5f

struct cairn_generator {
    struct cairn_generate_options options;
    size_t n_outputs;            /* of one token */
    uint64_t n;                  /* tokens so far */
    real *window;                /* [C]: the last tokens, then 0 */
    struct cairn_likely *likely; /* [vocabulary] */
};

/* Outputs [C, n_outputs] for the window. */
static cairn_status ask(struct cairn_generator *generator, const real **h)
{
    const uint64_t zero = 0;
    const struct cairn_micro micro = {.n = 1,
                                      .x = generator->window,
                                      .n_labels = generator->options.context,
                                      .sample = &zero,
                                      .epoch = &zero};
    return cairn_model_outputs(generator->options.model, generator->options.w, &micro, h);
}

/* A text that tells its positions apart, with other tokens from `changed` on. */
static void fill_window(struct cairn_generator *generator, size_t changed)
{
    size_t vocabulary = generator->options.vocabulary;
    for (size_t i = 0; i < generator->options.context; i++)
        generator->window[i] = (real)((i * 7 + (i >= changed)) % vocabulary);
}

/* The outputs before `changed` must be those of `before`, which knows no change. */
static cairn_status compare(struct cairn_generator *generator, const real *before, size_t changed)
{
    const real *h = NULL;
    size_t n = changed * generator->n_outputs;
    real largest = 0;
    real difference = 0;
    fill_window(generator, changed);
    CAIRN_TRY(ask(generator, &h));
    for (size_t i = 0; i < n; i++) {
        largest = fmax(largest, fabs(before[i]));
        difference = fmax(difference, fabs(h[i] - before[i]));
    }
    if (difference <= ROUNDING * largest) return CAIRN_OK;
    return cairn_fail(
        CAIRN_DATA,
        "this model cannot write text: its outputs change with tokens that come later "
        "(those before token %zu of %zu with that token); train one that is causal",
        changed, generator->options.context);
}

static cairn_status check_causal(struct cairn_generator *generator)
{
    size_t context = generator->options.context;
    size_t n = context * generator->n_outputs;
    const size_t changed[] = {1, context / 2, context - 1};
    const real *h = NULL;
    real *before = NULL;
    if (context < 2) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(n, sizeof *before, "outputs", &before));
    fill_window(generator, context);
    cairn_status st = ask(generator, &h);
    if (st == CAIRN_OK) memcpy(before, h, n * sizeof *before);
    for (size_t i = 0; i < sizeof changed / sizeof changed[0] && st == CAIRN_OK; i++)
        st = compare(generator, before, changed[i]);
    memset(generator->window, 0, context * sizeof *generator->window);
    free(before);
    return st;
}

static cairn_status begin(struct cairn_generator *generator)
{
    const struct cairn_generate_options *options = &generator->options;
    size_t n = cairn_shape_count(cairn_model_output_shape(options->model));
    generator->n_outputs = n / options->context;
    if (n % options->context != 0 || generator->n_outputs < options->vocabulary)
        return cairn_fail(
            CAIRN_DATA,
            "this model has %zu outputs for %zu tokens of a vocabulary of %zu, and so "
            "cannot write text",
            n, options->context, options->vocabulary);
    CAIRN_TRY(cairn_memory_get(options->context, sizeof *generator->window, "a window",
                               &generator->window));
    CAIRN_TRY(cairn_memory_get(options->vocabulary, sizeof *generator->likely, "the tokens",
                               &generator->likely));
    return check_causal(generator);
}

cairn_status cairn_generate_begin(const struct cairn_generate_options *options,
                                  struct cairn_generator **out)
{
    struct cairn_generator *generator = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *generator, "a text", &generator));
    generator->options = *options;
    cairn_status st = begin(generator);
    if (st == CAIRN_OK)
        *out = generator;
    else
        cairn_generate_end(generator);
    return st;
}

void cairn_generate_end(struct cairn_generator *generator)
{
    if (generator == NULL) return;
    free(generator->window);
    free(generator->likely);
    free(generator);
}

void cairn_generate_put(struct cairn_generator *generator, size_t token)
{
    size_t context = generator->options.context;
    real *window = generator->window;
    if (generator->n >= context) {
        memmove(window, window + 1, (context - 1) * sizeof *window);
        window[context - 1] = (real)token;
    } else {
        window[generator->n] = (real)token;
    }
    generator->n++;
}

/* The larger first; of equal ones the first. */
static int compare_likely(const void *a, const void *b)
{
    const struct cairn_likely *x = a;
    const struct cairn_likely *y = b;
    if (x->h != y->h) return x->h < y->h ? 1 : -1;
    return (x->token > y->token) - (x->token < y->token);
}

size_t cairn_generate_draw(const real *h, size_t n, const struct cairn_generate_options *options,
                           double u, struct cairn_likely *likely)
{
    size_t best = 0;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        likely[i] = (struct cairn_likely){h[i], i};
        if (h[i] > h[best]) best = i;
    }
    if (options->temperature == 0) return best;
    if (options->top_k > 0 && options->top_k < n) {
        qsort(likely, n, sizeof *likely, compare_likely);
        n = options->top_k;
    }
    const double top = h[best];
    for (size_t i = 0; i < n; i++) sum += exp(((double)likely[i].h - top) / options->temperature);
    double left = u * sum;
    for (size_t i = 0; i < n; i++) {
        left -= exp(((double)likely[i].h - top) / options->temperature);
        if (left < 0) return likely[i].token;
    }
    return best; /* rounding has eaten the last of the sum */
}

/* 53 random bits, keyed by the seed and the token's place in the text. */
static double random_number(const struct cairn_generator *generator)
{
    uint32_t word[4];
    cairn_random_block(cairn_random_key(generator->options.seed, CAIRN_RANDOM_TEXT, 0, 0),
                       generator->n, 0, word);
    return ((double)(word[0] >> 5) * 0x1p26 + (double)(word[1] >> 6)) * 0x1p-53;
}

cairn_status cairn_generate_next(struct cairn_generator *generator, size_t *token)
{
    const struct cairn_generate_options *options = &generator->options;
    const real *h = NULL;
    size_t last = (size_t)(generator->n < options->context ? generator->n : options->context) - 1;
    CAIRN_TRY(ask(generator, &h));
    h += last * generator->n_outputs;
    for (size_t i = 0; i < options->vocabulary; i++)
        if (!isfinite(h[i]))
            return cairn_fail(CAIRN_NUMBERS,
                              "the model's output for token %zu is %g; take another checkpoint", i,
                              (double)h[i]);
    *token = cairn_generate_draw(h, options->vocabulary, options, random_number(generator),
                                 generator->likely);
    cairn_generate_put(generator, *token);
    return CAIRN_OK;
}
