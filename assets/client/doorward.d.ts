/**
 * The browser client of doorward: signs people in and out, keeps their access token good, and puts
 * it on requests.
 *
 * ```js
 * import { createAuth } from "/client/doorward.js";
 * const auth = createAuth();
 * auth.onChange(({ state, user, reason }) => show(state, user, reason));
 * if (!(await auth.token())) await auth.login(email, password);
 * const answer = await auth.fetch("/api/orders");
 * ```
 *
 * - The access token lives in the memory of the tab and in messages between tabs of the same
 *   origin; never in web storage. The refresh token lives in a cookie that scripts can't read.
 * - All members work when taken out of the object: `const { fetch, token } = createAuth()`.
 * - `onChange` and `status` fit React's `useSyncExternalStore(auth.onChange, () => auth.status)`.
 */

/** The version of doorward that this file came with. */
export const version: string;

/** Makes the client. Make one for a page and keep it. */
export function createAuth(options?: Options): Auth;

export interface Options {
  /**
   * Where the server is, such as `"https://auth.example.com"`; the page's own origin by default. The
   * server must list another origin's page in `allowed_origins`, and its cookie reaches it only if
   * both belong to one site (`app.example.com` and `auth.example.com`).
   */
  url?: string;
  /**
   * Origins besides the server's own that get the access token from {@link Auth.fetch} and
   * {@link Auth.attachAxios}, such as `["https://api.example.com"]`. The page's own origin too has to
   * be named if the server has another one. Nothing else ever gets the token.
   */
  audience?: string[];
}

/** Who is signed in, as the access token says. */
export interface User {
  id: string;
  email: string;
  /** `admin`, `user` or a word of your own. */
  role: string;
}

/**
 * What the tab knows. `unknown` until the first call of `token`, `fetch`, `refresh` or `login` has an
 * answer, and for as long as the server is out of reach.
 *
 * `reason` says why nobody is signed in: a reason of the server (`logged_out`,
 * `logged_out_everywhere`, `signed_in_again`, `ended_by_user`, `ended_by_admin`,
 * `everyone_logged_out`, `password_changed`, `account_disabled`, `account_deleted`, `role_changed`,
 * `idle_expired`, `absolute_expired`, `refresh_reuse`, `rolled_back`, `restored`,
 * `too_many_sessions`, `unknown`); or `no_refresh_token` (never signed in here, or the cookie is
 * gone), `invalid_refresh_token`, `cookie_not_kept`.
 *
 * The object is replaced when something changes, never altered.
 */
export type Status =
  | { readonly state: "unknown"; readonly user: null; readonly reason: null }
  | { readonly state: "signed-in"; readonly user: User; readonly reason: null }
  | { readonly state: "signed-out"; readonly user: null; readonly reason: string };

export interface Auth {
  /**
   * Signs in, and makes sure that the browser kept the cookie.
   *
   * Rejects with an {@link AuthError}: `invalid_credentials`; `too_many_attempts` and `busy` with
   * `retryAfter`; `cookie_not_kept` where the browser refused the cookie (it blocks them, or the
   * connection is plain http where the server expects https), and the session is ended again;
   * `network_error`. Never tries again by itself.
   */
  login(email: string, password: string): Promise<User>;

  /** Signs this browser out, all its tabs. Rejects, and changes nothing, if the server can't say that it is done. */
  logout(): Promise<void>;

  /** Signs the account out on all devices; resolves with the number of sessions that ended. Rejects as `logout` does. */
  logoutEverywhere(): Promise<number>;

  /** Who is signed in. The same object until something about them changes. */
  readonly user: User | null;

  /** What the last `onChange` said. */
  readonly status: Status;

  /** Milliseconds for which the access token is good, by the server's clock; 0 without one. */
  readonly timeLeft: number;

  /**
   * A good access token, refreshed first where it is missing or about to run out; `null` if nobody is
   * signed in. Once signed out no request is made until a `login`, a `refresh` or another tab's.
   *
   * While the server is busy or out of reach (429, 5xx, no network) it waits some seconds, then
   * rejects with an {@link AuthError} that says when the next try is due (`retryAfter`). That is no
   * sign-out: the tab goes on trying by itself, no sooner than `Retry-After` allows.
   */
  token(): Promise<string | null>;

  /** Refreshes now, whatever is left of the token, also once signed out; else as `token`. Calls at the same time share one request. */
  refresh(): Promise<string | null>;

  /**
   * `fetch` with the access token.
   *
   * - The token goes to the server's own origin and those in `audience`, by http or https; a request
   *   to any other goes out as plain `fetch` would send it. An `Authorization` of your own is kept.
   * - A redirect is refused (`redirect_refused`), since it could lead elsewhere. With
   *   `redirect: "follow"` it is followed by the rules of the browser, which takes the token off
   *   where the origin changes (browsers before 2023 did not).
   * - On a 401 it refreshes once and asks once more. A body that is a stream can't be sent twice: its
   *   401 is returned, and your next request has the new token. A `Request` is cloned first, so its
   *   body stays in memory until the answer. A 401 with the code `invalid_credentials` is about a
   *   password and returned at once.
   * - A token in the answer of a call under `/auth/`, such as `reauth`, `password` or `register`, is
   *   taken over.
   * - Cookies go along to the server's own origin; elsewhere as you say.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;

  /**
   * Calls the listener at every change: sign-in and sign-out, here or in another tab, and another
   * user, address or role. Not at every refresh, and not for what is already so (see `status`).
   * Returns the function that stops it.
   */
  onChange(listener: (status: Status) => void): () => void;

  /**
   * The same as `fetch` for an instance of axios 1.2 or later: adds the token by the same rule of
   * origins, and on a 401 refreshes once and asks once more. Redirects follow the browser's rules.
   * Returns the function that takes it off.
   */
  attachAxios(instance: AxiosLike): () => void;

  /** Stops timers, listeners and messages, for tests and for pages that make more than one. */
  close(): void;
}

/** What `attachAxios` needs of axios. */
export interface AxiosLike {
  request(config: any): Promise<any>;
  getUri(config?: any): string;
  interceptors: { request: Interceptors; response: Interceptors };
}

interface Interceptors {
  use(fulfilled: (value: any) => any, rejected?: (error: any) => any): number;
  eject(id: number): void;
}

/** A refusal of the server (its members are those of the problem document), or of the network. */
export class AuthError extends Error implements AuthErrorParts {
  constructor(parts: Partial<AuthErrorParts>);
  /** A stable word: a code of the server, `network_error`, `cookie_not_kept`, `redirect_refused`, or `http_502` and the like where no problem document came. */
  readonly code: string;
  readonly reason: string | null;
  readonly status: number;
  readonly retryAfter: number | null;
  readonly title: string;
  readonly detail: string;
  readonly field: string | null;
}

export interface AuthErrorParts {
  code: string;
  /** Why the session ended, with the code `session_ended`. */
  reason: string | null;
  /** The HTTP status; 0 where there was no answer. */
  status: number;
  /** Seconds to wait before another try. */
  retryAfter: number | null;
  /** A short name, for people. */
  title: string;
  /** What it means and what to do, for people. */
  detail: string;
  /** The member of the request that is meant. */
  field: string | null;
}
