/* SPDX-License-Identifier: BSD-3-Clause
 * From the config to a trainer.  Each rank makes its own, then all agree. */
#include "start/start.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/host.h"
#include "base/log.h"
#include "base/memory.h"
#include "comm/exchange.h"
#include "record/system.h"
#include "tensor/threads.h"

void cairn_start_platform(const struct cairn_config *config, char *text, size_t n_bytes)
{
    char blas[256], kernels[64];
    const size_t threads = cairn_host_sets_threads() ? config->train_threads : cairn_threads_now();
    cairn_threads_blas(blas, sizeof blas);
    cairn_backend_text(cairn_setup_backend(config), kernels, sizeof kernels);
    snprintf(text, n_bytes, "cairn %s %s, %s, %s%s, %zu thread%s", cairn_system_build()->version,
             cairn_system_build()->commit, blas, kernels,
             cairn_setup_rounds(config) ? " in bf16" : "", threads, threads == 1 ? "" : "s");
}

/* The same binary, BLAS and core on every rank: else the bits differ.  Collective. */
static cairn_status check_platform(const struct cairn_config *config, cairn_comm *comm)
{
    char text[512];
    int odd = -1;
    cairn_start_platform(config, text, sizeof text);
    const uint64_t mine = cairn_system_program_hash() ^ cairn_system_text_hash(text);
    CAIRN_TRY(cairn_comm_all_equal(comm, CAIRN_OK, mine, &odd));
    if (odd < 0) return CAIRN_OK;
    if (config->train_reproducible || config->train_guard > 0)
        return cairn_fail(CAIRN_USAGE,
                          "%s needs the same program, BLAS and CPU kind "
                          "everywhere, and rank %d differs; "
                          "choose equal nodes, or train.kernels=openblas and set "
                          "OPENBLAS_CORETYPE to one name on all",
                          config->train_reproducible ? "train.reproducible" : "train.guard", odd);
    cairn_log_detail("rank %d has another program, BLAS or CPU kind than the others", odd);
    return CAIRN_OK;
}

/* How the global batch is cut: "64 = 2 micro-batches of 32", or what the ramp does. */
static void batch_text(const struct cairn_window_rule *rule, char *text, size_t n_bytes)
{
    if (rule->ramp.n > 0)
        cairn_setup_ramp_text(rule, text, n_bytes);
    else
        snprintf(text, n_bytes, "%" PRIu64 " = %" PRIu64 " micro-batches of %" PRIu64, rule->global,
                 (rule->global + rule->micro - 1) / rule->micro, rule->micro);
}

/* With batch.tail: drop. */
static void explain_drop(const struct cairn_window_rule *rule)
{
    struct cairn_window_point end = cairn_window_walk(rule, UINT64_MAX, UINT64_MAX);
    if (rule->ramp.n == 0 && rule->n_samples % rule->global != 0)
        cairn_log_info("batch.tail drop leaves out %" PRIu64 " samples of each epoch",
                       rule->n_samples % rule->global);
    if (rule->ramp.n > 0 && end.position != end.samples)
        cairn_log_info("batch.tail drop leaves out %" PRIu64 " of the run's %" PRIu64 " samples",
                       end.position - end.samples, end.position);
}

enum { CHUNKS_THAT_STAY = 32 << 20 };

static void explain_noise(enum cairn_noise noise, int n_ranks)
{
    if (noise == CAIRN_NOISE_MICRO)
        cairn_log_detail("noise scale from micro-batches");
    else if (noise == CAIRN_NOISE_RANK && n_ranks > 1)
        cairn_log_detail(
            "noise scale from what each rank adds up; train.noise=micro is more exact");
    else if (noise == CAIRN_NOISE_RANK)
        cairn_log_detail("noise scale from half of the micro-batches of the one rank; "
                         "train.noise=micro is more exact");
}

/* Where rows come as they are wanted, and several lie together.  Of little the page cache has all,
 * and unpacking costs little. */
static void explain_order(const struct cairn_opened *opened)
{
    const struct cairn_shuffle *shuffle = &opened->shuffle;
    if (shuffle->kind == CAIRN_SHUFFLE_BLOCKS)
        cairn_log_info("data.shuffle: %s%" PRIu64 " samples in random order, mixed in windows "
                       "of %" PRIu64,
                       shuffle->automatic ? "auto took blocks: blocks of " : "blocks of ",
                       shuffle->block, shuffle->window);
    const bool large = opened->planned.groups.held[CAIRN_SPLIT_TRAIN] > CHUNKS_THAT_STAY;
    const struct cairn_stored_layout layout =
        cairn_loader_layout(opened->dataset, CAIRN_SPLIT_TRAIN);
    if (opened->hold.train || !large || !layout.in_chunks) return;
    if (layout.scattered)
        cairn_log_warning("train is read as it comes, and data.val_fraction or data.test_fraction "
                          "leave it scattered over the chunks of the file, each of which is read "
                          "again and again; cairn import hdf5 --val N writes a file with groups");
    else if (shuffle->kind == CAIRN_SHUFFLE_FULL)
        cairn_log_warning("train is read as it comes, in random order, and its samples lie "
                          "together in chunks, each of which is read again and again; "
                          "data.shuffle: blocks reads it once");
}

