#include "kernel/winograd.h"

#include "base/checked.h"
#include "kernel/elementwise.h"
#include "kernel/kernels.h"
#include "kernel/span.h"
#include "kernel/winograd_job.h"
#include "visml/base.h"

#define CHUNK 4 /* tiles of one task where a block is shared by threads */

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t round_up(int64_t n, int64_t to) {
    return (n + to - 1) / to * to;
}

static int64_t blocks_of(const visml_winograd *j) {
    return visml_blocks(j->tiles, j->block);
}

static real *out_planes(const visml_winograd *j, real *in) {
    return in + j->places * j->block * j->ld_in;
}

/* A block by one thread. */
static void block_task(void *arg, size_t b, size_t worker) {
    const visml_winograd *j = arg;
    const visml_kernels *k = j->compute->kernels;
    int64_t first = (int64_t)b * j->block, count = least(j->block, j->tiles - first);
    real *in = j->planes + worker * j->set, *out = out_planes(j, in);
    k->winograd_input(&j->in, j->x, first, count, in, j->block * j->ld_in, j->ld_in);
    for (int64_t place = 0; place < j->places; place++)
        visml_winograd_multiply(j, place, count, in, out);
    k->winograd_output(&j->out, out, j->block * j->ld_out, j->ld_out, first, count, &j->finish);
}

/* ---- a block by all threads: tiles, places, tiles ---- */

static void input_task(void *arg, size_t task, size_t worker) {
    const visml_winograd *j = arg;
    int64_t i = (int64_t)task * CHUNK;
    (void)worker;
    j->compute->kernels->winograd_input(&j->in, j->x, j->first + i, least(CHUNK, j->count - i), j->planes + i * j->ld_in,
                                        j->block * j->ld_in, j->ld_in);
}

static void place_task(void *arg, size_t place, size_t worker) {
    const visml_winograd *j = arg;
    (void)worker;
    visml_winograd_multiply(j, (int64_t)place, j->count, j->planes, out_planes(j, j->planes));
}

static void output_task(void *arg, size_t task, size_t worker) {
    const visml_winograd *j = arg;
    int64_t i = (int64_t)task * CHUNK;
    (void)worker;
    j->compute->kernels->winograd_output(&j->out, out_planes(j, j->planes) + i * j->ld_out, j->block * j->ld_out, j->ld_out, j->first + i,
                                         least(CHUNK, j->count - i), &j->finish);
}

static void run_shared(visml_winograd *j) {
    const visml_parallel *p = j->compute->parallel;
    for (j->first = 0; j->first < j->tiles; j->first += j->block) {
        j->count = least(j->block, j->tiles - j->first);
        visml_parallel_run(p, (size_t)visml_blocks(j->count, CHUNK), input_task, j);
        visml_parallel_run(p, (size_t)j->places, place_task, j);
        visml_parallel_run(p, (size_t)visml_blocks(j->count, CHUNK), output_task, j);
    }
}

static void run(visml_winograd *j) {
    size_t workers = j->compute->parallel->workers;
    if (workers == 1 || (size_t)blocks_of(j) >= 2 * workers)
        visml_parallel_run(j->compute->parallel, (size_t)blocks_of(j), block_task, j);
    else
        run_shared(j);
}

/* ---- weights ---- */

/* u as multiply_place reads it: [places][blocks of VISML_KC][panels][kc][nr]. */
typedef struct transform {
    const visml_winograd *j;
    visml_winograd_weights s;
    const real *w;
    real *u;
} transform;

static void transform_task(void *arg, size_t task, size_t worker) {
    const transform *t = arg;
    int64_t nr = t->s.ldu, panels = visml_blocks(t->j->out.c, nr), block = (int64_t)task / panels, panel = (int64_t)task % panels;
    visml_winograd_weights s = t->s;
    (void)worker;
    s.rows = visml_block_length(block, VISML_KC, t->j->in.c);
    s.cols = least(nr, t->j->out.c - panel * nr);
    real *u = t->u + (block * VISML_KC * panels + panel * s.rows) * nr;
    if (s.cols < nr) /* nothing undefined may be computed with */
        t->j->compute->kernels->copy_rows(t->j->places, s.rows * nr, NULL, 0, u, s.plane);
    t->j->compute->kernels->winograd_weights(&s, t->w + block * VISML_KC * s.ld + panel * nr, u);
}

