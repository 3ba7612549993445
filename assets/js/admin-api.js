// @ts-check
/** Asks the server, with the password asked for in between where an act needs it fresh. */

import { dialog } from "./admin-dialog.js";
import { read, say, unreached } from "./form.js";
import { auth } from "./session.js";

/** @typedef {import("./form.js").Answer & { at: Date }} Answer */

/**
 * Asks. A server that can't be reached is an answer of status 0.
 * @param {string} method @param {string} path below `/auth/`
 * @param {object} [body] @param {AbortSignal} [signal]
 * @returns {Promise<Answer>}
 */
export async function ask(method, path, body, signal) {
  try {
    const response = await auth.fetch(`/auth/${path}`, {
      method,
      headers: method === "GET" ? {} : { "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
      signal: signal ?? AbortSignal.timeout(30_000),
    });
    return { ...(await read(response)), at: new Date(response.headers.get("Date") ?? Date.now()) };
  } catch (/** @type {any} */ error) {
    return { ...unreached(error), code: error?.name === "AbortError" ? "aborted" : "", at: new Date() };
  }
}

/**
 * Asks for an act. Where it needs the password fresh, asks for that and goes on; `cancelled` where
 * the person would rather not.
 * @param {string} method @param {string} path @param {object} [body]
 * @returns {Promise<Answer>}
 */
export async function act(method, path, body) {
  for (;;) {
    const answer = await ask(method, `admin/${path}`, body);
    if (answer.code !== "reauth_required") return answer;
    if (!(await confirmPassword())) return { ...answer, code: "cancelled" };
  }
}

/** Asks for one's own password. @returns {Promise<Answer | null>} */
function confirmPassword() {
  return dialog({
    title: say("admin.reauth"),
    text: [say("admin.reauth.text", { email: auth.user?.email ?? "" })],
    fields: [{ name: "password", label: say("admin.password"), type: "password", autocomplete: "current-password" }],
    username: auth.user?.email,
    yes: say("admin.reauth.yes"),
    send: (values) => ask("POST", "reauth", { password: values.password }),
    fails: (answer) =>
      answer.code === "invalid_credentials" ? { field: "password", text: say("admin.reauth.wrong") } : undefined,
  });
}
