// @ts-check
/** Bars over hours, as SVG. */

import { locale, make, number } from "./admin-dom.js";
import { say } from "./form.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 118;
const TOP = 18;
const BASE = 98;

/** @param {string} name @param {Record<string, string | number>} attributes @param {string} [text] */
function svg(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

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
 * One plot with its title and its sum.
 * @param {{ title: string, hint: string, values: number[], from: Date, tone: string, href: string, width: number }} what
 *   one value an hour, the first of the hour that begins at `from`; `width` is what it has, in pixels
 */
export function plot({ title, hint, values, from, tone, href, width }) {
  const hours = values.map((_, at) => new Date(from.getTime() + at * 3_600_000));
  const long = new Intl.DateTimeFormat(locale, { weekday: "short", hour: "2-digit", minute: "2-digit" });
  const sum = values.reduce((a, b) => a + b, 0);
  const most = Math.max(...values);
  const top = ceiling(most);
  const step = width / values.length;
  const gap = values.length > 48 ? 0.35 : 2;
  const summary =
    sum === 0
      ? say("admin.plot.none", { title })
      : say("admin.plot.sum", { title, sum: number(sum), most: number(most), time: long.format(hours[values.indexOf(most)]) });
  const image = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": summary, class: `plot ${tone}` });
  if (most > 0) {
    image.append(svg("line", { x1: 0, x2: width, y1: TOP, y2: TOP, class: "grid" }));
    image.append(svg("text", { x: width, y: TOP - 4, class: "max" }, number(top)));
  }
  image.append(svg("line", { x1: 0, x2: width, y1: BASE, y2: BASE, class: "base" }));
  values.forEach((value, at) => {
    const height = value === 0 ? 0 : Math.max(1.5, ((BASE - TOP) * value) / top);
    const x = at * step;
    const bar = svg("rect", { x: x + gap / 2, y: BASE - height, width: step - gap, height, class: "bar" });
    // The whole height answers to the pointer, not the bar alone.
    const area = svg("rect", { x, y: 0, width: step, height: BASE, class: "area" });
    area.append(svg("title", {}, `${long.format(hours[at])}: ${number(value)}`));
    image.append(bar, area);
  });
  for (const { at, text } of labels(hours, width)) {
    image.append(svg("line", { x1: at * step, x2: at * step, y1: BASE, y2: BASE + 4, class: "base" }));
    image.append(svg("text", { x: at * step + 2, y: HEIGHT - 4 }, text));
  }
  return make(
    "section",
    { class: "panel plotted" },
    make("div", { class: "head" }, make("h2", {}, make("a", { href, text: title })), make("p", { class: `sum ${sum > 0 ? tone : ""}`, text: number(sum) })),
    image,
    make("p", { class: "small soft", text: hint }),
  );
}
