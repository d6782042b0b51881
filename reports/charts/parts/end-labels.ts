import type { ChartTheme, StrategyStyle } from "../../theme.ts";
import { layerName } from "../chart.ts";
import type { Layer } from "./base.ts";
import { shortName, spreadLabels } from "./labels.ts";
import type { KnownScale } from "./scales.ts";

const LABEL_GAP_PX = 15;
const LEADER_PX = 14;

export interface LineEnd {
  readonly index: number;
  readonly name: string;
  readonly unstable: boolean;
  /** Value at the line's end in the axis unit; null when there is no line. */
  readonly value: number | null;
}

export interface EndLabelPlace {
  readonly scale: KnownScale;
  readonly styles: readonly StrategyStyle[];
  readonly width: number;
  readonly height: number;
  readonly theme: ChartTheme;
}

/** Names at the right edge instead of a legend, moved apart where they would collide, with a short sample of the line. */
export function endLabels(ends: readonly LineEnd[], place: EndLabelPlace): Layer[] {
  const drawn = ends.filter((end): end is LineEnd & { value: number } => end.value !== null);
  const wanted = drawn.map((end) => place.height - place.scale.px(end.value, place.height));
  const placed = spreadLabels(wanted, LABEL_GAP_PX);
  return drawn.flatMap((end, at) => {
    const style = place.styles[end.index]!;
    const y = { value: placed[at]! };
    return [
      {
        name: layerName(end.index, "leader"),
        data: { values: [{}] },
        mark: {
          type: "rule",
          color: style.colour,
          strokeDash: [...style.dash],
          strokeWidth: style.width,
          clip: false,
        },
        encoding: {
          x: { value: place.width + 6 },
          x2: { value: place.width + 6 + LEADER_PX * 1.6 },
          y,
        },
      },
      {
        name: layerName(end.index, "label"),
        data: { values: [{}] },
        mark: {
          type: "text",
          text: `${shortName(end.name)}${end.unstable ? " (unstable)" : ""}`,
          align: "left",
          baseline: "middle",
          color: style.role === "other" ? place.theme.muted : style.colour,
          fontWeight: style.role === "other" ? "normal" : "bold",
        },
        encoding: { x: { value: place.width + 12 + LEADER_PX * 1.6 }, y },
      },
    ] satisfies Layer[];
  });
}
