// @ts-check
/** Asks the stub, and says how it went. Nothing of it is stored: no token outlives the page. */

import { read, show, wordsFor } from "./form.js";

/** @typedef {import("./form.js").Answer} Answer */

/**
 * Asks. A server that can't be reached is an answer of status 0.
 * @param {string} method @param {string} path below `/dev/` @param {object} [body] @returns {Promise<Answer>}
 */
export async function ask(method, path, body) {
  try {
    const response = await fetch(`/dev/${path}`, {
      method,
      headers: method === "GET" ? {} : { "Content-Type": "application/json" },
      body: method === "GET" ? undefined : JSON.stringify(body ?? {}),
      signal: AbortSignal.timeout(30_000),
    });
    return await read(response);
  } catch {
    return { ok: false, status: 0, code: "", detail: "", retryAfter: 0, id: "", body: {} };
  }
}

/** Says what was done. @param {string} text */
export function done(text) {
  show("problem", "");
  show("done", text);
}

/** Says what went wrong. @param {Answer} answer */
export function failed(answer) {
  show("done", "");
  show("problem", wordsFor(answer));
}

/** Asks for an act and says how it went. @param {string} path @param {object} body @param {string} text once it is done */
export async function act(path, body, text) {
  const answer = await ask("POST", path, body);
  if (answer.ok) done(text);
  else failed(answer);
  return answer;
}

/** Draws a list only where it is another than before: what has the focus keeps it. */
export class Shown {
  #last = "";

  /** @param {unknown} what @param {() => void} draw */
  draw(what, draw) {
    const text = JSON.stringify(what);
    if (text === this.#last) return;
    this.#last = text;
    draw();
  }
}
