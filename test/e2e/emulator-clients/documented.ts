import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/run-meridian.ts";

/** A block of the docs that points a client at the emulator: fenced as `<language> client <name>`. */
export interface ClientBlock {
  readonly page: string;
  readonly language: string;
  /** `boto3`, `aws`, `litellm`; empty where the language says it. */
  readonly name: string;
  readonly text: string;
}

/** Every such block of the README and of the docs. */
export function clientBlocks(): readonly ClientBlock[] {
  return ["README.md", ...globSync("docs/**/*.md", { cwd: ROOT })].sort().flatMap((page) => {
    const fence = /^```(\w+) client ?([\w-]*)\n([\s\S]*?)^```/gm;
    const text = readFileSync(join(ROOT, page), "utf8");
    return [...text.matchAll(fence)].map(([, language, name, body]) => ({
      page,
      language: language!,
      name: name!,
      text: body!,
    }));
  });
}

/** Arguments of every `npx meridian emulate ...` that the README and the docs show. */
export function documentedStarts(): readonly (readonly string[])[] {
  // The reference lists the examples of `--help`, whose files are made up.
  const pages = ["README.md", ...globSync("docs/**/*.md", { cwd: ROOT })]
    .filter((page) => !page.includes("reference"))
    .sort();
  const text = pages.map((page) => readFileSync(join(ROOT, page), "utf8")).join("\n");
  const starts = [...text.matchAll(/^npx meridian emulate(.*)$/gm)].map(([, args]) => args!.replace(/\s+#.*$/, ""));
  return [...new Set(starts.map((args) => args.trim()))].map((args) => args.split(/\s+/).filter((word) => word !== ""));
}

/** What a block of `export A=1 B=2` lines sets. */
export function exportsOf(block: ClientBlock): Readonly<Record<string, string>> {
  const assignments = block.text
    .split("\n")
    .filter((line) => line.startsWith("export "))
    .flatMap((line) => line.slice("export ".length).trim().split(/\s+/));
  return Object.fromEntries(
    assignments.map((each) => [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)]),
  );
}
