/* SPDX-License-Identifier: BSD-3-Clause
 * What `cairn verify` measures with: it sees the right gradient, and one that is not a number.  A
 * complete run has no further update. */
#include <string.h>
#include <tgmath.h>

#include "data/writer.h"
#include "start/start.h"
#include "support/mpi.h"
#include "train/verify.h"

static const double bound = 1e-4; /* that of `cairn verify` */

static const char run_file[] = "data: {file: " CAIRN_SOURCE_DIR "/datasets/diabetes.h5}\n"
                               "model: [{type: dense, units: 1}]\n"
                               "batch: {global: 64, micro: 16}\n"
                               "train: {updates: 1}\n";

struct subject {
    struct cairn_config *config;
    cairn_trainer *trainer;
    struct cairn_reference *reference;
    struct cairn_totals totals;
};

static cairn_status make(const char *text, bool zero, struct subject *s)
{
    cairn_status st = cairn_config_read(text, strlen(text), "run.yaml", NULL, &s->config);
    if (st == CAIRN_OK) st = cairn_start_trainer(s->config, world, NULL, &s->trainer);
    if (st != CAIRN_OK) return st;
    for (size_t i = 0; zero && i < s->trainer->params->n_values; i++) s->trainer->w[i] = 0;
    struct cairn_model_options options =
        cairn_setup_model_options(s->config, s->trainer->parts.dataset, 16);
    CAIRN_TRY(cairn_reference_create(&options, &s->reference));
    CAIRN_TRY(cairn_verify_reference(s->trainer, s->reference));
    return cairn_verify_gradient(s->trainer, &s->totals);
}

static struct subject subject;

static int set_up(void **state)
{
    (void)state;
    return make(run_file, false, &subject) == CAIRN_OK ? 0 : 1;
}

static void release(struct subject *s)
{
    cairn_trainer_close(s->trainer);
    cairn_reference_free(s->reference);
    cairn_config_free(s->config);
    *s = (struct subject){0};
}

static int tear_down(void **state)
{
    (void)state;
    release(&subject);
    return 0;
}

static struct cairn_difference compare(void)
{
    return cairn_verify_compare(subject.trainer, &subject.totals, subject.reference);
}

static void wrong_gradients_are_seen(void **state)
{
    (void)state;
    struct cairn_difference d = compare();
    assert_on_all(d.loss <= bound && d.gradient <= bound);
    real first = subject.trainer->gradient->sum[0];
    subject.trainer->gradient->sum[0] = 1.01F * first;
    assert_on_all(compare().gradient > bound);
    subject.trainer->gradient->sum[0] = NAN;
    assert_on_all(!(compare().gradient <= bound));
    subject.trainer->gradient->sum[0] = first;
    subject.totals.loss = NAN;
    assert_on_all(!(compare().loss <= bound));
}

/* Rank 0: samples that come twice, once with the target's other sign. */
static cairn_status write_pairs(const char *path)
{
    enum { N = 64, D = 5 };
    static real x[N * D], y[N];
    const struct cairn_about about = {.title = "pairs"};
    const struct cairn_table table = {
        .n = N, .input = {1, {D}}, .x_type = CAIRN_H5_REAL, .x = x, .n_targets = 1, .target = y};
    struct cairn_writer *writer = NULL;
    for (size_t i = 0; i < N * D; i++) x[i] = sin((real)(i % (N * D / 2)));
    for (size_t i = 0; i < N; i++) y[i] = (i < N / 2 ? 1 : -1) * (3 + cos((real)(i % (N / 2))));
    CAIRN_TRY(cairn_writer_create(path, true, &about, &writer));
    cairn_status st = cairn_writer_group(writer, CAIRN_SPLIT_TRAIN, &table);
    if (st == CAIRN_OK) st = cairn_writer_finish(writer);
    cairn_writer_free(writer);
    return st;
}

/* Where weights are 0 the gradient of such pairs is 0, and what there is of it is rounding: that is
 * no disagreement, but a thousandth of what was added up is one. */
static void what_cancels_is_no_disagreement(void **state)
{
    static const char run_pairs[] = "data: {file: pairs.h5}\n"
                                    "model: [{type: dense, units: 1}]\n"
                                    "batch: {global: 64, micro: 16}\n"
                                    "train: {updates: 1}\n";
    struct subject s = {0};
    (void)state;
    cairn_status st = cairn_comm_rank(world) == 0 ? write_pairs("pairs.h5") : CAIRN_OK;
    assert_on_all(st == CAIRN_OK);
    assert_on_all(make(run_pairs, true, &s) == CAIRN_OK);
    struct cairn_difference d = cairn_verify_compare(s.trainer, &s.totals, s.reference);
    assert_on_all(d.gradient <= bound);
    s.trainer->gradient->sum[0] += 0.2F; /* the largest of the sums of |addend| is about 130 */
    d = cairn_verify_compare(s.trainer, &s.totals, s.reference);
    assert_on_all(d.gradient > bound);
    release(&s);
}

/* Its gradient is divided and the weights change once; then there is nothing more to be done. */
static void a_complete_run_has_no_further_update(void **state)
{
    (void)state;
    struct cairn_update_record record;
    cairn_trainer *t = subject.trainer;
    assert_on_all(cairn_trainer_backward(t, cairn_trainer_share(t)) == CAIRN_USAGE);
    assert_on_all(cairn_trainer_update(t, &record) == CAIRN_OK && record.update == 1);
    uint64_t hash = cairn_trainer_weights_hash(t);
    assert_on_all(cairn_trainer_done(t) && cairn_trainer_share(t) == 0);
    assert_on_all(cairn_trainer_backward(t, 0) == CAIRN_USAGE);
    assert_on_all(cairn_trainer_update(t, &record) == CAIRN_USAGE);
    assert_on_all(cairn_trainer_weights_hash(t) == hash && t->at.update == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(wrong_gradients_are_seen, set_up, tear_down),
        cmocka_unit_test(what_cancels_is_no_disagreement),
        cmocka_unit_test_setup_teardown(a_complete_run_has_no_further_update, set_up, tear_down),
    };
    return RUN_ON_ALL("verify", tests);
}
