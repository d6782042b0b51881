// Model R3 (r3.yaml beside this file) as one C++ program that can do nothing else: the baseline for the engine's speed.
// Usage: kernel_r3 lo|cw REQUESTS SEED [LOAD]; prints one JSON object. Times in ms, token counts whole.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <limits>
#include <vector>

namespace {
constexpr double INF = std::numeric_limits<double>::infinity();
constexpr double PI = 3.141592653589793;
constexpr double MINUTE = 60'000, HOUR = 3'600'000, DAY = 86'400'000;
constexpr int REGIONS = 5, ORIGINS = 3, BATCH_MAX = 96, ATTEMPTS_MAX = 3, MAX_TOKENS = 1000;
constexpr double RTT[ORIGINS][REGIONS] = {{12, 66, 72, 226, 158}, {96, 152, 34, 168, 232}, {164, 104, 208, 74, 12}};
constexpr double UTC_OFFSET[REGIONS] = {-5, -8, 0, 8, 9};
constexpr double LIMIT[REGIONS] = {1'600'000, 900'000, 900'000, 400'000, 900'000};
constexpr double ATTEMPT_LIMIT = 60'000, QUEUE_DELAY_MAX = 20'000;
constexpr double STEP_BASE = 9, STEP_EACH = 0.11;

// ---- draws: one generator per purpose, normals by a ziggurat of 256 layers (Marsaglia, Tsang 2000) ----

struct Random {
  uint64_t a, b, c, n;
  Random(uint64_t seed, uint64_t purpose) : a(seed), b(purpose), c(0x9e3779b97f4a7c15), n(1) {
    for (int i = 0; i < 18; i++) next();
  }
  uint64_t next() {  // sfc64
    const uint64_t out = a + b + n++;
    a = b ^ (b >> 11);
    b = c + (c << 3);
    c = ((c << 24) | (c >> 40)) + out;
    return out;
  }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
};

struct Ziggurat {
  double x[257], y[257];
  Ziggurat() {
    constexpr double r = 3.6541528853610088, area = 0.00492867323399;
    const auto f = [](double v) { return std::exp(-0.5 * v * v); };
    x[0] = area / f(r);
    x[1] = r;
    for (int i = 2; i < 256; i++) x[i] = std::sqrt(-2 * std::log(area / x[i - 1] + f(x[i - 1])));
    x[256] = 0;
    for (int i = 0; i < 257; i++) y[i] = f(x[i]);
  }
} const ZIGGURAT;

double normal(Random& random) {
  for (;;) {
    const uint64_t bits = random.next();
    const int layer = bits & 255;
    const double u = static_cast<double>(static_cast<int64_t>(bits) >> 11) * 0x1p-52;
    const double v = u * ZIGGURAT.x[layer];
    if (std::fabs(v) < ZIGGURAT.x[layer + 1]) return v;
    if (layer == 0) {
      double tail, other;
      do {
        tail = -std::log(1 - random.uniform()) / ZIGGURAT.x[1];
        other = -std::log(1 - random.uniform());
      } while (2 * other < tail * tail);
      return v < 0 ? -(ZIGGURAT.x[1] + tail) : ZIGGURAT.x[1] + tail;
    }
    if (ZIGGURAT.y[layer] + random.uniform() * (ZIGGURAT.y[layer + 1] - ZIGGURAT.y[layer]) < std::exp(-0.5 * v * v))
      return v;
  }
}

struct Lognormal {
  double mu, sigma;
  Lognormal(double mean, double cv) : mu(std::log(mean) - std::log1p(cv * cv) / 2), sigma(std::sqrt(std::log1p(cv * cv))) {}
  double operator()(Random& random) const { return std::exp(mu + sigma * normal(random)); }
};

// ---- a 4-ary heap of (key, payload) ----

struct Heap {
  struct Entry {
    double key;
    uint32_t payload;
  };
  std::vector<Entry> entries;
  double top() const { return entries.empty() ? INF : entries[0].key; }
  void push(double key, uint32_t payload) {
    size_t i = entries.size();
    entries.push_back({key, payload});
    while (i > 0) {
      const size_t parent = (i - 1) >> 2;
      if (entries[parent].key <= key) break;
      entries[i] = entries[parent];
      i = parent;
    }
    entries[i] = {key, payload};
  }
  uint32_t pop() {
    const uint32_t out = entries[0].payload;
    const Entry last = entries.back();
    entries.pop_back();
    const size_t size = entries.size();
    if (size == 0) return out;
    size_t i = 0;
    for (;;) {
      const size_t first = 4 * i + 1;
      if (first >= size) break;
      size_t least = first;
      const size_t end = std::min(first + 4, size);
      for (size_t c = first + 1; c < end; c++) least = entries[c].key < entries[least].key ? c : least;
      if (entries[least].key >= last.key) break;
      entries[i] = entries[least];
      i = least;
    }
    entries[i] = last;
    return out;
  }
};

/** First come, first served, over a ring that grows. */
struct Ring {
  std::vector<uint32_t> places = std::vector<uint32_t>(1024);
  size_t head = 0, size = 0;
  void push(uint32_t value) {
    if (size == places.size()) {
      std::rotate(places.begin(), places.begin() + static_cast<long>(head), places.end());
      head = 0;
      places.resize(2 * places.size());
    }
    places[(head + size++) & (places.size() - 1)] = value;
  }
  uint32_t front() const { return places[head]; }
  void pop() {
    head = (head + 1) & (places.size() - 1);
    size--;
  }
};

// ---- log-bucket histograms: 128 buckets an octave ----

struct Histogram {
  std::vector<uint32_t> counts = std::vector<uint32_t>(128 * 32);
  double sum = 0;
  uint64_t size = 0;
  void add(double ms) {
    const double shifted = ms + 1;
    uint64_t bits;
    std::memcpy(&bits, &shifted, 8);
    counts[(bits >> 45) - (1023ull << 7)]++;
    sum += ms;
    size++;
  }
  void add(const Histogram& other) {
    for (size_t i = 0; i < counts.size(); i++) counts[i] += other.counts[i];
    sum += other.sum;
    size += other.size;
  }
  double quantile(double p) const {
    const double rank = p * static_cast<double>(size);
    double below = 0;
    for (size_t i = 0; i < counts.size(); i++) {
      if (below + counts[i] >= rank && counts[i] > 0) {
        const auto edge = [](size_t k) { return std::exp2(static_cast<double>(k >> 7)) * (1 + (k & 127) / 128.0) - 1; };
        return edge(i) + (edge(i + 1) - edge(i)) * (rank - below) / counts[i];
      }
      below += counts[i];
    }
    return NAN;
  }
};

// ---- the model ----

enum Kind : uint32_t { THERE = 0, BACK = 1, RETRY = 2 };
enum Outcome : uint8_t { OK, THROTTLED, UNAVAILABLE, TIMEOUT };

/** A request and its attempt. An attempt that was given up keeps its row; its request goes on in another. */
struct Row {
  double arrivalMs, sentMs, firstMs, endedMs, noise;
  int64_t minute;
  int32_t input, output;
  uint32_t attemptId;
  int8_t origin, region, attempts, lastCost, last;
  uint8_t outcome;
  bool detached;
  int16_t hour;
};

struct Region {
  double units = 0, unitMs = 1, lastMs = 0, background = 0, used = 0, waitingSteps = 0, nextMs = INF;
  int64_t minute = -1;
  int inService = 0, decoding = 0, inFlight = 0;
  Heap ends, firsts, joins;
  Ring line;
  Histogram e2e, ttft;
};

/** What a router learns of a region: failure share, moving p95. */
struct Learnt {
  static constexpr int BUCKETS = 30 * 16;
  double lastMs = -INF, weight = 0, failures = 0, lastLatencyMs = -INF, p95 = NAN;
  double each = 1, total = 0, below = 0;
  int pointer = 0;
  double weights[BUCKETS] = {};

