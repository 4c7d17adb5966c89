/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/nn_lists.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "nn/reference.h"
#include "support/nn.h"

static const double CHECK = 1e-6;  /* of test_nn_layers.c */
static const double SINGLE = 2e-5; /* sums of tens of float products, each rounded to 2^-24 */

struct cairn_model_options list_options(const struct cairn_node *tree, const struct cairn_shape *in)
{
    return (struct cairn_model_options){
        .layers = tree, .input = *in, .n_classes = 3, .micro = LIST_SAMPLES, .seed = 5};
}

void list_check(const char *text, const struct cairn_shape *in)
{
    struct cairn_node *tree = tree_of(text);
    struct cairn_model_options options = list_options(tree, in);
    struct samples samples = samples_make(&options, LIST_SAMPLES);
    struct bench *bench = bench_make(&options);
    struct cairn_reference *reference = NULL;
    struct cairn_scores scores = {0};
    double worst = 1;
    assert_int_equal(cairn_gradient_check(&options, &samples.micro, 40, &worst), CAIRN_OK);
    if (worst > CHECK) fail_msg("%s: gradient check %g", text, worst);
    assert_int_equal(cairn_reference_create(&options, &reference), CAIRN_OK);
    cairn_reference_begin(reference, bench->w);
    assert_int_equal(cairn_reference_add(reference, &samples.micro), CAIRN_OK);
    assert_int_equal(bench_gradient(bench, &samples.micro), CAIRN_OK);
    const double *g = cairn_reference_gradient(reference, &scores);
    double apart = difference(bench->g, g, bench->params->n_values);
    if (apart > SINGLE) fail_msg("%s: single and double differ by %g", text, apart);
    size_t n_uses = 0;
    for (size_t t = 0; t < bench->params->n_tensors; t++) n_uses += bench->params->item[t].n_uses;
    assert_int_equal(bench->n_opened, n_uses);
    bench_check_recompute(bench, &options, &samples.micro);
    cairn_reference_free(reference);
    bench_free(bench);
    samples_free(&samples);
    cairn_node_free(tree);
}

void list_refused(const char *text, const struct cairn_shape *in, const char *says)
{
    struct cairn_node *tree = tree_of(text);
    struct cairn_model_options options = list_options(tree, in);
    struct cairn_model *model = NULL;
    assert_int_equal(cairn_model_create(&options, &model), CAIRN_USAGE);
    if (strstr(cairn_error_text(), says) == NULL)
        fail_msg("%s: '%s' does not say '%s'", text, cairn_error_text(), says);
    cairn_node_free(tree);
}
