// @ts-check
/** What the small pages share: words, a form that loses nothing but passwords, errors by their field. */

const root = document.documentElement;

/** @type {Record<string, string>} */
const words = JSON.parse(root.dataset.words || "{}");

/**
 * A text of this page's language.
 * @param {string} key without the leading `js.`
 * @param {Record<string, string | number>} [values] what stands in braces
 */
export function say(key, values = {}) {
  const text = words[`js.${key}`] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** Whether there is such a text. @param {string} key */
export const knows = (key) => `js.${key}` in words;

/** An element that the page has. @param {string} id @returns {any} */
export function get(id) {
  return document.getElementById(id);
}

/** @param {string} id @param {string} text */
export function show(id, text) {
  const element = get(id);
  element.textContent = text;
  element.hidden = text === "";
}

/** A span of seconds for people. @param {number} seconds */
export function span(seconds) {
  return seconds < 60
    ? say("all.seconds", { n: seconds })
    : say("all.minutes", { m: Math.floor(seconds / 60), s: seconds % 60 });
}

/**
 * An answer of the server.
 * @typedef {{ ok: boolean, status: number, code: string, detail: string, field?: string, reason?: string,
 *   retryAfter: number, id: string, body: any }} Answer
 */

/** What an answer says. @param {Response} response @returns {Promise<Answer>} */
export async function read(response) {
  const json = await response.json().catch(() => ({}));
  return {
    ok: response.ok,
    status: response.status,
    code: json.code ?? "",
    detail: json.detail ?? "",
    field: json.field,
    reason: json.reason,
    retryAfter: Number(response.headers.get("Retry-After") ?? 0),
    id: response.headers.get("X-Request-Id") ?? "",
    body: json,
  };
}

/**
 * Posts JSON. A server that can't be reached is an answer of status 0.
 * @param {string} path @param {object} body @param {typeof fetch} [by] puts a token on it @returns {Promise<Answer>}
 */
export async function post(path, body, by = fetch) {
  try {
    const response = await by(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    return await read(response);
  } catch (error) {
    return unreached(error);
  }
}

/** What it is where nothing came back, or the client gave up. @param {any} error @returns {Answer} */
export function unreached(error) {
  const { status = 0, retryAfter } = error ?? {};
  return { ok: false, status, code: "", detail: "", retryAfter: retryAfter ?? 0, id: "", body: {} };
}

/** Says next to a field what is wrong with it. @param {string} id @param {string} text */
export function fieldError(id, text) {
  get(`${id}-error`).textContent = text;
  const field = get(id);
  if (text) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

/** What a refusal says, where the page has no better words. @param {Answer} answer */
export function wordsFor(answer) {
  if (answer.status === 0) return say("all.network");
  if (answer.code === "cross_origin") return say("all.cross_origin");
  if (answer.code === "invalid_link") return say("all.invalid_link");
  if (answer.status === 503 || answer.status === 408) return say("all.busy");
  if (answer.status >= 500) return say("all.failed", { id: answer.id });
  return answer.detail || say("all.failed", { id: answer.id });
}

/** What is wrong with a password that is refused; nothing where that is not it. @param {Answer} answer */
export function passwordWords(answer) {
  if (answer.code !== "weak_password" && answer.code !== "unusable_password") return "";
  const { rule, min, max } = answer.body;
  return knows(`all.rule.${rule}`) ? say(`all.rule.${rule}`, { min, max }) : say("all.weak");
}

/**
 * Counts down until the next try is looked at. The button only looks disabled: it keeps the focus. The
 * wait is announced once, not every second.
 * @param {Answer} answer @param {HTMLButtonElement} button @param {HTMLElement} problem where it is said
 */
export function countDown(answer, button, problem) {
  const until = Date.now() + Math.max(1, answer.retryAfter) * 1000;
  button.setAttribute("aria-disabled", "true");
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    problem.textContent = left > 0 ? say("all.wait", { time: span(left) }) : "";
    problem.hidden = left <= 0;
    if (left <= 0) {
      clearInterval(counting);
      button.removeAttribute("aria-disabled");
      problem.removeAttribute("aria-live");
    }
  };
  const counting = setInterval(() => {
    problem.setAttribute("aria-live", "off");
    tick();
  }, 1000);
  tick();
}

/**
 * Makes the page's form work: checks what is empty, sends, says what is wrong and puts the focus there.
 * @param {{
 *   send: (values: Record<string, string>) => Promise<Answer>,
 *   done: (answer: Answer) => void,
 *   fails?: (answer: Answer) => { field?: string, text: string } | undefined,
 * }} rules
 */
export function form({ send, done, fails }) {
  /** @type {HTMLFormElement} */
  const element = get("form");
  /** @type {HTMLButtonElement} */
  const button = get("submit");
  const fields = /** @type {HTMLInputElement[]} */ ([...element.querySelectorAll("input[name]")]);
  for (const field of fields) field.addEventListener("input", () => fieldError(field.id, ""));

  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (["aria-busy", "aria-disabled"].some((state) => button.getAttribute(state) === "true")) return;
    show("problem", "");
    for (const field of fields) fieldError(field.id, field.value === "" ? say("all.required") : "");
    const wrong = fields.find((field) => field.value === "");
    if (wrong) return wrong.focus();
    button.setAttribute("aria-busy", "true");
    const answer = await send(Object.fromEntries(fields.map((field) => [field.name, field.value])));
    if (answer.ok) return done(answer);
    button.removeAttribute("aria-busy");
    if (answer.status === 429) return countDown(answer, button, get("problem"));
    const said = fails?.(answer) ?? usual(answer);
    if (said.field && get(said.field)) {
      fieldError(said.field, said.text);
      get(said.field).focus();
    } else {
      show("problem", said.text);
    }
  });
  // Until now nothing could be sent: the browser by itself would send it as a form.
  button.disabled = false;
}

