/**
 * Joins the chunks that a start loads anyway. Code that many programs share comes out of esbuild in a chunk for each set
 * of programs: some sixty files for a check, each of which Node looks up, reads and links by itself.
 */
import { basename, dirname, join, relative } from "node:path";
import { build } from "esbuild";
import { parseSync } from "oxc-parser";

/** Compiled modules: absolute path and text. */
export type Modules = ReadonlyMap<string, string>;

export interface JoinOptions {
  /** What one start loads, in this order; all that they import is joined, they are not. */
  readonly start: readonly string[];
  /** Programs that load no more than they need themselves: what one of them has and another has not stays apart. */
  readonly apart: readonly string[];
  /** Folder of the joined modules. */
  readonly folder: string;
}

/**
 * @param modules all modules of a build with splitting: static imports and exports by name, no cycles between files
 * @returns the modules, with joined ones in place of those that `start` imports; all names that entries export stay
 */
export async function joinChunks(modules: Modules, { start, apart, folder }: JoinOptions): Promise<Modules> {
  const links = new Map([...modules].map(([path, text]) => [path, linksOf(path, text)]));
  const parts = [...reached(start, links)].filter((path) => !start.includes(path));
  const needs = apart.map((path) => reached([path], links));
  const groups = new Map<string, string[]>();
  for (const part of parts) {
    const key = needs.map((need) => (need.has(part) ? "1" : "0")).join("");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [part]);
    else group.push(part);
  }
  const places = new Map<string, Place>();
  [...groups.values()].forEach((group, g) => {
    for (const part of group) places.set(part, { file: join(folder, `joined-${g + 1}.js`), at: parts.indexOf(part) });
  });
  const joined = new Map<string, string>();
  const rewritten = (path: string, text: string) => renamed(path, text, places);
  for (const group of groups.values()) {
    const { file } = places.get(group[0]!)!;
    joined.set(file, rewritten(file, await bundled(group, { modules, links, places, folder })));
  }
  const asked = new Set([...links.values()].flatMap(({ dynamic }) => dynamic));
  for (const [path, text] of modules) {
    const place = places.get(path);
    if (place === undefined) joined.set(path, rewritten(path, text));
    // Whoever imports it by name at run time finds it where it was.
    else if (asked.has(path)) {
      const names = links.get(path)!.exports.map((name) => `${nameIn(place, name)} as ${name}`);
      joined.set(path, `export{${names.join()}}from${JSON.stringify(specifier(path, place.file))};`);
    }
  }
  return joined;
}

/** Where a module went. */
interface Place {
  readonly file: string;
  /** Number of the module, which keeps its exports apart from those of others. */
  readonly at: number;
}

function nameIn({ at }: Place, name: string): string {
  return `${name}$${at}`;
}

interface Links {
  /** Absolute paths of the modules that it imports, in order; packages are not among them. */
  readonly imports: readonly string[];
  /** The same for imports at run time. */
  readonly dynamic: readonly string[];
  readonly exports: readonly string[];
}

function linksOf(path: string, text: string): Links {
  const { staticImports, staticExports, dynamicImports } = parseSync(path, text).module;
  const asked = dynamicImports.map(({ moduleRequest }) => text.slice(moduleRequest.start + 1, moduleRequest.end - 1));
  return {
    imports: staticImports.flatMap(({ moduleRequest }) => pathFrom(path, moduleRequest.value)),
    dynamic: asked.flatMap((request) => pathFrom(path, request)),
    exports: staticExports.flatMap(({ entries }) => entries.map(({ exportName }) => exportName.name!)),
  };
}

function pathFrom(path: string, request: string): readonly string[] {
  return request.startsWith(".") ? [join(dirname(path), request)] : [];
}

function specifier(from: string, to: string): string {
  const path = relative(dirname(from), to).replaceAll("\\", "/");
  return path.startsWith(".") ? path : `./${path}`;
}

/** Modules in the order in which they are evaluated. */
function reached(entries: readonly string[], links: ReadonlyMap<string, Links>): ReadonlySet<string> {
  const begun = new Set<string>();
  const done = new Set<string>();
  const visit = (path: string): void => {
    if (begun.has(path)) return;
    begun.add(path);
    for (const each of links.get(path)?.imports ?? []) visit(each);
    done.add(path);
  };
  entries.forEach(visit);
  return done;
}

interface Joining {
  readonly modules: Modules;
  readonly links: ReadonlyMap<string, Links>;
  readonly places: ReadonlyMap<string, Place>;
  readonly folder: string;
}

/** One module of many; what it imports from others it still imports from where that was. */
async function bundled(group: readonly string[], { modules, links, places, folder }: Joining): Promise<string> {
  const all = group.map((part) => {
    const names = links.get(part)!.exports.map((name) => `${name} as ${nameIn(places.get(part)!, name)}`);
    return `export{${names.join()}}from${JSON.stringify(part)};`;
  });
  const { outputFiles } = await build({
    stdin: { contents: all.join("\n"), resolveDir: folder },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "esnext",
    minifyWhitespace: true,
    legalComments: "none",
    logLevel: "warning",
    plugins: [
      {
        name: "join-chunks",
        setup: ({ onResolve, onLoad }) => {
          onResolve({ filter: /.*/ }, ({ path, importer }) => {
            const own = group.includes(path) ? path : pathFrom(importer, path)[0];
            if (own === undefined) return { path, external: true };
            if (group.includes(own)) return { path: own, namespace: "chunk" };
            return { path: specifier(join(folder, basename(importer)), own), external: true };
          });
          onLoad({ filter: /.*/, namespace: "chunk" }, ({ path }) => ({ contents: modules.get(path)!, loader: "js" }));
        },
      },
    ],
  });
  return outputFiles[0]!.text;
}

/** A module whose imports from modules that went elsewhere are from there, by their names there. */
function renamed(path: string, text: string, places: ReadonlyMap<string, Place>): string {
  let out = "";
  let at = 0;
  for (const { start, end, moduleRequest, entries } of parseSync(path, text).module.staticImports) {
    const place = places.get(pathFrom(path, moduleRequest.value)[0] ?? "");
    if (place === undefined) continue;
    const names = entries.map(({ importName, localName }) => {
      if (importName.kind !== "Name") throw new Error(`${path} imports ${moduleRequest.value} whole`);
      return `${nameIn(place, importName.name!)} as ${localName.value}`;
    });
    const from = JSON.stringify(specifier(path, place.file));
    out += text.slice(at, start) + (names.length === 0 ? `import${from};` : `import{${names.join()}}from${from};`);
    at = end;
  }
  return out + text.slice(at);
}
