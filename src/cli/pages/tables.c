/* SPDX-License-Identifier: BSD-3-Clause
 * What shells complete, looked up in the tables. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli/pages/pages.h"
#include "nn/loss.h"
#include "nn/metric/metric.h"
#include "optim/optim.h"

const struct cairn_command *const cairn_pages_commands[] = {
#define X(name) &cairn_command_##name,
#include "cli/commands.def"
#undef X
    NULL,
};

static size_t add_flags(const struct cairn_option_table *tables, size_t n,
                        const struct cairn_option *flags[CAIRN_PAGES_MOST_FLAGS])
{
    for (const struct cairn_option_table *table = tables; table->flags != NULL; table++)
        for (const struct cairn_option *flag = table->flags; flag->name != NULL; flag++) {
            size_t i = 0;
            while (i < n && strcmp(flags[i]->name, flag->name) != 0) i++;
            if (flag->name[0] == '-' && i == n && n < CAIRN_PAGES_MOST_FLAGS) flags[n++] = flag;
        }
    return n;
}

size_t cairn_pages_flags(const struct cairn_command *command,
                         const struct cairn_option *flags[CAIRN_PAGES_MOST_FLAGS])
{
    struct cairn_option_table further[CAIRN_MOST_TABLES] = {{.flags = NULL}};
    size_t n = add_flags(command->tables, 0, flags);
    if (command->more != NULL) command->more(further);
    n = add_flags(further, n, flags);
    return command->also == NULL ? n : add_flags(command->also->tables, n, flags);
}

bool cairn_pages_takes_keys(const struct cairn_command *command)
{
    return strstr(command->operands, "key=value") != NULL;
}

static void add_word(char words[CAIRN_PAGES_WORDS_BYTES], const char *word, size_t n)
{
    const size_t used = strlen(words);
    snprintf(words + used, CAIRN_PAGES_WORDS_BYTES - used, "%s%.*s", used == 0 ? "" : " ", (int)n,
             word);
}

const char *cairn_pages_flag_words(const struct cairn_option *flag,
                                   char words[CAIRN_PAGES_WORDS_BYTES])
{
    words[0] = '\0';
    if (flag->type == CAIRN_KEY_BOOL) return words;
    if (flag->words != NULL) add_word(words, flag->words, strlen(flag->words));
    const char *value = flag->value == NULL ? "" : flag->value;
    if (strchr(value, '|') == NULL) return words;
    while (*value != '\0') { /* of auto|never|FILE those that are meant literally */
        const size_t n = strcspn(value, "|");
        size_t lower = 0;
        while (lower < n && islower((unsigned char)value[lower])) lower++;
        if (lower == n) add_word(words, value, n);
        value += n + (value[n] == '|');
    }
    return words;
}

bool cairn_pages_takes_files(const struct cairn_key *key)
{
    return key->type == CAIRN_KEY_PATH ||
           (key->type == CAIRN_KEY_TREE && strncmp(key->name, "data.", 5) == 0 &&
            cairn_words_find(key->words, "name", NULL));
}

const char *cairn_pages_key_words(const struct cairn_key *key, char words[CAIRN_PAGES_WORDS_BYTES])
{
    words[0] = '\0';
    if (key->type == CAIRN_KEY_BOOL) add_word(words, "true false", strlen("true false"));
    if (key->type == CAIRN_KEY_TREE) {
        if (cairn_words_find(key->words, "none", NULL)) add_word(words, "none", strlen("none"));
    } else if (key->words != NULL) {
        add_word(words, key->words, strlen(key->words));
    }
    if (strcmp(key->name, "optim.name") == 0)
        for (size_t i = 0; cairn_optim_kind_at(i) != NULL; i++)
            add_word(words, cairn_optim_kind_at(i)->name, strlen(cairn_optim_kind_at(i)->name));
    if (strcmp(key->name, "loss") == 0)
        for (size_t i = 0; cairn_loss_kind_at(i) != NULL; i++)
            add_word(words, cairn_loss_kind_at(i)->name, strlen(cairn_loss_kind_at(i)->name));
    if (strcmp(key->name, "eval.metrics") == 0)
        for (size_t i = 0; cairn_metric_at(i) != NULL; i++)
            add_word(words, cairn_metric_at(i)->name, strlen(cairn_metric_at(i)->name));
    return words;
}
