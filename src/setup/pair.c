/* SPDX-License-Identifier: BSD-3-Clause
 * Lists of pairs of numbers in the run file. */
#include <stdio.h>

#include "setup/setup.h"

cairn_status cairn_setup_pair(const struct cairn_setup_pairs *pairs, const struct cairn_node *node,
                              size_t index, void *out)
{
    char what[64];
    if (node->kind != CAIRN_NODE_LIST || cairn_node_count(node) != 2)
        return cairn_fail(CAIRN_USAGE, "%s: %s entry %zu is not a pair %s", cairn_node_place(node),
                          pairs->key, index, pairs->form);
    snprintf(what, sizeof what, "%s entry %zu", pairs->key, index);
    const struct cairn_node *number = node->child;
    for (size_t i = 0; i < 2; i++, number = number->next) {
        if (number->kind != CAIRN_NODE_SCALAR)
            return cairn_fail(CAIRN_USAGE, "%s: %s: %s must be %s", cairn_node_place(number), what,
                              pairs->field[i].name, pairs->number);
        CAIRN_TRY(cairn_key_read(&pairs->field[i], number, what, out));
    }
    return CAIRN_OK;
}
