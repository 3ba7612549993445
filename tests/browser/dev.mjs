// The development stub, told what to do, with something to see on its page.

/** Somebody without cookies, who keeps every refresh token that they ever got. */
export class App {
  tokens = [];
  access = "";

  /** @param {import("./server.mjs").Server} server */
  constructor(server, agent = "my-app/1.0") {
    this.server = server;
    this.agent = { "user-agent": agent };
  }

  static async start(server, user, agent) {
    const app = new App(server, agent);
    app.#take(await server.call("POST", "/dev/session", { user: `${user}@example.com`, transport: "body" }, app.agent));
    return app;
  }

  #take(answer) {
    if (answer.refreshToken && answer.refreshToken !== this.tokens.at(-1)) this.tokens.push(answer.refreshToken);
    this.access = answer.accessToken ?? this.access;
    return answer;
  }

  /** Shows a token, by default the newest. */
  async refresh(token = this.tokens.at(-1)) {
    return this.#take(await this.server.call("POST", "/auth/refresh", { refreshToken: token }, this.agent));
  }
}

export const advance = (server, span) => server.call("POST", "/dev/clock", { advance: span });
export const reset = (server) => server.call("POST", "/dev/reset", {});

/** A morning's work: sessions that rotate, forgive, and end. */
export const morning = async (server) => {
  await reset(server);
  const ann = await App.start(server, "ann", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1");
  await server.call("POST", "/auth/admin/users", { email: "zoe@example.com" }, { authorization: `Bearer ${ann.access}` });
  for (let day = 0; day < 19; day++) {
    await advance(server, "15m");
    await ann.refresh();
  }
  const thief = await App.start(server, "bob");
  for (let step = 0; step < 3; step++) {
    await advance(server, "15m");
    await thief.refresh();
  }
  await thief.refresh(thief.tokens[1]);
  await thief.refresh();
  const bob = await App.start(server, "bob", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
  await advance(server, "15m");
  await bob.refresh();
  for (let tab = 0; tab < 3; tab++) await bob.refresh(bob.tokens[0]);
  await bob.refresh();
  await advance(server, "15m");
  await bob.refresh();
  await advance(server, "2m");
  await bob.refresh(bob.tokens[1]);
  await bob.refresh();
  await server.call("POST", "/dev/faults", { route: "POST /auth/refresh", fault: { kind: "status", status: 503 } });
  await bob.refresh();
  await server.call("POST", "/dev/faults", { route: "GET /auth/me", fault: { kind: "delay", ms: 2000 }, times: 3 });
  return { ann, bob, thief };
};

/** Has the page look at a token. */
export const inspect = async (page, token) => {
  await page.locator("#token").fill(token);
  await page.locator("#inspect-form [type=submit]").click();
  await page.locator("#verdict:not(:empty)").waitFor();
};

/** Name, and how to get there from an empty profile. */
export const DEV_STATES = {
  "dev-login": (page) => page.goto("/login"),
  dev: async (page, server) => {
    await morning(server);
    await page.goto("/dev");
    await page.locator("#requests > tr").first().waitFor();
    await page.locator("#faults > li").first().waitFor();
  },
  "dev-inspect": async (page, server) => {
    const { bob } = await morning(server);
    await advance(server, "16m");
    await page.goto("/dev");
    await page.locator("#sessions details > summary").first().click();
    await inspect(page, bob.access);
  },
  "dev-empty": async (page, server) => {
    await reset(server);
    await page.goto("/dev");
    await page.locator("#users > li").first().waitFor();
  },
};
