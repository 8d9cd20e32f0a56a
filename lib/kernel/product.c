#include "kernel/product.h"

#include "base/checked.h"
#include "visml/base.h"

#define MAX_N 512  /* columns of the right factor packed at a time: with VISML_KC of them, half of a second-level cache */
#define MAX_K 4096 /* and rows: bounds the scratch to 8 MiB */
#define FEW_ROWS 48 /* the right factor is not packed for so few; without influence on results */
#define MAX_MC 112 /* of any level's blocking */

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t blocks_of(int64_t n, int64_t size) {
    return n / size + (n % size != 0);
}

/* One pass: columns col ... col + cols, k0 ... k0 + depth. The right factor is packed as [blocks of VISML_KC][panels of nr][kc][nr]; a
 * whole factor that was packed before has the same order, with all its panels. */
typedef struct pass {
    const visml_compute *compute;
    const visml_product *product;
    visml_blocking b;
    int64_t col, cols, k0, depth;
    int64_t panels;      /* of nr columns */
    int64_t row_blocks, row_block; /* rows are cut into so many blocks of that size ... */
    int64_t col_blocks, col_block; /* ... and the panels too */
    real *right, *left;
    size_t left_size; /* of one worker, in elements */
} pass;

static int64_t block_length(const pass *s, int64_t block) {
    return least(VISML_KC, s->depth - block * VISML_KC);
}

static real *right_panel(const pass *s, int64_t block, int64_t panel) {
    return s->right + (block * VISML_KC * s->panels + panel * block_length(s, block)) * s->b.nr;
}

static const real *packed_panel(const pass *s, int64_t block, int64_t panel) {
    int64_t nr = s->b.nr, panels = blocks_of(s->product->n, nr);
    return s->product->packed + ((s->k0 + block * VISML_KC) * panels + (s->col / nr + panel) * block_length(s, block)) * nr;
}

/* A panel that is multiplied where it stands. */
static int is_plain(const pass *s, int64_t panel) {
    return s->product->right_plain && s->product->m <= FEW_ROWS && s->cols - panel * s->b.nr >= s->b.nr;
}

static void pack_right(const pass *s, int64_t block, int64_t panel) {
    const visml_product *p = s->product;
    int64_t nr = s->b.nr, j = panel * nr, cols = least(nr, s->cols - j), kc = block_length(s, block);
    real *to = right_panel(s, block, panel);
    if (cols < nr) /* nothing undefined may be computed with */
        s->compute->kernels->copy_rows(1, kc * nr, NULL, 0, to, 0);
    p->right(s->compute, p, s->k0 + block * VISML_KC, kc, s->col + j, cols, nr, to);
}

static void pack_right_task(void *arg, size_t task, size_t worker) {
    const pass *s = arg;
    int64_t block = (int64_t)task / s->panels, panel = (int64_t)task % s->panels;
    (void)worker;
    if (!is_plain(s, panel))
        pack_right(s, block, panel);
}

static void pack_panel_task(void *arg, size_t task, size_t worker) {
    const pass *s = arg;
    (void)worker;
    pack_right(s, (int64_t)task / s->panels, (int64_t)task % s->panels);
}

static void describe_finish(const pass *s, int64_t k, visml_finish *f) {
    const visml_product *p = s->product;
    const visml_epilogue *e = p->epilogue;
    *f = (visml_finish){.c = p->c + s->col, .add = p->accumulate || s->k0 + k > 0, .activation = VISML_LINEAR};
    if (s->k0 + k + VISML_KC < p->k || !e)
        return;
    f->bias = e->bias ? e->bias + s->col : NULL;
    f->residual = e->residual ? e->residual + s->col : NULL;
    f->activation = e->activation;
    f->alpha = e->alpha;
    f->scale = e->scale ? e->scale + s->col : NULL;
    f->shift = e->shift ? e->shift + s->col : NULL;
    f->gain = e->gain ? e->gain + s->col : NULL;
}

