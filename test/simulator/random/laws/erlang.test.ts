import test from "node:test";
import { erlang } from "../../../../simulator/random/laws/erlang.ts";
import { checkLaw } from "../check-law.ts";

test("erlang: 1 - sum of Poisson terms", () => {
  const k = 4;
  const rate = k / 1000;
  const tail = (x: number) => {
    let term = Math.exp(-rate * x);
    let sum = term;
    for (let n = 1; n < k; n++) sum += term *= (rate * x) / n;
    return sum;
  };
  // Near 0, 1 - tail cancels: there the leading terms of the series of the lower integral.
  const head = (x: number) => {
    let term = (Math.exp(-rate * x) * (rate * x) ** k) / 24;
    let sum = 0;
    for (let n = 1; n < 60; n++) {
      sum += term;
      term *= (rate * x) / (k + n);
    }
    return sum;
  };
  checkLaw(erlang.create({ kind: "erlang", k, mean: 1000 }), {
    cdf: (x) => (rate * x < 3 ? head(x) : 1 - tail(x)),
    mean: 1000,
    variance: 250_000,
  });
});
