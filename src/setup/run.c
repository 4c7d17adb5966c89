/* SPDX-License-Identifier: BSD-3-Clause
 * What is due along a run: evaluations, checkpoints, lines of gradflow.csv. */
#include "setup/setup.h"

void cairn_setup_run(const struct cairn_config *config, const cairn_trainer *t,
                     struct cairn_run_options *out)
{
    enum { WORD_EPOCH, WORD_NONE, WORD_AUTO = 0 };
    out->evaluate_every = config->train_evaluate_every;
    if (config->train_evaluate_every == CAIRN_KEY_WORD(WORD_EPOCH))
        out->evaluate_every = CAIRN_EVERY_EPOCH;
    if (config->train_evaluate_every == CAIRN_KEY_WORD(WORD_NONE)) out->evaluate_every = 0;
    out->gradflow_every = config->log_gradflow_every;
    if (config->log_gradflow_every == CAIRN_KEY_WORD(WORD_AUTO))
        out->gradflow_every = cairn_window_total(&t->parts.rule) / 50 + 1;
    out->checkpoint_every = config->checkpoint_every_updates;
    out->save.place.keep.newest = config->checkpoint_keep;
    out->save.reproducible = config->train_reproducible;
}
