/**
 * Latin hypercube sampling: each factor's range is cut into as many strata as there are points, and each stratum is
 * taken once. Source: McKay, Beckman and Conover, Technometrics 21 (1979).
 */
import { shuffle } from "simple-statistics";
import { KeyedRandom } from "../../random/keyed-random.ts";
import { type Design, valueAt } from "../job.ts";

export const latinHypercube: Design = {
  name: "latin-hypercube",
  summary: "random points that take every part of every range once",
  points({ factors, points, seed }) {
    const strata = Array.from({ length: points }, (_, i) => i);
    const columns = factors.map((factor) => {
      const random = new KeyedRandom(seed, `sweep ${factor.path}`);
      random.seek(0, 0);
      const order = shuffle(strata, () => random.next());
      return order.map((stratum) => valueAt(factor, (stratum + random.next()) / points));
    });
    return strata.map((i) => columns.map((column) => column[i]));
  },
};
