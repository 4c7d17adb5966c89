/* SPDX-License-Identifier: BSD-3-Clause
 * What tells several runs apart: the keys of their config.yaml that differ.  Reads only what Cairn
 * itself prints (config/print.c), so it is not a reader of YAML.  Local. */
#ifndef CAIRN_REPORT_RUN_LABELS_H
#define CAIRN_REPORT_RUN_LABELS_H

#include "cairn/status.h"
#include "report/run_files.h"

enum { CAIRN_RUN_LABEL_BYTES = 240 };

/** Give each of n runs its label: "optim.lr 0.3, ranks 2", or its folder's name where nothing
 * differs.  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_run_labels(struct cairn_run_files *run, size_t n);

/** The value of a key, "optim.lr", into `value`, cut where it is long; false where there is none.
 * A list is all of its lines.  `config` may be NULL.  Ranks: local.  Errors: none. */
bool cairn_config_value(const char *config, const char *key, char value[CAIRN_RUN_LABEL_BYTES]);

/** The type of the layer of this index in the list `model`, or its name; false where it is not to
 * be found.  Ranks: local.  Errors: none. */
bool cairn_config_layer(const char *config, size_t index, char type[CAIRN_RUN_LABEL_BYTES]);

#endif
