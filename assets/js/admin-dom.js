// @ts-check
/** Makes elements. All text goes in as text: nothing that a stranger sent is ever markup. */

import { say } from "./form.js";

const language = document.documentElement.lang;

/** How this person writes times and numbers, as far as it fits the page's language. */
export const locale = navigator.languages.find((tag) => tag.split("-")[0] === language) ?? language;

const numbers = new Intl.NumberFormat(locale);
const plural = new Intl.PluralRules(language);
const clock = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
const full = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "medium" });

/**
 * An element with attributes; `text` is its text and `click` is done on a click.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {(Node | string | null | undefined | false)[]} children
 * @returns {any}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") element.textContent = String(value);
    else if (name === "click") element.addEventListener("click", value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A number as people of this language write it. @param {number} value */
export const number = (value) => numbers.format(value);

/**
 * A sentence that fits a number: `key.one` or `key.other`.
 * @param {string} key @param {number} n @param {Record<string, string | number>} [values]
 */
export function count(key, n, values = {}) {
  const form = plural.select(n) === "one" ? "one" : "other";
  return say(`${key}.${form}`, { n: number(n), ...values });
}

/** The units of a span, in seconds. @type {[string, number][]} */
const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];

/** A span in words, by its two largest units: `15 minutes`, `1 day and 2 hours`. @param {number} seconds */
export function duration(seconds) {
  let rest = Math.round(Math.abs(seconds));
  const parts = [];
  for (const [unit, size] of UNITS) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0) parts.push(new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(n));
  }
  const zero = () => new Intl.NumberFormat(locale, { style: "unit", unit: "second", unitDisplay: "long" }).format(0);
  return parts.length === 0 ? zero() : new Intl.ListFormat(locale, { type: "unit" }).format(parts.slice(0, 2));
}

/** The time of day. @param {string | number | Date} time */
export const timeOfDay = (time) => clock.format(new Date(time));

/** Date and time. @param {string | number | Date} time */
export const fullTime = (time) => full.format(new Date(time));

/** A `<time>` that shows `text` and tells all on hover. @param {string} time @param {string} text */
export const timeElement = (time, text) => make("time", { datetime: time, title: fullTime(time), text });

/** A small label. @param {string} text @param {string} [tone] `bad` or `warn` */
export const tag = (text, tone = "") => make("span", { class: `tag ${tone}`, text });

/** Copies a text, also where the page has no secure context. @param {string} text @param {HTMLElement} shown */
export async function copy(text, shown) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const selection = getSelection();
    selection?.selectAllChildren(shown);
    return document.execCommand("copy");
  }
}

/**
 * A row of a list: two lines, and what can be done with it.
 * @param {HTMLElement} first @param {HTMLElement} second @param {(HTMLElement | false)[]} acts
 */
export const row = (first, second, ...acts) => make("li", { class: "row" }, make("div", { class: "grow" }, first, second), ...acts);