/** @param {Answer} answer */
function usual(answer) {
  if (answer.code === "invalid_email") return { field: "email", text: say("all.email") };
  const weak = passwordWords(answer);
  return weak ? { field: "password", text: weak } : { text: wordsFor(answer) };
}

/** Buttons that show what is typed as a password. */
function showers() {
  for (const button of document.querySelectorAll("button[data-show]")) {
    button.addEventListener("click", () => {
      const field = get(/** @type {HTMLElement} */ (button).dataset.show ?? "");
      const shown = field.type === "text";
      field.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
      button.textContent = say(shown ? "all.show" : "all.hide");
      field.focus();
    });
  }
}

/** Whether the way to the server is neither encrypted nor within this machine. */
function isPlain() {
  const host = location.hostname;
  const local = host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127\./.test(host);
  return location.protocol === "http:" && !local;
}

const SIGNED_IN = "doorward.signed-in";

/**
 * Remembers for the next page that a sign-in went well, so that a lost cookie is told and not looped over.
 * A browser that blocks cookies blocks storage as well; the fragment of an address outlives the way back.
 * @param {string} target
 */
export function signedIn(target) {
  try {
    sessionStorage.setItem(SIGNED_IN, "1");
    location.replace(target);
  } catch {
    location.replace(target.includes("#") ? target : `${target}#${SIGNED_IN}`);
  }
}

/** Whether a sign-in has just gone well in this tab. */
export function hasJustSignedIn() {
  if (location.hash === `#${SIGNED_IN}`) {
    history.replaceState(null, "", location.pathname + location.search);
    return true;
  }
  try {
    const flag = sessionStorage.getItem(SIGNED_IN) === "1";
    sessionStorage.removeItem(SIGNED_IN);
    return flag;
  } catch {
    return false;
  }
}

/**
 * Where to go after the sign-in: a path of this server, or a page of a listed origin; else the account
 * (OWASP ASVS 5.0, 3.7.2).
 */
export function returnTo() {
  const asked = new URLSearchParams(location.search).get("return_to") ?? "";
  const listed = (root.dataset.origins ?? "").split(" ").filter(Boolean);
  try {
    const url = new URL(asked, location.origin);
    const clean = !/[\\\u0000-\u0020]/.test(asked);
    const own = url.origin === location.origin && /^\/(?!\/)/.test(asked);
    const other = listed.includes(url.origin) && asked.startsWith(`${url.origin}/`);
    return asked !== "" && clean && (own || other) && !url.pathname.startsWith("/login") ? url.href : "/account";
  } catch {
    return "/account";
  }
}

showers();
if (get("plain")) get("plain").hidden = !isPlain();
