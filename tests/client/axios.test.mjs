import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import axios from "axios";

import { World, json, problem, signedIn } from "./world.mjs";

/** An instance of axios over the world's network, by axios's own fetch adapter. */
const instance = (more) => axios.create({ adapter: "fetch", env: { fetch: (...args) => globalThis.fetch(...args), Request, Response }, ...more });

let world;
afterEach(() => world.close());

const serve = (world) => {
  const old = world.issued;
  world.api = (call) => {
    const part = call.headers.authorization?.split(".")[1];
    const issued = part ? JSON.parse(Buffer.from(part, "base64url")).jti : 0;
    return issued > old ? json(200, { got: call.body, url: call.url }) : problem(401, "access_token_expired");
  };
};

test("axios gets the token, and a 401 is renewed and asked once more with the same body and address", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  const client = instance({ baseURL: "https://app.example.com/api" });
  tab.attachAxios(client);
  serve(world);
  const { data } = await world.of(client.post("/orders", { name: "änn" }, { params: { q: "a b" } }));
  assert.deepEqual(JSON.parse(data.got), { name: "änn" });
  assert.equal(data.url, "https://app.example.com/api/orders?q=a+b");
  assert.deepEqual(
    world.calls.map(({ path }) => path),
    ["/auth/refresh", "/api/orders", "/auth/refresh", "/api/orders"],
  );
  assert.equal(world.calls[1].headers["content-type"], world.calls[3].headers["content-type"]);
});

test("fifty calls of axios refused at once make one refresh", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  const client = instance({ baseURL: "https://app.example.com" });
  tab.attachAxios(client);
  serve(world);
  const answers = await world.of(Promise.all(Array.from({ length: 50 }, (_, index) => client.get(`/api/${index}`))));
  assert.ok(answers.every(({ status }) => status === 200));
  assert.equal(world.count("/auth/refresh"), 2);
});

test("a second 401 rejects as axios rejects, and the session's end is told", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  const client = instance();
  tab.attachAxios(client);
  world.api = () => problem(401, "access_token_expired");
  const error = await world.of(client.get("https://app.example.com/api")).catch((error) => error);
  assert.ok(axios.isAxiosError(error));
  assert.equal(error.response.status, 401);
  assert.equal(world.count("/api"), 2);
  const ended = () => problem(401, "session_ended", { reason: "role_changed" });
  world.next("/auth/refresh", ended, ended);
  const last = await world.of(client.get("https://app.example.com/api")).catch((error) => error);
  assert.equal(last.response.status, 401);
  assert.equal(tab.status.reason, "role_changed");
});

test("a caller that takes every status gets the second answer too", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  const client = instance({ validateStatus: () => true });
  tab.attachAxios(client);
  serve(world);
  assert.equal((await world.of(client.get("https://app.example.com/api"))).status, 200);
  world.api = () => problem(401, "access_token_expired");
  assert.equal((await world.of(client.get("https://app.example.com/api"))).status, 401);
});

test("no other origin gets the token from axios", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  const client = instance({ baseURL: "https://app.example.com/api" });
  tab.attachAxios(client);
  for (const address of ["https://evil.example/x", "//evil.example/x", "https://app.example.com@evil.example/x"]) {
    await world.of(client.get(address)).catch(() => {});
    const call = world.calls.at(-1);
    assert.notEqual(new URL(call.url).origin, "https://app.example.com", address);
    assert.ok(!/bearer/i.test(call.headers.authorization), address);
  }
});

test("an Authorization of the caller's own is kept, a wrong password asked once", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  const client = instance({ baseURL: "https://app.example.com" });
  tab.attachAxios(client);
  world.api = () => problem(401, "access_token_expired");
  await world.of(client.get("/api", { headers: { Authorization: "Basic eA==" } })).catch(() => {});
  assert.equal(world.calls.at(-1).headers.authorization, "Basic eA==");
  assert.equal(world.calls.length, 2);
  world.api = () => problem(401, "invalid_credentials");
  await world.of(client.post("/auth/reauth", {})).catch(() => {});
  assert.equal(world.calls.length, 3);
});

test("a server that is away rejects with when to try again", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  const client = instance({ baseURL: "https://app.example.com" });
  tab.attachAxios(client);
  world.api = () => problem(401, "access_token_expired");
  world.next("/auth/refresh", problem(503, "busy", {}, { "retry-after": "30" }));
  const error = await world.of(client.get("/api")).catch((error) => error);
  assert.equal(error.code, "busy");
  assert.ok(error.retryAfter >= 30);
  assert.equal(tab.status.state, "signed-in");
});

test("taken off, it does nothing", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  const client = instance({ baseURL: "https://app.example.com" });
  const eject = tab.attachAxios(client);
  eject();
  client.interceptors.response.forEach(() => assert.fail("something is left"));
  world.api = () => problem(401, "access_token_expired");
  await world.of(client.get("/api")).catch(() => {});
  assert.equal(world.calls.at(-1).headers.authorization, undefined);
  assert.equal(world.calls.length, 2);
});

test("the cookie goes along to a server of another origin", async () => {
  world = new World();
  world.session = "session-1";
  const tab = world.tab({ url: "https://auth.example.com", audience: ["https://api.example.com"] });
  const client = instance();
  tab.attachAxios(client);
  await world.of(client.get("https://auth.example.com/auth/me"));
  assert.equal(world.calls.at(-1).credentials, "include");
});
