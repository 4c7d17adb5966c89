/* SPDX-License-Identifier: BSD-3-Clause
 * Inside selftest/: a run that is killed before MPI begins, and goes on later on other ranks. */
#ifndef CAIRN_SELFTEST_KILL_H
#define CAIRN_SELFTEST_KILL_H

#include "base/own.h"
#include "selftest/part.h"

/* What lies in the work folder. */
#define CAIRN_SELFTEST_RUN  "run.yaml"
#define CAIRN_SELFTEST_DATA "data.h5"
#define CAIRN_SELFTEST_WHY  "not-killed" /* why there is no such run */

enum { CAIRN_SELFTEST_EVERY = 4, CAIRN_SELFTEST_UPDATES = 24 };

/** The folder of the run that is killed, and of the one that is left alone. */
#define CAIRN_SELFTEST_KILLED "killed"
#define CAIRN_SELFTEST_WHOLE  "whole"

#endif
