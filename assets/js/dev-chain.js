// @ts-check
/** The refresh tokens of a session as a line of generations, with a fork where one was shown again. */

import { number } from "./admin-dom.js";
import { say } from "./form.js";
import { svg } from "./svg.js";

/** From one generation to the next, and the room before the first, in pixels. */
const STEP = 52;
const SIDE = 14;
/** How high the line lies, and how large a generation is. */
const LINE = 30;
const SIZE = 11;

/** What may fork off, in the order of the key. */
export const FORKS = ["same", "replayed", "recovered", "refused"];

/**
 * @typedef {{ generation: number, at: string, outcome: string, reason?: string }} Show
 * @typedef {{ generation: number, chainStart: number, live: boolean, reason: string | null, chain: Show[] }} Chain
 * @typedef {Map<number, Record<string, number>>} Forks how often what forks off from which generation
 */

/** @param {Show[]} shows @returns {Forks} */
function forksOf(shows) {
  const forks = new Map();
  for (const { generation, outcome } of shows.filter(({ outcome }) => FORKS.includes(outcome))) {
    const counts = forks.get(generation) ?? {};
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    forks.set(generation, counts);
  }
  return forks;
}

/**
 * Which generations find room: the first, the current, those with forks, then the latest.
 * @param {Chain} chain @param {Forks} forks @param {number} room
 */
export function chosen({ chainStart, generation }, forks, room) {
  const found = new Set([generation, chainStart]);
  const within = (/** @type {number} */ at) => at >= 0 && at <= generation;
  const forked = [...forks.keys()].sort((a, b) => b - a).flatMap((at) => [at, at + 1]);
  const wanted = [...forked.filter(within)];
  for (let at = generation; at >= chainStart && wanted.length < room + forked.length; at--) wanted.push(at);
  for (const at of wanted) if (found.size < room) found.add(at);
  return [...found].sort((a, b) => a - b);
}

/** One fork, drawn from a generation. @param {string} kind @param {number} x @param {boolean} next whether the next one stands beside it */
function fork(kind, x, next) {
  if (kind === "same") {
    return svg("path", { d: `M${x - 6} ${LINE - SIZE + 1}C${x - 13} ${LINE - 30} ${x + 13} ${LINE - 30} ${x + 6} ${LINE - SIZE + 1}` });
  }
  if (kind === "refused") {
    const y = LINE + 34;
    return svg("path", { d: `M${x} ${LINE + SIZE + 1}V${y - 7}M${x - 4.5} ${y - 4.5}l9 9m0 -9l-9 9` });
  }
  const dip = LINE + (kind === "replayed" ? 20 : 36);
  const to = next ? x + STEP : x + STEP / 2;
  const end = next ? `${to - 14} ${dip} ${to - 6} ${LINE + SIZE - 1}` : `${to - 8} ${dip} ${to} ${dip - 6}`;
  return svg("path", { d: `M${x + 6} ${LINE + SIZE - 1}C${x + 14} ${dip} ${end}` });
}

/** Where its count stands. @type {Record<string, [number, number]>} */
const COUNTS = { same: [18, LINE - 17], replayed: [STEP / 2, LINE + 29], recovered: [STEP / 2, LINE + 42], refused: [15, LINE + 38] };

/** How far each reaches below the line. @type {Record<string, number>} */
const DEPTHS = { same: 0, replayed: 32, recovered: 45, refused: 42 };

/**
 * The picture, as wide as there is room.
 * @param {Chain} chain @param {number} width in pixels
 */
export function chainImage(chain, width) {
  const forks = forksOf(chain.chain);
  const room = Math.max(3, Math.floor((width - 2 * SIDE) / STEP) + 1);
  const shown = chosen(chain, forks, room);
  const full = SIDE * 2 + STEP * (shown.length - 1);
  const kinds = [...forks].flatMap(([at, counts]) => (shown.includes(at) ? Object.keys(counts) : []));
  const height = LINE + Math.max(SIZE + 3, ...kinds.map((kind) => DEPTHS[kind]));
  const label = say("dev.chain", { first: number(chain.chainStart), last: number(chain.generation), again: number(again(forks)), refused: number(sum(forks, "refused")) });
  const image = svg("svg", { viewBox: `0 0 ${full} ${height}`, width: full, height, role: "img", "aria-label": label, class: "chain" });
  shown.forEach((generation, at) => {
    const x = SIDE + at * STEP;
    const next = shown[at + 1];
    if (next !== undefined) {
      const gap = next > generation + 1;
      image.append(svg("line", { x1: x + SIZE, x2: x + STEP - SIZE, y1: LINE, y2: LINE, class: gap ? "way gap" : "way" }));
    }
    for (const [kind, count] of Object.entries(forks.get(generation) ?? {})) {
      const [right, y] = COUNTS[kind];
      const parts = count > 1 ? [svg("text", { x: x + right, y }, `×${number(count)}`)] : [];
      const title = svg("title", {}, `${generation}: ${say(`dev.key.${kind}`)}`);
      image.append(svg("g", { class: `fork ${kind}` }, title, fork(kind, x, next === generation + 1), ...parts));
    }
    image.append(...node(chain, generation, x));
  });
  return image;
}

/** One generation. @param {Chain} chain @param {number} generation @param {number} x */
function node(chain, generation, x) {
  const bad = chain.reason === "refresh_reuse" || chain.reason === "rolled_back";
  const now = chain.live ? "now" : bad ? "end" : "over";
  const kind = generation === chain.generation ? now : "spent";
  return [
    svg("circle", { cx: x, cy: LINE, r: SIZE, class: `node ${kind}` }),
    svg("text", { x, y: LINE + 4, class: kind }, String(generation)),
  ];
}

/** @param {Forks} forks @param {string} kind */
const sum = (forks, kind) => [...forks.values()].reduce((all, counts) => all + (counts[kind] ?? 0), 0);

/** @param {Forks} forks */
const again = (forks) => FORKS.filter((kind) => kind !== "refused").reduce((all, kind) => all + sum(forks, kind), 0);

/** How each fork looks in the key. @type {Record<string, string>} */
const SIGNS = {
  same: "M-4 6C-12 -10 12 -10 4 6",
  replayed: "M-9 -4C-6 7 6 7 9 -4",
  recovered: "M-9 -4C-6 7 6 7 9 -4",
  refused: "M-5 -5l10 10m0 -10l-10 10",
};

/** A small picture of a fork, for the key. @param {string} kind */
export function keyImage(kind) {
  const image = svg("svg", { viewBox: "-10 -10 20 20", width: 18, height: 18, "aria-hidden": "true", class: "chain" });
  image.append(svg("g", { class: `fork ${kind}` }, svg("path", { d: SIGNS[kind] })));
  return image;
}
