/* SPDX-License-Identifier: BSD-3-Clause
 * A survey of data by all ranks. */
#ifndef CAIRN_START_SURVEY_H
#define CAIRN_START_SURVEY_H

#include "cairn/comm.h"
#include "data/survey.h"

/**
 * Read all rows of all groups, each rank its share, and put together on rank 0 what they have seen:
 * the same in any world.
 *
 * comm         NULL: this process is alone
 * dataset      open on every rank; borrowed while the survey lives
 * twins_bytes  memory of a rank for samples to compare
 *
 * Ranks   collective
 * Errors  the agreed one: CAIRN_DATA: cannot be read; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_start_survey(const struct cairn_dataset *dataset, cairn_comm *comm,
                                              size_t twins_bytes, struct cairn_survey **out);

#endif
