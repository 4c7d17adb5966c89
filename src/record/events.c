/* SPDX-License-Identifier: BSD-3-Clause
 * TensorBoard's files: records (length, its checksum, bytes, their checksum) of the few fields of
 * its message Event that scalars take: 1 wall_time, 2 step, 3 file_version, 5 summary {1 value {1
 * tag, 2 simple_value}}, 7 session_log {1 status}, written as protobuf writes them. */
#include "record/events.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

enum { EVENT_BYTES = 4096, HEADER_BYTES = 12, CHECKSUM_BYTES = 4, TAG_BYTES = 96 };

static const char prefix[] = "events.out.tfevents."; /* TensorBoard looks for "tfevents" */
static const char suffix[] = ".cairn";

/* ---- bytes */

/* A message while it is written. */
struct bytes {
    unsigned char text[EVENT_BYTES];
    size_t n;
};

static void put_bytes(struct bytes *out, const void *bytes, size_t n)
{
    if (out->n + n > sizeof out->text) return;
    memcpy(out->text + out->n, bytes, n);
    out->n += n;
}

static void put_little_endian(struct bytes *out, uint64_t value, int n_bytes)
{
    for (int i = 0; i < n_bytes; i++) put_bytes(out, &(unsigned char){(value >> 8 * i) & 0xff}, 1);
}

static void put_varint(struct bytes *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) put_bytes(out, &(unsigned char){(value & 0x7f) | 0x80}, 1);
    put_bytes(out, &(unsigned char){value & 0x7f}, 1);
}

enum wire { VARINT = 0, EIGHT_BYTES = 1, LENGTH = 2, FOUR_BYTES = 5 };

static void put_key(struct bytes *out, unsigned field, enum wire wire)
{
    put_varint(out, field << 3 | (unsigned)wire);
}

static void put_message(struct bytes *out, unsigned field, const void *bytes, size_t n)
{
    put_key(out, field, LENGTH);
    put_varint(out, n);
    put_bytes(out, bytes, n);
}

/* CRC-32C, reflected, as TFRecord wants it: turned, and a constant added. */
static uint32_t masked_crc(const unsigned char *bytes, size_t n)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0x82f63b78 & -(crc & 1));
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8;
}

/* ---- events */

static void begin_event(struct bytes *event, uint64_t step)
{
    const double now = cairn_clock_unix_s();
    uint64_t bits = 0;
    event->n = 0;
    memcpy(&bits, &now, sizeof bits);
    put_key(event, 1, EIGHT_BYTES);
    put_little_endian(event, bits, 8);
    put_key(event, 2, VARINT);
    put_varint(event, step);
}

static void put_value(struct bytes *summary, const char *tag, double number)
{
    struct bytes value = {.n = 0};
    const float single = (float)number;
    uint32_t bits = 0;
    if (isnan(number)) return;
    memcpy(&bits, &single, sizeof bits);
    put_message(&value, 1, tag, strlen(tag));
    put_key(&value, 2, FOUR_BYTES);
    put_little_endian(&value, bits, 4);
    put_message(summary, 1, value.text, value.n);
}

static cairn_status add_record(struct cairn_events *events, const struct bytes *event)
{
    struct bytes record = {.n = 0};
    put_little_endian(&record, event->n, 8);
    put_little_endian(&record, masked_crc(record.text, 8), 4);
    CAIRN_TRY(cairn_rows_put(&events->rows, record.text, record.n));
    CAIRN_TRY(cairn_rows_put(&events->rows, event->text, event->n));
    record.n = 0;
    put_little_endian(&record, masked_crc(event->text, event->n), 4);
    return cairn_rows_put(&events->rows, record.text, record.n);
}

/* The file of this start, once there is something for it.  A run that goes on says so, and
 * TensorBoard drops what it has seen of later updates. */
static cairn_status open_file(struct cairn_events *events)
{
    static const char version[] = "brain.Event:2";
    struct bytes event;
    char name[CAIRN_PATH_BYTES];
    if (events->rows.fd >= 0) return CAIRN_OK;
    snprintf(name, sizeof name, "%s%010.0f.%010" PRIu64 "%s", prefix, floor(cairn_clock_unix_s()),
             events->update, suffix); /* in the order of starts */
    CAIRN_TRY(cairn_path_join(events->folder, name, events->rows.path));
    CAIRN_TRY(cairn_rows_begin(&events->rows));
    begin_event(&event, 0);
    put_message(&event, 3, version, strlen(version));
    CAIRN_TRY(add_record(events, &event));
    if (events->update == 0) return CAIRN_OK;
    begin_event(&event, events->update + 1);
    put_message(&event, 7, (const unsigned char[]){1 << 3 | VARINT, 1}, 2); /* status START */
    return add_record(events, &event);
}

static cairn_status add_summary(struct cairn_events *events, uint64_t update,
                                const struct bytes *summary)
{
    struct bytes event;
    CAIRN_TRY(open_file(events));
    begin_event(&event, update);
    put_message(&event, 5, summary->text, summary->n);
    return add_record(events, &event);
}