/* w [3, 3, c, f], or with tap < 0 from the last tap on. */
static void transform_weights(visml_winograd *j, const real *w, int64_t tap, real *u) {
    int64_t nr = j->compute->kernels->gemm_blocking().nr;
    transform t = {.j = j, .w = tap < 0 ? w - 8 * tap : w, .u = u};
    t.s = (visml_winograd_weights){.tap = tap, .ld = j->out.c, .plane = j->plane_u, .ldu = nr, .m = j->m};
    visml_parallel_run(j->compute->parallel, (size_t)(visml_blocks(j->in.c, VISML_KC) * visml_blocks(j->out.c, nr)), transform_task, &t);
}

/* Some lines more than needed: places a power of two apart would share a set of the caches. */
static int64_t plane_of(const visml_winograd *j) {
    return round_up(j->out.c, j->compute->kernels->gemm_blocking().nr) * j->in.c + 48;
}

static size_t elements_of(int64_t a, int64_t b) {
    size_t n;
    return visml_size_mul((size_t)a, (size_t)b, &n) ? n : SIZE_MAX;
}

/* Bytes, rounded up so that what follows is aligned too. SIZE_MAX: no allocation of this size succeeds. */
static size_t bytes_of(size_t elements) {
    size_t bytes;
    return visml_size_mul(elements, sizeof(real), &bytes) && visml_size_align(bytes, 64, &bytes) ? bytes : SIZE_MAX;
}

static size_t bytes_sum(size_t a, size_t b) {
    size_t sum;
    return visml_size_add(a, b, &sum) ? sum : SIZE_MAX;
}

size_t visml_winograd_packed_elements(const visml_compute *c, const visml_conv2d_geometry *g, int32_t m) {
    visml_winograd j = visml_winograd_of(c, m, g);
    return elements_of(plane_of(&j), j.places);
}

void visml_winograd_pack(const visml_compute *c, const visml_conv2d_geometry *g, int32_t m, const real *w, real *packed) {
    visml_winograd j = visml_winograd_of(c, m, g);
    j.plane_u = plane_of(&j);
    transform_weights(&j, w, g->c * g->f, packed);
}

/* ---- forward ---- */

static size_t sets_bytes(const visml_winograd *j) {
    return bytes_of(elements_of((int64_t)j->set, (int64_t)j->compute->parallel->workers));
}

size_t visml_winograd_forward_scratch(const visml_compute *c, const visml_conv2d_geometry *g, int32_t m) {
    visml_winograd j = visml_winograd_of(c, m, g);
    return bytes_sum(bytes_of(visml_winograd_packed_elements(c, g, m)), sets_bytes(&j));
}

void visml_winograd_forward(const visml_compute *c, const visml_conv2d_geometry *g, int32_t m, const real *x, const real *w,
                            const real *packed, real *y, const visml_epilogue *epilogue, void *scratch) {
    visml_winograd j = visml_winograd_of(c, m, g);
    j.plane_u = plane_of(&j);
    j.planes = scratch;
    j.u = packed;
    if (!packed) {
        real *u = (real *)(void *)((char *)scratch + sets_bytes(&j));
        transform_weights(&j, w, g->c * g->f, u);
        j.u = u;
    }
    j.x = x;
    j.finish.c = y;
    if (epilogue) {
        j.finish.gain = epilogue->gain;
        j.finish.bias = epilogue->bias;
        j.finish.residual = epilogue->residual;
        j.finish.activation = epilogue->activation;
        j.finish.alpha = epilogue->alpha;
        j.finish.scale = epilogue->scale;
        j.finish.shift = epilogue->shift;
    }
    run(&j);
}

/* ---- backward, data: a convolution of dy with turned weights ---- */

static visml_conv2d_geometry turned(const visml_conv2d_geometry *g) {
    visml_conv2d_geometry t = *g;
    t.h = g->oh;
    t.w = g->ow;
    t.c = g->f;
    t.oh = g->h;
    t.ow = g->w;
    t.f = g->c;
    t.top = 2 - g->top;
    t.left = 2 - g->left;
    return t;
}

typedef struct turn {
    const visml_compute *compute;
    const visml_conv2d_geometry *g;
    const real *w;
    real *to;
} turn;

