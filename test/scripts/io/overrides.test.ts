import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { applyOverrides, parseSet, settledPath, writeOutAliases } from "../../../scripts/io/overrides.ts";
import { parseYaml, type YamlSource } from "../../../scripts/io/yaml-source.ts";

const TEXT = `
traffic:
  - { class: chat, arrivals: &rate { poisson: 4/s } }
  - { class: "night batch", arrivals: *rate }
quotas: [{ region: us-east-1, model: a }, { region: eu-west-1, model: a }]
strategies: [round-robin, { name: near, priority: {} }, { single: { target: x } }, { single: { target: y } }]
regions: [us-east-1, eu-west-1]
`;
const sourceOf = (text: string) => parseYaml(text, "a.yaml") as YamlSource;
const settled = (path: string) => settledPath(sourceOf(TEXT), parseSet(`${path}=1`).path);
const pathOf = (path: string) => {
  const found = settled(path);
  return "path" in found ? found.path : found;
};

describe("the path of an override", () => {
  it("names entries of lists by class, name, region, kind or text, or counts them", () => {
    assert.deepEqual(pathOf("traffic[chat].slo"), ["traffic", 0, "slo"]);
    assert.deepEqual(pathOf("traffic[night batch].slo"), ["traffic", 1, "slo"]);
    assert.deepEqual(pathOf("quotas.eu-west-1.tokensPerMinute"), ["quotas", 1, "tokensPerMinute"]);
    assert.deepEqual(pathOf("strategies[near].priority"), ["strategies", 1, "priority"]);
    assert.deepEqual(pathOf("strategies.priority.priority"), ["strategies", 1, "priority"]);
    assert.deepEqual(pathOf("strategies[round-robin]"), ["strategies", 0]);
    assert.deepEqual(pathOf("regions.us-east-1"), ["regions", 0]);
    assert.deepEqual(pathOf("traffic[1].new.key"), ["traffic", 1, "new", "key"]);
  });

  it("says which entries a name may mean, or which name was meant", () => {
    assert.deepEqual(pathOf("quotas[a].requests"), {
      what: '"a" names 2 entries of quotas',
      fix: "write quotas[0] or quotas[1]",
    });
    assert.match(JSON.stringify(pathOf("strategies[single].single")), /names 2 entries/);
    assert.match(JSON.stringify(pathOf("traffic[chta].slo")), /did you mean .*chat/);
  });

  it("changes one of the places that the file writes once, and not the others", () => {
    for (const [path, rates] of [
      ["traffic[chat].arrivals.poisson", ["9/s", "4/s"]],
      ["traffic[1].arrivals.poisson", ["4/s", "9/s"]],
      ["traffic[0]", [undefined, "4/s"]],
    ] as const) {
      const source = sourceOf(TEXT);
      assert.deepEqual(
        applyOverrides(source, [parseSet(`${path}=${path.endsWith("poisson") ? "9/s" : "{}"}`)]).problems,
        [],
      );
      const { traffic } = parse(String(source.document));
      assert.deepEqual(
        traffic.map(({ arrivals }) => arrivals?.poisson),
        rates,
        path,
      );
    }
  });

  it("leaves the text as it is where nothing is shared on the way", () => {
    const source = sourceOf(TEXT);
    applyOverrides(source, [parseSet("regions[0]=x")]);
    assert.match(String(source.document), /\*rate/);
    assert.equal(writeOutAliases(sourceOf("a: 1").document), false);
    const nested = sourceOf("a: &a { b: &b [1] }\nc: *a\nd: [*b, *a]");
    assert.equal(writeOutAliases(nested.document), true);
    assert.deepEqual(String(nested.document).includes("*") || String(nested.document).includes("&"), false);
    assert.deepEqual(nested.document.toJS(), { a: { b: [1] }, c: { b: [1] }, d: [[1], { b: [1] }] });
  });
});

function parse(text: string): { readonly traffic: readonly { readonly arrivals?: { readonly poisson: string } }[] } {
  return sourceOf(text).document.toJS();
}
