/* SPDX-License-Identifier: BSD-3-Clause
 * What `cairn COMMAND -h` prints: usage and flags from the command's tables, wrapped. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

enum {
    COLUMNS = 80,
    WIDEST = 18, /* of the names of flags with their values; wider ones have a line of their own */
    MOST_IN_USAGE = 8, /* optional flags; of more, "[OPTION ...]" */
    ITEM_BYTES = 128,
    LINE_BYTES = 2048
};

/* Where the next word goes. */
struct page {
    FILE *out;
    size_t indent, column;
};

static void start_line(struct page *page)
{
    fprintf(page->out, "\n%*s", (int)page->indent, "");
    page->column = page->indent;
}

/* n characters that stay together. */
static void put_item(struct page *page, const char *text, size_t n)
{
    bool is_first = page->column == page->indent;
    if (!is_first && page->column + 1 + n > COLUMNS) {
        start_line(page);
        is_first = true;
    }
    fprintf(page->out, "%s%.*s", is_first ? "" : " ", (int)n, text);
    page->column += n + !is_first;
}

/* The words of a text; what is in brackets stays together. */
static void put_words(struct page *page, const char *text)
{
    while (*text != '\0') {
        size_t n = *text == '[' ? strcspn(text, "]") : strcspn(text, " ");
        n += *text == '[' && text[n] == ']';
        n += strcspn(text + n, " ");
        put_item(page, text, n);
        text += n;
        text += strspn(text, " ");
    }
}

/* Lines and paragraphs; a line that begins with a blank is printed as it is. */
static void put_text(FILE *out, const char *text)
{
    char line[LINE_BYTES];
    while (text != NULL && *text != '\0') {
        struct page page = {.out = out};
        size_t n = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)n, text);
        if (line[0] == ' ')
            fprintf(out, "%s", line);
        else
            put_words(&page, line);
        fprintf(out, "\n");
        text += n + (text[n] == '\n');
    }
}

const char *cairn_option_value(const struct cairn_option *flag, char text[CAIRN_VALUE_BYTES])
{
    text[0] = '\0';
    if (flag->type != CAIRN_KEY_BOOL && flag->value == NULL && flag->words != NULL)
        snprintf(text, CAIRN_VALUE_BYTES, "%s", flag->words);
    for (char *c = text; *c != '\0'; c++)
        if (*c == ' ') *c = '|';
    if (flag->value != NULL) snprintf(text, CAIRN_VALUE_BYTES, "%s", flag->value);
    return text;
}

/* "--out DIR" */
static void label_of(const struct cairn_option *flag, char label[ITEM_BYTES])
{
    char value[CAIRN_VALUE_BYTES];
    cairn_option_value(flag, value);
    const bool apart = value[0] != '\0' && flag->bare == NULL;
    snprintf(label, ITEM_BYTES, "%s%s%s", flag->name, apart ? " " : "", value);
}

static void put_usage_flags(struct page *page, const struct cairn_command *command, bool required)
{
    char label[ITEM_BYTES];
    char item[ITEM_BYTES + 2];
    for (const struct cairn_option_table *table = command->tables; table->flags != NULL; table++)
        for (const struct cairn_option *flag = table->flags; flag->name != NULL; flag++) {
            if (flag->name[0] != '-' || flag->required != required) continue;
            label_of(flag, label);
            snprintf(item, sizeof item, required ? "%s" : "[%s]", label);
            put_item(page, item, strlen(item));
        }
}

static size_t count_optional(const struct cairn_command *command)
{
    size_t n = 0;
    for (const struct cairn_option_table *table = command->tables; table->flags != NULL; table++)
        for (const struct cairn_option *flag = table->flags; flag->name != NULL; flag++)
            n += flag->name[0] == '-' && !flag->required;
    return n;
}

static void put_usage(FILE *out, const struct cairn_command *command, const char *before)
{
    struct page page = {.out = out, .indent = strlen("usage: "), .column = strlen("usage: ")};
    fprintf(out, "%s", before);
    if (command->launch != NULL) put_words(&page, command->launch);
    put_words(&page, "cairn");
    put_words(&page, command->name);
    put_words(&page, command->operands);
    put_usage_flags(&page, command, true);
    if (count_optional(command) > MOST_IN_USAGE)
        put_words(&page, "[OPTION ...]");
    else
        put_usage_flags(&page, command, false);
    fprintf(out, "\n");
}

static size_t widest(const struct cairn_option_table *tables)
{
    char label[ITEM_BYTES];
    size_t most = 0;
    for (const struct cairn_option_table *table = tables; table->flags != NULL; table++)
        for (const struct cairn_option *flag = table->flags; flag->name != NULL; flag++) {
            label_of(flag, label);
            size_t n = strlen(label);
            if (n > most && n <= WIDEST) most = n;
        }
    return most;
}

static void put_flag(FILE *out, const struct cairn_option *flag, size_t indent)
{
    struct page page = {.out = out, .indent = indent, .column = indent};
    char label[ITEM_BYTES];
    char text[LINE_BYTES];
    label_of(flag, label);
    const bool wide = strlen(label) > WIDEST;
    fprintf(out, "  %-*s", wide ? 0 : (int)(indent - 2), label);
    if (wide) start_line(&page);
    bool shown =
        flag->fallback != NULL && flag->fallback[0] != '\0' && flag->type != CAIRN_KEY_BOOL;
    snprintf(text, sizeof text, "%s%s%s", flag->doc, shown ? "; default " : "",
             shown ? flag->fallback : "");
    put_words(&page, text);
    fprintf(out, "\n");
}

static void put_tables(FILE *out, const struct cairn_option_table *tables)
{
    size_t indent = widest(tables) + 4;
    for (const struct cairn_option_table *table = tables; table->flags != NULL; table++) {
        if (table->heading != NULL || table == tables) fprintf(out, "\n");
        put_text(out, table->heading);
        for (const struct cairn_option *flag = table->flags; flag->name != NULL; flag++)
            put_flag(out, flag, indent);
    }
}

void cairn_help_print(FILE *out, const struct cairn_command *command)
{
    struct cairn_option_table further[CAIRN_MOST_TABLES] = {{.flags = NULL}};
    put_usage(out, command, "usage: ");
    if (command->also != NULL) put_usage(out, command->also, "       ");
    fprintf(out, "\n%s\n", command->doc);
    if (command->about != NULL) fprintf(out, "\n");
    put_text(out, command->about);
    put_tables(out, command->tables);
    if (command->more != NULL) command->more(further);
    put_tables(out, further);
    if (command->also != NULL) put_tables(out, command->also->tables);
    if (command->notes != NULL) fprintf(out, "\n");
    put_text(out, command->notes);
}
