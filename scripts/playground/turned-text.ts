/** A scenario's text with the knobs' values written in: comments and order stay, so that it can be saved as a file. */
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { applyOverrides, writeOutAliases } from "../io/overrides.ts";
import { parseYaml, toPlain, type YamlSource } from "../io/yaml-source.ts";
import { type KnobValues, turned } from "./knobs.ts";

/** A text that parses as YAML; whether it is a scenario is not known. */
export interface ScenarioText {
  readonly text: string;
  readonly plain: unknown;
}

/**
 * Parses a text for the knobs. Repeated parts (aliases) are written out, since a knob may change one of them alone.
 *
 * @returns the text, or what is wrong with it as YAML
 */
export function scenarioText(text: string, file: string): ScenarioText | readonly Problem[] {
  const source = parseYaml(text, file);
  if (!("document" in source)) return source;
  const plain = toPlain(source, file);
  if ("problem" in plain) return [plain.problem];
  return {
    text: writeOutAliases(source.document) ? source.document.toString({ lineWidth: 0 }) : text,
    plain: plain.value,
  };
}

/**
 * The text with the values of the knobs.
 *
 * @param values by the knob's id
 * @throws MeridianError usage SET_NO_PLACE where a value has no place to go
 */
export function turnedText({ text, plain }: ScenarioText, file: string, values: KnobValues): string {
  const overrides = turned(plain, values);
  if (overrides.length === 0) return text;
  const source = parseYaml(text, file) as YamlSource;
  const { problems } = applyOverrides(source, overrides);
  if (problems.length > 0) throw new MeridianError("usage", problems);
  return source.document.toString({ lineWidth: 0 });
}
