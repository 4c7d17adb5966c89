/* SPDX-License-Identifier: BSD-3-Clause
 * Reading a command line by the tables of its command. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/command.h"
#include "config/config.h"

enum { MOST_NAMES = 64, NAME_BYTES = 64, TEXT_BYTES = 512 };

/* A flag as it stands on the command line. */
struct word {
    char name[NAME_BYTES]; /* without its "=..." */
    char *value;           /* after the "="; NULL: there is none */
};

static void ask_help(struct cairn_arguments *arguments)
{
    arguments->help = true;
}

static void be_quiet(struct cairn_arguments *arguments)
{
    (void)arguments;
    cairn_log_set_level(CAIRN_LOG_QUIET);
}

static void be_verbose(struct cairn_arguments *arguments)
{
    (void)arguments;
    cairn_log_set_level(CAIRN_LOG_VERBOSE);
}

const struct cairn_common_flag cairn_common_flags[] = {
    {"-q", "--quiet", be_quiet, "no progress, only warnings and errors"},
    {"-v", "--verbose", be_verbose, "also what is of interest where something is looked for"},
    {"-h", "--help", ask_help, "what the command does, and its flags"},
    {.name = NULL},
};

void cairn_arguments_take_common(struct cairn_arguments *arguments)
{
    int kept = 0;
    for (int i = 0; i < arguments->count; i++) {
        char *text = arguments->value[i];
        const struct cairn_common_flag *flag = cairn_common_flags;
        while (flag->name != NULL && strcmp(text, flag->name) != 0 && strcmp(text, flag->word) != 0)
            flag++;
        if (flag->name != NULL)
            flag->take(arguments);
        else
            arguments->value[kept++] = text;
    }
    arguments->count = kept;
    arguments->value[kept] = NULL;
}

static struct cairn_key key_of(const struct cairn_option *flag)
{
    return (struct cairn_key){flag->name, flag->type, flag->offset, flag->fallback,
                              flag->low,  flag->high, flag->words,  flag->doc};
}

static void *at(void *request, size_t offset)
{
    return (unsigned char *)request + offset;
}

/* What follows in place of `--lr`, for a user who writes a key as a flag: its value, if that is
 * one. */
static const char *meant_value(const struct cairn_arguments *arguments, int position,
                               const struct word *word)
{
    if (word->value != NULL) return word->value;
    if (position >= arguments->count) return NULL;
    const char *next = arguments->value[position];
    bool is_value = next[0] != '-' && strchr(next, '=') == NULL && access(next, F_OK) != 0;
    return is_value ? next : NULL;
}

static cairn_status unknown(const struct cairn_command *command,
                            const struct cairn_arguments *arguments, int position,
                            const struct word *word)
{
    const char *names[MOST_NAMES];
    char key[TEXT_BYTES];
    size_t n = 0;
    for (const struct cairn_option_table *table = command->tables; table->flags != NULL; table++)
        for (const struct cairn_option *flag = table->flags; flag->name != NULL; flag++)
            if (flag->name[0] == '-' && n < MOST_NAMES) names[n++] = flag->name;
    for (const struct cairn_common_flag *flag = cairn_common_flags; flag->name != NULL; flag++)
        if (n < MOST_NAMES) names[n++] = flag->word;
    if (cairn_known_option(word->name, meant_value(arguments, position, word), key, sizeof key))
        return cairn_fail(CAIRN_USAGE, "there is no option %s; %s", word->name, key);
    const char *nearest = cairn_keys_nearest(word->name, names, n);
    if (nearest == NULL)
        return cairn_fail(CAIRN_USAGE, "there is no option %s; see -h", word->name);
    return cairn_fail(CAIRN_USAGE, "there is no option %s; did you mean %s?", word->name, nearest);
}

/* The value, of a pair with the word after it. */
static cairn_status put(const struct cairn_option *flag, const struct cairn_arguments *arguments,
                        int *position, char *value, void *fields)
{
    const struct cairn_key key = key_of(flag);
    const struct cairn_node node = {
        .kind = CAIRN_NODE_SCALAR, .text = value, .source = "command line"};
    const char **texts = at(fields, flag->offset);
    size_t n = 0;
    if (flag->pair && *position < arguments->count && arguments->value[*position][0] != '-')
        texts[1] = arguments->value[(*position)++];
    if (flag->most == 0) return cairn_key_read(&key, &node, "", fields);
    while (texts[n] != NULL) n++;
    if (n == flag->most)
        return cairn_fail(CAIRN_USAGE, "more than %zu times %s", flag->most, flag->name);
    texts[n] = value;
    return CAIRN_OK;
}

static cairn_status read_flag(const struct cairn_option *flag,
                              const struct cairn_arguments *arguments, int *position,
                              const struct word *word, void *fields)
{
    char *value = word->value;
    if (flag->type == CAIRN_KEY_BOOL) {
        if (value != NULL) return cairn_fail(CAIRN_USAGE, "%s takes no value", flag->name);
        *(bool *)at(fields, flag->offset) = !flag->clears;
        return CAIRN_OK;
    }
    char bare[CAIRN_VALUE_BYTES];
    if (value == NULL && flag->bare != NULL) {
        snprintf(bare, sizeof bare, "%s", flag->bare);
        value = bare; /* no text: those are borrowed */
    }
    if (value == NULL && *position >= arguments->count)
        return cairn_fail(CAIRN_USAGE, "%s needs a value", flag->name);
    if (value == NULL) value = arguments->value[(*position)++];
    if (value[0] == '\0' && !flag->may_be_empty)
        return cairn_fail(CAIRN_USAGE, "%s needs a value, not an empty one", flag->name);
    return put(flag, arguments, position, value, fields);
}

