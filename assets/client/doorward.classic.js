// Made of doorward.js by tests/client/classic.mjs.
"use strict";
(() => {
// The browser client of doorward, GPL-3.0-or-later. What it does and how to use it: doorward.d.ts.

const version = "0.1.0";

const mono = () => performance.now();
const sleep = (ms = 0) => new Promise((done) => setTimeout(done, ms));
const absolute = (url = "") => new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href);

const claims = (token = "") => {
  const text = atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (char) => char.charCodeAt(0))));
};

/** What a copy of the answer says, if it is JSON. @param {Response} answer */
const peek = (answer) => answer.clone().json().catch(() => null);

/** Whether it can be sent twice. @param {unknown} body */
const resendable = (body) =>
  body == null || typeof body == "string" || ArrayBuffer.isView(body) ||
  [Blob, FormData, URLSearchParams, ArrayBuffer].some((kind) => body instanceof kind);

/** Whether only a new sign-in helps. @param {any} error */
const terminal = ({ status, code }) =>
  status == 401 && ["session_ended", "invalid_refresh_token", "no_refresh_token"].includes(code);

class AuthError extends Error {
  /** @param {Partial<import("./doorward.d.ts").AuthErrorParts>} parts */
  constructor({ code = "", reason = null, status = 0, retryAfter = null, title = "", detail = "", field = null }) {
    super(detail || title || code);
    Object.assign(this, { name: "AuthError", code, reason, status, retryAfter, title, detail, field });
  }
}

