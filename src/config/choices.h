/* SPDX-License-Identifier: BSD-3-Clause
 * The words that keys of the run file take, each list once: it gives the text in options.def and
 * the names that code compares with (base/keys.h).  A name is CAIRN_, the key and the word. */
#ifndef CAIRN_CONFIG_CHOICES_H
#define CAIRN_CONFIG_CHOICES_H

#include "base/keys.h"

#define CAIRN_WORDS_LAYOUT(FIRST, NEXT)                                                            \
    FIRST(LAYOUT_CHW, "chw") NEXT(LAYOUT_HWC, "hwc") NEXT(LAYOUT_CHWN, "chwn")
#define CAIRN_WORDS_SAMPLE(FIRST, NEXT) FIRST(SAMPLE_ROW, "row") NEXT(SAMPLE_FILE, "file")
#define CAIRN_WORDS_IN_MEMORY(FIRST, NEXT)                                                         \
    FIRST(IN_MEMORY_AUTO, "auto") NEXT(IN_MEMORY_TRUE, "true") NEXT(IN_MEMORY_FALSE, "false")
#define CAIRN_WORDS_SHUFFLE(FIRST, NEXT)                                                           \
    FIRST(DATA_SHUFFLE_FULL, "full")                                                               \
    NEXT(DATA_SHUFFLE_BLOCKS, "blocks")                                                            \
    NEXT(DATA_SHUFFLE_NONE, "none")                                                                \
    NEXT(DATA_SHUFFLE_AUTO, "auto")
#define CAIRN_WORDS_SHUFFLE_WINDOW(FIRST, NEXT) FIRST(SHUFFLE_WINDOW_AUTO, "auto")
#define CAIRN_WORDS_MEMORY(FIRST, NEXT)         FIRST(MEMORY_AUTO, "auto")
#define CAIRN_WORDS_MICRO(FIRST, NEXT)          FIRST(MICRO_NONE, "none") NEXT(MICRO_AUTO, "auto")
#define CAIRN_WORDS_BATCH_TAIL(FIRST, NEXT)                                                        \
    FIRST(BATCH_TAIL_EXACT, "exact") NEXT(BATCH_TAIL_DROP, "drop") NEXT(BATCH_TAIL_CARRY, "carry")
#define CAIRN_WORDS_NORMALIZE(FIRST, NEXT) FIRST(NORMALIZE_MEAN, "mean") NEXT(NORMALIZE_SUM, "sum")
#define CAIRN_WORDS_RAMP_KIND(FIRST, NEXT)                                                         \
    FIRST(RAMP_KIND_STEPPED, "stepped") NEXT(RAMP_KIND_LINEAR, "linear")
#define CAIRN_WORDS_LR_SCALING(FIRST, NEXT)                                                        \
    FIRST(LR_SCALING_NONE, "none")                                                                 \
    NEXT(LR_SCALING_LINEAR, "linear")                                                              \
    NEXT(LR_SCALING_SQRT, "sqrt")                                                                  \
    NEXT(LR_SCALING_ADAM, "adam")
#define CAIRN_WORDS_LR_DECAY(FIRST, NEXT)                                                          \
    FIRST(LR_DECAY_CONSTANT, "constant")                                                           \
    NEXT(LR_DECAY_COSINE, "cosine")                                                                \
    NEXT(LR_DECAY_LINEAR, "linear")                                                                \
    NEXT(LR_DECAY_STEP, "step")                                                                    \
    NEXT(LR_DECAY_POLYNOMIAL, "polynomial")                                                        \
    NEXT(LR_DECAY_WSD, "wsd")                                                                      \
    NEXT(LR_DECAY_MILESTONES, "milestones")                                                        \
    NEXT(LR_DECAY_PLATEAU, "plateau")
#define CAIRN_WORDS_MILESTONES_BY(FIRST, NEXT)                                                     \
    FIRST(MILESTONES_BY_EPOCHS, "epochs")                                                          \
    NEXT(MILESTONES_BY_UPDATES, "updates")                                                         \
    NEXT(MILESTONES_BY_SAMPLES, "samples")
#define CAIRN_WORDS_DECAY_BY(FIRST, NEXT)                                                          \
    FIRST(DECAY_BY_UPDATES, "updates") NEXT(DECAY_BY_SAMPLES, "samples")
#define CAIRN_WORDS_DEADLINE(FIRST, NEXT)                                                          \
    FIRST(DEADLINE_NONE, "none") NEXT(DEADLINE_SLURM, "slurm") NEXT(DEADLINE_JOB, "job")
#define CAIRN_WORDS_PRECISION(FIRST, NEXT)                                                         \
    FIRST(PRECISION_FLOAT32, "float32")                                                            \
    NEXT(PRECISION_FLOAT64, "float64") NEXT(PRECISION_BF16, "bf16")
#define CAIRN_WORDS_KERNELS(FIRST, NEXT)                                                           \
    FIRST(KERNELS_AUTO, "auto")                                                                    \
    NEXT(KERNELS_OPENBLAS, "openblas") NEXT(KERNELS_ONEDNN, "onednn") NEXT(KERNELS_AMX, "amx")
