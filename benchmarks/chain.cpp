// Benchmark peer: chain FORM DISTRIBUTORS STORES_PER_DISTRIBUTOR WEEKS REPLICATIONS SEED THREADS
// FORM is "scalar" or "fast". Writes to standard output, in binary: seconds, then for every replication the
// totals per tier and measure, all as native doubles.
#include "chain.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <thread>
#include <vector>

int main(int count, char** arguments) {
    if (count != 8) {
        std::fprintf(stderr,
                     "usage: chain scalar|fast DISTRIBUTORS STORES WEEKS REPLICATIONS SEED THREADS\n");
        return 2;
    }
    const bool scalar = std::strcmp(arguments[1], "scalar") == 0;
    if (!scalar && std::strcmp(arguments[1], "fast") != 0) {
        std::fprintf(stderr, "unknown form %s, expected scalar or fast\n", arguments[1]);
        return 2;
    }
    const Chain chain{std::atoi(arguments[2]), std::atoi(arguments[3]), std::atoi(arguments[4]),
                      std::atoll(arguments[5]), std::strtoull(arguments[6], nullptr, 10)};
    const int threads = std::atoi(arguments[7]);
    if (chain.distributors < 1 || chain.stores < 1 || chain.weeks < 1 || chain.replications < 1 ||
        threads < 1) {
        std::fprintf(stderr, "every size must be at least 1\n");
        return 2;
    }
    try {
        std::vector<double> table(size_t(chain.replications) * tiers * measures);
        const auto start = std::chrono::steady_clock::now();
        const auto run = scalar ? run_scalar : run_fast;
        // Shares are whole blocks of eight replications, the most lanes the fast form has.
        const int64_t blocks = (chain.replications + 7) / 8;
        const auto bound = [&](int part) {
            const int64_t replication = blocks * part / threads * 8;
            return replication < chain.replications ? replication : chain.replications;
        };
        std::vector<std::thread> workers;
        for (int part = 1; part < threads; ++part)
            workers.emplace_back([&, part] { run(chain, bound(part), bound(part + 1), table.data()); });
        run(chain, bound(0), bound(1), table.data());
        for (auto& worker : workers) worker.join();
        const double seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        if (std::fwrite(&seconds, sizeof seconds, 1, stdout) != 1 ||
            std::fwrite(table.data(), sizeof(double), table.size(), stdout) != table.size())
            return 1;
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "%s\n", failure.what());
        return 1;
    }
    return 0;
}