  static double keep(double gap) { return gap > MINUTE ? 0 : std::exp(-std::min(gap / MINUTE, 0.02)); }

  void outcome(double now, bool failed) {
    weight = weight * keep(now - lastMs) + 1;
    failures += ((failed ? 1 : 0) - failures) / weight;
    lastMs = now;
  }

  void latency(double now, double ms) {
    const double k = keep(now - lastLatencyMs);
    lastLatencyMs = now;
    if (k == 0 || each > 1e200) {
      const double scale = k == 0 ? 0 : 1 / each;
      total = below = 0;
      for (int i = 0; i < BUCKETS; i++) {
        weights[i] *= scale;
        total += weights[i];
        if (i < pointer) below += weights[i];
      }
      each = 1;
    } else each /= k;
    const int bucket = std::clamp(static_cast<int>((std::log2(ms) + 2) * 16), 0, BUCKETS - 1);
    weights[bucket] += each;
    total += each;
    if (bucket < pointer) below += each;
    const double goal = 0.95 * total;
    while (below + weights[pointer] < goal && pointer < BUCKETS - 1) below += weights[pointer++];
    while (below > goal && pointer > 0) below -= weights[--pointer];
    const double part = weights[pointer] > 0 ? std::clamp((goal - below) / weights[pointer], 0.0, 1.0) : 0;
    p95 = std::exp2((pointer + part) / 16 - 2);
  }
};

struct Kernel {
  bool learns;
  uint64_t requests;
  double load;
  Random gaps, thinning, inputs, outputs, origins, there, back, service, retries;
  Lognormal inputLaw{1200, 1.2}, outputLaw{220, 1}, jitter{1, 0.1}, noise{1, 0.25};
  std::vector<Row> rows;
  std::vector<uint32_t> freeRows;
  Region regions[REGIONS];
  Learnt learnt[REGIONS];
  Heap messages;
  struct Timer {
    double ms;
    uint32_t row, id;
  };
  std::vector<Timer> timers = std::vector<Timer>(1 << 16);
  size_t timerHead = 0, timerCount = 0;
  double now = 0, nextMinute = 0, bucket = 500, candidateMs = 0;
  double priceIn[REGIONS], priceOut[REGIONS];
  int hour = -1;
  uint32_t attemptIds = 0;
  uint64_t attempts = 0, throttled = 0, unavailable = 0, timeouts = 0, served = 0, waited = 0, failed[4] = {};
  struct Hour {
    uint64_t attempts[REGIONS], throttled[REGIONS], unavailable[REGIONS], served[REGIONS], in[REGIONS], out[REGIONS];
    double priceIn[REGIONS], priceOut[REGIONS];
  };
  std::vector<Hour> hours;

