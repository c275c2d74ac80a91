/* SPDX-License-Identifier: GPL-2.0-only */
#include "iopt_model.h"

#define K4  0x1000ULL
#define M2  0x200000ULL
#define G1  0x40000000ULL

/* ---- The list ---- */

static void append(struct model *m, uint64_t first, uint64_t last,
                   uint64_t pa, unsigned int prot)
{
    struct range *p = m->n ? &m->r[m->n - 1] : NULL;

    if ( p && p->last + 1 == first && p->prot == prot &&
         p->pa + (first - p->first) == pa )
    {
        p->last = last;
        return;
    }
    if ( m->n == MODEL_MAX )
    {
        test_fail(__FILE__, __LINE__, "the model is full");
        test_stop();
    }
    m->r[m->n].first = first;
    m->r[m->n].last = last;
    m->r[m->n].pa = pa;
    m->r[m->n++].prot = prot;
}

void model_set(struct model *m, uint64_t first, uint64_t last, uint64_t pa,
               unsigned int prot)
{
    static struct model out;
    bool done = !prot;
    unsigned int i;

    out.n = 0;
    for ( i = 0; i < m->n; i++ )
    {
        const struct range *r = &m->r[i];

        if ( r->first < first )
            append(&out, r->first, r->last < first ? r->last : first - 1,
                   r->pa, r->prot);
        if ( !done && r->last >= first )
        {
            append(&out, first, last, pa, prot);
            done = true;
        }
        if ( r->last > last )
        {
            uint64_t at = r->first > last ? r->first : last + 1;

            append(&out, at, r->last, r->pa + (at - r->first), r->prot);
        }
    }
    if ( !done )
        append(&out, first, last, pa, prot);
    m->n = out.n;
    memcpy(m->r, out.r, out.n * sizeof(out.r[0]));
}

