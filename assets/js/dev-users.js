// @ts-check
/** The stub's users: become one of them, or take an access token of theirs. */

import { copy, make, row, tag } from "./admin-dom.js";
import { Shown, act, ask, done, failed } from "./dev-api.js";
import { get, say } from "./form.js";

/** @typedef {{ id: string, email: string, role: string, status: string, version: number }} User */

const shown = new Shown();

/** @param {{ users: User[] }} state */
export function users({ users }) {
  shown.draw(users, () => get("users").replaceChildren(...users.map(item)));
}

/** @param {User} user */
function item(user) {
  const disabled = user.status !== "active";
  const label = (/** @type {string} */ text) => ({ type: "button", text, "aria-label": `${text}: ${user.email}` });
  return row(
    make("p", {}, make("strong", { class: "wrap", text: user.email }), " ", disabled && tag(say("dev.disabled"), "bad")),
    make("p", { class: "soft small", text: say("dev.user", { role: user.role, version: user.version }) }),
    !disabled &&
      make(
        "div",
        { class: "buttons" },
        make("button", { ...label(say("dev.copy")), class: "plain slim", click: () => copyToken(user) }),
        make("button", { ...label(say("dev.sign_in")), class: "slim", click: () => become(user) }),
      ),
  );
}

/** Signs this browser in as somebody. @param {User} user */
async function become(user) {
  const answer = await act("session", { user: user.email }, say("dev.signed_in", { email: user.email }));
  if (answer.ok) location.assign("/account");
}

/**
 * Copies an access token of a session of its own. Where the clipboard is closed to this page it goes to the
 * inspector, where it can be taken by hand.
 * @param {User} user
 */
async function copyToken(user) {
  const answer = await ask("POST", "session", { user: user.email, transport: "body" });
  if (!answer.ok) return failed(answer);
  const token = answer.body.accessToken;
  const place = make("span", { class: "only-read", text: token });
  document.body.append(place);
  const copied = await copy(token, place);
  place.remove();
  if (copied) return done(say("dev.copied", { email: user.email }));
  get("token").value = token;
  get("token").focus();
  get("token").select();
  done(say("dev.not_copied"));
}
