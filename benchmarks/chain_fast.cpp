// The chain, fastest form found.
//
// A lane of a vector is a replication, so nothing is left over at the end of a row and the distributors run
// in lanes too. A distributor and its stores depend on no other distributor: they are run to the last week
// before the next, in cache. Goods shipped in a week arrive three weeks later, so a store is advanced three
// weeks per visit, and what it was shipped in the three weeks before is worked out at that visit from its
// orders and the fractions shipped.
#include <algorithm>
#include <vector>

#include "chain.hpp"
#include "lanes.hpp"

namespace {

constexpr int stride = store_lead_time + 1;  // weeks a store can advance before it needs its distributor

struct Account {
    Vector total[measures];
    inline void trade(Vector demanded, Vector sold, Vector left, Vector income, Vector holding,
                      Vector ordered) {
        total[demand] += demanded;
        total[sales] += sold;
        total[stock] += left;
        total[stockout_weeks] = count_above(total[stockout_weeks], demanded, sold);
        total[revenue] += income;
        total[holding_cost] += holding;
        total[profit] += income - holding;
        total[orders] += ordered;
        total[orders_squared] += ordered * ordered;
        total[demand_squared] += demanded * demanded;
    }
    inline void pay(Vector invoice) {
        total[purchases] += invoice;
        total[profit] -= invoice;
    }
};

struct Store {
    Vector stock, on_order, forecast, variance, backlog;
    Vector orders[stride];  // not yet shipped, oldest first
    Account account;
};

struct Distributor {
    Vector stock, on_order, forecast, variance, backlog;
    Vector pipeline[distributor_lead_time + 1];
    Account account;
};

// Rational function of several vectors at once: the steps of one alone would wait for each other.
template <int n>
inline void ratio(const Vector (&r)[n], const double* numerator, const double* denominator,
                  Vector (&result)[n]) {
    Vector bottom[n];
    for (int j = 0; j < n; ++j) {
        result[j] = broadcast(numerator[0]);
        bottom[j] = broadcast(denominator[0]);
    }
    for (int i = 1; i < 8; ++i)
        for (int j = 0; j < n; ++j) {
            result[j] = result[j] * r[j] + numerator[i];
            bottom[j] = bottom[j] * r[j] + denominator[i];
        }
    for (int j = 0; j < n; ++j) result[j] /= bottom[j];
}

// Standard normal draws of one distributor's stores, four weeks at a time; the last eight weeks are held.
class Draws {
    int stores;
    std::vector<Vector> values;  // [week / 4 % 2][store][week % 4], and one vector to spare
    std::vector<int64_t> tail;   // places of the uniforms outside the central branch
    Words key[10][2];

    void fill_uniforms(Vector* row, uint32_t first_store, int week, Words replication) {
        const Words m0 = broadcast_word(philox_multiplier_0), m1 = broadcast_word(philox_multiplier_1);
        // Two rounds by hand: half of each depends on replication and week only, half on the store only.
        const Words a = multiply(m1, replication);
        const Words b = multiply(m0, exclusive_or(a >> 32, broadcast_word(week / 4), key[0][0]));
        const Words a_key = a ^ key[1][0], b_key = (b >> 32) ^ key[1][1];
        for (int s = 0; s < stores; ++s, row += 4) {
            const uint64_t p = uint64_t(philox_multiplier_0) * (first_store + s);
            const uint64_t q = uint64_t(philox_multiplier_1) * (uint32_t(p >> 32) ^ uint32_t(key[0][1][0]));
            Words c0 = a_key ^ broadcast_word(q >> 32), c1 = broadcast_word(q),
                  c2 = b_key ^ broadcast_word(p), c3 = b;
            for (int round = 2; round < 10; ++round) {
                const Words p0 = multiply(m0, c0), p1 = multiply(m1, c2);
                c0 = exclusive_or(p1 >> 32, c1, key[round][0]);
                c2 = exclusive_or(p0 >> 32, c3, key[round][1]);
                c1 = p1;
                c3 = p0;
            }
            row[0] = centred_uniform(c0);
            row[1] = centred_uniform(c1);
            row[2] = centred_uniform(c2);
            row[3] = centred_uniform(c3);
        }
    }

