/* SPDX-License-Identifier: BSD-3-Clause
 * Linked into the program, it has three kinds more: run/own_kinds.sh. */
#include <stdio.h>
#include <stdlib.h>

#include "support/own_kinds.h"

__attribute__((constructor)) static void register_kinds(void)
{
    cairn_status st = cairn_layer_register(&own_powers);
    if (st == CAIRN_OK) st = cairn_loss_register(&own_brier);
    if (st == CAIRN_OK) st = cairn_optim_register(&own_soft_sign);
    if (st == CAIRN_OK) return;
    fprintf(stderr, "%s\n", cairn_error_text());
    abort();
}
