/* SPDX-License-Identifier: BSD-3-Clause
 * Layers and losses of the host (cairn/layer.h, cairn/loss.h) as rows of functions like ours, in
 * both precisions.  What a table must have was checked before it comes here (setup/own.c).
 * Local; not while another thread plans or runs a model. */
#ifndef CAIRN_NN_OWN_H
#define CAIRN_NN_OWN_H

#include <stddef.h>

#include "cairn/layer.h"
#include "cairn/loss.h"
#include "tensor/real.h"

#define cairn_own_layer_at CAIRN_R(cairn_own_layer_at)
#define cairn_own_loss_at  CAIRN_R(cairn_own_loss_at)

struct cairn_layer_kind;
struct cairn_loss_kind;

enum { CAIRN_MOST_OWN = 32 }; /* of each */

/** Those of the host; NULL after the last.  Ranks: local.  Errors: none. */
const struct cairn_layer_kind *cairn_own_layer_at(size_t index);

/** The same for losses.  Ranks: local.  Errors: none. */
const struct cairn_loss_kind *cairn_own_loss_at(size_t index);

/** Put a layer after the others of one precision; the table is copied.  There is room for
 * CAIRN_MOST_OWN.  Ranks: local.  Errors: none. */
void cairn_own_layer_enter(const struct cairn_own_layer *kind);
void cairn_own_layer_enter_f64(const struct cairn_own_layer *kind);

/** The same for a loss.  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_own_loss_enter(const struct cairn_own_loss *kind);
CAIRN_CHECKED cairn_status cairn_own_loss_enter_f64(const struct cairn_own_loss *kind);

#endif
