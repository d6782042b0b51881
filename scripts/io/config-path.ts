import { nearNames } from "../../simulator/world/near-names.ts";

/** A place in a configuration: keys and list indices from the root. */
export type ConfigPath = readonly (string | number)[];

/** `["traffic", 0, "arrivals"]` → `traffic[0].arrivals`; the root is the empty text. Odd keys are quoted. */
export function formatPath(path: ConfigPath): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[^\s.[\]"]+$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/**
 * `traffic[0].arrivals`, `traffic.0.arrivals` or `a["b c"].d` → path; undefined when the text is no path.
 * Numbers are list indices; a map whose keys look like numbers takes them as keys all the same (see `stepInto`).
 */
export function parsePath(text: string): ConfigPath | undefined {
  const path: (string | number)[] = [];
  let rest = text;
  while (rest !== "") {
    const step = STEP.exec(rest);
    if (step === null) return undefined;
    const [whole, index, quoted, dot, name] = step;
    if (index !== undefined) path.push(Number(index));
    else if (quoted !== undefined) path.push(unquote(quoted));
    else if (name !== undefined && (dot === "") === (path.length === 0)) {
      path.push(/^\d+$/.test(name) ? Number(name) : name);
    } else return undefined;
    rest = rest.slice(whole.length);
  }
  return path.length === 0 ? undefined : path;
}

const STEP = /^(?:\[(\d{1,9})\]|\[("(?:[^"\\]|\\.)*")\]|(\.?)([^\s.[\]"]+))/;

function unquote(json: string): string {
  try {
    return String(JSON.parse(json));
  } catch {
    return json.slice(1, -1);
  }
}

/** The fix line for an unknown name: the nearest one, or the list of all. */
export function suggest(word: string, known: readonly string[]): string {
  const near = nearNames(word, known)[0];
  if (near !== undefined) return `did you mean "${near}"?`;
  if (known.length === 0) return "remove it";
  const shown = known.slice(0, 30).join(", ");
  return `known here: ${shown}${known.length > 30 ? ` and ${known.length - 30} more` : ""}`;
}

/** The name that `suggest` guessed; undefined when it listed what is known instead. */
export function guessIn(fix: string | undefined): string | undefined {
  return /^did you mean "(.*)"\?$/.exec(fix ?? "")?.[1];
}