/* [c, f] of one tap to [f, c]. */
static void turn_task(void *arg, size_t tap, size_t worker) {
    const turn *t = arg;
    int64_t c = t->g->c, f = t->g->f, at = (int64_t)tap * c * f;
    (void)worker;
    t->compute->kernels->transpose(c, f, t->w + at, f, t->to + at, c);
}

size_t visml_winograd_backward_data_scratch(const visml_compute *c, const visml_conv2d_geometry *g, int32_t m) {
    visml_conv2d_geometry t = turned(g);
    visml_winograd j = visml_winograd_of(c, m, &t);
    size_t few = visml_winograd_panels_scratch(&j);
    size_t many = bytes_sum(visml_winograd_forward_scratch(c, &t, m), bytes_of(elements_of(9 * g->c, g->f)));
    return few > many ? few : many;
}

static void data_of_many(visml_winograd *j, const visml_conv2d_geometry *g, const real *w, void *scratch) {
    char *end = (char *)scratch + sets_bytes(j);
    real *weights = (real *)(void *)end, *u = (real *)(void *)(end + bytes_of(elements_of(9 * g->c, g->f)));
    turn turning = {j->compute, g, w, weights};
    visml_parallel_run(j->compute->parallel, 9, turn_task, &turning);
    j->plane_u = plane_of(j);
    transform_weights(j, weights, -g->c * g->f, u);
    j->planes = scratch;
    j->u = u;
    run(j);
}

void visml_winograd_backward_data(const visml_compute *c, const visml_conv2d_geometry *g, int32_t m, const real *dy, const real *w,
                                  real *dx, void *scratch) {
    visml_conv2d_geometry t = turned(g);
    visml_winograd j = visml_winograd_of(c, m, &t);
    j.x = dy;
    j.finish.c = dx;
    if (visml_winograd_panels_apply(&j))
        visml_winograd_panels(&j, w, scratch);
    else
        data_of_many(&j, g, w, scratch);
}

/* ---- backward, weights: G' (sum over tiles of in' out) G, `out` being the transformed dy ----
 *
 * The blocks are cut into parts by the shape alone; the parts' sums are added by a fixed tree. */

#define PARTS 8
#define FEW_ROWS 28 /* tiles */
#define GROUPS_EACH 3 /* groups of rows of the weights, for a worker */
#define LARGE_ROWS 132 /* tiles; keeps planes from being a power of two apart */
#define PARTS_ELEMENTS ((int64_t)2 << 20) /* of all parts' sums together, where there are more than one */

static int64_t sums_of(const visml_winograd *j) {
    return j->places * j->in.c * j->out.c;
}

/* Sums that no cache holds are read and written for each block: it is a large one then, on which all threads work. */
static void enlarge(visml_winograd *j) {
    if (sums_of(j) <= PARTS_ELEMENTS / 2 || j->tiles <= FEW_ROWS)
        return;
    j->block = LARGE_ROWS;
    j->set = (size_t)(j->places * j->block * (j->ld_in + j->ld_out));
}

static int64_t most_parts(const visml_winograd *j) {
    int64_t n = least(least(PARTS, blocks_of(j) / 4), PARTS_ELEMENTS / (sums_of(j) + 1));
    return n < 1 ? 1 : n;
}

static void cut(visml_winograd *j) {
    int64_t blocks = blocks_of(j), n = most_parts(j);
    j->part = visml_blocks(blocks, n);
    j->parts = visml_blocks(blocks, j->part);
}

/* Rows row ... end of sums[c, f] of one place (+)= in' out over `count` tiles. */
static void collect_rows(const visml_winograd *j, int64_t place, int64_t row, int64_t end_row, int64_t count, const real *in,
                         const real *out, real *sums, int add) {
    const visml_kernels *k = j->compute->kernels;
    visml_blocking b = k->gemm_blocking();
    int64_t rows = end_row - row, f = j->out.c, pieces = visml_blocks(rows, b.mr);
    int64_t offset[VISML_MAX_MR];
    in += place * j->block * j->ld_in + row;
    out += place * j->block * j->ld_out;
    sums += (place * j->in.c + row) * f;
    for (int64_t i = 0; i < VISML_MAX_MR; i++)
        offset[i] = i * f;
    for (int64_t col = 0; col < f; col += b.nr) {
        visml_factors x = {.b = out + col, .lda = j->ld_in, .ldb = j->ld_out, .k = count, .segments = 1};
        visml_finish end = {.offset = offset, .add = add, .cols = (int32_t)least(b.nr, f - col)};
        for (int64_t i = 0, done = 0; i < pieces; i++, done += end.rows) {
            end.rows = (int32_t)((rows - done) / (pieces - i));
            end.c = sums + done * f + col;
            x.a = in + done;
            k->gemm_cols(&x, &end);
        }
    }
}

