// @ts-check
/** What the pages for signed-in people share: the client, the header, times for people. */

import { createAuth } from "../client/doorward.js";
import { get, hasJustSignedIn, say, show } from "./form.js";

export const auth = createAuth();

/** To the sign-in, which says why. @param {string} reason */
export function leave(reason) {
  const known = reason === "no_refresh_token" || reason === "invalid_refresh_token" ? "unknown" : reason;
  location.replace(`/login?reason=${known}&return_to=${location.pathname}${encodeURIComponent(location.hash)}`);
}

let stays = false;

/**
 * Keeps the page here, whatever becomes of the session: it is about to end it itself, and to tell so.
 * @param {boolean} on
 */
export function stay(on) {
  stays = on;
  if (!on && auth.status.state === "signed-out") leave(auth.status.reason ?? "unknown");
}

/**
 * Begins the page for who is signed in; everybody else is led to the sign-in. The page shows itself once
 * it is known who asks.
 * @param {(user: import("../client/doorward.js").User) => void | Promise<void>} begin
 */
export async function enter(begin) {
  document.querySelector(".late")?.remove();
  auth.onChange((status) => {
    if (status.state === "signed-out" && !stays) leave(status.reason);
  });
  get("sign-out").addEventListener("click", signOut);
  if (!(await known())) return leave(auth.status.reason ?? "unknown");
  // The cookie was kept: nothing is to be said about it later.
  hasJustSignedIn();
  get("main").removeAttribute("aria-busy");
  const user = /** @type {import("../client/doorward.js").User} */ (auth.user);
  get("who").textContent = get("who").title = user.email;
  get("to-admin").hidden = user.role !== "admin";
  watch();
  await begin(user);
}

/** After so long without an answer the page says what it waits for, in ms. */
const PATIENCE = 1_500;

/** Asks until it is known whether somebody is signed in. Busy or out of reach: nobody is signed out for that. */
async function known() {
  const slow = setTimeout(() => show("waiting", say("all.waiting")), PATIENCE);
  for (;;) {
    try {
      const token = await auth.token();
      clearTimeout(slow);
      show("waiting", "");
      return Boolean(token && auth.user);
    } catch (/** @type {any} */ error) {
      clearTimeout(slow);
      show("waiting", say(error?.status === 0 ? "all.waiting.network" : "all.waiting.busy"));
      await new Promise((done) => setTimeout(done, Math.max(1, error?.retryAfter ?? 2) * 1000));
    }
  }
}

/** How often a page that is looked at asks whether its session still lives, in milliseconds. */
const WATCH = 1_500;

/** The server knows at once that a session is over: who asks it, knows soon after. */
async function watch() {
  if (!document.hidden && !stays && auth.status.state === "signed-in") await auth.fetch("/auth/me").catch(() => {});
  setTimeout(watch, WATCH);
}

async function signOut() {
  const button = get("sign-out");
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    await auth.logout();
    leave("logged_out");
  } catch {
    button.removeAttribute("aria-busy");
    button.textContent = say("all.again");
  }
}

const STEPS = /** @type {[Intl.RelativeTimeFormatUnit, number][]} */ ([
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
]);

/** A time for people: how long ago, or the date where that is long. @param {string} time RFC 3339 */
export function when(time) {
  const language = document.documentElement.lang;
  const seconds = (Date.now() - Date.parse(time)) / 1000;
  if (seconds > 30 * 86_400) return new Date(time).toLocaleDateString(language, { dateStyle: "medium" });
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const step = STEPS.find(([, size]) => Math.abs(seconds) >= size);
  return step ? format.format(-Math.round(seconds / step[1]), step[0]) : format.format(0, "second");
}
