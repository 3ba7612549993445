// @ts-check
// The demo: the life of a token, on the client that pages of your own would use. demo.html marks its
// elements by `data-demo`: `user`, `role`, `reason`, `left`, `answer`, `error`, `log` show; the form
// `login` and the buttons `refresh`, `call`, `logout`, `everywhere` act; `source` and `copy` give this
// file. `data-when="signed-in"` (or `signed-out`, `unknown`) shows its element in that state alone.
import { AuthError, createAuth } from "/client/doorward.js";

const auth = createAuth();

/** @param {string} name */
const element = (name) => document.querySelector(`[data-demo="${name}"]`);

/** @param {string} name @param {string} text */
const show = (name, text) => {
  const found = element(name);
  if (found) found.textContent = text;
};

/** @param {string} text */
const log = (text) => {
  const line = document.createElement("li");
  line.textContent = `${new Date().toLocaleTimeString()} ${text}`;
  element("log")?.prepend(line);
};

/** Does what a button says, and says how it went. @param {string} name @param {() => Promise<string>} does */
const act = async (name, does) => {
  show("error", "");
  try {
    log(`${name}: ${await does()}`);
  } catch (error) {
    const wait = error instanceof AuthError && error.retryAfter ? ` Try again in ${error.retryAfter} s.` : "";
    show("error", `${error instanceof Error ? error.message : error}${wait}`);
    log(`${name}: ${error}${wait}`);
  }
};

const paint = () => {
  const { state, user, reason } = auth.status;
  for (const part of document.querySelectorAll("[data-when]")) {
    if (part instanceof HTMLElement) part.hidden = part.dataset.when !== state;
  }
  show("user", user?.email ?? "");
  show("role", user?.role ?? "");
  show("reason", reason ?? "");
  showLeft();
};

const showLeft = () => show("left", `${Math.ceil(auth.timeLeft / 1000)} s`);

auth.onChange(({ state, user, reason }) => {
  paint();
  log(`${state}${user ? ` as ${user.email}` : ""}${reason ? ` (${reason})` : ""}`);
});

setInterval(showLeft, 1000);

let held = "";
const watch = async () => {
  if (auth.status.state === "signed-in" && !document.hidden) {
    // The server knows at once that a session is over: who asks it, knows too.
    await auth.fetch("/auth/me").catch(() => {});
    const token = await auth.token().catch(() => null);
    if (token && held && token !== held) log("a new access token");
    held = token ?? held;
  }
  setTimeout(watch, 1000);
};

const buttons = {
  refresh: async () => ((await auth.refresh()) ? "renewed" : "signed out"),
  call: async () => {
    const answer = await auth.fetch("/auth/me");
    show("answer", JSON.stringify(await answer.json(), null, 2));
    return `GET /auth/me answered ${answer.status}`;
  },
  logout: async () => {
    await auth.logout();
    return "done";
  },
  everywhere: async () => `${await auth.logoutEverywhere()} sessions ended`,
  copy: async () => {
    await navigator.clipboard.writeText(element("source")?.textContent ?? "");
    return "copied";
  },
};
for (const [name, does] of Object.entries(buttons)) {
  element(name)?.addEventListener("click", () => act(name, does));
}

const form = element("login");
form?.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!(form instanceof HTMLFormElement)) return;
  const data = new FormData(form);
  act("login", async () => (await auth.login(`${data.get("email")}`, `${data.get("password")}`)).email);
});

paint();
watch();
await act("source", async () => {
  show("source", await (await fetch(import.meta.url)).text());
  return (await auth.token()) ? "signed in" : "signed out";
});