  Kernel(bool cw, uint64_t n, uint64_t seed, double load)
      : learns(cw), requests(n), load(load), gaps(seed, 1), thinning(seed, 2), inputs(seed, 3), outputs(seed, 4),
        origins(seed, 5), there(seed, 6), back(seed, 7), service(seed, 8), retries(seed, 9) {}

  // -- time --

  void turnMinute() {
    now = nextMinute;
    nextMinute += MINUTE;
    const int h = static_cast<int>(now / HOUR);
    if (h != hour) turnHour(h);
    for (int r = 0; r < REGIONS; r++) {
      Region& region = regions[r];
      synchronise(region);
      region.background = 90 * (1 + 0.55 * std::cos(2 * PI * (now / HOUR + UTC_OFFSET[r] - 15) / 24));
      settle(region);
    }
  }

  void turnHour(int h) {
    hour = h;
    hours.resize(static_cast<size_t>(h) + 1);
    for (int r = 0; r < REGIONS; r++) {
      const double local = std::fmod(h + UTC_OFFSET[r] + 48, 24);
      const double f = 1 + 0.31 / 2.31 * std::cos(2 * PI * (local - 15) / 24);
      hours[h].priceIn[r] = priceIn[r] = std::round(3 * f * 1e9) / 1e9;
      hours[h].priceOut[r] = priceOut[r] = std::round(15 * f * 1e9) / 1e9;
    }
  }

  double nextArrival() {
    const double peakPerMs = 9 * load * 1.6 / 1000;
    for (;;) {
      candidateMs += -std::log(1 - gaps.uniform()) / peakPerMs;
      const double u = thinning.uniform() * 1.6;
      if (u < 0.4 || u < 1 + 0.6 * std::cos(2 * PI * (candidateMs - 20 * HOUR) / DAY)) return candidateMs;
    }
  }

  // -- batching, in virtual time --

  /** Brings V up to now, and writes down the first tokens on the way. */
  void synchronise(Region& region) {
    if (region.decoding > 0) {
      const double to = region.units + (now - region.lastMs) / region.unitMs;
      while (region.firsts.top() <= to) {
        const double mark = region.firsts.top();
        rows[region.firsts.pop()].firstMs = region.lastMs + (mark - region.units) * region.unitMs;
      }
      region.units = to;
    }
    region.lastMs = now;
  }

