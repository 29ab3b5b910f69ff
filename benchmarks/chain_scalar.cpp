// The chain, scalar form: one loop over agents per step of the week, as one would write it first.
#include <algorithm>
#include <cmath>
#include <vector>

#include "chain.hpp"

namespace {

struct Block {
    uint32_t word[4];
};

Block philox(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint64_t key) {
    uint32_t k0 = uint32_t(key), k1 = uint32_t(key >> 32);
    for (int round = 0; round < 10; ++round) {
        const uint64_t p0 = uint64_t(philox_multiplier_0) * c0, p1 = uint64_t(philox_multiplier_1) * c2;
        c0 = uint32_t(p1 >> 32) ^ c1 ^ k0;
        c1 = uint32_t(p1);
        c2 = uint32_t(p0 >> 32) ^ c3 ^ k1;
        c3 = uint32_t(p0);
        k0 += philox_bump_0;
        k1 += philox_bump_1;
    }
    return {{c0, c1, c2, c3}};
}

double ratio(double r, const double* numerator, const double* denominator) {
    double top = numerator[0], bottom = denominator[0];
    for (int i = 1; i < 8; ++i) {
        top = top * r + numerator[i];
        bottom = bottom * r + denominator[i];
    }
    return top / bottom;
}

double normal(uint32_t word) {
    const double u = (word + 0.5) * 0x1p-32, q = u - 0.5;
    if (std::fabs(q) <= central_limit)
        return q * ratio(central_offset - q * q, central_numerator, central_denominator);
    const double r = std::sqrt(-std::log(0.5 - std::fabs(q)));
    return std::copysign(ratio(r - tail_offset, tail_numerator, tail_denominator), q);
}

struct Account {
    double total[measures] = {};
    // The part of a week that every tier has in common.
    void add(double demanded, double sold, double missed, double left, double income, double invoice,
             double holding, double ordered) {
        total[demand] += demanded;
        total[sales] += sold;
        total[lost] += missed;
        total[stock] += left;
        total[stockout_weeks] += demanded > sold;
        total[revenue] += income;
        total[purchases] += invoice;
        total[holding_cost] += holding;
        total[profit] += income - invoice - holding;
        total[orders] += ordered;
        total[orders_squared] += ordered * ordered;
        total[demand_squared] += demanded * demanded;
    }
};

template <int slots>
struct Agent {
    double stock, on_order = 0, forecast, variance, owed = 0, demanded = 0, sold = 0, ordered = 0;
    double pipeline[slots] = {};
    Block draws;
    Account account;
    Agent(double f, double v)
        : stock(f * slots + safety_factor * std::sqrt(v * slots)), forecast(f), variance(v) {}
    void receive(int week) {
        stock += pipeline[week % slots];
        on_order -= pipeline[week % slots];
    }
    void order() {
        const double error = demanded - forecast;
        forecast += smoothing * error;
        variance += smoothing * (error * error - variance);
        const double target = forecast * slots + safety_factor * std::sqrt(variance * slots);
        ordered = std::max(0.0, target - (stock + on_order - owed));
        on_order += ordered;
    }
};

using Store = Agent<store_lead_time + 1>;
using Distributor = Agent<distributor_lead_time + 1>;

}  // namespace

void run_scalar(const Chain& chain, int64_t first, int64_t last, double* table) {
    const int D = chain.distributors, K = chain.stores;
    for (int64_t replication = first; replication < last; ++replication) {
        std::vector<Store> stores(size_t(D) * K, Store(mean_demand, initial_variance));
        std::vector<double> owed_to(stores.size(), 0.0);  // backlog of the distributor to each store
        std::vector<Distributor> distributors(D, Distributor(mean_demand * K, initial_variance * K));
        Account maker;
        for (int week = 0; week < chain.weeks; ++week) {
            for (size_t i = 0; i < stores.size(); ++i) {
                Store& s = stores[i];
                s.receive(week);
                if (week % 4 == 0)
                    s.draws = philox(uint32_t(i), week / 4, uint32_t(replication), 0, chain.seed);
                s.demanded = std::max(0.0, mean_demand + standard_deviation * normal(s.draws.word[week % 4]));
                s.sold = std::min(s.stock, s.demanded);
                s.stock -= s.sold;
                s.order();
            }
            double produced = 0;
            for (int d = 0; d < D; ++d) {
                Distributor& seller = distributors[d];
                seller.receive(week);
                seller.demanded = seller.owed = 0;
                for (size_t i = size_t(d) * K; i < size_t(d + 1) * K; ++i) {
                    seller.demanded += stores[i].ordered;
                    owed_to[i] += stores[i].ordered;
                    seller.owed += owed_to[i];
                }
                seller.order();
                produced += seller.ordered;
                seller.pipeline[week % (distributor_lead_time + 1)] = seller.ordered;
                const double available = std::max(0.0, seller.stock);
                const double fraction = seller.owed > available ? available / seller.owed : 1.0;
                double shipped_sum = 0;
                for (size_t i = size_t(d) * K; i < size_t(d + 1) * K; ++i) {
                    Store& s = stores[i];
                    const double shipped = owed_to[i] * fraction;
                    owed_to[i] -= shipped;
                    shipped_sum += shipped;
                    s.pipeline[week % (store_lead_time + 1)] = shipped;
                    s.account.add(s.demanded, s.sold, s.demanded - s.sold, s.stock, retail_price * s.sold,
                                  price_to_store * shipped, store_holding_cost * s.stock, s.ordered);
                }
                seller.stock -= shipped_sum;
                seller.account.add(seller.demanded, shipped_sum, 0, seller.stock,
                                   price_to_store * shipped_sum, price_to_distributor * seller.ordered,
                                   distributor_holding_cost * seller.stock, seller.ordered);
            }
            maker.add(produced, produced, 0, 0, price_to_distributor * produced, unit_cost * produced, 0,
                      produced);
        }
        double* row = table + replication * tiers * measures;
        for (int m = 0; m < measures; ++m) {
            row[manufacturer * measures + m] = maker.total[m];
            row[distributor * measures + m] = row[store * measures + m] = 0;
            for (const Distributor& d : distributors) row[distributor * measures + m] += d.account.total[m];
            for (const Store& s : stores) row[store * measures + m] += s.account.total[m];
        }
    }
}