static void collect_place(const visml_winograd *j, int64_t place, int64_t count, const real *in, const real *out, real *sums, int add) {
    collect_rows(j, place, 0, j->in.c, count, in, out, sums, add);
}

static void part_task(void *arg, size_t part, size_t worker) {
    const visml_winograd *j = arg;
    const visml_kernels *k = j->compute->kernels;
    real *in = j->planes + worker * j->set, *out = out_planes(j, in), *sums = j->sums + (int64_t)part * sums_of(j);
    int64_t start = (int64_t)part * j->part * j->block, end = least(start + j->part * j->block, j->tiles);
    for (int64_t first = start; first < end; first += j->block) {
        int64_t count = least(j->block, end - first);
        k->winograd_input(&j->in, j->x, first, count, in, j->block * j->ld_in, j->ld_in);
        k->winograd_gradient(&j->out, j->y, first, count, out, j->block * j->ld_out, j->ld_out);
        for (int64_t place = 0; place < j->places; place++)
            collect_place(j, place, count, in, out, sums, first > start);
    }
}

/* The same, a part by all threads. */
static void gradient_task(void *arg, size_t task, size_t worker) {
    const visml_winograd *j = arg;
    int64_t i = (int64_t)task * CHUNK;
    input_task(arg, task, worker);
    j->compute->kernels->winograd_gradient(&j->out, j->y, j->first + i, least(CHUNK, j->count - i),
                                           out_planes(j, j->planes) + i * j->ld_out, j->block * j->ld_out, j->ld_out);
}

static void collect_task(void *arg, size_t place, size_t worker) {
    const visml_winograd *j = arg;
    int64_t block = j->first / j->block;
    (void)worker;
    collect_place(j, (int64_t)place, j->count, j->planes, out_planes(j, j->planes), j->sums + block / j->part * sums_of(j),
                  block % j->part > 0);
}

static void collect_shared(visml_winograd *j) {
    const visml_parallel *p = j->compute->parallel;
    for (j->first = 0; j->first < j->tiles; j->first += j->block) {
        j->count = least(j->block, j->tiles - j->first);
        visml_parallel_run(p, (size_t)visml_blocks(j->count, CHUNK), gradient_task, j);
        visml_parallel_run(p, (size_t)j->places, collect_task, j);
    }
}

static void back(const visml_winograd *j, int64_t row, int64_t rows) {
    int64_t c = j->in.c, f = j->out.c;
    visml_winograd_weights s = {.rows = rows, .cols = f, .tap = c * f, .ld = f, .plane = c * f, .ldu = f, .m = j->m};
    j->compute->kernels->winograd_weights_back(&s, j->sums + row * f, j->dw + row * f);
}

static void back_task(void *arg, size_t row, size_t worker) {
    (void)worker;
    back(arg, (int64_t)row, 1);
}

static int64_t row_groups(const visml_winograd *j) {
    int64_t most = visml_blocks(j->in.c, j->compute->kernels->gemm_blocking().mr);
    return least(most, GROUPS_EACH * (int64_t)j->compute->parallel->workers);
}

/* Some rows of the weights from end to end: their sums stay in that thread's own cache. */
static void rows_task(void *arg, size_t group, size_t worker) {
    const visml_winograd *j = arg;
    int64_t c = j->in.c, n = row_groups(j), row = (int64_t)group * c / n, end = ((int64_t)group + 1) * c / n;
    (void)worker;
    for (int64_t place = 0; place < j->places; place++)
        collect_rows(j, place, row, end, j->tiles, j->planes, out_planes(j, j->planes), j->sums, 0);
    back(j, row, end - row);
}

/* A single block. */
static void weights_of_few(visml_winograd *j) {
    const visml_parallel *p = j->compute->parallel;
    j->count = j->tiles;
    visml_parallel_run(p, (size_t)visml_blocks(j->tiles, CHUNK), gradient_task, j);
    visml_parallel_run(p, (size_t)row_groups(j), rows_task, j);
}

/* One part needs one set, for all threads. */
static size_t gradient_sets(const visml_winograd *j) {
    return most_parts(j) == 1 ? bytes_of(j->set) : sets_bytes(j);
}