  void settle(Region& region) {
    region.unitMs = STEP_BASE + STEP_EACH * (region.decoding + region.background);
    schedule(region);
  }

  void schedule(Region& region) {
    const double markMs =
        region.ends.entries.empty() ? INF : region.lastMs + std::max(0.0, region.ends.top() - region.units) * region.unitMs;
    region.nextMs = std::min(markMs, region.joins.top());
  }

  void advance(Region& region) {
    if (region.joins.top() <= now) {
      synchronise(region);
      join(region, region.joins.pop());
      settle(region);
      return;
    }
    synchronise(region);
    region.units = region.ends.top();
    const uint32_t id = region.ends.pop();
    region.decoding--;
    region.inService--;
    while (region.line.size > 0 && region.inService < BATCH_MAX) {
      const uint32_t next = region.line.front();
      region.line.pop();
      region.waitingSteps -= rows[next].output * rows[next].noise;
      start(region, next);
    }
    settle(region);
    finish(region, id);
  }

  void start(Region& region, uint32_t id) {
    region.inService++;
    const Row& row = rows[id];
    region.joins.push(now + (600 + 0.25 * row.input) * row.noise, id);
  }

  void join(Region& region, uint32_t id) {
    const Row& row = rows[id];
    const double first = region.units + row.noise;
    const double end = first + (row.output - 1) * row.noise;
    if (row.output > 1) region.firsts.push(first, id);
    else rows[id].firstMs = NAN;
    region.ends.push(end, id);
    region.decoding++;
  }

  void finish(Region& region, uint32_t id) {
    Row& row = rows[id];
    if (row.output == 1) row.firstMs = now;
    if (static_cast<int64_t>(now / MINUTE) == row.minute) {
      roll(region);
      region.used = std::max(0.0, region.used + row.output - MAX_TOKENS);
    }
    Hour& billed = hours[static_cast<size_t>(row.hour)];
    billed.in[row.region] += static_cast<uint64_t>(row.input);
    billed.out[row.region] += static_cast<uint64_t>(row.output);
    hours[hour].served[row.region]++;
    answer(id, OK);
  }

  // -- the front door --

  void roll(Region& region) {
    const auto minute = static_cast<int64_t>(now / MINUTE);
    if (minute == region.minute) return;
    region.minute = minute;
    region.used = 0;
  }

  void arriveAtRegion(uint32_t id) {
    Row& row = rows[id];
    Region& region = regions[row.region];
    roll(region);
    row.hour = static_cast<int16_t>(hour);
    const double need = row.input + MAX_TOKENS;
    if (region.used + need > LIMIT[row.region]) {
      throttled++;
      hours[hour].throttled[row.region]++;
      answer(id, THROTTLED);
      return;
    }
    row.noise = noise(service);
    row.minute = region.minute;
    const bool starts = region.line.size == 0 && region.inService < BATCH_MAX;
    if (!starts) {
      const double delay = region.waitingSteps * (STEP_BASE + STEP_EACH * (BATCH_MAX + region.background)) / BATCH_MAX;
      if (delay > QUEUE_DELAY_MAX) {
        unavailable++;
        hours[hour].unavailable[row.region]++;
        answer(id, UNAVAILABLE);
        return;
      }
    }
    region.used += need;
    if (starts) {
      start(region, id);
      schedule(region);
    } else {
      waited++;
      region.line.push(id);
      region.waitingSteps += row.output * row.noise;
    }
  }

  void answer(uint32_t id, Outcome outcome) {
    Row& row = rows[id];
    row.outcome = outcome;
    row.endedMs = now;
    messages.push(now + RTT[row.origin][row.region] / 2 * jitter(back), id << 2 | BACK);
  }

  // -- callers --

  uint32_t allocate() {
    if (freeRows.empty()) {
      rows.push_back({});
      return static_cast<uint32_t>(rows.size() - 1);
    }
    const uint32_t id = freeRows.back();
    freeRows.pop_back();
    return id;
  }

