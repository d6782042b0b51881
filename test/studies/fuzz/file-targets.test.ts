import assert from "node:assert/strict";
import { it } from "node:test";
import { KeyedRandom } from "../../../simulator/random/keyed-random.ts";
import { FILE_TARGETS } from "../../../studies/fuzz/file-targets.ts";

for (const { name, run } of FILE_TARGETS) {
  it(`${name}: some inputs are right, since what is always refused tries nothing`, async () => {
    let taken = 0;
    for (let input = 0; input < 60 && taken === 0; input++) {
      const random = new KeyedRandom(20_261_130, `fuzz/${name}`);
      random.seek(input, 0);
      const once = async () => run(random, () => {});
      taken += await once().then(
        () => 1,
        () => 0,
      );
    }
    assert.equal(taken, 1);
  });
}
