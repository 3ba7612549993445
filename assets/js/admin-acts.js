// @ts-check
/** What ends sessions, and how it is told: how many ended, and from when on. */

import { act, ask } from "./admin-api.js";
import { dialog, tell } from "./admin-dialog.js";
import { count, duration, make, number, timeOfDay } from "./admin-dom.js";
import { get, say, show, wordsFor } from "./form.js";
import { auth, leave, stay } from "./session.js";

/** @typedef {import("./admin-api.js").Answer} Answer */

/** What a refusal says here. @param {Answer} answer */
export function refusal(answer) {
  if (answer.code === "last_admin") return say("admin.last_admin");
  if (answer.code === "email_taken") return say("admin.taken");
  if (answer.code === "not_found") return say("admin.gone");
  if (answer.status === 429) return say("all.wait", { time: say("all.seconds", { n: answer.retryAfter }) });
  return wordsFor(answer);
}

/** Says what was done, where the eyes and the screen reader find it. @param {string} text */
export function done(text) {
  show("problem", "");
  show("done", text);
  get("done").focus({ preventScroll: true });
  get("done").scrollIntoView({ block: "nearest" });
}

/**
 * Says what went wrong, unless the person gave it up.
 * @param {Answer} answer @param {() => unknown} [again] asks once more, where something did not load
 */
export function failed(answer, again) {
  if (answer.code === "cancelled" || answer.code === "aborted") return;
  show("done", "");
  show("problem", refusal(answer));
  get("retry").hidden = !again || answer.code === "not_found";
  get("retry").onclick = () => {
    show("problem", "");
    // The button is gone, and with it the focus.
    get("main").focus();
    again?.();
  };
}

/** How long an access token lives, in seconds. */
const ACCESS = Number(document.documentElement.dataset.access);

/** How many sessions ended, and from when on. @param {number} sessions @param {Date} at */
const ended = (sessions, at) => `${count("admin.ended", sessions, { time: timeOfDay(at) })} ${say("admin.hold", { time: duration(ACCESS) })}`;

/** Whether it is oneself. @param {string} id */
export const isMe = (id) => auth.user?.id === id;

/**
 * Sends an act. One that ends one's own session is told before the page leads away.
 * @template T @param {boolean} own @param {(values: T) => Promise<Answer>} send @returns {(values: T) => Promise<Answer>}
 */
export const ending = (own, send) => async (values) => {
  if (!own) return send(values);
  stay(true);
  const answer = await send(values);
  if (!answer.ok) stay(false);
  return answer;
};

/**
 * After an act that ended one's own sessions too: tells it, then leads to the sign-in.
 * @param {string} title @param {string} text @param {string} reason @returns {Promise<never>}
 */
export async function goodbye(title, text, reason) {
  await tell(title, [text, say("admin.yours_too")], say("admin.sign_in"));
  leave(reason);
  // The page is on its way out: nothing of it goes on.
  return new Promise(() => {});
}

/** Logs everyone out, once the word was typed. */
export async function logOutEveryone() {
  const numbers = await ask("GET", "admin/overview");
  const live = numbers.ok ? numbers.body.sessions.live : null;
  const word = say("admin.everyone.word");
  const answer = await dialog({
    title: say("admin.everyone"),
    text: [
      live === null ? say("admin.everyone.text") : count("admin.everyone.live", live),
      say("admin.everyone.after"),
    ],
    fields: [
      {
        name: "word",
        label: say("admin.everyone.type", { word }),
        pattern: new RegExp(`^\\s*${word}\\s*$`, "i"),
        wrong: say("admin.everyone.wrong", { word }),
      },
    ],
    yes: say("admin.everyone.yes"),
    danger: true,
    send: ending(true, () => act("POST", "logout-all", {})),
    fails: (answer) => ({ text: refusal(answer) }),
  });
  if (answer) await goodbye(say("admin.everyone.done"), ended(answer.body.sessions, answer.at), "everyone_logged_out");
}

/**
 * Ends all sessions of some users. Oneself comes last: nothing could be done after that.
 * @param {{ id: string, email: string }[]} people @returns {Promise<boolean>} whether something was done
 */
export async function logOutUsers(people) {
  const last = people.filter(({ id }) => isMe(id));
  const order = [...people.filter(({ id }) => !isMe(id)), ...last];
  const text = last.length > 0 ? [say("admin.end.you")] : [];
  let sessions = 0;
  const answer = await dialog({
    title: people.length === 1 ? say("admin.end.one", { email: people[0].email }) : count("admin.end.some", people.length),
    text: [say("admin.end.text"), ...text],
    content: people.length > 1 ? names(people.map(({ email }) => email)) : undefined,
    yes: say("admin.end.yes"),
    danger: true,
    send: ending(last.length > 0, async () => {
      let answer;
      while (order.length > 0) {
        answer = await act("POST", `users/${order[0].id}/logout-all`, {});
        if (!answer.ok && answer.code !== "not_found") return answer;
        sessions += answer.ok ? answer.body.sessions : 0;
        order.shift();
      }
      return { .../** @type {Answer} */ (answer), ok: true };
    }),
    fails: (answer) => ({ text: refusal(answer) }),
  });
  if (!answer) {
    if (sessions > 0) done(ended(sessions, new Date()));
    return sessions > 0;
  }
  if (last.length > 0) await goodbye(say("admin.end.done"), ended(sessions, answer.at), "ended_by_admin");
  else done(ended(sessions, answer.at));
  return true;
}

/** The first few of many. @param {string[]} all */
function names(all) {
  const shown = all.slice(0, 6).map((name) => make("li", { class: "wrap", text: name }));
  const rest = all.length - shown.length;
  if (rest > 0) shown.push(make("li", { class: "soft", text: say("admin.and_more", { n: number(rest) }) }));
  return make("ul", { class: "names" }, ...shown);
}

/**
 * Ends single sessions.
 * @param {{ id: string, name: string, current: boolean }[]} sessions @returns {Promise<boolean>}
 */
export async function endSessions(sessions) {
  const own = sessions.some(({ current }) => current);
  const order = [...sessions].sort((a, b) => Number(a.current) - Number(b.current));
  let over = 0;
  const answer = await dialog({
    title: count("admin.end.these", sessions.length),
    text: own ? [say("admin.end.you")] : [],
    content: names(sessions.map(({ name }) => name)),
    yes: say("admin.end.yes"),
    danger: true,
    send: ending(own, async () => {
      let answer;
      while (order.length > 0) {
        answer = await act("DELETE", `sessions/${order[0].id}`);
        if (!answer.ok && answer.code !== "not_found") return answer;
        over += Number(answer.ok);
        order.shift();
      }
      return { .../** @type {Answer} */ (answer), ok: true };
    }),
    fails: (answer) => ({ text: refusal(answer) }),
  });
  if (!answer) {
    if (over > 0) done(ended(over, new Date()));
    return over > 0;
  }
  if (own) await goodbye(say("admin.end.done"), ended(over, answer.at), "ended_by_admin");
  else done(ended(over, answer.at));
  return true;
}