  void arrive() {
    const uint32_t id = allocate();
    Row& row = rows[id];
    row.arrivalMs = now;
    row.input = static_cast<int32_t>(std::max(1.0, inputLaw(inputs) + 0.5));
    row.output = static_cast<int32_t>(std::min(1000.0, std::max(1.0, outputLaw(outputs) + 0.5)));
    const double u = origins.uniform();
    row.origin = u < 0.5 ? 0 : u < 0.8 ? 1 : 2;
    row.attempts = 0;
    row.lastCost = 0;
    row.last = -1;
    send(id);
  }

  void send(uint32_t id) {
    Row& row = rows[id];
    const int r = learns ? cheapestWithin(row) : leastOutstanding();
    row.region = row.last = static_cast<int8_t>(r);
    row.attempts++;
    row.sentMs = now;
    row.detached = false;
    row.attemptId = ++attemptIds;
    regions[r].inFlight++;
    attempts++;
    hours[hour].attempts[r]++;
    if (timerCount == timers.size()) growTimers();
    timers[(timerHead + timerCount++) & (timers.size() - 1)] = {now + ATTEMPT_LIMIT, id, row.attemptId};
    messages.push(now + RTT[row.origin][r] / 2 * jitter(there), id << 2 | THERE);
  }

  int leastOutstanding() const {
    int best = 0;
    for (int r = 1; r < REGIONS; r++) best = regions[r].inFlight < regions[best].inFlight ? r : best;
    return best;
  }

  int cheapestWithin(const Row& row) const {
    const double* rtt = RTT[row.origin];
    int best = -1;
    double bestPrice = INF;
    for (int r = 0; r < REGIONS; r++) {
      if (r == row.last || !qualifies(r, rtt[r])) continue;
      const double price = row.input * priceIn[r] + MAX_TOKENS * priceOut[r];
      if (best < 0 || price < bestPrice || (price == bestPrice && rtt[r] < rtt[best])) {
        best = r;
        bestPrice = price;
      }
    }
    if (best >= 0) return best;
    double bestMs = INF;
    for (int r = 0; r < REGIONS; r++) {
      if (r == row.last) continue;
      const double ms = std::isnan(learnt[r].p95) ? INF : learnt[r].p95 + rtt[r];
      if (best < 0 || ms < bestMs || (ms == INF && bestMs == INF && regions[r].inFlight < regions[best].inFlight)) {
        best = r;
        bestMs = ms;
      }
    }
    return best;
  }

  bool qualifies(int r, double rtt) const {
    const Learnt& known = learnt[r];
    if (now - known.lastMs > MINUTE) return regions[r].inFlight < 2;
    if (known.failures > 0.1) return false;
    return std::isnan(known.p95) ? regions[r].inFlight < 2 : known.p95 + rtt <= 12'000;
  }

  void learn(const Row& row, Outcome outcome) {
    regions[row.region].inFlight--;
    if (!learns) return;
    Learnt& known = learnt[row.region];
    known.outcome(now, outcome != OK);
    if (outcome == OK || outcome == TIMEOUT)
      known.latency(now, std::max(1e-9, now - row.sentMs - RTT[row.origin][row.region]));
  }

  void respond(uint32_t id) {
    Row& row = rows[id];
    if (row.detached) {
      freeRows.push_back(id);
      return;
    }
    const auto outcome = static_cast<Outcome>(row.outcome);
    row.attemptId = 0;
    learn(row, outcome);
    if (outcome != OK) {
      fail(id, outcome);
      return;
    }
    bucket = std::min(500.0, bucket + (row.lastCost > 0 ? row.lastCost : 1));
    served++;
    const double e2e = now - row.arrivalMs;
    regions[row.region].e2e.add(e2e);
    regions[row.region].ttft.add(e2e - (row.endedMs - row.firstMs));
    freeRows.push_back(id);
  }