static const real *right_of(const pass *s, int64_t block, int64_t panel, int64_t *ld) {
    const visml_product *p = s->product;
    *ld = s->b.nr;
    if (p->packed)
        return packed_panel(s, block, panel);
    if (!is_plain(s, panel))
        return right_panel(s, block, panel);
    *ld = p->ld_plain;
    return p->right_plain + (s->k0 + block * VISML_KC) * p->ld_plain + s->col + panel * s->b.nr;
}

static const real *from(const real *array, int64_t i) {
    return array ? array + i : NULL;
}

/* `rows` packed left rows times one panel, in register blocks of about equal size: a small last one would be slow. */
static void multiply(const pass *s, const visml_finish *whole, const int64_t *offset, int64_t rows, int64_t panel, int64_t block,
                     const real *left) {
    const visml_kernels *kernels = s->compute->kernels;
    int64_t nr = s->b.nr, col = panel * nr, pieces = blocks_of(rows, s->b.mr), cols = s->product->left_cols;
    visml_factors x = {.lda = cols ? s->b.mc : VISML_LEFT_LD, .k = block_length(s, block), .segments = 1};
    visml_finish f = *whole;
    x.b = right_of(s, block, panel, &x.ldb);
    f.c += col;
    f.bias = from(f.bias, col);
    f.residual = from(f.residual, col);
    f.scale = from(f.scale, col);
    f.shift = from(f.shift, col);
    f.gain = from(f.gain, col);
    f.cols = (int32_t)least(nr, s->cols - col);
    for (int64_t i = 0, done = 0; i < pieces; i++, done += f.rows) {
        f.rows = (int32_t)((rows - done) / (pieces - i));
        f.offset = offset + done;
        x.a = left + (cols ? done : done * VISML_LEFT_LD);
        (cols ? kernels->gemm_cols : kernels->gemm_rows)(&x, &f);
    }
}

static void locate(const visml_product *p, int64_t row, int64_t rows, int64_t *offset) {
    if (p->locate) {
        p->locate(p, row, rows, offset);
        return;
    }
    for (int64_t i = 0; i < rows; i++)
        offset[i] = (row + i) * p->ldc;
}

/* At most mc rows, panels `first` ... `end`, all of the pass' depth. */
static void multiply_rows(const pass *s, int64_t row, int64_t rows, int64_t first, int64_t end, real *left) {
    int64_t offset[MAX_MC];
    const visml_product *p = s->product;
    locate(p, row, rows, offset);
    for (int64_t block = 0; block == 0 || block * VISML_KC < s->depth; block++) {
        int64_t k = block * VISML_KC;
        visml_finish f;
        describe_finish(s, k, &f);
        if (s->depth)
            p->left(s->compute, p, row, rows, s->k0 + k, least(VISML_KC, s->depth - k), s->b.mc, left);
        for (int64_t panel = first; panel < end; panel++)
            multiply(s, &f, offset, rows, panel, block, left);
    }
}

static void multiply_task(void *arg, size_t task, size_t worker) {
    const pass *s = arg;
    int64_t r = (int64_t)task / s->col_blocks, c = (int64_t)task % s->col_blocks;
    int64_t row = r * s->row_block, rows = least(s->row_block, s->product->m - row);
    int64_t first = c * s->col_block, end = least(first + s->col_block, s->panels);
    multiply_rows(s, row, rows, first, end, s->left + worker * s->left_size);
}

/* Enough tasks for the threads: first smaller blocks of rows, then of columns. (Without influence on results.) */
static void cut(pass *s, size_t workers) {
    int64_t want = workers > 1 ? 3 * (int64_t)workers : 1, m = s->product->m, mr = s->b.mr;
    int64_t block = s->b.mc;
    while (block > 2 * mr && blocks_of(m, block) < want)
        block = blocks_of(block / 2, mr) * mr;
    s->row_block = block;
    s->row_blocks = blocks_of(m, block);
    s->col_block = s->panels;
    while (s->col_block > 1 && s->row_blocks * blocks_of(s->panels, s->col_block) < want)
        s->col_block = (s->col_block + 1) / 2;
    s->col_blocks = blocks_of(s->panels, s->col_block);
}

static size_t left_elements(const visml_blocking *b) {
    size_t rows = (size_t)(b->mc + VISML_MAX_MR) * VISML_LEFT_LD;
    return (rows + 15) & ~(size_t)15;
}

