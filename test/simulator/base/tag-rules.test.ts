import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { globMatches, parseTagRules, Tagger } from "../../../simulator/base/tag-rules.ts";
import { processorMsOf } from "../../busy-host.ts";

describe("rules for tags", () => {
  const rules = `# teams
tag team=search where modelId like "*haiku*" and identity like "*:role/search-*"
tag team="customer care" where region is "eu-central-1" and modelId not like "*haiku*"
tag product=chat
tag team=rest
`;

  it("give what is untagged the first value that fits, and leave tags as they are", () => {
    const tagger = new Tagger(parseTagRules(rules, "tags.txt"));
    const haiku = "eu.anthropic.claude-haiku-4-5-20251001-v1:0";
    const role = "arn:aws:sts::111122223333:assumed-role/x:role/Search-api";
    assert.deepEqual(tagger.tagsOf({ modelId: haiku, identity: role }, {}), { team: "search", product: "chat" });
    assert.deepEqual(tagger.tagsOf({ modelId: "amazon.nova", region: "eu-central-1" }, { team: "" }), {
      team: "customer care",
      product: "chat",
    });
    assert.deepEqual(tagger.tagsOf({ modelId: haiku }, { team: "ops", product: "p" }), { team: "ops", product: "p" });
    // What is not known fits no like, and every not like.
    assert.equal(tagger.tagsOf({ region: "eu-central-1" }, {}).team, "customer care");
    assert.deepEqual(tagger.used, [1, 2, 3, 0]);
    assert.deepEqual(tagger.notes(), ["the rule of line 5 (team=rest) fits nothing that lacks the tag"]);
  });

  it("may have their words in any case and a comment behind them, but not within quotes", () => {
    const text =
      'TAG team=a WHERE Region IS NOT "x # y" AND usageType Like "*nova*"  # those of "a"\ntag team="b # c" # rest';
    const [first, second] = parseTagRules(text.replace('"a"', "a"), "tags.txt");
    assert.deepEqual(first!.conditions, [
      { field: "region", isNegated: true, pattern: "x # y" },
      { field: "usageType", isNegated: false, pattern: "*nova*" },
    ]);
    assert.deepEqual([second!.value, second!.conditions], ["b # c", []]);
  });

  it("are refused with every line's problem at once, and a near field", () => {
    const text =
      'tag =x\ntag a=b where modelid like "*"\ntag a=b where moddelId like "*"\nsearch\ntag a=b where region ~ "x"';
    assert.throws(
      () => parseTagRules(text, "tags.txt"),
      (error) => {
        assert.ok(error instanceof MeridianError);
        assert.deepEqual(
          error.problems.map(({ where }) => where),
          ["tags.txt:1", "tags.txt:3", "tags.txt:4", "tags.txt:5"],
        );
        assert.match(error.problems[1]!.what, /did you mean modelId/);
        return true;
      },
    );
    assert.throws(() => parseTagRules("# nothing\n", "tags.txt"), /the file has no rule/);
  });
});

describe("globs", () => {
  it("fit as a shell's do, without regard to case", () => {
    const rows: readonly (readonly [string, string, boolean])[] = [
      ["abc", "abc", true],
      ["ABC", "a?c", true],
      ["abc", "a*", true],
      ["abc", "*c", true],
      ["abc", "*b*", true],
      ["abcbd", "a*b?", true],
      ["abc", "ab", false],
      ["abc", "", false],
      ["", "*", true],
      ["a.c", "a.c", true],
      ["abc", "a.c", false],
      ["(x+)", "(x+)", true],
    ];
    for (const [text, glob, fits] of rows) assert.equal(globMatches(text, glob), fits, `${text} ${glob}`);
  });

  it("end within text × pattern steps where a backtracking expression would not", () => {
    const tookMs = processorMsOf(() => {
      assert.equal(globMatches("a".repeat(5000), `${"*a".repeat(200)}b`), false);
    });
    assert.ok(tookMs < 1000, `${tookMs} ms`);
  });
});