cairn_status cairn_events_metrics(struct cairn_events *events, const struct cairn_metrics *line)
{
    struct bytes summary = {.n = 0};
    if (events->rows.kept == NULL) return CAIRN_OK;
    put_value(&summary, "train/loss", line->loss);
    put_value(&summary, "train/lr", line->lr);
    put_value(&summary, "train/grad_norm", line->grad_norm);
    put_value(&summary, "train/noise_scale", line->noise_scale);
    put_value(&summary, "train/batch_samples", (double)line->batch_samples);
    put_value(&summary, "train/epoch", (double)line->epoch);
    put_value(&summary, "time/samples_per_s", line->samples_per_s);
    put_value(&summary, "time/data_s", line->data_s);
    put_value(&summary, "time/compute_s", line->compute_s);
    put_value(&summary, "time/reduce_s", line->reduce_s);
    put_value(&summary, "time/update_s", line->update_s);
    put_value(&summary, "time/overlap_s", line->overlap_s);
    return add_summary(events, line->update, &summary);
}

cairn_status cairn_events_eval(struct cairn_events *events, const struct cairn_eval_metrics *line,
                               const char *const *metric)
{
    struct bytes summary = {.n = 0};
    char tag[TAG_BYTES];
    if (events->rows.kept == NULL) return CAIRN_OK;
    snprintf(tag, sizeof tag, "eval/%s/loss", line->split);
    put_value(&summary, tag, line->loss);
    snprintf(tag, sizeof tag, "eval/%s/accuracy", line->split);
    put_value(&summary, tag, line->accuracy);
    for (size_t i = 0; i < CAIRN_MOST_METRICS; i++) {
        if (metric[i] == NULL) continue;
        snprintf(tag, sizeof tag, "eval/%s/%s", line->split, metric[i]);
        put_value(&summary, tag, line->more[i]);
    }
    return add_summary(events, line->update, &summary);
}

/* ---- what earlier starts left */

static bool is_file(const char *name)
{
    const size_t n = strlen(name);
    return n > strlen(prefix) + strlen(suffix) && strncmp(name, prefix, strlen(prefix)) == 0 &&
           strcmp(name + n - strlen(suffix), suffix) == 0;
}

const struct cairn_own cairn_events_own = {.file = is_file};

/* Bytes of the next record, where it is whole and of an update up to `update`; else 0. */
static size_t next_record(FILE *file, uint64_t update)
{
    unsigned char text[HEADER_BYTES + EVENT_BYTES + CHECKSUM_BYTES];
    uint64_t n = 0, step = 0;
    if (fread(text, 1, HEADER_BYTES, file) != HEADER_BYTES) return 0;
    for (int i = 7; i >= 0; i--) n = n << 8 | text[i];
    if (n > EVENT_BYTES || n < 11) return 0; /* wall_time, and a step of at least one byte */
    const size_t rest = (size_t)n + CHECKSUM_BYTES;
    if (fread(text, 1, rest, file) != rest) return 0;
    for (size_t i = 10, shift = 0; i < n && shift < 64; i++, shift += 7) {
        step |= (uint64_t)(text[i] & 0x7f) << shift;
        if (text[i] < 0x80) break;
    }
    return step <= update ? HEADER_BYTES + rest : 0;
}

static cairn_status cut(const char *path, uint64_t update)
{
    FILE *file = NULL;
    struct stat about;
    CAIRN_TRY(cairn_file_stream(path, &file));
    if (file == NULL) return CAIRN_OK;
    off_t n_stay = 0;
    for (size_t n = 0; (n = next_record(file, update)) > 0;) n_stay += (off_t)n;
    const bool whole = fstat(fileno(file), &about) == 0 && about.st_size == n_stay;
    fclose(file);
    if (whole || truncate(path, n_stay) == 0) return CAIRN_OK;
    return cairn_file_refused(path, "cannot be cut");
}

static cairn_status cut_all(const char *folder, uint64_t update)
{
    DIR *stream = opendir(folder);
    char path[CAIRN_PATH_BYTES];
    cairn_status st = CAIRN_OK;
    if (stream == NULL) return cairn_file_refused(folder, "cannot be read");
    for (struct dirent *entry; st == CAIRN_OK && (entry = readdir(stream)) != NULL;) {
        if (!is_file(entry->d_name)) continue;
        st = cairn_path_join(folder, entry->d_name, path);
        if (st == CAIRN_OK) st = cut(path, update);
    }
    closedir(stream);
    return st;
}

cairn_status cairn_events_create(struct cairn_events *events, const char *run)
{
    CAIRN_TRY(cairn_path_join(run, CAIRN_EVENTS_FOLDER, events->folder));
    return cairn_rows_create(&events->rows, events->folder, "events");
}

cairn_status cairn_events_start(struct cairn_events *events, uint64_t update)
{
    if (events->rows.kept == NULL) return CAIRN_OK;
    events->update = update;
    CAIRN_TRY(cairn_folder_make(events->folder));
    return update == 0 ? cairn_folder_remove(events->folder, is_file)
                       : cut_all(events->folder, update);
}