static const struct cairn_option *find_flag(const struct cairn_command *command, const char *name,
                                            const struct cairn_option_table **in)
{
    for (const struct cairn_option_table *table = command->tables; table->flags != NULL; table++)
        for (const struct cairn_option *flag = table->flags; flag->name != NULL; flag++) {
            *in = table;
            if (strcmp(flag->name, name) == 0) return flag;
        }
    return NULL;
}

static cairn_status read_word(const struct cairn_command *command,
                              const struct cairn_arguments *arguments, int *position, void *request)
{
    char *text = arguments->value[(*position)++];
    struct word word = {.value = strchr(text, '=')};
    size_t n = word.value == NULL ? strlen(text) : (size_t)(word.value - text);
    snprintf(word.name, sizeof word.name, "%.*s", n < NAME_BYTES ? (int)n : NAME_BYTES, text);
    if (word.value != NULL) word.value++;
    const struct cairn_option_table *table = NULL;
    const struct cairn_option *flag = find_flag(command, word.name, &table);
    if (flag == NULL) return unknown(command, arguments, *position, &word);
    return read_flag(flag, arguments, position, &word, at(request, table->at));
}

static cairn_status set_defaults(const struct cairn_command *command, void *request)
{
    for (const struct cairn_option_table *table = command->tables; table->flags != NULL; table++)
        for (const struct cairn_option *flag = table->flags; flag->name != NULL; flag++) {
            const struct cairn_key key = key_of(flag);
            if (key.fallback != NULL)
                CAIRN_TRY(cairn_key_read(&key, NULL, "", at(request, table->at)));
        }
    return CAIRN_OK;
}

cairn_status cairn_arguments_read(const struct cairn_command *command,
                                  const struct cairn_arguments *arguments, void *request)
{
    CAIRN_TRY(set_defaults(command, request));
    for (int position = 0; position < arguments->count;) {
        const char *text = arguments->value[position];
        if (text[0] == '-' && text[1] != '\0')
            CAIRN_TRY(read_word(command, arguments, &position, request));
        else
            CAIRN_TRY(command->take(request, arguments->value[position++]));
    }
    return CAIRN_OK;
}

void cairn_arguments_operands(const struct cairn_command *command,
                              const struct cairn_arguments *arguments,
                              struct cairn_run_operands *operands)
{
    for (int position = 0; position < arguments->count; position++) {
        const struct cairn_option_table *table = NULL;
        const char *text = arguments->value[position];
        const struct cairn_option *flag =
            text[0] == '-' && text[1] != '\0' ? find_flag(command, text, &table) : NULL;
        if (flag != NULL)
            position += flag->type != CAIRN_KEY_BOOL && flag->bare == NULL; /* its value */
        else if ((text[0] != '-' || text[1] == '\0') &&
                 cairn_run_operand(operands, text) != CAIRN_OK)
            return;
    }
}

static bool is_given(const struct cairn_option *flag, const unsigned char *fields)
{
    const void *field = fields + flag->offset;
    if (flag->type == CAIRN_KEY_COUNT) return *(const size_t *)field != 0;
    return *(const char *const *)field != NULL;
}

cairn_status cairn_arguments_complete(const struct cairn_command *command, const void *request)
{
    char what[NAME_BYTES];
    for (const struct cairn_option_table *table = command->tables; table->flags != NULL; table++)
        for (const struct cairn_option *flag = table->flags; flag->name != NULL; flag++) {
            if (!flag->required || is_given(flag, (const unsigned char *)request + table->at))
                continue;
            snprintf(what, sizeof what, "%s is missing;", flag->name);
            return cairn_usage_fail(command, what);
        }
    return CAIRN_OK;
}

/* RUN.yaml of "RUN.yaml [key=value ...]", appended. */
static void append_needed(const char *operands, char text[TEXT_BYTES])
{
    size_t used = strlen(text);
    int depth = 0;
    for (const char *c = operands; *c != '\0' && used + 1 < TEXT_BYTES; c++) {
        depth += *c == '[' || (*c == ' ' && c[1] == '[' && depth == 0);
        if (depth == 0) text[used++] = *c;
        if (*c == ']') depth = 0;
    }
    text[used] = '\0';
}

cairn_status cairn_usage_fail(const struct cairn_command *command, const char *what)
{
    char text[TEXT_BYTES] = "";
    char value[CAIRN_VALUE_BYTES];
    append_needed(command->operands, text);
    for (const struct cairn_option_table *table = command->tables; table->flags != NULL; table++)
        for (const struct cairn_option *flag = table->flags; flag->name != NULL; flag++) {
            size_t used = strlen(text);
            if (flag->required)
                snprintf(text + used, sizeof text - used, " %s %s", flag->name,
                         cairn_option_value(flag, value));
        }
    return cairn_fail(CAIRN_USAGE, "%s usage: cairn %s %s", what, command->name, text);
}

cairn_status cairn_single_operand(void *request, const char *value)
{
    const char **operand = request;
    if (*operand != NULL)
        return cairn_fail(CAIRN_USAGE, "one at a time: %s, not also %s", *operand, value);
    *operand = value;
    return CAIRN_OK;
}

cairn_status cairn_run_operand(void *request, const char *value)
{
    struct cairn_run_operands *operands = request;
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
