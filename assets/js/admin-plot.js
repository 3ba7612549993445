// @ts-check
/** Bars and levels over hours, as SVG. */

import { locale, make, number } from "./admin-dom.js";
import { say } from "./form.js";
import { svg } from "./svg.js";

const HEIGHT = 118;
const TOP = 18;
const BASE = 98;

/** A number at or above the highest that reads well. @param {number} highest */
export function ceiling(highest) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, highest)));
  return [1, 1.5, 2, 3, 5, 8, 10].map((step) => step * power).find((step) => step >= highest) ?? highest;
}

/** A share of a whole, as a line that is so long. @param {number} part @param {number} whole */
export function share(part, whole) {
  const image = svg("svg", { viewBox: "0 0 100 1", preserveAspectRatio: "none", "aria-hidden": "true", class: "share" });
  image.append(svg("rect", { width: whole > 0 ? Math.min(100, (100 * part) / whole) : 0, height: 1 }));
  return image;
}

/** Where a label stands under the hours: at midnights over a week, else every six hours. @param {Date[]} hours @param {number} width */
function labels(hours, width) {
  const week = hours.length > 48;
  const format = new Intl.DateTimeFormat(locale, week ? { weekday: "short" } : { hour: "2-digit", minute: "2-digit" });
  const found = hours.flatMap((hour, at) =>
    hour.getHours() === 0 || (!week && hour.getHours() % 6 === 0) ? [{ at, text: format.format(hour) }] : [],
  );
  return found.filter(({ at }) => (width * at) / hours.length < width - 34);
}

/**
 * @typedef {{ title: string, hint: string, values: number[], from: Date, tone: string, href?: string, width: number }} What
 *   one value an hour, the first of the hour that begins at `from`; `width` is what it has, in pixels
 */

/** When each hour begins. @param {What | Levels} what */
const hoursOf = ({ values, from }) => values.map((_, at) => new Date(from.getTime() + at * 3_600_000));

const long = new Intl.DateTimeFormat(locale, { weekday: "short", hour: "2-digit", minute: "2-digit" });

/**
 * The empty plot: its scale, the line it stands on, the hours below.
 * @param {Date[]} hours @param {number} width @param {number} top what the upper line stands for; 0 for none
 * @param {string} summary what it shows, in words @param {string} tone
 */
function frame(hours, width, top, summary, tone) {
  const image = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": summary, class: `plot ${tone}` });
  if (top > 0) {
    image.append(svg("line", { x1: 0, x2: width, y1: TOP, y2: TOP, class: "grid" }));
    image.append(svg("text", { x: width, y: TOP - 4, class: "max" }, number(top)));
  }
  image.append(svg("line", { x1: 0, x2: width, y1: BASE, y2: BASE, class: "base" }));
  const step = width / hours.length;
  for (const { at, text } of labels(hours, width)) {
    image.append(svg("line", { x1: at * step, x2: at * step, y1: BASE, y2: BASE + 4, class: "base" }));
    image.append(svg("text", { x: at * step + 2, y: HEIGHT - 4 }, text));
  }
  return image;
}

/** Answers to the pointer over an hour's whole height. @param {number} x @param {number} step @param {string} text */
function area(x, step, text) {
  const found = svg("rect", { x, y: 0, width: step, height: BASE, class: "area" });
  found.append(svg("title", {}, text));
  return found;
}

/**
 * A plot with its title and one number.
 * @param {Element} image @param {{ title: string, hint: string, href?: string }} what @param {string} sum @param {string} [tone]
 */
function panel(image, { title, hint, href }, sum, tone = "") {
  const heading = href ? make("h2", {}, make("a", { href, text: title })) : make("h2", { text: title });
  return make(
    "section",
    { class: "panel plotted" },
    make("div", { class: "head" }, heading, make("p", { class: `sum ${tone}`, text: sum })),
    image,
    make("p", { class: "small soft", text: hint }),
  );
}

/** How much happened in each hour, as bars, with the sum of them. @param {What} what */
export function plot(what) {
  const { title, values, tone, width } = what;
  const hours = hoursOf(what);
  const sum = values.reduce((a, b) => a + b, 0);
  const most = Math.max(...values);
  const top = ceiling(most);
  const step = width / values.length;
  const gap = values.length > 48 ? 0.35 : 2;
  const summary =
    sum === 0
      ? say("admin.plot.none", { title })
      : say("admin.plot.sum", { title, sum: number(sum), most: number(most), time: long.format(hours[values.indexOf(most)]) });
  const image = frame(hours, width, most > 0 ? top : 0, summary, tone);
  values.forEach((value, at) => {
    const height = value === 0 ? 0 : Math.max(1.5, ((BASE - TOP) * value) / top);
    const bar = svg("rect", { x: at * step + gap / 2, y: BASE - height, width: step - gap, height, class: "bar" });
    image.append(bar, area(at * step, step, `${long.format(hours[at])}: ${number(value)}`));
  });
  return panel(image, what, number(sum), sum > 0 ? tone : "");
}

/** @typedef {Omit<What, "values"> & { values: (number | null)[] }} Levels */

/**
 * How many there were in each hour, as a line over a surface, with the last of them. An hour of which
 * nothing is known is a gap.
 * @param {Levels} what
 */
export function levels(what) {
  const { title, values, tone, width } = what;
  const hours = hoursOf(what);
  const known = values.flatMap((value, at) => (value === null ? [] : [{ value, at }]));
  const [low, high] = known.reduce(
    ([low, high], one) => [one.value < low.value ? one : low, one.value > high.value ? one : high],
    [known[0], known[0]],
  );
  const top = ceiling(high?.value ?? 0);
  const step = width / values.length;
  const now = values.at(-1) ?? 0;
  const summary = high
    ? say("admin.plot.level", {
        title,
        now: number(now),
        least: number(low.value),
        low: long.format(hours[low.at]),
        most: number(high.value),
        high: long.format(hours[high.at]),
      })
    : say("admin.plot.none", { title });
  const image = frame(hours, width, high && high.value > 0 ? top : 0, summary, tone);
  const y = (/** @type {number} */ value) => BASE - ((BASE - TOP) * value) / top;
  let line = "";
  known.forEach(({ value, at }) => {
    image.append(svg("rect", { x: at * step, y: y(value), width: step, height: BASE - y(value), class: "under" }));
    line += `${values[at - 1] === null || at === 0 ? "M" : "L"}${at * step} ${y(value)}H${(at + 1) * step}`;
  });
  image.append(svg("path", { d: line, class: "level" }));
  values.forEach((value, at) => {
    const text = value === null ? say("admin.not_known") : number(value);
    image.append(area(at * step, step, `${long.format(hours[at])}: ${text}`));
  });
  return panel(image, what, number(now));
}
