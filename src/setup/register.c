/* SPDX-License-Identifier: BSD-3-Clause
 * Layers, losses and optimizers of a host: whether a table is complete, before the registries of
 * nn/ and optim/ take it (cairn/layer.h, cairn/loss.h, cairn/optim.h). */
#include <ctype.h>
#include <string.h>

#include "base/host.h"
#include "config/config.h"
#include "nn/layer.h"
#include "nn/loss.h"
#include "nn/own.h"
#include "optim/optim.h"
#include "setup/setup.h"

/* Whether a trainer was opened: what its options meant may not change any more. */
static bool is_closed;

/* What the three tables have in common. */
struct table {
    const char *what; /* "layer type" */
    const char *name, *doc;
    const struct cairn_key *keys;
    size_t n_keys, self_bytes;
    const char *reserved; /* keys that every one has */
    const char *missing;  /* what else it lacks; NULL: nothing */
};

void cairn_setup_close_register(void)
{
    is_closed = true;
}

static bool is_word(const char *text)
{
    enum { LONGEST = 31 };
    size_t n = 0;
    if (text == NULL || !isalpha((unsigned char)text[0])) return false;
    while (isalnum((unsigned char)text[n]) || text[n] == '_') n++;
    return text[n] == '\0' && n <= LONGEST;
}

static size_t bytes_of(enum cairn_key_type type)
{
    switch (type) {
    case CAIRN_KEY_COUNT:
    case CAIRN_KEY_BYTES: return sizeof(size_t);
    case CAIRN_KEY_REAL:
    case CAIRN_KEY_DURATION: return sizeof(double);
    case CAIRN_KEY_BOOL: return sizeof(bool);
    case CAIRN_KEY_TEXT: return sizeof(const char *);
    case CAIRN_KEY_CHOICE: return sizeof(int);
    default: return 0;
    }
}

/* What is wrong with a key; NULL: nothing. */
static const char *fault_of(const struct table *table, const struct cairn_key *key)
{
    const size_t n_bytes = bytes_of(key->type);
    const size_t n_section = key->name != NULL && strncmp(key->name, "optim.", 6) == 0 ? 6 : 0;
    const bool in_section = strcmp(table->what, "optimizer") == 0;
    if (key->name == NULL || !is_word(key->name + n_section) || (n_section > 0) != in_section)
        return in_section ? "needs a name such as optim.decay" : "needs a name such as decay";
    if (cairn_words_find(table->reserved, key->name, NULL)) return "is a key that every one has";
    if (key->doc == NULL || key->doc[0] == '\0') return "needs a doc";
    if (n_bytes == 0) return "has a type that own kinds cannot have";
    if (n_bytes > table->self_bytes || key->offset > table->self_bytes - n_bytes)
        return "has its field outside of self_bytes";
    if ((key->type == CAIRN_KEY_CHOICE) != (key->words != NULL))
        return "needs words where it is a choice, and only there";
    for (const struct cairn_key *other = table->keys; other < key; other++)
        if (strcmp(other->name, key->name) == 0) return "is there twice";
    return NULL;
}

static cairn_status check_keys(const struct table *table)
{
    char buffer[CAIRN_KEY_TEXT_BYTES];
    const char *text = NULL;
    if (table->n_keys > 0 && table->keys == NULL)
        return cairn_fail(CAIRN_USAGE, "%s '%s' has n_keys %zu and no keys", table->what,
                          table->name, table->n_keys);
    for (size_t i = 0; i < table->n_keys; i++) {
        const struct cairn_key *key = &table->keys[i];
        const char *fault = fault_of(table, key);
        if (fault != NULL)
            return cairn_fail(CAIRN_USAGE, "%s '%s': key %zu (%s) %s", table->what, table->name, i,
                              key->name == NULL ? "" : key->name, fault);
        if (key->fallback != NULL)
            CAIRN_TRY_IN(cairn_key_value(key, NULL, buffer, &text), "%s '%s'", table->what,
                         table->name);
    }
    return CAIRN_OK;
}

/* All but whether the name is taken. */
static cairn_status check(const struct table *table)
{
    if (is_closed)
        return cairn_fail(CAIRN_USAGE,
                          "%s '%s' comes after a trainer was opened; register it before the first",
                          table->what, table->name == NULL ? "" : table->name);
    if (!is_word(table->name))
        return cairn_fail(CAIRN_USAGE,
                          "%s '%s': its name must be a letter and at most 30 letters, digits or "
                          "'_' after it",
                          table->what, table->name == NULL ? "" : table->name);
    if (table->missing != NULL || table->doc == NULL || table->doc[0] == '\0')
        return cairn_fail(CAIRN_USAGE, "%s '%s' has no %s", table->what, table->name,
                          table->missing != NULL ? table->missing : "doc");
    return check_keys(table);
}

static cairn_status taken(const struct table *table)
{
    return cairn_fail(CAIRN_USAGE,
                      "%s '%s' is there already, Cairn's or registered before; choose another name",
                      table->what, table->name);
}

