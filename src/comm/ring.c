/* SPDX-License-Identifier: BSD-3-Clause
 * The ring.  A range is cut into blocks of one segment for each rank.  A block takes 2 (R - 1)
 * steps: in each, a segment goes to the next rank while another one comes from the previous rank;
 * in the first half what comes is added to the own part, in the second it is the sum.  Block b
 * works in lane b modulo N_LANES, on every rank, and messages of a lane keep their order: so none
 * is taken for another. */
#include "comm/ring.h"

#include <math.h>
#include <mpi.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "comm/world.h"

enum {
    N_LANES = 8,
    SEGMENT_BYTES = 48 << 10, /* below 64 KiB, from which on Open MPI asks the receiver first */
    ROOM = 64,                /* after a message, for words that end beyond it */
    TAG = 4200,
};

struct range {
    size_t first, n;
};

struct lane {
    struct range block; /* n 0: at rest */
    int step;
    unsigned char *goes, *came; /* [SEGMENT_BYTES + ROOM] messages with parts of sums; owned */
};

struct cairn_ring {
    cairn_comm *comm; /* borrowed */
    struct cairn_ring_load load;
    size_t n_segment;      /* elements */
    struct range *waiting; /* [n_most]: ranges of which blocks are still to be cut; owned */
    size_t n_most, n_waiting, first_waiting;
    size_t n_blocks; /* cut since the last finish */
    struct lane lane[N_LANES];
    MPI_Request request[2 * N_LANES]; /* of each lane what is sent, and what comes */
};

static cairn_status get_lane(struct lane *lane)
{
    const size_t n_bytes = SEGMENT_BYTES + ROOM;
    CAIRN_TRY(cairn_memory_get(n_bytes, 1, "sums under way", &lane->goes));
    return cairn_memory_get(n_bytes, 1, "sums under way", &lane->came);
}

cairn_status cairn_ring_create(cairn_comm *comm, const struct cairn_ring_load *load, size_t n,
                               struct cairn_ring **out)
{
    struct cairn_ring *ring = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *ring, "sums under way", &ring));
    const size_t most = load->part_bytes > load->sum_bytes ? load->part_bytes : load->sum_bytes;
    ring->comm = comm;
    ring->load = *load;
    ring->n_segment = SEGMENT_BYTES / most;
    ring->n_most = n;
    for (int i = 0; i < 2 * N_LANES; i++) ring->request[i] = MPI_REQUEST_NULL;
    cairn_status st = cairn_memory_get(n, sizeof *ring->waiting, "sums under way", &ring->waiting);
    for (int i = 0; i < N_LANES && st == CAIRN_OK; i++) st = get_lane(&ring->lane[i]);
    if (st == CAIRN_OK)
        *out = ring;
    else
        cairn_ring_free(ring);
    return st;
}

void cairn_ring_free(struct cairn_ring *ring)
{
    if (ring == NULL) return;
    for (int i = 0; i < N_LANES; i++) {
        free(ring->lane[i].goes);
        free(ring->lane[i].came);
    }
    free(ring->waiting);
    free(ring);
}

/* Segment k of a block: as equal as can be, some of them empty where there are few elements. */
static struct range segment(const struct cairn_ring *ring, const struct range *block, int k)
{
    const size_t size = (size_t)ring->comm->size;
    const size_t at = (size_t)((k % (int)size + (int)size) % (int)size);
    const size_t first = block->n * at / size;
    return (struct range){block->first + first, block->n * (at + 1) / size - first};
}

/* Whether in this step segments are still being added up; then they come beside their place. */
static bool adds(const struct cairn_ring *ring, int step)
{
    return step < ring->comm->size - 1;
}

static struct range coming(const struct cairn_ring *ring, const struct lane *lane)
{
    return segment(ring, &lane->block, ring->comm->ring.position - lane->step - 1);
}

static void receive(struct cairn_ring *ring, int i, void *to, size_t n_bytes)
{
    if (ring->comm->lost) return;
    cairn_comm_check(ring->comm,
                     MPI_Irecv(to, (int)n_bytes, MPI_BYTE, ring->comm->ring.previous, TAG + i,
                               ring->comm->mpi, &ring->request[2 * i + 1]),
                     "MPI_Irecv of the gradient");
}

static void send(struct cairn_ring *ring, int i, const void *what, size_t n_bytes)
{
    if (ring->comm->lost) return;
    cairn_comm_check(ring->comm,
                     MPI_Isend(what, (int)n_bytes, MPI_BYTE, ring->comm->ring.next, TAG + i,
                               ring->comm->mpi, &ring->request[2 * i]),
                     "MPI_Isend of the gradient");
}