    // Replaces uniforms by normals in the central branch; returns the end of the list of the others.
    int64_t* replace_central(Vector* row) {
        int64_t* end = tail.data();
        for (int64_t place = 0; place < int64_t(stores) * 4; place += 4, row += 4) {
            Vector r[4], z[4];
            for (int j = 0; j < 4; ++j) r[j] = central_offset - row[j] * row[j];
            ratio(r, central_numerator, central_denominator, z);
            for (int j = 0; j < 4; ++j) {
                const Vector u = row[j];
                end = append_above(end, (place + j) * lanes, magnitude(u), central_limit);
                row[j] = choose_above(magnitude(u), central_limit, u, u * z[j]);
            }
        }
        return end;
    }

    void replace_tail(double* row, int64_t* end) {
        const int64_t spare = reinterpret_cast<double*>(&values.back()) - row;
        row[spare] = 0.45;
        std::fill(end, end + 2 * lanes, spare);
        for (const int64_t* place = tail.data(); place < end; place += 2 * lanes) {
            Vector u[2], r[2], z[2];
            for (int j = 0; j < 2; ++j) {
                u[j] = gather(row, place + j * lanes);
                r[j] = root(-logarithm(0.5 - magnitude(u[j]))) - tail_offset;
            }
            ratio(r, tail_numerator, tail_denominator, z);
            for (int j = 0; j < 2; ++j) scatter(row, place + j * lanes, with_sign(z[j], u[j]));
        }
    }

  public:
    Draws(int stores, uint64_t seed)
        : stores(stores), values(size_t(stores) * 8 + 1), tail(size_t(stores) * 4 * lanes + 2 * lanes) {
        uint32_t k0 = uint32_t(seed), k1 = uint32_t(seed >> 32);
        for (auto& k : key) {
            k[0] = broadcast_word(k0);
            k[1] = broadcast_word(k1);
            k0 += philox_bump_0;
            k1 += philox_bump_1;
        }
    }

    // Draws of the first store in a week; those of the next store lie four vectors on.
    const Vector* of(int week) const { return &values[size_t(week / 4 % 2) * stores * 4 + week % 4]; }

    void fill(uint32_t first_store, int week, Words replication) {
        Vector* const row = &values[size_t(week / 4 % 2) * stores * 4];
        fill_uniforms(row, first_store, week, replication);
        replace_tail(reinterpret_cast<double*>(row), replace_central(row));
    }
};

// Advance the stores of a distributor by count <= stride weeks; fraction[i] is what was shipped of the orders
// owed three weeks before week + i. Adds the stores' orders to ordered[i].
template <int count>
void advance_stores(std::vector<Store>& stores, const Draws& draws, int week, const Vector* fraction,
                    Vector* ordered) {
    const Vector* z[count];
    for (int i = 0; i < count; ++i) z[i] = draws.of(week + i);
    for (size_t s = 0; s < stores.size(); ++s) {
        Store& place = stores[s];
        Store x = place;
        for (int i = 0; i < count; ++i) {
            const Vector owed = x.backlog + x.orders[i], shipped = owed * fraction[i];
            x.backlog = owed - shipped;
            x.account.pay(price_to_store * shipped);
            x.stock += shipped;
            x.on_order -= shipped;
            const Vector demanded = maximum(broadcast(0), mean_demand + standard_deviation * z[i][4 * s]);
            const Vector sold = minimum(x.stock, demanded);
            x.stock -= sold;
            const Vector error = demanded - x.forecast;
            x.forecast += smoothing * error;
            x.variance += smoothing * (error * error - x.variance);
            const Vector target = x.forecast * store_cover + safety_factor * root(x.variance * store_cover);
            const Vector order = maximum(broadcast(0), target - (x.stock + x.on_order));
            x.on_order += order;
            x.orders[i] = order;
            ordered[i] += order;
            x.account.total[lost] += demanded - sold;
            x.account.trade(demanded, sold, x.stock, retail_price * sold, store_holding_cost * x.stock,
                            order);
        }
        if constexpr (count < stride) std::rotate(x.orders, x.orders + count, x.orders + stride);
        place = x;
    }
}

// One week of the distributors; returns the fraction shipped of what is owed to the stores.
Vector advance_distributor(Distributor& x, int week, Vector demanded, Vector& produced) {
    Vector& slot = x.pipeline[week % (distributor_lead_time + 1)];
    x.stock += slot;
    x.on_order -= slot;
    const Vector error = demanded - x.forecast, owed = x.backlog + demanded;
    x.forecast += smoothing * error;
    x.variance += smoothing * (error * error - x.variance);
    const Vector target =
        x.forecast * distributor_cover + safety_factor * root(x.variance * distributor_cover);
    const Vector order = maximum(broadcast(0), target - (x.stock + x.on_order - owed));
    x.on_order += order;
    slot = order;
    produced += order;
    const Vector available = maximum(broadcast(0), x.stock);
    const Vector fraction = choose_above(owed - available, 0.0, available / owed, broadcast(1));
    const Vector shipped = owed * fraction;
    x.stock -= shipped;
    x.backlog = owed - shipped;
    x.account.pay(price_to_distributor * order);
    x.account.trade(demanded, shipped, x.stock, price_to_store * shipped, distributor_holding_cost * x.stock,
                    order);
    return fraction;
}

template <class Agent>
Agent starting(double forecast, double variance, double cover) {
    Agent agent{};
    agent.forecast = broadcast(forecast);
    agent.variance = broadcast(variance);
    agent.stock = broadcast(forecast * cover + safety_factor * std::sqrt(variance * cover));
    return agent;
}

void add(Account& sum, const Account& part) {
    for (int m = 0; m < measures; ++m) sum.total[m] += part.total[m];
}

}  // namespace

