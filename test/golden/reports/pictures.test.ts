import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { LIGHT } from "../../../reports/base/theme.ts";
import type { Chart } from "../../../reports/charts/chart.ts";
import { CHARTS } from "../../../reports/charts/index.ts";
import { renderSvg } from "../../../reports/html/svg.ts";
import { VALIDATION_CHARTS } from "../../../reports/validation/report.ts";
import { asked } from "../../members.ts";
import { classKept, fixture } from "../../reports/fixture.ts";
import { validation } from "../../reports/validation/results.ts";
import { assertPicture, missingMessage } from "../picture.ts";

const FOLDER = import.meta.dirname;
const UPDATE = process.env.UPDATE_GOLDEN === "1";

const run = fixture({ strategies: ["single-us-east-1", "round-robin", "cheapest"], hours: 6, replications: 4 });
const validated = validation();

/** Every registered chart by its id, with how to draw it. */
const PICTURES: readonly { readonly id: string; readonly draw: () => Promise<string> }[] = [
  ...CHARTS.map((chart) => picture(chart, run)),
  // As small multiples, where classes are kept apart.
  ...CHARTS.filter(({ id }) => /over-day|percentiles/.test(id)).map((chart) =>
    picture({ ...chart, id: `${chart.id}-by-class` }, classKept(run)),
  ),
  ...VALIDATION_CHARTS.map((chart) => picture(chart(0), validated)),
];

function picture<R>(chart: Chart<R>, result: R) {
  return { id: chart.id, draw: () => renderSvg(chart.spec(result, LIGHT), { idPrefix: chart.id }) };
}

describe("golden pictures of charts", () => {
  for (const { id, draw } of asked(PICTURES, ({ id }) => id)) {
    it(id, async () => assertPicture(await draw(), { folder: FOLDER, name: id, update: UPDATE }));
  }

  it("there is one for every registered chart, and none without a chart", () => {
    const files = readdirSync(FOLDER).filter((file) => file.endsWith(".svg") && !file.endsWith(".changed.svg"));
    const expected = PICTURES.map(({ id }) => `${id}.svg`);
    const missing = expected.filter((file) => !files.includes(file)).map((file) => missingMessage(join(FOLDER, file)));
    const orphans = files
      .filter((file) => !expected.includes(file))
      .map((file) => `delete ${file}: no registered chart has this id`);
    assert.ok(missing.length + orphans.length === 0, [...missing, ...orphans].join("\n"));
  });
});