#define CAIRN_WORDS_RECOMPUTE(FIRST, NEXT)                                                         \
    FIRST(RECOMPUTE_NONE, "none") NEXT(RECOMPUTE_AUTO, "auto")
#define CAIRN_WORDS_BALANCE(FIRST, NEXT) FIRST(BALANCE_OFF, "off") NEXT(BALANCE_AUTO, "auto")
#define CAIRN_WORDS_TRAIN_NOISE(FIRST, NEXT)                                                       \
    FIRST(TRAIN_NOISE_AUTO, "auto")                                                                \
    NEXT(TRAIN_NOISE_RANK, "rank")                                                                 \
    NEXT(TRAIN_NOISE_MICRO, "micro")                                                               \
    NEXT(TRAIN_NOISE_OFF, "off")
#define CAIRN_WORDS_EVALUATE_EVERY(FIRST, NEXT)                                                    \
    FIRST(EVALUATE_EVERY_EPOCH, "epoch") NEXT(EVALUATE_EVERY_NONE, "none")
#define CAIRN_WORDS_PATIENCE(FIRST, NEXT) FIRST(PATIENCE_NONE, "none")
#define CAIRN_WORDS_HANG_TIMEOUT(FIRST, NEXT)                                                      \
    FIRST(HANG_TIMEOUT_AUTO, "auto") NEXT(HANG_TIMEOUT_NONE, "none")
#define CAIRN_WORDS_COMM_SUM(FIRST, NEXT)                                                          \
    FIRST(COMM_SUM_AUTO, "auto") NEXT(COMM_SUM_ALLREDUCE, "allreduce") NEXT(COMM_SUM_NODE, "node")
#define CAIRN_WORDS_COMM_OVERLAP(FIRST, NEXT)                                                      \
    FIRST(COMM_OVERLAP_AUTO, "auto") NEXT(COMM_OVERLAP_ON, "on") NEXT(COMM_OVERLAP_OFF, "off")
#define CAIRN_WORDS_CHECKPOINT_EVERY(FIRST, NEXT)                                                  \
    FIRST(CHECKPOINT_EVERY_NONE, "none") NEXT(CHECKPOINT_EVERY_AUTO, "auto")
#define CAIRN_WORDS_GRADFLOW_EVERY(FIRST, NEXT) FIRST(GRADFLOW_EVERY_AUTO, "auto")

CAIRN_CHOICE(cairn_word_layout, CAIRN_WORDS_LAYOUT);
CAIRN_CHOICE(cairn_word_sample, CAIRN_WORDS_SAMPLE);
CAIRN_CHOICE(cairn_word_in_memory, CAIRN_WORDS_IN_MEMORY);
CAIRN_CHOICE(cairn_word_shuffle, CAIRN_WORDS_SHUFFLE);
CAIRN_CHOICE(cairn_word_shuffle_window, CAIRN_WORDS_SHUFFLE_WINDOW);
CAIRN_CHOICE(cairn_word_memory, CAIRN_WORDS_MEMORY);
CAIRN_CHOICE(cairn_word_micro, CAIRN_WORDS_MICRO);
CAIRN_CHOICE(cairn_word_batch_tail, CAIRN_WORDS_BATCH_TAIL);
CAIRN_CHOICE(cairn_word_normalize, CAIRN_WORDS_NORMALIZE);
CAIRN_CHOICE(cairn_word_ramp_kind, CAIRN_WORDS_RAMP_KIND);
CAIRN_CHOICE(cairn_word_lr_scaling, CAIRN_WORDS_LR_SCALING);
CAIRN_CHOICE(cairn_word_lr_decay, CAIRN_WORDS_LR_DECAY);
CAIRN_CHOICE(cairn_word_milestones_by, CAIRN_WORDS_MILESTONES_BY);
CAIRN_CHOICE(cairn_word_decay_by, CAIRN_WORDS_DECAY_BY);
CAIRN_CHOICE(cairn_word_deadline, CAIRN_WORDS_DEADLINE);
CAIRN_CHOICE(cairn_word_precision, CAIRN_WORDS_PRECISION);
CAIRN_CHOICE(cairn_word_kernels, CAIRN_WORDS_KERNELS);
CAIRN_CHOICE(cairn_word_recompute, CAIRN_WORDS_RECOMPUTE);
CAIRN_CHOICE(cairn_word_balance, CAIRN_WORDS_BALANCE);
CAIRN_CHOICE(cairn_word_train_noise, CAIRN_WORDS_TRAIN_NOISE);
CAIRN_CHOICE(cairn_word_evaluate_every, CAIRN_WORDS_EVALUATE_EVERY);
CAIRN_CHOICE(cairn_word_patience, CAIRN_WORDS_PATIENCE);
CAIRN_CHOICE(cairn_word_hang_timeout, CAIRN_WORDS_HANG_TIMEOUT);
CAIRN_CHOICE(cairn_word_comm_sum, CAIRN_WORDS_COMM_SUM);
CAIRN_CHOICE(cairn_word_comm_overlap, CAIRN_WORDS_COMM_OVERLAP);
CAIRN_CHOICE(cairn_word_checkpoint_every, CAIRN_WORDS_CHECKPOINT_EVERY);
CAIRN_CHOICE(cairn_word_gradflow_every, CAIRN_WORDS_GRADFLOW_EVERY);

#endif