void run_fast(const Chain& chain, int64_t first, int64_t last, double* table) {
    Draws draws(chain.stores, chain.seed);
    std::vector<Store> stores(chain.stores);
    std::vector<Vector> produced(chain.weeks);
    for (int64_t block = first; block < last; block += lanes) {
        Account sum[tiers] = {};
        std::fill(produced.begin(), produced.end(), Vector{});
        Words replication;
        for (int l = 0; l < lanes; ++l) replication[l] = uint32_t(block + l);
        for (int d = 0; d < chain.distributors; ++d) {
            std::fill(stores.begin(), stores.end(),
                      starting<Store>(mean_demand, initial_variance, store_cover));
            Distributor seller = starting<Distributor>(mean_demand * chain.stores,
                                                       initial_variance * chain.stores, distributor_cover);
            Vector fraction[stride];
            std::fill(fraction, fraction + stride, broadcast(1));
            for (int week = 0, drawn = 0; week < chain.weeks; week += stride) {
                const int count = std::min(stride, chain.weeks - week);
                for (; drawn < week + count; drawn += 4)
                    draws.fill(uint32_t(d) * uint32_t(chain.stores), drawn, replication);
                Vector ordered[stride] = {};
                if (count == 3) advance_stores<3>(stores, draws, week, fraction, ordered);
                if (count == 2) advance_stores<2>(stores, draws, week, fraction, ordered);
                if (count == 1) advance_stores<1>(stores, draws, week, fraction, ordered);
                for (int i = 0; i < count; ++i)
                    fraction[i] = advance_distributor(seller, week + i, ordered[i], produced[week + i]);
                std::rotate(fraction, fraction + count % stride, fraction + stride);
            }
            // The shipments of the last three weeks are invoiced but do not arrive any more.
            for (Store& x : stores) {
                for (int i = 0; i < stride; ++i) {
                    const Vector owed = x.backlog + x.orders[i], shipped = owed * fraction[i];
                    x.backlog = owed - shipped;
                    x.account.pay(price_to_store * shipped);
                }
                add(sum[store], x.account);
            }
            add(sum[distributor], seller.account);
        }
        for (const Vector& made : produced) {
            sum[manufacturer].pay(unit_cost * made);
            sum[manufacturer].trade(made, made, Vector{}, price_to_distributor * made, Vector{}, made);
        }
        for (int64_t l = 0; l < lanes && block + l < last; ++l)
            for (int t = 0; t < tiers; ++t)
                for (int m = 0; m < measures; ++m)
                    table[((block + l) * tiers + t) * measures + m] = sum[t].total[m][l];
    }
}
