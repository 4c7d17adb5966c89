/* SPDX-License-Identifier: BSD-3-Clause
 * YAML to a tree, by libyaml's events.  The plain part of YAML only: maps, lists and scalars; not
 * its anchors, tags and streams.  What a key means is not known here. */
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/memory.h"
#include "config/parts.h"

/* A key is looked for among those before it: without a limit a file of 1 MiB would take minutes. */
enum { DEEPEST = 32, MOST_KEYS = 1000 };

struct reader {
    yaml_parser_t parser;
    const char *text;
    size_t n;
    const char *source;
    bool has_lines; /* a file; else a value of the command line */
};

enum { SHOWN_BYTES = 60 }; /* of a value of the command line */

static const char *more(const struct reader *r)
{
    return strlen(r->text) > SHOWN_BYTES ? "..." : "";
}

static cairn_status wrong_at(const struct reader *r, size_t line, size_t column, const char *what)
{
    if (!r->has_lines)
        return cairn_fail(CAIRN_USAGE, "%s: the value '%.*s%s' %s", r->source, SHOWN_BYTES, r->text,
                          more(r), what);
    return cairn_fail(CAIRN_USAGE, "%s:%zu:%zu: this %s", r->source, line + 1, column + 1, what);
}

static cairn_status wrong(const struct reader *r, const yaml_event_t *event, const char *what)
{
    return wrong_at(r, event->start_mark.line, event->start_mark.column, what);
}

/* libyaml gives bytes it cannot decode an offset, and no mark. */
static cairn_status wrong_bytes(const struct reader *r)
{
    size_t line = 0;
    size_t column = 0;
    for (size_t i = 0; i < r->n && i < r->parser.problem_offset; i++) {
        column = r->text[i] == '\n' ? 0 : column + 1;
        line += r->text[i] == '\n';
    }
    return wrong_at(r, line, column, "is not text in UTF-8 without control characters");
}

static bool is_tab(const struct reader *r, size_t line, size_t column)
{
    const char *at = r->text;
    for (; line > 0 && at != NULL; line--) {
        at = memchr(at, '\n', r->n - (size_t)(at - r->text));
        if (at != NULL) at++;
    }
    return at != NULL && column < r->n - (size_t)(at - r->text) && at[column] == '\t';
}

static cairn_status not_yaml(const struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return cairn_fail(CAIRN_MEMORY, "%s: out of memory", r->source);
    if (p->error == YAML_READER_ERROR) return wrong_bytes(r);
    cairn_status st = wrong_at(r, p->problem_mark.line, p->problem_mark.column, "is not YAML");
    char said[1024];
    snprintf(said, sizeof said, "%s", cairn_error_text());
    return cairn_fail(st, "%s: %s%s%s%s", said, p->context == NULL ? "" : p->context,
                      p->context == NULL ? "" : ", ", p->problem == NULL ? "" : p->problem,
                      is_tab(r, p->problem_mark.line, p->problem_mark.column)
                          ? "; indent with blanks, not with tabs"
                          : "");
}

static const char *refused(const yaml_event_t *event)
{
    static const char *const tag =
        "has a YAML tag (!...), which a run file does not know; leave it out";
    static const char *const anchor = "is a YAML anchor or alias (&..., *...), which a run file "
                                      "does not know; write the value out";
    switch (event->type) {
    case YAML_ALIAS_EVENT: return anchor;
    case YAML_SCALAR_EVENT:
        if (event->data.scalar.anchor != NULL) return anchor;
        return event->data.scalar.tag == NULL ? NULL : tag;
    case YAML_SEQUENCE_START_EVENT:
        if (event->data.sequence_start.anchor != NULL) return anchor;
        return event->data.sequence_start.tag == NULL ? NULL : tag;
    case YAML_MAPPING_START_EVENT:
        if (event->data.mapping_start.anchor != NULL) return anchor;
        return event->data.mapping_start.tag == NULL ? NULL : tag;
    default: return NULL;
    }
}

static cairn_status next(struct reader *r, yaml_event_t *event)
{
    if (!yaml_parser_parse(&r->parser, event)) return not_yaml(r);
    cairn_status st = CAIRN_OK;
    if (refused(event) != NULL) st = wrong(r, event, refused(event));
    if (event->type == YAML_SCALAR_EVENT &&
        strlen((const char *)event->data.scalar.value) != event->data.scalar.length)
        st = wrong(r, event, "has a NUL byte inside");
    if (st != CAIRN_OK) yaml_event_delete(event);
    return st;
}

static cairn_status read_children(struct reader *r, struct cairn_node *parent, int depth);

/* The node that starts with this event, with its children. */
static cairn_status read_node(struct reader *r, const yaml_event_t *event, int depth,
                              struct cairn_node **out)
{
    bool is_scalar = event->type == YAML_SCALAR_EVENT;
    enum cairn_node_kind kind = is_scalar                                  ? CAIRN_NODE_SCALAR
                                : event->type == YAML_SEQUENCE_START_EVENT ? CAIRN_NODE_LIST
                                                                           : CAIRN_NODE_MAP;
    struct cairn_node *node = NULL;
    if (depth > DEEPEST) return wrong(r, event, "is nested too deeply");
    CAIRN_TRY(cairn_node_create(kind, NULL,
                                is_scalar ? (const char *)event->data.scalar.value : NULL, &node));
    node->source = r->source;
    node->line = r->has_lines ? event->start_mark.line + 1 : 0;
    node->column = r->has_lines ? event->start_mark.column + 1 : 0;
    node->quoted = is_scalar && event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    cairn_status st = is_scalar ? CAIRN_OK : read_children(r, node, depth + 1);
    if (st == CAIRN_OK) *out = node;
    if (st != CAIRN_OK) cairn_node_free(node);
    return st;
}

