/* SPDX-License-Identifier: BSD-3-Clause
 * Invented rows of a study. */
#ifndef CAIRN_TESTS_SUPPORT_STUDY_H
#define CAIRN_TESTS_SUPPORT_STUDY_H

#include <stddef.h>
#include <stdint.h>

#include "config/study_file.h"
#include "study/cells.h"
#include "study/table.h"

/** One more row of a table whose only axis is optim.momentum; zero the table before.  What is not
 * set is a cell that has reached, without times.  The answer is valid until the next one. */
struct cairn_study_row *study_add(struct cairn_study_table *table, const char *momentum,
                                  uint64_t batch, double lr, uint64_t seed);

/** The axes of a study file whose axes: are this text; the file is to be freed, also where they are
 * refused. */
cairn_status study_read_axes(const char *text, struct cairn_study_file **file,
                             struct cairn_study_axes *axes);

/** Release it. */
void study_free(struct cairn_study_table *table);

/** About normal with mean 0 and spread 1: the same number for the same arguments. */
double study_noise(uint64_t key, uint64_t a, uint64_t b);

/** The number behind "name": after `from` in a JSON text; NaN for null; fails the test where it is
 * missing. */
double study_number(const char *json, const char *from, const char *name);

#endif
