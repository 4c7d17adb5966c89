/* SPDX-License-Identifier: BSD-3-Clause
 * How the numbers of a stranger's array are stored, checked before they are read. */
#include "h5/internal.h"

enum { PIECE_BYTES = 1 << 22 };

/* What a stranger's array may be packed with.  No others: they are rare, and HDF5 trusts their
 * parameters, or would load code for them. */
static bool known_filters(hid_t create)
{
    static const H5Z_filter_t known[] = {H5Z_FILTER_DEFLATE, H5Z_FILTER_SHUFFLE,
                                         H5Z_FILTER_FLETCHER32, H5Z_FILTER_SZIP};
    int n = H5Pget_nfilters(create);
    for (int i = 0; i < n; i++) {
        unsigned flags = 0;
        size_t n_values = 0;
        H5Z_filter_t found =
            H5Pget_filter2(create, (unsigned)i, &flags, &n_values, NULL, 0, NULL, NULL);
        size_t k = 0;
        while (k < sizeof known / sizeof known[0] && known[k] != found) k++;
        if (k == sizeof known / sizeof known[0]) return false;
    }
    return n >= 0;
}

bool cairn_h5_well_stored(hid_t create, const char **why)
{
    *why = "its layout is damaged; make or fetch it again";
    if (create < 0) return false;
    H5D_layout_t layout = H5Pget_layout(create);
    if (layout == H5D_VIRTUAL) return true; /* its parts: virtual.c */
    if (H5Pget_external_count(create) != 0)
        *why = "keeps its numbers in another file; store them in this file itself";
    else if (!known_filters(create))
        *why = "is packed by a filter other than deflate, shuffle, szip and Fletcher-32; repack "
               "it: h5repack -f GZIP=4";
    else
        return layout == H5D_COMPACT || layout == H5D_CONTIGUOUS || layout == H5D_CHUNKED;
    return false;
}

bool cairn_h5_is_packed(hid_t create)
{
    int n = create < 0 ? 0 : H5Pget_nfilters(create);
    bool packed = false;
    for (int i = 0; i < n; i++) {
        size_t n_values = 0;
        unsigned flags = 0;
        H5Z_filter_t found =
            H5Pget_filter2(create, (unsigned)i, &flags, &n_values, NULL, 0, NULL, NULL);
        packed = packed || found == H5Z_FILTER_DEFLATE || found == H5Z_FILTER_SZIP;
    }
    return packed;
}

bool cairn_h5_sane_chunks(hid_t create, const struct cairn_shape *shape, uint64_t most)
{
    hsize_t chunk[H5S_MAX_RANK];
    bool chunked = create >= 0 && H5Pget_layout(create) == H5D_CHUNKED;
    int n = chunked ? H5Pget_chunk(create, H5S_MAX_RANK, chunk) : shape->ndim;
    uint64_t left = most;
    bool sane = create >= 0 && n == shape->ndim;
    for (int d = 0; chunked && sane && d < n; d++) {
        sane = chunk[d] > 0;
        uint64_t pieces = sane && shape->dim[d] > 0 ? (shape->dim[d] - 1) / chunk[d] + 1 : 1;
        left /= pieces;
    }
    return sane && (!chunked || left > 0);
}

/* Chunks are counted: HDF5's own word of them goes by bytes, and calls packed ones unwritten. */
bool cairn_h5_is_unwritten(const struct cairn_h5_array *array)
{
    hsize_t dim[H5S_MAX_RANK];
    hsize_t chunk[H5S_MAX_RANK];
    hsize_t wanted = 1;
    hsize_t found = 0;
    const H5D_layout_t layout = H5Pget_layout(array->create);
    const int n = H5Sget_simple_extent_dims(array->space, dim, NULL);
    bool known = layout == H5D_CHUNKED && H5Pget_chunk(array->create, H5S_MAX_RANK, chunk) == n;
    if (layout == H5D_CONTIGUOUS) {
        H5D_space_status_t status = H5D_SPACE_STATUS_ALLOCATED;
        return H5Dget_space_status(array->id, &status) >= 0 &&
               status == H5D_SPACE_STATUS_NOT_ALLOCATED &&
               H5Sget_simple_extent_npoints(array->space) > 0;
    }
#if H5_VERSION_GE(1, 10, 5)
    known = known && H5Dget_num_chunks(array->id, H5S_ALL, &found) >= 0;
#else
    known = false;
#endif
    for (int d = 0; known && d < n; d++) wanted *= (dim[d] + chunk[d] - 1) / chunk[d];
    return known && found < wanted;
}

struct cairn_shape cairn_h5_shape_stored(const struct cairn_shape *shape)
{
    struct cairn_shape one = {.ndim = 1, .dim = {1}};
    return shape->ndim == 0 ? one : *shape;
}

size_t cairn_h5_rows_at_once(hid_t create, size_t row_bytes)
{
    hsize_t chunk[CAIRN_MAX_DIMS] = {1};
    H5Pget_chunk(create, CAIRN_MAX_DIMS, chunk);
    size_t rows = (size_t)chunk[0];
    size_t n_chunks = row_bytes == 0 ? 1 : PIECE_BYTES / row_bytes / rows;
    return n_chunks == 0 ? rows : n_chunks * rows;
}
