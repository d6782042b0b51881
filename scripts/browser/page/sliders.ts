/** Sliders for the knobs of a scenario, each with its value in words. */
import type { Knob, KnobValues } from "../../playground/knobs.ts";

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
