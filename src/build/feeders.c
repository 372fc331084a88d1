#include "build/feeders.h"

struct feeders {
    staged_list all;
    strmap *by_fed; /* what is fed → staged_list */
    strings bases;  /* what those with rows feed, sorted, each once; only under an as_of map */
};

/* Versions of this build that are not to be read again as recorded ones. */
static bool is_new(const staged *st) {
    return st->changed && st->outcome != OUTCOME_LEAVING;
}

static const unit_feed *feed_of(const staged *st, const lake_input *input) {
    for (size_t i = 0; i < st->feeds.count; i++)
        if (st->feeds.items[i].input == input)
            return &st->feeds.items[i];
    return NULL;
}

static void add_fed(feeders *f, const char *fed, staged *st, arena *a) {
    staged_list *list = strmap_get(f->by_fed, fed);
    if (!list) {
        list = ARENA_NEW(a, staged_list);
        *list = (staged_list){0};
        strmap_set(f->by_fed, fed, list);
    }
    vec_push(a, list, st);
}

static void add_staged(feeders *f, const lake_input *input, staged *st, arena *a) {
    const unit_feed *feed = feed_of(st, input);
    vec_push(a, &f->all, st);
    for (size_t i = 0; feed && i < feed->partitions.count; i++) {
        const char *fed = feed->partitions.items[i];
        add_fed(f, fed, st, a);
        if (input->map.kind == MAP_AS_OF && st->rows > 0 && span_base_prefix(fed, a))
            vec_push(a, &f->bases, fed);
    }
}

static feeders *make(const build_state *s, const lake_input *input) {
    const staged_table *of = &s->tables[input->table->index];
    feeders *f = ARENA_NEW(s->arena, feeders);
    *f = (feeders){.by_fed = strmap_new(s->arena)};
    for (size_t i = 0; of->table && i < of->partitions.count; i++)
        if (is_new(of->partitions.items[i]))
            add_staged(f, input, of->partitions.items[i], s->arena);
    strings_sort_unique(&f->bases);
    return f;
}

static const feeders *find(const build_state *s, const lake_table *t, const lake_input *input) {
    staged_table *reader = &s->tables[t->index];
    size_t place = (size_t)(input - t->inputs);
    ASSERT(place < t->input_count);
    if (!reader->feeders)
        reader->feeders = ARENA_ARRAY(s->arena, feeders *, t->input_count);
    if (!reader->feeders[place])
        reader->feeders[place] = make(s, input);
    return reader->feeders[place];
}

const staged_list *feeders_of(const build_state *s, const lake_table *t, const lake_input *input,
                              const char *fed) {
    return strmap_get(find(s, t, input)->by_fed, fed);
}

const staged_list *feeders_all(const build_state *s, const lake_table *t, const lake_input *input) {
    return &find(s, t, input)->all;
}

/* How many of the sorted texts are not after last. */
static size_t count_until(const strings *sorted, const char *last) {
    size_t from = 0, to = sorted->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (strcmp(sorted->items[middle], last) <= 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* Those with the same prefix stand together. */
const char *feeders_newest(const build_state *s, const lake_table *t, const lake_input *input,
                           const char *prefix, const char *last) {
    const strings *bases = &find(s, t, input)->bases;
    size_t until = count_until(bases, last);
    const char *newest = until > 0 ? bases->items[until - 1] : NULL;
    return newest && str_starts(newest, prefix) ? newest : NULL;
}
