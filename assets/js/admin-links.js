// @ts-check
/** Links that are shown once: made, shown, copied, printed, forgotten. */

import { done, failed, refusal } from "./admin-acts.js";
import { act } from "./admin-api.js";
import { dialog } from "./admin-dialog.js";
import { copy, fullTime, make } from "./admin-dom.js";
import { say } from "./form.js";

/** A role: a word of small letters (the server's rule). */
export const ROLE = /^[a-z][a-z0-9_-]{0,31}$/;

/** The field for a role. @param {string} value */
export const roleField = (value) => ({
  name: "role",
  label: say("admin.role"),
  value,
  hint: say("admin.role.hint"),
  pattern: ROLE,
  wrong: say("admin.role.wrong"),
  options: ["user", "admin"],
});

/** Invites somebody. @returns {Promise<boolean>} whether somebody was */
export async function invite() {
  const answer = await dialog({
    title: say("admin.invite"),
    text: [say("admin.invite.text")],
    fields: [{ name: "email", label: say("admin.email"), type: "email" }, roleField("user")],
    yes: say("admin.invite.yes"),
    send: ({ email, role }) => act("POST", "users", { email: email.trim(), role }),
    fails: (answer) => {
      if (answer.code === "invalid_email") return { field: "email", text: say("all.email") };
      if (answer.code === "email_taken") return { field: "email", text: refusal(answer) };
      return { text: refusal(answer) };
    },
  });
  if (!answer) return false;
  await showLink(answer.body.link, answer.body.user.email);
  done(say("admin.invited", { email: answer.body.user.email }));
  return true;
}

/**
 * Makes a link by which somebody sets a password.
 * @param {{ id: string, email: string }} user @returns {Promise<boolean>} whether it did
 */
export async function makeLink(user) {
  const answer = await act("POST", `users/${user.id}/links`, {});
  if (!answer.ok) failed(answer);
  else await showLink(answer.body, user.email);
  return answer.ok;
}

/**
 * Shows a link, this once: it is nowhere once the dialog is closed.
 * @param {{ kind: string, url: string, expiresAt: string }} link @param {string} email
 */
function showLink(link, email) {
  const url = make("p", { class: "mono wrap url", tabindex: "0", "aria-label": say("admin.link"), text: link.url });
  const said = make("p", { class: "small soft no-print", role: "status" });
  const copying = make("button", {
    type: "button",
    text: say("admin.copy"),
    click: async () => {
      said.textContent = say((await copy(link.url, url)) ? "admin.copied" : "admin.copy_failed");
    },
  });
  const printing = make("button", { type: "button", class: "plain", text: say("admin.print"), click: () => print() });
  const closing = make("button", { type: "button", class: "plain", text: say("admin.close"), click: () => element.close() });
  const element = make(
    "dialog",
    { class: "once", "aria-labelledby": "once-title", closedby: "none" },
    make(
      "div",
      {},
      make("h2", { id: "once-title", class: "wrap", text: say(`admin.link.${link.kind}`, { email }) }),
      make("p", { text: say("admin.link.text", { email }) }),
      url,
      make("p", { class: "small soft", text: say("admin.link.until", { time: fullTime(link.expiresAt) }) }),
      make("p", { class: "small soft no-print", text: say("admin.link.once") }),
      said,
      make("div", { class: "buttons no-print" }, closing, printing, copying),
    ),
  );
  // It would be lost for good: no stray key closes it, only the button does.
  const stays = (/** @type {globalThis.Event} */ event) => {
    event.preventDefault();
    said.textContent = say("admin.link.stays");
    closing.focus();
  };
  element.addEventListener("cancel", stays);
  element.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && stays(event));
  document.body.append(element);
  element.showModal();
  copying.focus();
  return new Promise((resolve) => {
    element.addEventListener("close", () => {
      element.remove();
      resolve(undefined);
    });
  });
}