const struct range *model_get(const struct model *m, uint64_t iova)
{
    unsigned int lo = 0, hi = m->n;

    while ( lo < hi )
    {
        unsigned int mid = (lo + hi) / 2;

        if ( m->r[mid].last < iova )
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < m->n && m->r[lo].first <= iova ? &m->r[lo] : NULL;
}

static void add_leaf(void *arg, moat_iova_t iova, const struct hw_leaf *l)
{
    append(arg, iova, iova + (K4 << (9 * (l->level - 1))) - 1, l->pa,
           l->prot);
}

void model_of_hw(struct model *m, const struct hw_root *r,
                 unsigned int max_leaf, struct hw_census *c)
{
    m->n = 0;
    hw_enumerate(r, max_leaf, add_leaf, m, c);
}

/* ---- Comparison ---- */

static bool same(const struct range *a, const struct range *b, uint64_t iova)
{
    if ( !a || !b )
        return !a && !b;
    return a->pa + (iova - a->first) == b->pa + (iova - b->first) &&
           a->prot == b->prot;
}

static void check_piece(const struct range *got, const struct model *before,
                        const struct model *after, uint64_t first,
                        uint64_t last, uint64_t at, const char *when)
{
    const struct range *b = model_get(before, at);

    if ( same(got, b, at) )
        return;
    if ( at >= first && at <= last && same(got, model_get(after, at), at) )
        return;
    test_fail(__FILE__, __LINE__,
              "%s: %#" PRIx64 " -> %#" PRIx64 " (%u), before %#" PRIx64
              " (%u)", when, at, got ? got->pa + (at - got->first) : 0,
              got ? got->prot : 0, b ? b->pa + (at - b->first) : 0,
              b ? b->prot : 0);
}

void model_check(const struct model *got, const struct model *before,
                 const struct model *after, uint64_t first, uint64_t last,
                 const char *when)
{
    const struct model *all[3] = { got, before, after };
    unsigned int i, j;

    check_piece(model_get(got, first), before, after, first, last, first,
                when);
    check_piece(model_get(got, 0), before, after, first, last, 0, when);
    if ( last + 1 )
        check_piece(model_get(got, last + 1), before, after, first, last,
                    last + 1, when);
    for ( j = 0; j < 3; j++ )
        for ( i = 0; i < all[j]->n; i++ )
        {
            uint64_t a = all[j]->r[i].first, b = all[j]->r[i].last + 1;

            check_piece(model_get(got, a), before, after, first, last, a,
                        when);
            if ( b )
                check_piece(model_get(got, b), before, after, first, last, b,
                            when);
        }
}

void model_check_at(const struct hw_root *r, uint64_t iova,
                    const struct model *before, const struct model *after,
                    uint64_t first, uint64_t last, const char *when)
{
    struct hw_leaf l = hw_walk(r, iova);
    struct range got = {
        .first = iova & ~0xfffULL, .pa = l.pa & ~0xfffULL, .prot = l.prot,
    };

    check_piece(l.prot ? &got : NULL, before, after, first, last,
                iova & ~0xfffULL, when);
}

void model_diff(const struct model *before, const struct model *after,
                uint64_t first, uint64_t last, bool *added, bool *modified)
{
    const struct model *all[2] = { before, after };
    unsigned int i, j;

    *added = *modified = false;
    for ( j = 0; j < 3; j++ )
        for ( i = 0; i < (j < 2 ? all[j]->n : 1); i++ )
        {
            uint64_t at = j < 2 ? all[j]->r[i].first : first;
            unsigned int k;

            for ( k = 0; k < 2; k++, at = j < 2 ? all[j]->r[i].last + 1 : at )
            {
                const struct range *b, *a;

                if ( at < first || at > last )
                    continue;
                b = model_get(before, at);
                a = model_get(after, at);
                if ( same(a, b, at) )
                    continue;
                *added |= !b;
                *modified |= b != NULL;
            }
        }
}

/* ---- Subjects ---- */

const struct iopt_case iopt_cases[] = {
    { &iopt_fmt_vtd, 3, 0xe, true },
    { &iopt_fmt_vtd, 4, 0xe, true },
    { &iopt_fmt_vtd, 4, 0xe, false },
    { &iopt_fmt_vtd, 4, 0x6, true },
    { &iopt_fmt_vtd, 4, 0x2, false },
    { &iopt_fmt_vtd, 5, 0xe, true },
    { &iopt_fmt_amdvi, 1, 0x2, true },
    { &iopt_fmt_amdvi, 2, 0x6, false },
    { &iopt_fmt_amdvi, 3, 0xe, true },
    { &iopt_fmt_amdvi, 4, 0xe, false },
    { &iopt_fmt_amdvi, 4, 0x1e, true },
    { &iopt_fmt_amdvi, 4, 0xa, true },
    { &iopt_fmt_amdvi, 5, 0x6, true },
    { &iopt_fmt_amdvi, 6, 0x7e, true },
};
const unsigned int iopt_n_cases = ARRAY_SIZE(iopt_cases);

void subject_init(struct subject *s, const struct iopt_case *c)
{
    struct iopt_cfg cfg = {
        .fmt = c->fmt, .levels = c->levels, .leaf_levels = c->leaf_levels,
        .iova_bits = c->levels == 6 ? 63 : 12 + 9 * c->levels, .pa_bits = 46,
        .node = HOST_NO_NODE, .coherent = c->coherent,
    };

    sim_mem_reset();
    if ( !c->coherent )
        sim_shadow_enable();
    REQUIRE(!iopt_init(&s->t, &cfg));
    s->now.n = 0;
    s->hw.amd = c->fmt == &iopt_fmt_amdvi;
    s->hw.levels = c->levels;
    s->hw.pa = s->t.root_pa;
    s->hw.read = HW_READ_MEMORY;
    s->hw.pa_bits = 46;
}

void subject_fini(struct subject *s)
{
    struct moat_flush f;

    moat_flush_begin(&f);
    CHECK_EQ(iopt_unmap(&s->t, 0, s->t.iova_max & ~0xfffULL, &f), 0);
    CHECK_EQ(iopt_unmap(&s->t, s->t.iova_max & ~0xfffULL, K4, &f), 0);
    iopt_trim(&s->t, &f);
    CHECK_EQ(s->t.pages, 1);
    host_tables_free(&f.tables);
    CHECK_EQ(sim_alloc_stats(SIM_TABLE)->live, 1);
    CHECK(iopt_free_some(&s->t, 9));
}

void subject_check(struct subject *s, const struct moat_flush *f,
                   const char *when)
{
    static struct model got;
    struct hw_census c;

    if ( !s->t.coherent )
    {
        s->hw.read = HW_READ_SHADOW;
        model_of_hw(&got, &s->hw, s->t.max_leaf, &c);
        model_check(&got, &s->now, &s->now, 0, 0, when);
        s->hw.read = HW_READ_MEMORY;
    }
    model_of_hw(&got, &s->hw, s->t.max_leaf, &c);
    model_check(&got, &s->now, &s->now, 0, 0, when);
    CHECK_MSG(c.tables == s->t.pages, "%s: %lu tables, but pages is %lu", when,
              c.tables, s->t.pages);
    CHECK_MSG(sim_alloc_stats(SIM_TABLE)->live == s->t.pages + f->tables.n,
              "%s: %lu pages live, %lu linked, %lu unlinked", when,
              sim_alloc_stats(SIM_TABLE)->live, s->t.pages, f->tables.n);
    /* The last one that became so is left until iopt_trim(). */
    CHECK_MSG(c.empty <= (s->t.emptied != ~(moat_iova_t)0),
              "%s: %lu empty tables", when, c.empty);
    CHECK_MSG(!c.joinable, "%s: %lu tables should be one leaf", when,
              c.joinable);
    CHECK_MSG(!c.wrong_counts, "%s: %lu wrong counts", when, c.wrong_counts);
}

/* ---- Requests ---- */

static uint64_t pick_len(struct test_rng *rng, unsigned int max_leaf)
{
    switch ( test_rand(rng) % 10 )
    {
    case 0: case 1: return K4;
    case 2: return (1 + test_rand(rng) % 20) * K4;
    case 3: return M2 - K4 + (test_rand(rng) % 3) * K4;
    case 4: case 5: return (1 + test_rand(rng) % 3) * M2;
    case 6: return (test_rand(rng) % 3) * M2 + (1 + test_rand(rng) % 511) * K4;
    case 7: return (1 + test_rand(rng) % 4) * M2 + K4;
    case 8: return max_leaf < 2 ? M2 : (1 + test_rand(rng) % 600) * M2;
    default: return max_leaf < 3 ? 8 * M2 : (1 + test_rand(rng) % 2) * G1;
    }
}

void request_random(struct request *q, struct test_rng *rng,
                    const struct iopt *t)
{
    /* Few places, so that requests meet; at borders of every level. */
    static const uint64_t places[] = {
        0, M2, G1 - 2 * M2, G1, 3 * G1, 512 * G1 - M2, 512 * G1,
        512 * 512 * G1 - G1, (1ULL << 57) - M2, 0ULL - G1 - M2,
    };
    static const uint64_t shifts[] = { 0, 0, 0, 0, G1, M2, K4, 512 * G1 };
    uint64_t max = t->iova_max;

    q->map = test_rand(rng) % 5 < 3;
    q->len = pick_len(rng, t->max_leaf);
    do {
        q->iova = places[test_rand(rng) % ARRAY_SIZE(places)];
        if ( test_rand(rng) % 8 == 0 )
            q->iova = max - q->len + 1;
    } while ( q->iova > max );
    switch ( test_rand(rng) % 4 )
    {
    case 0: q->iova += (test_rand(rng) % 4) * K4; break;
    case 1: q->iova += (test_rand(rng) % 512) * K4; break;
    case 2: q->iova += (test_rand(rng) % 4) * M2; break;
    }
    if ( q->iova > max )
        q->iova = max & ~0xfffULL;
    if ( q->len - 1 > max - q->iova )
        q->len = max - q->iova + 1;
    q->pa = ((q->iova & 0xffffffffffULL) + 4 * G1 +
             shifts[test_rand(rng) % ARRAY_SIZE(shifts)]);
    q->prot = test_rand(rng) % 8 < 6 ? MOAT_RW
                                     : 1 + (unsigned int)(test_rand(rng) % 2);
}

int request_do(struct iopt *t, const struct request *q,
               struct moat_flush *f)
{
    return q->map ? iopt_map(t, q->iova, q->pa, q->len, q->prot, f)
                  : iopt_unmap(t, q->iova, q->len, f);
}

const char *request_text(const struct request *q)
{
    static char buf[160];

    if ( q->map )
        snprintf(buf, sizeof(buf), "map %#" PRIx64 " +%#" PRIx64 " to %#"
                 PRIx64 " prot %u", q->iova, q->len, q->pa, q->prot);
    else
        snprintf(buf, sizeof(buf), "unmap %#" PRIx64 " +%#" PRIx64, q->iova,
                 q->len);
    return buf;
}
