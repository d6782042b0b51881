/**
 * What is moved on the page: the scenario in an editor (YAML, completion and the marks of `meridian check`, both of which come from
 * outside), and sliders for its knobs, each with its value in words.
 */
import { autocompletion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { basicSetup } from "codemirror";
import type { Knob, KnobValues } from "../../playground/knobs.ts";
import type { Completion, PlacedProblem } from "../../playground/messages.ts";

export interface Editor {
  text(): string;
  setText(text: string): void;
  /** Marks the lines of problems. */
  mark(problems: readonly PlacedProblem[]): void;
}

export interface EditorOptions {
  readonly place: HTMLElement;
  readonly text: string;
  readonly onChange: (text: string) => void;
  /** What may stand at an offset; null where that is not known in time. */
  readonly complete: (
    text: string,
    offset: number,
  ) => Promise<{ readonly from: number; readonly options: readonly Completion[] } | null>;
}

/**
 * Puts an editor into the place. It lives in a shadow root, where its style sheets are constructed ones: a page that
 * allows no inline styles allows those.
 */
export function createEditor({ place, text, onChange, complete }: EditorOptions): Editor {
  const root = place.attachShadow({ mode: "open" });
  const view = new EditorView({
    root,
    parent: root as unknown as Element,
    state: EditorState.create({
      doc: text,
      extensions: [
        basicSetup,
        yaml(),
        lintGutter(),
        autocompletion({ override: [(context) => completions(context, complete)] }),
        syntaxHighlighting(COLOURS),
        LOOK,
        EditorView.contentAttributes.of({ "aria-label": "Scenario, YAML", tabindex: "0" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    setText: (next) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } }),
    mark: (problems) =>
      view.dispatch(
        setDiagnostics(
          view.state,
          problems.map((one) => diagnostic(view, one)),
        ),
      ),
  };
}

async function completions(
  context: CompletionContext,
  complete: EditorOptions["complete"],
): Promise<CompletionResult | null> {
  const word = context.matchBefore(/[^\s:,{}[\]"'#]*/);
  if (!context.explicit && (word === null || word.from === word.to)) return null;
  const found = await complete(context.state.doc.toString(), context.pos);
  if (found === null || context.aborted) return null;
  return {
    from: found.from,
    validFor: /^[^\s:,{}[\]"'#]*$/,
    options: found.options.map(({ label, insert, detail, kind }) => ({
      label,
      apply: insert,
      type: kind === "key" ? "property" : "constant",
      ...(detail === undefined ? {} : { info: detail }),
    })),
  };
}

function diagnostic(view: EditorView, { line = 1, code, what, fix }: PlacedProblem): Diagnostic {
  const { from, to, text } = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
  const begin = from + (text.length - text.trimStart().length);
  const message = fix === undefined ? what : `${what}\n${fix}`;
  return { from: Math.min(begin, to), to, severity: "error", source: code, message };
}

/** Colours of the page, light or dark. */
const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--link)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
  { tag: [tags.string, tags.content], color: "var(--text)" },
  { tag: [tags.number, tags.bool, tags.keyword], color: "var(--text)" },
  { tag: [tags.punctuation, tags.separator, tags.bracket], color: "var(--muted)" },
  { tag: tags.meta, color: "var(--muted)" },
]);

const LOOK = EditorView.theme({
  "&": { fontSize: "13px", backgroundColor: "var(--background)", color: "var(--text)", maxHeight: "560px" },
  "&.cm-focused": { outline: "2px solid var(--link)" },
  ".cm-scroller": { overflow: "auto", fontFamily: "ui-monospace, Menlo, Consolas, monospace" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--background)", color: "var(--muted)", borderRight: "1px solid var(--grid)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "transparent" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--grid) !important" },
  ".cm-tooltip": { backgroundColor: "var(--background)", color: "var(--text)", border: "1px solid var(--grid)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--link)", color: "var(--background)" },
  ".cm-diagnostic": { borderLeftColor: "var(--alarm)", whiteSpace: "pre-wrap", maxWidth: "460px" },
});

/** Steps of a slider: fine enough that no step is seen. */
const STEPS = 200;

export interface Sliders {
  /** Shows these knobs in place of those before, all as the scenario says. */
  show(knobs: readonly Knob[]): void;
  /** Values of the knobs that were moved away from what the scenario says. */
  values(): KnobValues;
  reset(): void;
}

/** @param onMove a slider moves; `isDone` when it was let go */
export function createSliders(place: HTMLElement, onMove: (isDone: boolean) => void): Sliders {
  let inputs: { readonly knob: Knob; readonly input: HTMLInputElement; readonly output: HTMLOutputElement }[] = [];
  const refresh = () => {
    for (const { knob, input, output } of inputs) {
      const words = wordsOf(knob, valueAt(knob, Number(input.value)));
      output.value = knob.fixed === undefined ? words : "";
      input.setAttribute("aria-valuetext", words);
    }
  };
  return {
    show(knobs) {
      for (const old of place.querySelectorAll(".knob")) old.remove();
      inputs = knobs.map((knob) => {
        const { label, input, output } = slider(knob);
        input.addEventListener("input", () => {
          refresh();
          onMove(false);
        });
        input.addEventListener("change", () => onMove(true));
        place.append(label);
        return { knob, input, output };
      });
      refresh();
    },
    values: () =>
      Object.fromEntries(
        inputs.flatMap(({ knob, input }) => {
          const at = Number(input.value);
          return knob.fixed !== undefined || at === stepOf(knob, knob.value) ? [] : [[knob.id, valueAt(knob, at)]];
        }),
      ),
    reset() {
      for (const { knob, input } of inputs) input.value = String(stepOf(knob, knob.value));
      refresh();
      onMove(true);
    },
  };
}

function slider(knob: Knob) {
  const label = document.createElement("label");
  label.className = "knob";
  const name = document.createElement("span");
  name.textContent = knob.label;
  const output = document.createElement("output");
  const input = document.createElement("input");
  Object.assign(input, { type: "range", min: "0", max: String(STEPS), step: "1", autocomplete: "off" });
  input.value = String(stepOf(knob, knob.value));
  input.id = `knob-${knob.id}`;
  input.disabled = knob.fixed !== undefined;
  const hint = document.createElement("small");
  hint.textContent = knob.fixed === undefined ? (knob.hint ?? "") : `Not here: ${knob.fixed}.`;
  label.append(name, output, input, ...(hint.textContent === "" ? [] : [hint]));
  return { label, input, output };
}

/** The step of a value; that of the scenario's own is always one, so that a slider comes back to it. */
function stepOf({ min, max, scale }: Knob, value: number): number {
  const share = scale === "log" ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min);
  return Math.round(share * STEPS);
}

function valueAt(knob: Knob, step: number): number {
  const { min, max, scale, value } = knob;
  if (step === stepOf(knob, value)) return value;
  const share = step / STEPS;
  const exact = scale === "log" ? min * (max / min) ** share : min + (max - min) * share;
  return Number(exact.toPrecision(3));
}

function wordsOf({ unit }: Knob, value: number): string {
  if (unit === "share") return `${Math.round(value * 100)} %`;
  return unit === "times" ? `× ${Number(value.toPrecision(2))}` : `${Number(value.toPrecision(3))} s`;
}