static void weights_of_many(visml_winograd *j) {
    const visml_parallel *p = j->compute->parallel;
    if ((size_t)j->parts >= p->workers)
        visml_parallel_run(p, (size_t)j->parts, part_task, j);
    else
        collect_shared(j);
    for (int64_t step = 1, n = sums_of(j); step < j->parts; step *= 2)
        for (int64_t i = 0; i + step < j->parts; i += 2 * step)
            visml_sum(j->compute, (size_t)n, j->sums + i * n, j->sums + (i + step) * n, j->sums + i * n);
    visml_parallel_run(p, (size_t)j->in.c, back_task, j);
}

/* Enough for this batch and for every smaller one. */
size_t visml_winograd_backward_weights_scratch(const visml_compute *c, const visml_conv2d_geometry *g, int32_t m) {
    visml_winograd j = visml_winograd_of(c, m, g);
    enlarge(&j);
    return bytes_sum(gradient_sets(&j), bytes_of(elements_of(sums_of(&j), most_parts(&j))));
}

void visml_winograd_backward_weights(const visml_compute *c, const visml_conv2d_geometry *g, int32_t m, const real *x, const real *dy,
                                     real *dw, void *scratch) {
    visml_winograd j = visml_winograd_of(c, m, g);
    if (!j.tiles) {
        c->kernels->copy_rows(1, 9 * g->c * g->f, NULL, 0, dw, 0);
        return;
    }
    enlarge(&j);
    cut(&j);
    j.planes = scratch;
    j.sums = (real *)(void *)((char *)scratch + gradient_sets(&j));
    j.x = x;
    j.y = dy;
    j.dw = dw;
    if (j.tiles <= j.block)
        weights_of_few(&j);
    else
        weights_of_many(&j);
}

/* ---- choice ---- */

#define MOST_BYTES (6 << 20) /* of transformed weights, which sessions keep: 16 would make ResNet-50 1 % faster, with 62 MB more */

/* Cycles for an image, one register of 16 lanes a cycle: products, and what the transforms were measured to take for 16 channels of a
 * tile. */
static double cost(const visml_conv2d_geometry *g, int32_t m, double in, double out) {
    double tiles = (double)((g->oh + m - 1) / m) * (double)((g->ow + m - 1) / m), c = (double)g->c, f = (double)g->f;
    return tiles * ((m + 2) * (m + 2) * c * f + in * c + out * f) / 16;
}

int visml_winograd_is_possible(const visml_conv2d_geometry *g) {
    return g->kh == 3 && g->kw == 3 && g->sh * g->sw * g->dh * g->dw * g->groups == 1 && g->top <= 2 && g->left <= 2 && g->top >= 0 &&
           g->left >= 0 && g->c >= 16 && g->f >= 16;
}

/* counts: 1 where the time to transform the weights matters, once for so many images: 16 of them in 350 and 120 cycles, reading and
 * writing included. */
static int32_t best_for(const visml_conv2d_geometry *g, int64_t images, int counts) {
    double n = (double)images, size = (double)g->c * (double)g->f / 16;
    if (!visml_winograd_is_possible(g))
        return 0;
    double direct = n * 9 * (double)(g->oh * g->ow) * size, two = n * cost(g, 2, 45, 40) + 120 * size * counts;
    double four = n * cost(g, 4, 170, 120) + 350 * size * counts;
    int32_t best = two < four ? 2 : 4;
    return (two < four ? two : four) < 0.85 * direct ? best : 0;
}

static int are_few(const visml_conv2d_geometry *g, int32_t m) {
    return (m + 2) * (m + 2) * g->c * g->f <= MOST_BYTES / (int64_t)sizeof(float);
}

/* In sessions the weights are transformed already, in training for a whole batch. */
int32_t visml_winograd_choice(const visml_conv2d_geometry *g) {
    int32_t m = best_for(g, 1, 0);
    if (m == 4 && !are_few(g, 4))
        m = 2;
    return m && are_few(g, m) ? m : 0;
}

int32_t visml_winograd_data_choice(const visml_conv2d_geometry *g) {
    visml_conv2d_geometry t = turned(g);
    return best_for(&t, g->n, 1);
}

int32_t visml_winograd_weights_choice(const visml_conv2d_geometry *g) {
    return best_for(g, g->n, 1);
}
