// @ts-check
/** How far a time lies from the stub's now: that is another than the browser's. */

import { duration } from "./admin-dom.js";
import { say } from "./form.js";

/** @param {string} at @param {string} now both RFC 3339 */
export function ago(at, now) {
  const seconds = (Date.parse(now) - Date.parse(at)) / 1000;
  if (Math.abs(seconds) < 1) return say("dev.now");
  return say(seconds > 0 ? "dev.ago" : "dev.ahead", { span: duration(rough(seconds)) });
}

/** In words that do not change each second once that tells nothing. @param {number} seconds */
function rough(seconds) {
  const size = Math.abs(seconds);
  const step = size < 60 ? 5 : size < 3_600 ? 60 : 3_600;
  return size < 5 ? size : Math.floor(size / step) * step;
}

/** The same to the second, for one look. @param {string} at @param {string} now */
export function exactly(at, now) {
  const seconds = (Date.parse(now) - Date.parse(at)) / 1000;
  return say(seconds >= 0 ? "dev.ago" : "dev.ahead", { span: duration(seconds) });
}
