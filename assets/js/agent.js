// @ts-check
/** Names a device by what its browser calls itself: a guess for people, never for a decision. */

import { say } from "./form.js";

/** The first that fits: those that carry other names in theirs stand before them. */
const BROWSERS = /** @type {[RegExp, string][]} */ ([
  [/\bEdg(?:e|A|iOS)?\//, "Edge"],
  [/\b(?:OPR|OPT|Opera)\//, "Opera"],
  [/\bVivaldi\//, "Vivaldi"],
  [/\bYaBrowser\//, "Yandex Browser"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bDuckDuckGo\//, "DuckDuckGo"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\bElectron\//, "Electron"],
  [/\bHeadlessChrome\//, "Chrome (headless)"],
  [/\b(?:Chrome|CriOS|Chromium)\//, "Chrome"],
  [/\bVersion\/\S+.*\bSafari\//, "Safari"],
  [/\b(?:CFNetwork|Darwin)\//, "Apple app"],
  [/\bokhttp\//, "Android app"],
]);

const SYSTEMS = /** @type {[RegExp, string][]} */ ([
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bWindows\b/, "Windows"],
  [/\bMac ?OS ?X?\b|\bMacintosh\b/, "Mac"],
  [/\bFreeBSD\b/, "FreeBSD"],
  [/\b(?:Linux|X11|Ubuntu)\b/, "Linux"],
]);

/** @param {[RegExp, string][]} table @param {string} agent */
const find = (table, agent) => table.find(([pattern]) => pattern.test(agent))?.[1] ?? "";

/** The first product that a program names, such as `curl` (RFC 9110, section 10.1.5). @param {string} agent */
const product = (agent) => (/^Mozilla\//.test(agent) ? "" : (/^[\w.-]{1,40}(?=\/|$)/.exec(agent)?.[0] ?? ""));

/**
 * Such as `Firefox on Linux`; empty where nothing can be told.
 * @param {string | null | undefined} agent
 */
export function describe(agent) {
  const text = agent ?? "";
  const browser = find(BROWSERS, text) || product(text);
  const system = find(SYSTEMS, text);
  return browser && system ? say("all.agent", { browser, system }) : browser || system;
}
