/* SPDX-License-Identifier: BSD-3-Clause
 * The files that data.* name, as they are opened. */
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "setup/setup.h"

struct walk {
    cairn_status (*visit)(void *context, const char *path);
    void *context;
};

static cairn_status visit_file(const struct walk *walk, const char *name)
{
    char *path = realpath(name, NULL);
    cairn_status st = walk->visit(walk->context, path == NULL ? name : path);
    free(path);
    return st;
}

static cairn_status visit_name(const struct walk *walk, const char *name)
{
    glob_t found = {.gl_pathc = 0};
    if (strpbrk(name, "*?[") == NULL || access(name, F_OK) == 0) return visit_file(walk, name);
    cairn_status st = glob(name, 0, NULL, &found) == 0
                          ? CAIRN_OK
                          : cairn_fail(CAIRN_DATA, "%s: no file matches this pattern", name);
    for (size_t i = 0; i < found.gl_pathc && st == CAIRN_OK; i++)
        st = visit_file(walk, found.gl_pathv[i]);
    globfree(&found);
    return st;
}

/* One name or a list; all are of files, or those that can be nothing else. */
static cairn_status visit_names(const struct walk *walk, const struct cairn_node *names, bool all)
{
    if (names == NULL) return CAIRN_OK;
    const struct cairn_node *name = names->kind == CAIRN_NODE_SCALAR ? names : names->child;
    for (; name != NULL; name = name == names ? NULL : name->next)
        if (all || cairn_file_is_named(name->text)) CAIRN_TRY(visit_name(walk, name->text));
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
