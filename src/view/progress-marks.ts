/** Shapes and colours of the plot. Okabe and Ito's palette, safe for colour-blind readers, and one shape per meaning. */

import type { ExperimentView } from "./experiment-view.ts";

type Mark = (x: number, y: number) => string;

const f = (value: number) => String(Number(value.toFixed(1)));

export const MARKS = {
  disc: (x, y) => `<circle cx="${f(x)}" cy="${f(y)}" r="4.5"/>`,
  ring: (x, y) => `<circle cx="${f(x)}" cy="${f(y)}" r="3.2"/>`,
  diamond: (x, y) => `<path d="M${f(x)} ${f(y - 5)}l5 5l-5 5l-5 -5z"/>`,
  cross: (x, y) => `<path d="M${f(x - 3.5)} ${f(y - 3.5)}l7 7m0 -7l-7 7"/>`,
  dash: (x, y) => `<path d="M${f(x - 3.5)} ${f(y)}h7"/>`,
  dots: (x, y) => `<circle cx="${f(x)}" cy="${f(y)}" r="4" stroke-dasharray="2 2"/>`,
  square: (x, y) => `<rect x="${f(x - 5)}" y="${f(y - 5)}" width="10" height="10" rx="1.5"/>`,
  up: (x, y) => `<path d="M${f(x - 4.5)} ${f(y + 6)}l4.5 -8l4.5 8z"/>`,
  down: (x, y) => `<path d="M${f(x - 4.5)} ${f(y - 6)}l4.5 8l4.5 -8z"/>`,
} as const satisfies Record<string, Mark>;

export interface Look {
  readonly name: string;
  readonly mark: keyof typeof MARKS;
}

const FAILED: Look = { name: "failed", mark: "cross" };
const VOID: Look = { name: "void", mark: "dash" };

const LOOKS: Readonly<Record<ExperimentView["status"], Look>> = {
  open: { name: "open", mark: "dots" },
  kept: { name: "kept", mark: "disc" },
  discarded: { name: "discarded", mark: "ring" },
  inconclusive: { name: "inconclusive", mark: "diamond" },
  crashed: FAILED,
  timed_out: FAILED,
  killed_early: FAILED,
  no_metric: FAILED,
  checks_failed: FAILED,
  out_of_scope: FAILED,
  gave_up: VOID,
  duplicate: VOID,
  no_change: VOID,
  refused: VOID,
  interrupted: VOID,
};

export function lookOf(status: ExperimentView["status"]): Look {
  return LOOKS[status];
}

export const LEGEND: readonly {
  readonly name: string;
  readonly label: string;
  readonly mark: keyof typeof MARKS | "line";
}[] = [
  { name: "kept", label: "kept", mark: "disc" },
  { name: "discarded", label: "not better", mark: "ring" },
  { name: "inconclusive", label: "too close to call", mark: "diamond" },
  { name: "failed", label: "failed", mark: "cross" },
  { name: "void", label: "not measured", mark: "dash" },
  { name: "open", label: "under way", mark: "dots" },
  { name: "head", label: "head (tentative)", mark: "line" },
  { name: "verified", label: "verified, with interval", mark: "square" },
];

export const PLOT_STYLE = `
.nightlab-plot{--ink:#1f2328;--soft:#6b7280;--grid:#e6e8eb;--paper:#fff;--kept:#009e73;--none:#8b929c;--close:#c98500;--fail:#d55e00;--proof:#0072b2;font:12px ui-sans-serif,system-ui,"Segoe UI",Helvetica,Arial,sans-serif;font-variant-numeric:tabular-nums;display:block;width:100%;height:auto}
@media (prefers-color-scheme:dark){.nightlab-plot{--ink:#e6e8eb;--soft:#9aa3ad;--grid:#2c3138;--paper:#15181c;--kept:#2fc79a;--none:#7d8590;--close:#e6a01e;--fail:#f0803c;--proof:#5ab4ec}}
.nightlab-plot .grid{stroke:var(--grid)}
.nightlab-plot .rail{stroke:var(--grid);stroke-dasharray:2 3}
.nightlab-plot .tick{fill:var(--soft)}
.nightlab-plot .name{fill:var(--ink);font-weight:600}
.nightlab-plot .head-line{fill:none;stroke:var(--kept);stroke-width:1.6;opacity:.75}
.nightlab-plot .verified-line{fill:none;stroke:var(--proof);stroke-width:2.4}
.nightlab-plot .bar{fill:none;stroke:var(--proof);stroke-width:1.6}
.nightlab-plot .verified-mark,.nightlab-plot .verified>*{fill:var(--proof);stroke:var(--paper);stroke-width:1.2}
.nightlab-plot .kept>*{fill:var(--kept);stroke:var(--paper);stroke-width:1}
.nightlab-plot .discarded>*{fill:var(--paper);stroke:var(--none);stroke-width:1.5}
.nightlab-plot .inconclusive>*{fill:var(--close);stroke:var(--paper);stroke-width:1}
.nightlab-plot .failed>*{fill:none;stroke:var(--fail);stroke-width:2;stroke-linecap:round}
.nightlab-plot .void>*{fill:none;stroke:var(--none);stroke-width:2;stroke-linecap:round}
.nightlab-plot .open>*{fill:var(--paper);stroke:var(--proof);stroke-width:1.5}
`.trim();