static size_t right_elements(const visml_blocking *b, int64_t n, int64_t k) {
    size_t cols = (size_t)(blocks_of(least(n, MAX_N), b->nr) * b->nr);
    return cols * (size_t)(least(k, MAX_K) + 1);
}

static size_t round_up(size_t elements) {
    return (elements * sizeof(real) + 63) & ~(size_t)63;
}

size_t visml_product_packed_elements(const visml_compute *c, int64_t n, int64_t k) {
    visml_blocking b = c->kernels->gemm_blocking();
    size_t elements;
    if (!visml_size_mul((size_t)(blocks_of(n, b.nr) * b.nr), (size_t)k, &elements))
        return SIZE_MAX; /* no allocation of this size succeeds */
    return elements;
}

void visml_product_pack(const visml_compute *c, const visml_product *p, real *packed) {
    visml_blocking b = c->kernels->gemm_blocking();
    pass s = {.compute = c, .product = p, .b = b, .cols = p->n, .depth = p->k, .panels = blocks_of(p->n, b.nr), .right = packed};
    visml_parallel_run(c->parallel, (size_t)(s.panels * blocks_of(s.depth, VISML_KC)), pack_panel_task, &s);
}

size_t visml_product_scratch(const visml_compute *c, int64_t n, int64_t k) {
    visml_blocking b = c->kernels->gemm_blocking();
    return round_up(right_elements(&b, n, k)) + c->parallel->workers * round_up(left_elements(&b));
}

static pass pass_of(const visml_compute *c, const visml_product *p, const visml_blocking *b, int64_t col, int64_t k0, int64_t max_k) {
    pass s = {.compute = c, .product = p, .b = *b, .col = col, .k0 = k0};
    s.cols = least(MAX_N, p->n - col);
    s.depth = least(max_k, p->k - k0);
    s.panels = blocks_of(s.cols, b->nr);
    return s;
}

void visml_product_run(const visml_compute *c, const visml_product *p, void *scratch) {
    visml_blocking b = c->kernels->gemm_blocking();
    char *left = (char *)scratch + round_up(right_elements(&b, p->n, p->k));
    if (p->m <= 0)
        return;
    for (int64_t col = 0; col < p->n; col += MAX_N)
        for (int64_t k0 = 0; k0 == 0 || k0 < p->k; k0 += MAX_K) {
            pass s = pass_of(c, p, &b, col, k0, MAX_K);
            s.right = scratch;
            s.left = (real *)(void *)left;
            s.left_size = round_up(left_elements(&b)) / sizeof(real);
            cut(&s, c->parallel->workers);
            if (!p->packed)
                visml_parallel_run(c->parallel, (size_t)(s.panels * blocks_of(s.depth, VISML_KC)), pack_right_task, &s);
            visml_parallel_run(c->parallel, (size_t)(s.row_blocks * s.col_blocks), multiply_task, &s);
        }
}

size_t visml_product_part_scratch(const visml_compute *c, int64_t n) {
    visml_blocking b = c->kernels->gemm_blocking();
    return round_up(right_elements(&b, n, VISML_KC)) + round_up(left_elements(&b));
}

void visml_product_part(const visml_compute *c, const visml_product *p, int64_t row, int64_t rows, void *scratch) {
    visml_blocking b = c->kernels->gemm_blocking();
    real *left = (real *)(void *)((char *)scratch + round_up(right_elements(&b, p->n, VISML_KC)));
    for (int64_t col = 0; col < p->n; col += MAX_N)
        for (int64_t k0 = 0; k0 == 0 || k0 < p->k; k0 += VISML_KC) {
            pass s = pass_of(c, p, &b, col, k0, VISML_KC);
            s.right = scratch;
            for (int64_t panel = 0; s.depth > 0 && panel < s.panels; panel++)
                pack_right_task(&s, (size_t)panel, 0);
            for (int64_t i = 0; i < rows; i += b.mc)
                multiply_rows(&s, row + i, least(b.mc, rows - i), 0, s.panels, left);
        }
}
