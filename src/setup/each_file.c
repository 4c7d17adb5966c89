/* SPDX-License-Identifier: BSD-3-Clause
 * The files that data.* name, as they are opened. */
#include "base/file.h"
#include "setup/setup.h"

struct walk {
    cairn_status (*visit)(void *context, const char *path);
    void *context;
};

/* One name or a list; all are of files, or those that can be nothing else. */
static cairn_status visit_names(const struct walk *walk, const struct cairn_node *names, bool all)
{
    if (names == NULL) return CAIRN_OK;
    const struct cairn_node *name = names->kind == CAIRN_NODE_SCALAR ? names : names->child;
    for (; name != NULL; name = name == names ? NULL : name->next)
        if (all || cairn_file_is_named(name->text))
            CAIRN_TRY(cairn_file_each(name->text, walk->visit, walk->context));
    return CAIRN_OK;
}

cairn_status cairn_setup_each_file(const struct cairn_config *config,
                                   cairn_status (*visit)(void *context, const char *path),
                                   void *context)
{
    const struct walk walk = {visit, context};
    CAIRN_TRY(visit_names(&walk, config->data_file, true));
    CAIRN_TRY(visit_names(&walk, config->data_train, false));
    CAIRN_TRY(visit_names(&walk, config->data_val, false));
    return visit_names(&walk, config->data_test, false);
}
