/* SPDX-License-Identifier: BSD-3-Clause
 * The time model of `cairn plan`: whether it is right about an update on these ranks, and what it
 * says of eight times as many. */
#include <math.h>
#include <stdio.h>

#include "comm/watchdog.h"
#include "plan/benchmark.h"
#include "plan/time_model.h"
#include "selftest/work.h"
#include "start/start.h"

enum { MICROS = 4, FURTHER = 8 };

/* What rank 0 times, while the others rest. */
struct timed {
    struct cairn_candidates passes;
    double data_sample_s, update_s, wire_bytes;
};

static cairn_status time_parts(const struct cairn_config *config, struct cairn_dataset *dataset,
                               int n_ranks, size_t micro, struct timed *out)
{
    struct cairn_window_rule rule;
    struct cairn_planned planned;
    bool ghost = false;
    out->passes.n = 1;
    out->passes.item[0].micro = micro;
    CAIRN_TRY(
        cairn_setup_batch(config, n_ranks, cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN), &rule));
    CAIRN_TRY(
        cairn_benchmark_pass(config, dataset, &rule, micro, &out->passes.item[0].pass_s, &ghost));
    CAIRN_TRY(cairn_benchmark_update(config, dataset, &rule, micro, &out->update_s));
    CAIRN_TRY(cairn_benchmark_data(config, dataset, micro, &out->data_sample_s));
    CAIRN_TRY(cairn_planned_on(config, dataset, n_ranks, &planned));
    out->wire_bytes = (double)planned.on_wire;
    return CAIRN_OK;
}

/* Rank 0. */
static cairn_status time_net(const struct cairn_selftest *test, struct timed *out)
{
    const struct cairn_selftest_net *net = cairn_selftest_net_at(0, false);
    const struct cairn_selftest_training training = {
        net, MICROS * net->micro * (size_t)test->n_ranks, NULL};
    struct cairn_config *config = NULL;
    struct cairn_setup_data given = {.dataset = NULL};
    struct cairn_dataset *dataset = NULL;
    cairn_status st = cairn_selftest_config(&training, &config, &given);
    if (st == CAIRN_OK) st = cairn_setup_data_open(&given, config, &dataset);
    if (st == CAIRN_OK) st = time_parts(config, dataset, test->n_ranks, net->micro, out);
    cairn_dataset_close(dataset);
    cairn_setup_data_close(&given);
    cairn_config_free(config);
    return st;
}

static struct cairn_predicted predict(const struct cairn_selftest *test, const struct timed *timed,
                                      int n_ranks)
{
    const uint64_t micro = timed->passes.item[0].micro;
    const struct cairn_costs costs = {.passes = &timed->passes,
                                      .data_sample_s = timed->data_sample_s,
                                      .update_s = timed->update_s,
                                      .wire_bytes = timed->wire_bytes,
                                      .link = test->link_known ? &test->link : NULL};
    return cairn_predicted_update(&costs, (uint64_t)n_ranks, MICROS * micro * (uint64_t)n_ranks,
                                  micro);
}

/* Rank 0. */
static void judge(const struct cairn_selftest *test, const struct timed *timed,
                  struct cairn_selftest_result *out)
{
    const struct cairn_predicted here = predict(test, timed, test->n_ranks);
    const struct cairn_predicted there = predict(test, timed, FURTHER * test->n_ranks);
    const double off = test->update_s / here.total_s;
    const double most = test->most_off;
    cairn_selftest_figure(out, here.total_s, "predicted_s");
    cairn_selftest_figure(out, test->update_s, "measured_s");
    cairn_selftest_figure(out, FURTHER * test->n_ranks, "ranks_further");
    cairn_selftest_figure(out, there.total_s, "predicted_further_s");
    if (off > most || off < 1 / most)
        cairn_selftest_fail(out, CAIRN_USAGE,
                            "the time model predicts %.4g ms for an update on %d ranks, and it "
                            "takes %.4g: more than %g times off; what cairn plan says of more "
                            "ranks is no use here before scaling and sums are as they should be",
                            1e3 * here.total_s, test->n_ranks, 1e3 * test->update_s, most);
    if (test->link_known) {
        cairn_selftest_figure(out, there.samples_per_s, "predicted_further_samples_per_s");
        cairn_selftest_line(out,
                            "MLP on %d ranks: predicted %.4g ms an update, %.4g samples/s, "
                            "%.2f of %d times what is measured here",
                            FURTHER * test->n_ranks, 1e3 * there.total_s, there.samples_per_s,
                            test->update_s / there.total_s, FURTHER);
    } else {
        cairn_selftest_line(out,
                            "MLP on %d ranks: predicted %.4g ms an update, sums left out, as "
                            "no link was measured",
                            FURTHER * test->n_ranks, 1e3 * there.total_s);
    }
    cairn_selftest_pass(out, "MLP on %d rank%s: predicted %.4g ms an update, measured %.4g%s",
                        test->n_ranks, test->n_ranks == 1 ? "" : "s", 1e3 * here.total_s,
                        1e3 * test->update_s, isfinite(most) ? "" : "; not judged");
}

static cairn_status run(struct cairn_selftest *test, struct cairn_selftest_result *out)
{
    struct timed timed = {.passes = {.n = 0}};
    cairn_selftest_skip(out, "nothing was timed: see scaling");
    if (test->update_s <= 0) return CAIRN_OK;
    cairn_watchdog_phase(test->comm, CAIRN_PHASE_READY);
    cairn_status st = test->rank == 0 ? time_net(test, &timed) : CAIRN_OK;
    st = cairn_comm_idle_barrier(test->comm, st);
    if (st == CAIRN_OK && test->rank == 0) judge(test, &timed, out);
    return st;
}

const struct cairn_selftest_part cairn_selftest_model = {
    .name = "model",
    .doc = "cairn plan's prediction for these ranks is right, and for eight times as many it says",
    .run = run,
};
