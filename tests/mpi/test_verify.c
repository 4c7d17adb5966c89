/* SPDX-License-Identifier: BSD-3-Clause
 * What `cairn verify` measures with: it sees the right gradient, and one that is not a number.  A
 * complete run has no further update. */
#include <math.h>
#include <string.h>

#include "setup/setup.h"
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

static cairn_status make(struct subject *s)
{
    cairn_status st = cairn_config_read(run_file, strlen(run_file), "run.yaml", NULL, &s->config);
    if (st == CAIRN_OK) st = cairn_setup_trainer(s->config, world, &s->trainer);
    if (st != CAIRN_OK) return st;
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
    return make(&subject) == CAIRN_OK ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    cairn_trainer_close(subject.trainer);
    cairn_reference_free(subject.reference);
    cairn_config_free(subject.config);
    subject = (struct subject){0};
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
    float first = subject.trainer->g[0];
    subject.trainer->g[0] = 1.01F * first;
    assert_on_all(compare().gradient > bound);
    subject.trainer->g[0] = NAN;
    assert_on_all(!(compare().gradient <= bound));
    subject.trainer->g[0] = first;
    subject.totals.loss = NAN;
    assert_on_all(!(compare().loss <= bound));
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
        cmocka_unit_test_setup_teardown(a_complete_run_has_no_further_update, set_up, tear_down),
    };
    return RUN_ON_ALL("verify", tests);
}
