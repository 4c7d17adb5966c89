/* SPDX-License-Identifier: BSD-3-Clause
 * Inside selftest/: small trainings whose data are made in memory, on parts of the world. */
#ifndef CAIRN_SELFTEST_WORK_H
#define CAIRN_SELFTEST_WORK_H

#include "cairn/data.h"
#include "cairn/options.h"
#include "cairn/trainer.h"
#include "selftest/part.h"
#include "setup/setup.h"

/** A model with its data. */
struct cairn_selftest_net {
    const char *name, *key;  /* on the page, and of figures */
    const char *const *keys; /* "model=[...]", NULL after the last */
    struct cairn_data_form form;
    size_t micro; /* samples that a rank works at once */
};

/** Of dense layers, and of convolutions over volumes: to be timed, or the small ones, whose weights
 * are compared.  NULL after the last.  Ranks: local.  Errors: none. */
const struct cairn_selftest_net *cairn_selftest_net_at(size_t index, bool small);

/** What a net is trained with. */
struct cairn_selftest_training {
    const struct cairn_selftest_net *net;
    size_t global;           /* samples of a batch */
    const char *const *more; /* further keys, NULL after the last; NULL: none */
};

/** Its options, and its data: both to be released.  Ranks: local.  Errors: memory; CAIRN_BUG. */
CAIRN_CHECKED cairn_status cairn_selftest_options(const struct cairn_selftest_training *training,
                                                  cairn_options **options, cairn_data **data);

/** The same as config and as data that are given to it: both to be released, whatever is returned.
 * Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_selftest_config(const struct cairn_selftest_training *training,
                                                 struct cairn_config **config,
                                                 struct cairn_setup_data *given);

/** A trainer of it.  Ranks: collective over `part`.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_selftest_open(const struct cairn_selftest_training *training,
                                               cairn_comm *part, cairn_trainer **out);

/** What is done on a part of the world; part is this rank's. */
typedef cairn_status cairn_selftest_job(void *context, cairn_comm *part);

/**
 * Do something on worlds of groups of ranks (cairn_comm_arrange()) while the other ranks rest.
 *
 * Ranks   collective over test->comm; `job` over its part
 * Errors  the agreed one
 */
CAIRN_CHECKED cairn_status cairn_selftest_on(const struct cairn_selftest *test, int group,
                                             int place, cairn_selftest_job *job, void *context);

#endif
