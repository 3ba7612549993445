// @ts-check
import { describe } from "./agent.js";
import { fieldError, form, get, passwordWords, post, read, say, show, unreached, wordsFor } from "./form.js";
import { auth, enter, leave, when } from "./session.js";

/**
 * @typedef {{ id: string, createdAt: string, lastUsedAt: string, address: string, userAgent: string, current: boolean }} Session
 */

enter(async (user) => {
  get("email-shown").textContent = get("username").value = user.email;
  get("role-shown").textContent = user.role;
  await listDevices();
});

/** Asks; where the server can't be reached, that is an answer. @param {string} path @param {RequestInit} [init] */
async function ask(path, init) {
  try {
    return await read(await auth.fetch(path, init));
  } catch (error) {
    return unreached(error);
  }
}

/** Asks for the devices and shows them, this one first. */
async function listDevices() {
  const answer = await ask("/auth/sessions");
  get("devices-wait").hidden = true;
  get("devices-again").hidden = answer.ok;
  if (!answer.ok) return show("devices-problem", wordsFor(answer));
  show("devices-problem", "");
  /** @type {Session[]} */
  const sessions = answer.body.sessions;
  sessions.sort((a, b) => Number(b.current) - Number(a.current) || b.lastUsedAt.localeCompare(a.lastUsedAt));
  get("devices").replaceChildren(...sessions.map(device));
  get("others").hidden = sessions.length < 2;
}

/** One device as a row. @param {Session} session */
function device(session) {
  const row = get("device-row").content.firstElementChild.cloneNode(true);
  const part = (/** @type {string} */ name) => row.querySelector(`[data-part=${name}]`);
  const label = describe(session.userAgent) || say("all.unknown_device");
  part("name").textContent = label;
  part("name").title = session.userAgent;
  part("this").hidden = !session.current;
  part("where").textContent = session.address;
  part("used").textContent = say("account.used", { time: when(session.lastUsedAt) });
  part("since").textContent = say("account.since", { time: when(session.createdAt) });
  const end = part("end");
  end.hidden = session.current;
  end.setAttribute("aria-label", say("account.end_of", { device: label }));
  end.addEventListener("click", () => endDevice(session, end));
  return row;
}

/** @param {Session} session @param {HTMLButtonElement} button */
async function endDevice(session, button) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const answer = await ask(`/auth/sessions/${session.id}`, { method: "DELETE", headers: { "Content-Type": "application/json" } });
  show("devices-problem", "");
  // Gone already is as good.
  if (answer.ok || answer.status === 404) {
    show("devices-done", say("account.ended", { device: describe(session.userAgent) || say("all.unknown_device") }));
    await listDevices();
    get("devices-done").focus();
    return;
  }
  button.removeAttribute("aria-busy");
  show("devices-done", "");
  show("devices-problem", wordsFor(answer));
}

get("devices-again").addEventListener("click", async () => {
  get("devices-again").hidden = true;
  get("devices-wait").hidden = false;
  show("devices-problem", "");
  await listDevices();
  (get("devices-again").hidden ? get("devices-title") : get("devices-again")).focus();
});

get("everywhere").addEventListener("click", () => get("sure").showModal());
get("sure-no").addEventListener("click", () => get("sure").close());
get("sure-yes").addEventListener("click", async () => {
  get("sure-yes").setAttribute("aria-busy", "true");
  try {
    await auth.logoutEverywhere();
    leave("logged_out_everywhere");
  } catch (error) {
    get("sure").close();
    get("sure-yes").removeAttribute("aria-busy");
    show("devices-problem", wordsFor(unreached(error)));
  }
});

form({
  send: ({ currentPassword, newPassword }) => post("/auth/password", { currentPassword, newPassword }, auth.fetch),
  done: () => {
    get("form").reset();
    get("submit").removeAttribute("aria-busy");
    show("password-done", say("account.changed"));
    get("password-done").focus();
    listDevices();
  },
  fails: (answer) => {
    show("password-done", "");
    if (answer.code === "invalid_credentials") {
      get("currentPassword").value = "";
      return { field: "currentPassword", text: say("account.wrong") };
    }
    const weak = passwordWords(answer);
    return weak ? { field: "newPassword", text: weak } : undefined;
  },
});

for (const id of ["currentPassword", "newPassword"]) get(id).addEventListener("input", () => fieldError(id, ""));