/* The next element of a list or value of a map; NULL at the end. */
static cairn_status read_item(struct reader *r, int depth, struct cairn_node **out)
{
    yaml_event_t event;
    cairn_status st = CAIRN_OK;
    CAIRN_TRY(next(r, &event));
    *out = NULL;
    if (event.type != YAML_SEQUENCE_END_EVENT) st = read_node(r, &event, depth, out);
    yaml_event_delete(&event);
    return st;
}

static cairn_status check_key(struct reader *r, const struct cairn_node *map,
                              const yaml_event_t *event)
{
    if (event->type != YAML_SCALAR_EVENT) return wrong(r, event, "must be a key, a single word");
    const char *key = (const char *)event->data.scalar.value;
    if (*key == '\0') return wrong(r, event, "is an empty key");
    const struct cairn_node *first = cairn_node_find(map, key);
    if (first == NULL) return CAIRN_OK;
    if (!r->has_lines)
        return cairn_fail(CAIRN_USAGE, "%s: the key '%s' is given twice in '%.*s%s'", r->source,
                          key, SHOWN_BYTES, r->text, more(r));
    return cairn_fail(CAIRN_USAGE, "%s:%zu:%zu: the key '%s' is given twice, first in line %zu",
                      r->source, event->start_mark.line + 1, event->start_mark.column + 1, key,
                      first->line);
}

/* The next key of a map with its value; NULL at the end. */
static cairn_status read_pair(struct reader *r, const struct cairn_node *map, int depth,
                              struct cairn_node **out)
{
    yaml_event_t event;
    struct cairn_node *node = NULL;
    CAIRN_TRY(next(r, &event));
    *out = NULL;
    cairn_status st = CAIRN_OK;
    if (event.type == YAML_MAPPING_END_EVENT) goto done;
    st = check_key(r, map, &event);
    if (st == CAIRN_OK) st = read_item(r, depth, &node);
    if (st == CAIRN_OK) st = cairn_memory_text((const char *)event.data.scalar.value, &node->key);
    if (st != CAIRN_OK) goto done;
    node->line = r->has_lines ? event.start_mark.line + 1 : 0;
    node->column = r->has_lines ? event.start_mark.column + 1 : 0;
    *out = node;
    node = NULL;
done:
    cairn_node_free(node);
    yaml_event_delete(&event);
    return st;
}

static cairn_status read_children(struct reader *r, struct cairn_node *parent, int depth)
{
    struct cairn_node **end = &parent->child;
    for (size_t n = 0;; n++) {
        struct cairn_node *child = NULL;
        if (parent->kind == CAIRN_NODE_MAP && n > MOST_KEYS)
            return cairn_fail(CAIRN_USAGE,
                              "%s: a map of more than %d keys; no run file has so many", r->source,
                              MOST_KEYS);
        CAIRN_TRY(parent->kind == CAIRN_NODE_MAP ? read_pair(r, parent, depth, &child)
                                                 : read_item(r, depth, &child));
        if (child == NULL) return CAIRN_OK;
        *end = child;
        end = &child->next;
    }
}

/* The one document of a stream; an empty stream is an empty map. */
static cairn_status read_document(struct reader *r, struct cairn_node **out)
{
    yaml_event_t event;
    struct cairn_node *node = NULL;
    cairn_status st = CAIRN_OK;
    bool ended = false;
    while (st == CAIRN_OK && !ended) {
        st = next(r, &event);
        if (st != CAIRN_OK) break;
        switch (event.type) {
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT: break;
        case YAML_STREAM_END_EVENT: ended = true; break;
        case YAML_DOCUMENT_START_EVENT:
            if (node != NULL) st = wrong(r, &event, "is a second document");
            break;
        default: st = read_node(r, &event, 0, &node);
        }
        yaml_event_delete(&event);
    }
    if (st == CAIRN_OK && node == NULL) {
        st = cairn_node_create(CAIRN_NODE_MAP, NULL, NULL, &node);
        if (st == CAIRN_OK) node->source = r->source;
    }
    if (st != CAIRN_OK) {
        cairn_node_free(node);
        return st;
    }
    *out = node;
    return CAIRN_OK;
}

static cairn_status read_stream(struct reader *r, struct cairn_node **out)
{
    if (!yaml_parser_initialize(&r->parser))
        return cairn_fail(CAIRN_MEMORY, "%s: no memory for reading YAML", r->source);
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)r->text, r->n);
    cairn_status st = read_document(r, out);
    yaml_parser_delete(&r->parser);
    return st;
}

cairn_status cairn_yaml_read(const char *text, size_t n, const char *source,
                             struct cairn_node **out)
{
    static const char mark[] = "\xef\xbb\xbf"; /* that the text is UTF-8; libyaml would count it as
                                                  a column */
    const size_t n_mark = n >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
    struct reader r = {.text = text + n_mark, .n = n - n_mark, .source = source, .has_lines = true};
    return read_stream(&r, out);
}

cairn_status cairn_yaml_value(const char *text, const char *source, struct cairn_node **out)
{
    struct reader r = {.text = text, .n = strlen(text), .source = source};
    if (*text == '\0') {
        CAIRN_TRY(cairn_node_create(CAIRN_NODE_SCALAR, NULL, "", out));
        (*out)->source = source;
        return CAIRN_OK;
    }
    return read_stream(&r, out);
}