/* Send and receive what this step of the lane wants. */
static void step(struct cairn_ring *ring, int i)
{
    const struct cairn_ring_load *load = &ring->load;
    const struct lane *lane = &ring->lane[i];
    const struct range out = segment(ring, &lane->block, ring->comm->ring.position - lane->step);
    const struct range in = coming(ring, lane);
    if (adds(ring, lane->step)) {
        size_t n_bytes = 0;
        receive(ring, i, lane->came, SEGMENT_BYTES);
        const void *what = load->send(load->context, out.first, out.n, lane->goes, &n_bytes);
        send(ring, i, what, n_bytes);
    } else {
        receive(ring, i, load->sums(load->context, in.first), in.n * load->sum_bytes);
        send(ring, i, load->sums(load->context, out.first), out.n * load->sum_bytes);
    }
}

/* What came is added; with the last of it a sum is complete. */
static void add(const struct cairn_ring *ring, const struct lane *lane)
{
    const struct cairn_ring_load *load = &ring->load;
    const struct range in = coming(ring, lane);
    load->add(load->context, in.first, in.n, lane->came);
    if (load->complete != NULL && !adds(ring, lane->step + 1))
        load->complete(load->context, in.first, in.n);
}

/* The lane at rest whose turn it is takes the next block, if there is one. */
static bool take_block(struct cairn_ring *ring)
{
    const int i = (int)(ring->n_blocks % N_LANES);
    struct lane *lane = &ring->lane[i];
    struct range *from = &ring->waiting[ring->first_waiting];
    if (ring->first_waiting == ring->n_waiting || lane->block.n > 0) return false;
    const size_t most = ring->n_segment * (size_t)ring->comm->size;
    lane->block = (struct range){from->first, from->n < most ? from->n : most};
    lane->step = 0;
    from->first += lane->block.n;
    from->n -= lane->block.n;
    if (from->n == 0) ring->first_waiting++;
    ring->n_blocks++;
    step(ring, i);
    return true;
}

/* A message of lane i has gone or come. */
static void advance(struct cairn_ring *ring, int i)
{
    struct lane *lane = &ring->lane[i];
    const MPI_Request *request = &ring->request[2 * i];
    if (request[0] != MPI_REQUEST_NULL || request[1] != MPI_REQUEST_NULL) return;
    if (adds(ring, lane->step)) add(ring, lane);
    lane->step++;
    if (lane->step < 2 * (ring->comm->size - 1)) {
        step(ring, i);
        return;
    }
    lane->block.n = 0;
    while (take_block(ring)) {
    }
}

void cairn_ring_start(struct cairn_ring *ring, size_t first, size_t n)
{
    const struct cairn_ring_load *load = &ring->load;
    if (n == 0 || ring->comm->lost) return;
    if (ring->comm->size == 1) {
        if (load->complete != NULL) load->complete(load->context, first, n);
        return;
    }
    ring->waiting[ring->n_waiting++] = (struct range){first, n};
    while (take_block(ring)) {
    }
}

/* Take all that has gone or come; whether there was something. */
static bool move(struct cairn_ring *ring)
{
    bool moved = false;
    int i = 0, some = 1;
    while (some && !ring->comm->lost) {
        cairn_comm_check(ring->comm,
                         MPI_Testany(2 * N_LANES, ring->request, &i, &some, MPI_STATUS_IGNORE),
                         "MPI_Testany");
        if (ring->comm->lost || !some || i == MPI_UNDEFINED) break;
        advance(ring, i / 2);
        moved = true;
    }
    return moved;
}

void cairn_ring_poll(struct cairn_ring *ring)
{
    if (ring != NULL) (void)move(ring);
}

bool cairn_ring_is_done(const struct cairn_ring *ring)
{
    for (int i = 0; i < N_LANES && ring != NULL; i++)
        if (ring->lane[i].block.n > 0) return ring->comm->lost;
    return true;
}

void cairn_ring_give_way(double waited_s)
{
    const double nap_s = fmin(waited_s / 4, 1e-3);
    if (waited_s < 1e-4) return;
    nanosleep(&(struct timespec){.tv_nsec = (long)(nap_s * 1e9)}, NULL);
}

void cairn_ring_finish(struct cairn_ring *ring)
{
    double begin_s = cairn_clock_s();
    if (ring == NULL) return;
    while (!cairn_ring_is_done(ring)) {
        if (move(ring))
            begin_s = cairn_clock_s();
        else
            cairn_ring_give_way(cairn_clock_s() - begin_s);
    }
    ring->n_waiting = ring->first_waiting = ring->n_blocks = 0;
}
