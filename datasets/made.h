/* SPDX-License-Identifier: BSD-3-Clause
 * What the parts of the program that makes the data of recipes share. */
#ifndef CAIRN_DATASETS_MADE_H
#define CAIRN_DATASETS_MADE_H

#include <hdf5.h>

/** Of cosmoflow-mini, into its file. */
void write_universes(hid_t file);

/** An attribute of the file. */
void write_text(hid_t file, const char *name, const char *text);

/** End the program. */
_Noreturn void stop(const char *what);

#endif