static cairn_status full(const struct table *table)
{
    return cairn_fail(CAIRN_USAGE, "%s '%s' is one more than %d of your own", table->what,
                      table->name, CAIRN_MOST_OWN);
}

static const char *missing_of_layer(const struct cairn_own_layer *kind)
{
    if (kind->forward == NULL) return "function forward";
    if (kind->backward == NULL) return "function backward";
    if ((kind->forward_double == NULL) == (kind->backward_double == NULL)) return NULL;
    return kind->forward_double == NULL ? "forward_double beside backward_double"
                                        : "backward_double beside forward_double";
}

cairn_status cairn_layer_register(const struct cairn_own_layer *kind)
{
    const struct cairn_layer_kind *other = NULL;
    CAIRN_TRY(cairn_host_struct("cairn_own_layer", kind->size, sizeof *kind));
    const struct table table = {.what = "layer type",
                                .name = kind->name,
                                .doc = kind->doc,
                                .keys = kind->keys,
                                .n_keys = kind->n_keys,
                                .self_bytes = kind->self_bytes,
                                .reserved = "type name",
                                .missing = missing_of_layer(kind)};
    CAIRN_TRY(check(&table));
    for (size_t i = 0; (other = cairn_layer_kind_at(i)) != NULL; i++)
        if (strcmp(other->name, kind->name) == 0) return taken(&table);
    if (cairn_own_layer_at(CAIRN_MOST_OWN - 1) != NULL) return full(&table);
    cairn_own_layer_enter(kind);
    cairn_own_layer_enter_f64(kind);
    return CAIRN_OK;
}

cairn_status cairn_loss_register(const struct cairn_own_loss *kind)
{
    const struct cairn_loss_kind *other = NULL;
    CAIRN_TRY(cairn_host_struct("cairn_own_loss", kind->size, sizeof *kind));
    struct table table = {.what = "loss",
                          .name = kind->name,
                          .doc = kind->doc,
                          .keys = kind->keys,
                          .n_keys = kind->n_keys,
                          .self_bytes = kind->self_bytes,
                          .reserved = "type"};
    if (kind->loss == NULL) table.missing = "function loss";
    if (!kind->takes_classes && !kind->takes_targets)
        table.missing = "data that it takes: set takes_classes or takes_targets";
    CAIRN_TRY(check(&table));
    for (size_t i = 0; (other = cairn_loss_kind_at(i)) != NULL; i++)
        if (strcmp(other->name, kind->name) == 0) return taken(&table);
    if (cairn_own_loss_at(CAIRN_MOST_OWN - 1) != NULL) return full(&table);
    CAIRN_TRY(cairn_own_loss_enter(kind));
    return cairn_own_loss_enter_f64(kind);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* A key that the run file has already must be another optimizer's, and mean the same. */
static cairn_status check_shared(const struct table *table, const struct cairn_key *key)
{
    struct cairn_config_walk walk = {0};
    while (cairn_config_next(&walk)) {
        const struct cairn_key *other = walk.key;
        if (strcmp(other->name, key->name) != 0) continue;
        if (walk.of_kind && other->type == key->type && other->low == key->low &&
            other->high == key->high && same_text(other->fallback, key->fallback) &&
            same_text(other->words, key->words))
            return CAIRN_OK;
        return cairn_fail(CAIRN_USAGE,
                          "%s '%s': the key %s is there already and %s; choose another name",
                          table->what, table->name, key->name,
                          walk.of_kind ? "has another type, default or range" : "is Cairn's own");
    }
    return CAIRN_OK;
}

cairn_status cairn_optim_register(const struct cairn_optim_kind *kind)
{
    const struct cairn_optim_kind *other = NULL;
    CAIRN_TRY(cairn_host_struct("cairn_optim_kind", kind->size, sizeof *kind));
    const struct table table = {.what = "optimizer",
                                .name = kind->name,
                                .doc = kind->doc,
                                .keys = kind->keys,
                                .n_keys = kind->n_keys,
                                .self_bytes = kind->self_bytes,
                                .missing = kind->update == NULL ? "function update" : NULL};
    CAIRN_TRY(check(&table));
    for (size_t i = 0; (other = cairn_optim_kind_at(i)) != NULL; i++)
        if (strcmp(other->name, kind->name) == 0) return taken(&table);
    for (size_t i = 0; i < kind->n_keys; i++) CAIRN_TRY(check_shared(&table, &kind->keys[i]));
    for (size_t k = 0; k < CAIRN_MAX_SLOTS && kind->slots[k] != NULL; k++)
        if (!is_word(kind->slots[k]))
            return cairn_fail(CAIRN_USAGE,
                              "optimizer '%s': the name of slot %zu must be letters, digits or '_'",
                              kind->name, k);
    return cairn_optim_enter(kind) ? CAIRN_OK : full(&table);
}