static void explain_guard(uint64_t every, int n_ranks)
{
    if (every == 0) return;
    if (n_ranks > 1)
        cairn_log_detail("one in %" PRIu64 " micro-batches is worked again by another rank", every);
    else
        cairn_log_info("train.guard: there is one rank, which works one in %" PRIu64
                       " micro-batches again itself; it sees only what fails now and then",
                       every);
}

static void explain(const struct cairn_config *config, const struct cairn_trainer_parts *parts,
                    int n_ranks)
{
    char batch[512];
    const struct cairn_window_rule *rule = &parts->rule;
    batch_text(rule, batch, sizeof batch);
    cairn_log_info("%zu training samples, %zu weights; batch.global %s on %d rank%s, "
                   "%" PRIu64 " updates%s",
                   (size_t)rule->n_samples, cairn_model_params(parts->model)->n_weights, batch,
                   n_ranks, n_ranks == 1 ? "" : "s", cairn_window_total(rule),
                   config->train_reproducible ? ", reproducible" : "");
    if (rule->tail == CAIRN_TAIL_DROP) explain_drop(rule);
    explain_noise(parts->noise, n_ranks);
    explain_guard(parts->guard, n_ranks);
    cairn_setup_log_scaling(config, &parts->scaling, rule);
}

/* How the loader of a group is made, by what was decided for this rank's node. */
static struct cairn_loader_options rows_of(const struct cairn_config *config,
                                           const struct cairn_opened *opened,
                                           enum cairn_split split)
{
    const bool held = (opened->hold.groups >> split & 1) != 0;
    struct cairn_loader_options rows = cairn_setup_loader_options(config, opened->dataset, split,
                                                                  (size_t)opened->rule.micro, held);
    if (split == CAIRN_SPLIT_TRAIN) rows.shuffle = opened->shuffle;
    return rows;
}

/* Room for what the ranks of a node hold together.  Collective. */
static cairn_status share_memory(const struct cairn_config *config,
                                 const struct cairn_opened *opened,
                                 struct cairn_trainer_parts *parts)
{
    cairn_status st = CAIRN_OK;
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        const struct cairn_loader_options rows = rows_of(config, opened, (enum cairn_split)split);
        const size_t data = cairn_loader_would_take(opened->dataset, &rows).data;
        const bool shared = opened->hold.shared && data > 0;
        st = cairn_shared_get(parts->comm, st, shared ? data + CAIRN_TOGETHER_MORE : 0,
                              "data.in_memory: false", &parts->shared[split]);
    }
    return st;
}

/* A sample of weight 0 adds nothing to any sum, but is among those that a normalisation over the
 * micro-batch sees. */
static cairn_status check_excluded(const struct cairn_config *config,
                                   const struct cairn_trainer_parts *parts)
{
    size_t n = 0;
    cairn_dataset_excluded(parts->dataset, &n);
    if (n == 0 || !cairn_model_is_ghost(parts->model)) return CAIRN_OK;
    return cairn_fail(
        CAIRN_USAGE,
        "%s: data.exclude leaves samples out whose values batchnorm would still see, since it "
        "takes its statistics from each micro-batch; use groupnorm or layernorm, or "
        "data without these samples",
        cairn_config_place(config, "data.exclude"));
}

/* Model, loaders and optimizer, the dataset being open.  Local. */
static cairn_status make_parts(const struct cairn_config *config, const struct cairn_opened *opened,
                               struct cairn_trainer_parts *parts)
{
    size_t micro = (size_t)parts->rule.micro;
    struct cairn_model_options options = cairn_setup_model_options(config, parts->dataset, micro);
    options.recompute = opened->recompute;
    cairn_setup_expect_all(&options, &parts->rule, parts->dataset);
    CAIRN_TRY(cairn_model_create(&options, &parts->model));
    CAIRN_TRY(check_excluded(config, parts));
    CAIRN_TRY(cairn_setup_check_labels(parts->dataset, parts->model));
    CAIRN_TRY(cairn_setup_metrics(config, parts->model, &parts->metrics));
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        const struct cairn_shared *shared = parts->shared[split];
        struct cairn_loader_options rows = rows_of(config, opened, (enum cairn_split)split);
        if (shared != NULL)
            rows.together = (struct cairn_together){shared->memory, (size_t)shared->rank,
                                                    (size_t)shared->n_ranks};
        CAIRN_TRY(cairn_setup_loader(parts->dataset, &rows, &parts->loader[split]));
    }
    CAIRN_TRY(cairn_setup_schedule(config, &parts->rule, &parts->schedule));
    CAIRN_TRY(cairn_setup_scaling(config, &parts->rule, &parts->scaling));
    return cairn_setup_optim(config, &parts->scaling, parts->rule.global,
                             cairn_model_params(parts->model), &parts->optim);
}

