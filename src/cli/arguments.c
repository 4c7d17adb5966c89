/* SPDX-License-Identifier: BSD-3-Clause
 * Options of a command line, one at a time. */
#include <stdlib.h>
#include <string.h>

#include "base/keys.h"
#include "base/memory.h"
#include "cli/command.h"
#include "config/config.h"

enum { MOST_OPTIONS = 32, OPTION_BYTES = 32 };

/* The option in `known` that `text` names, with its length there; *takes whether a value follows,
 * *may_be_empty whether that may be "". */
static bool find_option(const char *known, const char *text, size_t length, bool *takes,
                        bool *may_be_empty)
{
    for (const char *p = known; *p != '\0'; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        size_t n_name = strcspn(p, " =");
        *takes = n_name < n;
        *may_be_empty = p[n - 1] == '?';
        if (n_name == length && strncmp(p, text, length) == 0) return true;
        p += n;
    }
    return false;
}

static cairn_status unknown(const char *known, const char *text)
{
    char names[MOST_OPTIONS][OPTION_BYTES] = {{0}};
    char key[256];
    const char *list[MOST_OPTIONS];
    size_t n = 0;
    for (const char *p = known; *p != '\0' && n < MOST_OPTIONS; p += strspn(p, " ")) {
        size_t length = strcspn(p, " =");
        memcpy(names[n], p, length < OPTION_BYTES ? length : OPTION_BYTES - 1);
        list[n] = names[n];
        n++;
        p += strcspn(p, " ");
    }
    if (cairn_known_option(text, key, sizeof key))
        return cairn_fail(CAIRN_USAGE, "there is no option %s; %s", text, key);
    const char *nearest = cairn_keys_nearest(text, list, n);
    if (nearest == NULL) return cairn_fail(CAIRN_USAGE, "there is no option %s; see -h", text);
    return cairn_fail(CAIRN_USAGE, "there is no option %s; did you mean %s?", text, nearest);
}

cairn_status cairn_arguments_next(const struct cairn_arguments *arguments, const char *known,
                                  int *position, const char **name, const char **value)
{
    *name = NULL;
    *value = NULL;
    if (*position >= arguments->count) return CAIRN_OK;
    char *text = arguments->value[(*position)++];
    if (text[0] != '-' || text[1] == '\0') {
        *value = text;
        return CAIRN_OK;
    }
    char *equals = strchr(text, '=');
    bool takes = false;
    bool may_be_empty = false;
    if (equals != NULL) *equals = '\0';
    if (!find_option(known, text, strlen(text), &takes, &may_be_empty)) return unknown(known, text);
    if (!takes && equals != NULL) return cairn_fail(CAIRN_USAGE, "%s takes no value", text);
    if (takes && equals == NULL && *position >= arguments->count)
        return cairn_fail(CAIRN_USAGE, "%s needs a value", text);
    if (takes && !may_be_empty &&
        (equals != NULL ? equals[1] : *arguments->value[*position]) == '\0')
        return cairn_fail(CAIRN_USAGE, "%s needs a value, not an empty one", text);
    if (takes) *value = equals != NULL ? equals + 1 : arguments->value[(*position)++];
    *name = text;
    return CAIRN_OK;
}

const struct cairn_key *cairn_argument_key(const struct cairn_key *table, size_t n,
                                           const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(table[i].name, name) == 0) return &table[i];
    return NULL;
}

cairn_status cairn_argument_number(const struct cairn_key *key, const char *value, void *fields)
{
    struct cairn_node *node = NULL;
    CAIRN_TRY(cairn_node_create(CAIRN_NODE_SCALAR, NULL, value, &node));
    node->source = "command line";
    cairn_status st = cairn_key_read(key, node, "", fields);
    cairn_node_free(node);
    return st;
}

cairn_status cairn_run_operand(struct cairn_run_operands *operands, const char *value)
{
    if (operands->run_file == NULL) {
        operands->run_file = value;
        return CAIRN_OK;
    }
    if (strchr(value, '=') == NULL)
        return cairn_fail(CAIRN_USAGE, "%s is neither an option nor a key=value", value);
    if (operands->n_overrides == CAIRN_MOST_OVERRIDES)
        return cairn_fail(CAIRN_USAGE, "more than %d key=value; write them into the run file",
                          CAIRN_MOST_OVERRIDES);
    operands->overrides[operands->n_overrides++] = value;
    return CAIRN_OK;
}

cairn_status cairn_arguments_copy(const struct cairn_arguments *arguments,
                                  struct cairn_arguments *copy)
{
    size_t n = (size_t)arguments->count;
    *copy = *arguments;
    copy->value = NULL;
    CAIRN_TRY(cairn_memory_get(n + 1, sizeof *copy->value, "the command line", &copy->value));
    for (size_t i = 0; i < n; i++)
        CAIRN_TRY(cairn_memory_text(arguments->value[i], &copy->value[i]));
    return CAIRN_OK;
}

void cairn_arguments_free(struct cairn_arguments *copy)
{
    for (int i = 0; copy->value != NULL && i < copy->count; i++) free(copy->value[i]);
    free(copy->value);
}
