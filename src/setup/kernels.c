/* SPDX-License-Identifier: BSD-3-Clause
 * From train.kernels to who multiplies matrices, and for which micro-batches. */
#include "setup/setup.h"

#include "cairn/real.h"

enum cairn_backend cairn_setup_backend(const struct cairn_config *config)
{
    const bool automatic = config->train_kernels == CAIRN_KERNELS_AUTO;
    switch (automatic ? config->auto_kernels : config->train_kernels) {
    case CAIRN_KERNELS_OPENBLAS: return CAIRN_BACKEND_OPENBLAS;
    case CAIRN_KERNELS_ONEDNN: return CAIRN_BACKEND_ONEDNN;
    case CAIRN_KERNELS_AMX: return CAIRN_BACKEND_AMX;
    default: return cairn_backend_best();
    }
}

bool cairn_setup_rounds(const struct cairn_config *config)
{
    return config->train_precision == CAIRN_PRECISION_BF16 &&
           cairn_backend_rounds(cairn_setup_backend(config));
}

static cairn_status check_rounds(const struct cairn_config *config)
{
    if (config->train_kernels == CAIRN_KERNELS_OPENBLAS)
        return cairn_fail(CAIRN_USAGE,
                          "%s: train.precision is bf16, and train.kernels openblas, which has no "
                          "such products; leave one of them out",
                          cairn_config_place(config, "train.precision"));
    if (cairn_setup_rounds(config)) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "%s: train.precision is bf16, which takes a CPU with AMX, or one with "
                      "AVX512_BF16 and a program built with oneDNN; use float32",
                      cairn_config_place(config, "train.precision"));
}

cairn_status cairn_setup_check_backend(const struct cairn_config *config)
{
    const enum cairn_backend backend = cairn_setup_backend(config);
    const bool rounds = config->train_precision == CAIRN_PRECISION_BF16;
    if (cairn_backend_is_there(backend)) return rounds ? check_rounds(config) : CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "%s: train.kernels is %s, %s; use %sauto",
                      cairn_config_place(config, "train.kernels"), cairn_backend_name(backend),
                      CAIRN_REAL_BITS == 64          ? "which has no products in float64"
                      : backend == CAIRN_BACKEND_AMX ? "which this CPU does not have, or this "
                                                       "program was built without"
                                                     : "which this program was built without",
                      rounds ? "" : "openblas, or ");
}

void cairn_setup_expect(struct cairn_model_options *options, uint64_t n)
{
    size_t i = 0;
    if (n == 0 || n > options->micro) return;
    while (i < CAIRN_MICRO_SIZES && options->sizes[i] != 0 && options->sizes[i] != n) i++;
    if (i < CAIRN_MICRO_SIZES) options->sizes[i] = (size_t)n;
}

void cairn_setup_expect_all(struct cairn_model_options *options,
                            const struct cairn_window_rule *rule,
                            const struct cairn_dataset *dataset)
{
    const uint64_t b = options->micro;
    cairn_setup_expect(options, rule->global % b);
    if (rule->tail == CAIRN_TAIL_EXACT)
        cairn_setup_expect(options, rule->n_samples % rule->global % b);
    cairn_setup_expect(options, cairn_dataset_size(dataset, CAIRN_SPLIT_VAL) % b);
    cairn_setup_expect(options, cairn_dataset_size(dataset, CAIRN_SPLIT_TEST) % b);
}
