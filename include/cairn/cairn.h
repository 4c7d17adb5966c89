/* SPDX-License-Identifier: BSD-3-Clause */
/** All public headers of Cairn. */
#ifndef CAIRN_CAIRN_H
#define CAIRN_CAIRN_H

#include "cairn/comm.h"
#include "cairn/data.h"
#include "cairn/host.h"
#include "cairn/layer.h"
#include "cairn/loss.h"
#include "cairn/optim.h"
#include "cairn/options.h"
#include "cairn/run.h"
#include "cairn/status.h"
#include "cairn/trained.h"
#include "cairn/trainer.h"
#include "cairn/version.h"

#endif