/** @type {typeof import("./doorward.d.ts").createAuth} */
const createAuth = ({ url = "", audience = [] } = {}) => {
  const base = absolute(url.replace(/\/*$/, "/"));
  const origins = [base, ...audience.map(absolute)].map((url) => url.origin);
  const credentials = base.origin == globalThis.location?.origin ? "same-origin" : "include";
  const name = "doorward " + base;
  const channel = globalThis.BroadcastChannel && new BroadcastChannel(name);
  const closed = new AbortController();
  const { signal } = closed;

  /** @type {import("./doorward.d.ts").Status} */
  let status = { state: "unknown", user: null, reason: null };
  /** @type {Set<Function>} */
  const listeners = new Set();
  // The token of now: its session, when it was born and when it dies by the server's clock, how far
  // that is ahead of ours, when it dies by the monotonic clock, and how long before it is renewed.
  let token = "", session = "", born = 0, dies = 0, skew = 0, death = 0, margin = 0;
  let dead = ""; // the session that ended last: what other tabs still say of it is late
  let turn = 0; // moves with every token and every end
  let fails = 0;
  let pause = 0; // no refresh before this time of the monotonic clock
  /** @type {any} */
  let failure;
  /** @type {Promise<string | null> | null} */
  let flight = null;
  let tail = Promise.resolve();
  let timer = 0;

  const left = () => (token ? Math.min(dies - skew - Date.now(), death - mono()) : 0);
  const good = () => (left() > 0 ? token : null);

  /** Tells the other tabs. @param {object} news */
  const tell = (news) => signal.aborted || channel?.postMessage({ v: 1, ...news });

  /** @param {typeof status} next */
  const change = (next) => {
    if (JSON.stringify(next) == JSON.stringify(status)) return;
    status = next;
    for (const listener of [...listeners]) {
      try {
        listener(next);
      } catch (error) {
        globalThis.reportError?.(error); // and the others are told all the same
      }
    }
  };

  const plan = () => {
    clearTimeout(timer);
    if (signal.aborted || status.state == "signed-out" || !(token || fails)) return;
    timer = setTimeout(tick, Math.min(2e9, Math.max(1e3, left() - margin, pause - mono())));
  };
  const tick = () => {
    if (status.state != "signed-out" && (token ? left() < margin + 50 : fails)) refresh().catch(() => {});
    else plan();
  };

  /** @param {any} next */
  const hold = (next) => {
    const { sub: id, email, role, sid } = claims(next.token);
    ({ token, born, dies, skew } = next);
    session = sid;
    turn++;
    fails = pause = 0;
    const life = dies - born;
    death = mono() + Math.min(life, dies - skew - Date.now());
    margin = Math.min(life / 5, 6e4) * (1 - Math.random() / 2);
    change({ state: "signed-in", user: { id, email, role }, reason: null });
    plan();
  };

  /** @param {any} answer */
  const adopt = ({ accessToken, expiresIn, serverTime }, sent = 0) => {
    const born = Date.parse(serverTime) || sent;
    const next = { token: accessToken, born, dies: born + expiresIn * 1e3, skew: born - sent };
    hold(next);
    tell(next);
  };

  const end = (reason = "", aloud = true) => {
    if (aloud) tell({ reason, session });
    dead = session || dead;
    token = session = "";
    turn++;
    fails = pause = 0;
    clearTimeout(timer);
    change({ state: "signed-out", user: null, reason });
  };

  /** @param {Response} answer */
  const problem = async (answer) => {
    const { status } = answer;
    const after = answer.headers.get("retry-after");
    const secs = after && (+after >= 0 ? +after : (Date.parse(after) - Date.now() - skew) / 1e3);
    const retryAfter = secs ? Math.max(1, Math.ceil(secs)) : null;
    return new AuthError({ code: "http_" + status, title: "HTTP " + status, ...(await peek(answer)), status, retryAfter });
  };

  /** @type {(path: string, body?: object, more?: RequestInit) => Promise<any>} */
  const call = async (path, body, more) => {
    let answer;
    try {
      answer = await fetch(new URL("auth/" + path, base), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: body && JSON.stringify(body),
        credentials,
        redirect: "error",
        keepalive: true, // leaving the page loses no cookie
        signal: AbortSignal.timeout(15e3),
        ...more,
      });
      if (answer.status == 204) return;
      if (answer.ok) {
        const body = await answer.json();
        claims(body.accessToken); // else some other server answers
        return body;
      }
    } catch (error) {
      throw new AuthError({ code: "network_error", title: "The server can't be reached", detail: "" + error });
    }
    throw await problem(answer);
  };

  /** One at a time of what may set the cookie: always in this tab, and among tabs for at most 2 s.
   * @param {() => any} act */
  const alone = (act) => {
    const run = async () => {
      const asked = mono();
      let begun = false;
      try {
        const wait = { signal: AbortSignal.timeout(2e3) };
        if (globalThis.navigator?.locks) {
          return await navigator.locks.request(name, wait, async () => {
            begun = true;
            if (mono() - asked > 5) await sleep(30); // what the other tab said is on its way
            return act();
          });
        }
      } catch (error) {
        if (begun) throw error;
      }
      return act();
    };
    return (tail = tail.then(run, run));
  };

  /** Asks for a token, twice if refused, unless another tab was faster. */
  const ask = async (before = 0) => {
    for (let again = false; turn == before; again = true) {
      const sent = Date.now();
      try {
        const answer = await call("refresh");
        if (turn == before) {
          adopt(answer, sent);
          return token;
        }
      } catch (error) {
        if (again || !terminal(error)) throw error;
        await sleep(300); // another tab may hold a newer cookie
      }
    }
  };

  const renew = async () => {
    for (const patience = mono() + 8e3; ; ) {
      const before = turn;
      const wait = pause - mono();
      if (wait > 0) {
        if (mono() + wait > patience) throw new AuthError({ ...failure, retryAfter: Math.ceil(wait / 1e3) });
        await sleep(wait);
      }
      try {
        const fresh = await alone(() => ask(before));
        if (fresh) return fresh;
      } catch (error) {
        if (turn == before) {
          failure = error;
          if (terminal(failure)) {
            end(failure.reason ?? failure.code, !!session);
          } else {
            const least = Math.min(6e4, 500 * 2 ** fails++);
            pause = mono() + Math.max((failure.retryAfter || 0) * 1e3, least) * (1 + Math.random() / 2);
          }
        }
      }
      if (turn != before && (good() || !token)) return good();
    }
  };

  const refresh = () =>
    (flight ??= renew().finally(() => {
      flight = null;
      plan();
    }));

  const current = async () => {
    if (left() > margin) return token;
    if (status.state == "signed-out") return null;
    return refresh().catch((error) => {
      if (good()) return token;
      throw error;
    });
  };

  /** Another token than the refused one. */
  const other = async (refused = "") => {
    if (status.state == "signed-out") return null;
    return good() && token != refused ? token : refresh();
  };

  /** Whether the token may go there. @param {URL} to */
  const ours = (to) => /^https?:$/.test(to.protocol) && origins.includes(to.origin);

  /** @type {import("./doorward.d.ts").Auth} */
  const auth = {
    token: current,
    refresh,
    get user() {
      return status.user;
    },
    get status() {
      return status;
    },
    get timeLeft() {
      return Math.max(0, left());
    },

    login: (email, password) =>
      alone(async () => {
        let answer = await call("login", { email, password });
        const { accessToken } = answer;
        const sent = Date.now();
        try {
          answer = await call("refresh");
        } catch (/** @type {any} */ error) {
          if (error.code == "no_refresh_token") {
            const headers = { authorization: "Bearer " + accessToken };
            await call("sessions/" + claims(accessToken).sid, undefined, { method: "DELETE", headers }).catch(() => {});
            const code = "cookie_not_kept";
            end(code, false);
            throw new AuthError({ ...error, code, title: "Cookie not kept", detail: "The browser did not keep the cookie." });
          }
          if (terminal(error)) throw error;
        }
        adopt(answer, sent);
        return status.user;
      }),

    logout: () =>
      alone(async () => {
        await call("logout");
        end("logged_out");
      }),

    logoutEverywhere: async () => {
      const answer = await auth.fetch(new URL("auth/logout-all", base), { method: "POST" });
      if (!answer.ok) throw await problem(answer);
      end("logged_out_everywhere");
      return (await answer.json()).sessions;
    },

    fetch: async (input, init = {}) => {
      const request = input instanceof Request ? input : null;
      const to = absolute(request ? request.url : "" + input);
      const headers = new Headers(init.headers ?? request?.headers);
      if (!ours(to) || headers.has("authorization")) return fetch(input, init);
      const [before, what = ""] = to.pathname.split("auth/");
      const changes = (init.method ?? request?.method ?? "GET") != "GET" && /^[\w-]+$/.test(what);
      const act = changes && to.origin == base.origin && before == base.pathname;
      const send = async () => {
        const sent = Date.now();
        const answer = await fetch(request ? request.clone() : to, {
          credentials: to.origin == base.origin ? credentials : undefined,
          redirect: "manual",
          ...init,
          headers,
        });
        if (!init.redirect && (answer.type == "opaqueredirect" || (answer.status != 304 && /^3/.test("" + answer.status)))) {
          throw new AuthError({ code: "redirect_refused", title: "Redirect refused", detail: to + " redirects" });
        }
        const body = act && answer.ok && (await peek(answer));
        if (body?.accessToken) adopt(body, sent); // the password was given again or changed
        return answer;
      };
      const shown = await current();
      for (let next = shown, again = false; ; again = true) {
        if (next) headers.set("authorization", "Bearer " + next);
        const answer = await (act ? alone(send) : send());
        // A wrong password is no matter of the token.
        if (again || !next || answer.status != 401 || (await peek(answer))?.code == "invalid_credentials") return answer;
        next = await other(next);
        if (!next || !resendable(init.body)) return answer;
      }
    },

    attachAxios: (axios) => {
      const { request, response } = axios.interceptors;
      const asked = request.use(async (config) => {
        const to = absolute(axios.getUri(config));
        if (!ours(to) || (config.headers.has("authorization") && !config.doorward)) return config;
        const shown = await current();
        if (shown) config.headers.set("authorization", "Bearer " + shown);
        config.doorward = { ...config.doorward, shown };
        if (to.origin == base.origin) config.withCredentials ??= credentials == "include";
        return config;
      });
      /** @param {any} answer */
      const retry = async (answer) => {
        const { config, status, data } = answer ?? {};
        const { shown, again } = config?.doorward ?? {};
        if (status != 401 || !shown || again || data?.code == "invalid_credentials") return;
        if (!(await other(shown)) || !resendable(config.data)) return;
        config.doorward.again = true;
        return axios.request(config);
      };
      const answered = response.use(
        async (answer) => (await retry(answer)) ?? answer,
        async (error) => {
          const answer = await retry(error.response);
          if (answer) return answer;
          throw error;
        },
      );
      return () => {
        request.eject(asked);
        response.eject(answered);
      };
    },

    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    close: () => {
      closed.abort();
      clearTimeout(timer);
      channel?.close();
      listeners.clear();
    },
  };

  if (channel) {
    channel.onmessage = ({ data }) => {
      if (data?.v != 1) return;
      if (data.token) {
        if (!(token && data.born < born) && claims(data.token).sid != dead) hold(data);
      } else {
        if (!data.session || !session || data.session == session) end(data.reason, false);
        dead = data.session || dead;
      }
    };
  }
  for (const event of ["visibilitychange", "online", "pageshow"]) {
    globalThis.addEventListener?.(
      event,
      () => {
        if (globalThis.document?.hidden) return;
        if (failure?.status === 0) pause = 0; // the network may be back
        tick();
      },
      { signal },
    );
  }
  return auth;
};

window.doorward = { version, AuthError, createAuth };
})();