  void fail(uint32_t id, Outcome outcome) {
    Row& row = rows[id];
    const int cost = outcome == THROTTLED ? 5 : 14;
    if (row.attempts >= ATTEMPTS_MAX || cost > bucket) {
      failed[outcome]++;
      freeRows.push_back(id);
      return;
    }
    bucket -= cost;
    row.lastCost = static_cast<int8_t>(cost);
    const double base = (outcome == THROTTLED ? 1000.0 : 50.0) * (row.attempts == 1 ? 1 : 2);
    messages.push(now + retries.uniform() * std::min(base, 20'000.0), id << 2 | RETRY);
  }

  void growTimers() {
    std::rotate(timers.begin(), timers.begin() + static_cast<long>(timerHead), timers.end());
    timerHead = 0;
    timers.resize(2 * timers.size());
  }

  /** When the next attempt is given up; timers of attempts that have been answered are dropped on the way. */
  double nextTimeout() {
    while (timerCount > 0) {
      const Timer& timer = timers[timerHead];
      if (rows[timer.row].attemptId == timer.id && !rows[timer.row].detached) return timer.ms;
      timerHead = (timerHead + 1) & (timers.size() - 1);
      timerCount--;
    }
    return INF;
  }

  void timeOut() {
    const uint32_t id = timers[timerHead].row;
    timerHead = (timerHead + 1) & (timers.size() - 1);
    timerCount--;
    timeouts++;
    learn(rows[id], TIMEOUT);
    const uint32_t request = allocate();
    rows[request] = rows[id];
    rows[request].attemptId = 0;
    rows[id].detached = true;
    fail(request, TIMEOUT);
  }

  void run() {
    uint64_t left = requests;
    turnMinute();
    double arrivalMs = nextArrival(), timeoutMs = INF;
    for (;;) {
      double ms = std::min(arrivalMs, messages.top());
      int which = -1;
      for (int r = 0; r < REGIONS; r++) {
        which = regions[r].nextMs < ms ? r : which;
        ms = std::min(ms, regions[r].nextMs);
      }
      if (ms == INF && nextTimeout() == INF) break;
      if (timeoutMs <= ms) {
        timeoutMs = nextTimeout();
        if (timeoutMs <= ms) {
          if (nextMinute <= timeoutMs) turnMinute();
          else {
            now = timeoutMs;
            timeOut();
            timeoutMs = nextTimeout();
          }
          continue;
        }
      }
      if (nextMinute <= ms) {
        turnMinute();
        continue;
      }
      now = ms;
      if (which >= 0) advance(regions[which]);
      else if (messages.top() <= arrivalMs) {
        const uint32_t payload = messages.pop();
        const uint32_t kind = payload & 3, id = payload >> 2;
        if (kind == THERE) arriveAtRegion(id);
        else if (kind == BACK) respond(id);
        else send(id);
      } else {
        arrive();
        arrivalMs = --left > 0 ? nextArrival() : INF;
      }
      if (timeoutMs == INF) timeoutMs = nextTimeout();
    }
  }
};
}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const bool cw = std::strcmp(argv[1], "cw") == 0;
  const auto requests = static_cast<uint64_t>(std::atoll(argv[2]));
  Kernel kernel(cw, requests, static_cast<uint64_t>(std::atoll(argv[3])), argc > 4 ? std::atof(argv[4]) : 1);
  const auto began = std::chrono::steady_clock::now();
  const auto cpu = std::clock();
  kernel.run();
  const double userSeconds = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  Histogram e2e, ttft;
  double bill = 0;
  for (const Region& region : kernel.regions) {
    e2e.add(region.e2e);
    ttft.add(region.ttft);
  }
  for (const Kernel::Hour& hour : kernel.hours)
    for (int r = 0; r < REGIONS; r++)
      bill += (static_cast<double>(hour.in[r]) * hour.priceIn[r] + static_cast<double>(hour.out[r]) * hour.priceOut[r]) / 1e6;
  const auto share = [&](uint64_t count) { return static_cast<double>(count) / static_cast<double>(kernel.attempts); };
  const auto served = static_cast<double>(kernel.served);
  std::printf(
      "{\"seconds\":%.6f,\"userSeconds\":%.6f,\"requests\":%llu,\"meanMs\":%.4f,\"p95Ms\":%.4f,\"p99Ms\":%.4f,"
      "\"ttftP95Ms\":%.4f,\"throttledShare\":%.6f,\"failedShare\":%.6f,\"usdPer1kServed\":%.6f,\"unavailable\":%llu,"
      "\"timeouts\":%llu,\"waited\":%llu}\n",
      seconds, userSeconds, static_cast<unsigned long long>(requests), e2e.sum / served, e2e.quantile(0.95),
      e2e.quantile(0.99), ttft.quantile(0.95), share(kernel.throttled), 1 - served / static_cast<double>(requests),
      bill / served * 1000, static_cast<unsigned long long>(kernel.unavailable),
      static_cast<unsigned long long>(kernel.timeouts), static_cast<unsigned long long>(kernel.waited));
  return 0;
}