cairn_status cairn_start_trainer_from(const struct cairn_config *config, cairn_comm *comm,
                                      struct cairn_opened *opened, cairn_trainer **out)
{
    struct cairn_trainer_parts parts = {
        .comm = comm,
        .rule = opened->rule,
        .normalize = config->batch_normalize == CAIRN_NORMALIZE_MEAN,
        .clip_norm = config->optim_clip_norm,
        .ema = config->train_ema,
        .balance_every =
            config->train_balance == CAIRN_BALANCE_AUTO ? config->train_balance_every : 0,
        .guard = config->train_guard,
        .ledger = config->data_ledger,
        .seed = config->train_seed,
    };
    cairn_trainer *t = NULL;
    const int n_ranks = cairn_comm_size(comm);
    cairn_setup_close_register();
    CAIRN_TRY(check_platform(config, comm));
    parts.dataset = cairn_dataset_share(opened->dataset);
    parts.noise = cairn_setup_noise(config, (size_t)cairn_window_most_micro(&parts.rule), n_ranks);
    if (cairn_dataset_is_fed(parts.dataset)) {
        parts.balance_every = 0; /* the host shares */
        if (parts.noise == CAIRN_NOISE_RANK) parts.noise = CAIRN_NOISE_OFF;
    }
    parts.sum_kind = cairn_setup_sum_kind(config, parts.noise);
    cairn_status st = share_memory(config, opened, &parts);
    if (st == CAIRN_OK) st = make_parts(config, opened, &parts);
    for (int split = 0; split < CAIRN_N_SPLITS; split++)
        st = cairn_shared_publish(comm, st, parts.shared[split]);
    st = cairn_start_team(config, st, &parts);
    if (st != CAIRN_OK) {
        cairn_trainer_parts_free(&parts);
        return st;
    }
    st = cairn_comm_agree(comm, cairn_trainer_create(&parts, &t)); /* takes the parts */
    if (st != CAIRN_OK) {
        cairn_trainer_close(t);
        return st;
    }
    explain(config, &parts, n_ranks);
    explain_order(opened);
    if (opened->hold.text[0] != '\0') cairn_log_info("%s", opened->hold.text);
    *out = t;
    return CAIRN_OK;
}

cairn_status cairn_start_trainer(const struct cairn_config *config, cairn_comm *comm,
                                 struct cairn_setup_data *data, cairn_trainer **out)
{
    struct cairn_opened opened = {.dataset = NULL};
    cairn_status st = cairn_start_stage(config, comm, data);
    if (st == CAIRN_OK) st = cairn_start_open(config, comm, data, &opened);
    if (st == CAIRN_OK) st = cairn_start_trainer_from(config, comm, &opened, out);
    cairn_opened_close(&opened);
    return st;
}

cairn_status cairn_start_check_comm(const cairn_comm *comm)
{
    if (comm != NULL) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "there is no communicator; open one, for one process too: "
                                   "cairn_comm_open()");
}

cairn_status cairn_start_given_data(const struct cairn_config *config, cairn_data *data,
                                    struct cairn_setup_data *out)
{
    if (data == NULL) return CAIRN_OK;
    CAIRN_TRY(cairn_setup_data_name(config, &out->name));
    out->dataset = cairn_dataset_share(data);
    return CAIRN_OK;
}

cairn_status cairn_trainer_open(const cairn_options *options, cairn_comm *comm, cairn_trainer **out)
{
    return cairn_trainer_open_with(options, NULL, comm, out);
}

cairn_status cairn_trainer_open_with(const cairn_options *options, cairn_data *data,
                                     cairn_comm *comm, cairn_trainer **out)
{
    struct cairn_config *config = NULL;
    struct cairn_setup_data given = {.dataset = NULL};
    cairn_trainer *t = NULL;
    CAIRN_TRY(cairn_start_check_comm(comm));
    cairn_status st = cairn_options_config(options, data != NULL, &config);
    if (st == CAIRN_OK) st = cairn_start_given_data(config, data, &given);
    if (st == CAIRN_OK && config->schedule_decay == CAIRN_LR_DECAY_PLATEAU)
        st = cairn_fail(CAIRN_USAGE,
                        "%s: schedule.decay: plateau falls by the evaluations of a "
                        "run; open one with cairn_run_open()",
                        cairn_config_place(config, "schedule.decay"));
    st = cairn_comm_agree(comm, st);
    if (st == CAIRN_OK) st = cairn_start_trainer(config, comm, &given, &t);
    if (st == CAIRN_OK) st = cairn_trainer_prepare(t, cairn_start_origin(config, t));
    cairn_setup_data_close(&given);
    cairn_config_free(config);
    if (st != CAIRN_OK) {
        cairn_trainer_close(t);
        return st;
    }
    *out = t;
    return CAIRN_OK;
}
