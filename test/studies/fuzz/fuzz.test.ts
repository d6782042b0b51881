import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { KeyedRandom } from "../../../simulator/random/keyed-random.ts";
import { emulatorTarget } from "../../../studies/fuzz/emulator-targets.ts";
import { type FuzzTarget, fuzz } from "../../../studies/fuzz/fuzz.ts";
import { mutatedData, mutatedText } from "../../../studies/fuzz/mutations.ts";
import { TARGETS } from "../../../studies/fuzz/targets.ts";

const BOUNDS = { seed: 20_261_129, inputsMax: 70, forMs: 5000, slowMs: 5000, clockMs: () => performance.now() };
const target = (run: FuzzTarget["run"]): FuzzTarget => ({ name: "t", run });

it("hostile scenarios and files work or are refused with a problem", async () => {
  const { inputs, refused, failures } = await fuzz({ ...BOUNDS, targets: TARGETS });
  assert.deepEqual(failures, []);
  assert.ok(inputs >= TARGETS.length && refused > 0, `${inputs} inputs, ${refused} refused`);
});

it("the emulator answers hostile calls, and afterwards a right one", async () => {
  const target = emulatorTarget();
  try {
    const { inputs, failures } = await fuzz({ ...BOUNDS, inputsMax: 150, targets: [target] });
    assert.deepEqual(failures, []);
    assert.ok(inputs > 50, String(inputs));
    assert.equal(await target.healthStatus(), 200);
  } finally {
    await target.close();
  }
});

describe("a failure", () => {
  it("is a bug, or work that takes too long; a problem is none", async () => {
    let nowMs = 0;
    const clockMs = () => nowMs;
    const problem = { code: "X", what: "x" };
    const found = await fuzz({
      ...BOUNDS,
      clockMs,
      inputsMax: 4,
      targets: [
        target((_, say) => {
          say("the input");
          throw new TypeError("oops");
        }),
        target(() => {
          throw new MeridianError("internal", problem);
        }),
        target(() => {
          throw new MeridianError("data", problem);
        }),
        target(() => {
          nowMs += 6000;
        }),
      ],
    });
    assert.deepEqual([found.inputs, found.refused], [4, 1]);
    assert.deepEqual(
      found.failures.map(({ input, text, what }) => [input, text, what.split("\n", 1)[0]]),
      [
        [0, "the input", "TypeError: oops"],
        [1, "", "X  x"],
        [3, "", "it took 6000 ms"],
      ],
    );
  });
});

describe("mutations", () => {
  const random = (i: number) => {
    const stream = new KeyedRandom(1, "test");
    stream.seek(i, 0);
    return stream;
  };
  const value = { a: { b: [1, 2, 3] }, c: "text" };

  it("change data and texts, leave the original alone, and repeat for a seed", () => {
    const original = structuredClone(value);
    const texts = new Set<string>();
    for (let i = 0; i < 200; i++) {
      texts.add(JSON.stringify(mutatedData(value, random(i))));
      assert.deepEqual(mutatedData(value, random(i)), mutatedData(value, random(i)));
      assert.equal(mutatedText("a: 1\nb: 2\n", random(i)), mutatedText("a: 1\nb: 2\n", random(i)));
    }
    assert.deepEqual(value, original);
    assert.ok(texts.size > 50, String(texts.size));
  });
});
