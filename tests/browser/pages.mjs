// Every page in every state worth looking at: for axe and for screenshots.
import { arrived, signIn, until } from "./harness.mjs";
import { ADMIN, PASSWORD } from "./server.mjs";

export const SIZES = [[390, 844], [1280, 800]];
export const SCHEMES = ["light", "dark"];

const type = (page, id, text) => page.locator(`#${id}`).fill(text);
const submit = (page) => page.locator("#submit").click();
const wrong = (page) => page.locator("[role=alert]:visible").first().waitFor();

/** Signs in on this page and waits for what the page shows then. */
const enter = async (page, path, ready, email) => {
  await page.goto(`/login?return_to=${path}`);
  await signIn(page, email);
  await arrived(page, path);
  await page.locator(ready).first().waitFor();
};

export const ANN = "ann@example.com";

/** Ann, made anew, with sessions on other devices, so that there is something to see. */
export const devices = async (server) => {
  const { users } = await server.admin("GET", `/users?search=${ANN}`);
  for (const { id } of users) await server.admin("DELETE", `/users/${id}`);
  await server.user(ANN);
  for (const agent of AGENTS) await server.signIn(ANN, PASSWORD, agent);
};

const AGENTS = [
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
  "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  "curl/8.14.1",
];

/** Name, and how to get there from an empty profile. */
export const STATES = {
  login: (page) => page.goto("/login"),
  "login-reason": (page) => page.goto("/login?reason=refresh_reuse"),
  "login-empty": async (page) => {
    await page.goto("/login");
    await submit(page);
    await wrong(page);
  },
  "login-wrong": async (page) => {
    await page.goto("/login");
    await type(page, "email", "somebody@example.com");
    await type(page, "password", "wrong");
    await submit(page);
    await wrong(page);
  },
  "login-wait": async (page) => {
    await page.route("**/auth/login", (route) =>
      route.fulfill({ status: 429, headers: { "retry-after": "754" }, contentType: "application/problem+json", body: "{}" }),
    );
    await page.goto("/login");
    await type(page, "email", "somebody@example.com");
    await type(page, "password", "wrong");
    await page.locator("[data-show]").click();
    await submit(page);
    await wrong(page);
  },
  register: (page) => page.goto("/register"),
  "register-taken": async (page) => {
    await page.goto("/register");
    await type(page, "email", ADMIN);
    await type(page, "password", PASSWORD);
    await submit(page);
    await wrong(page);
  },
  "setup-done": (page) => page.goto("/setup"),
  "not-found": (page) => page.goto("/nothing-here"),
  link: (page) => page.goto("/link#secret"),
  "link-form": async (page) => {
    await page.goto("/link#secret");
    await page.locator("#begin").click();
    await type(page, "password", "password1");
    await submit(page);
    await wrong(page);
  },
  "link-done": async (page) => {
    await page.route("**/auth/link", (route) => route.fulfill({ status: 204 }));
    await page.goto("/link#secret");
    await page.locator("#begin").click();
    await type(page, "password", PASSWORD);
    await submit(page);
    await page.locator("#go").waitFor();
  },
  account: (page) => enter(page, "/account", "#devices > li", ANN),
  "account-errors": async (page) => {
    await enter(page, "/account", "#devices > li", ANN);
    await type(page, "currentPassword", "wrong");
    await submit(page);
    await wrong(page);
    await page.locator("#currentPassword-error, #newPassword-error").filter({ visible: true }).first().waitFor();
  },
  "account-sure": async (page) => {
    await enter(page, "/account", "#devices > li", ANN);
    await page.locator("#everywhere").click();
    await page.locator("dialog[open]").waitFor();
  },
  "account-ended": async (page) => {
    await enter(page, "/account", "#devices > li", ANN);
    await page.locator("[data-part=end]:visible").first().click();
    await page.locator("#devices-done:visible").waitFor();
  },
  demo: async (page) => {
    await page.goto("/demo");
    await page.locator("[data-when=signed-out]").waitFor();
  },
  "demo-in": async (page) => {
    await enter(page, "/demo", "[data-when=signed-in]", ANN);
    await page.locator("[data-demo=call]").click();
    await page.locator("[data-demo=answer]").filter({ hasText: "sessionId" }).waitFor();
    await until(() => page.locator("[data-demo=source]").textContent());
  },
  "admin-overview": async (page) => {
    await admin(page, "#overview");
    await page.locator("#plots svg").first().waitFor();
  },
  "admin-users": (page) => admin(page, "#users"),
  "admin-picked": async (page) => {
    await admin(page, "#users");
    await page.locator("#pick-all").check();
    await page.locator("#picked-users").waitFor();
  },
  "admin-invite": async (page) => {
    await admin(page, "#users");
    await page.locator("#invite").click();
    await page.locator("dialog[open] button[type=submit]").click();
    await wrong(page);
  },
  "admin-link": async (page) => {
    await admin(page, "#users?search=ann");
    await openUser(page);
    await page.locator("#user-acts button").first().click();
    await page.locator("dialog.once").waitFor();
  },
  "admin-user": async (page) => {
    await admin(page, "#users?search=ann");
    await openUser(page);
  },
  "admin-everyone": async (page) => {
    await admin(page, "#overview");
    await page.locator("#view-overview [data-everyone]").click();
    await page.locator("dialog[open]").waitFor();
  },
  "admin-events": async (page) => {
    await admin(page, "#events");
    await page.locator("#timeline > li").first().waitFor();
  },
  "admin-stranger": (page) => enter(page, "/admin", "#stranger", ANN),
};

/** Those of a server that has nobody yet. */
export const FRESH_STATES = {
  welcome: (page) => page.goto("/"),
  setup: (page) => page.goto("/setup#secret"),
  "setup-broken": async (page) => {
    await page.goto("/setup");
    await wrong(page);
  },
  "register-closed": (page) => page.goto("/register"),
};

/** The administration, at a part of it. */
const admin = async (page, hash) => {
  await enter(page, "/admin", "#tabs", ADMIN);
  await page.goto(`/admin${hash}`);
  await page.locator(`#view-${hash.slice(1).split("?")[0]}`).waitFor();
  if (hash.startsWith("#users")) await page.locator("#users > tr").first().waitFor();
};

const openUser = async (page) => {
  await page.locator("#users a", { hasText: "ann@" }).click();
  await page.locator("#live-sessions > tr").first().waitFor();
};
