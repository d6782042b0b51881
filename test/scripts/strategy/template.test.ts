import assert from "node:assert/strict";
import { test } from "node:test";
import { strategyTemplate } from "../../../scripts/strategy/template.ts";

test("the JavaScript is the TypeScript without its types", () => {
  const [typed, plain] = [strategyTemplate("mine", true), strategyTemplate("mine", false)];
  assert.match(typed, /name: "mine"/);
  assert.match(typed, /as const/);
  assert.doesNotMatch(plain, /as const|\]!/);
  const bare = (text: string) => text.replaceAll("]!", "]").replaceAll(" as const", "").replace("// @ts-check\n", "");
  assert.equal(bare(typed).replaceAll("mine.ts", "mine.js"), bare(plain));
});
