// @ts-check
/** The page of the development stub: looks each second, as long as somebody looks at it. */

import { ask, done, failed } from "./dev-api.js";
import { clock } from "./dev-clock.js";
import { faults } from "./dev-faults.js";
import "./dev-inspect.js";
import { outbox } from "./dev-outbox.js";
import { requests } from "./dev-requests.js";
import { sessions } from "./dev-sessions.js";
import { users } from "./dev-users.js";
import { get, say, show } from "./form.js";

/** How often, in milliseconds. */
const EVERY = 1_000;

/** What is looked at, and who draws it; a panel is hidden where that says that there is nothing to see.
 * @type {{ path: string, draw: (body: any) => boolean | void, panel?: string }[]} */
let parts = [
  {
    path: "state",
    draw: (body) => {
      users(body);
      sessions(body);
    },
  },
  { path: "clock", draw: clock },
  { path: "faults", draw: faults, panel: "faults-panel" },
  { path: "requests", draw: requests, panel: "requests-panel" },
  { path: "outbox", draw: outbox, panel: "outbox-panel" },
];

/** Whether the last look went wrong: then the next good one takes back what was said of it. */
let lost = false;
let timer = 0;

/** Looks at all of it, now. */
async function look() {
  clearTimeout(timer);
  const answers = await Promise.all(parts.map(({ path }) => ask("GET", path)));
  answers.forEach((answer, at) => {
    const { draw, panel } = parts[at];
    const seen = answer.ok && draw(answer.body) !== false;
    if (panel && answer.status !== 0) get(panel).hidden = !seen;
  });
  // What this server hasn't is not asked for again.
  const gone = parts.filter(({ panel }, at) => panel && answers[at].status === 404);
  parts = parts.filter((part) => !gone.includes(part));
  const [state] = answers;
  if (!state.ok) failed(state);
  else if (lost) show("problem", "");
  lost = !state.ok;
  plan();
}

function plan() {
  clearTimeout(timer);
  if (!document.hidden) timer = window.setTimeout(look, EVERY);
}

document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : look()));
// Whatever was done shows at once.
addEventListener("dev-acted", look);

get("snapshot-form").addEventListener("submit", async (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  const way = /** @type {HTMLButtonElement | null} */ (event.submitter)?.value ?? "snapshot";
  const name = get("snapshot").value.trim();
  const answer = await ask("POST", way, { name });
  if (answer.ok) done(say(`dev.again.${way}`, { label: name }));
  else if (answer.status === 404) failed({ ...answer, detail: say("dev.again.unknown", { label: name }) });
  else failed(answer);
  look();
});
get("reset").addEventListener("click", async () => {
  const answer = await ask("POST", "reset");
  if (answer.ok) done(say("dev.again.done"));
  else failed(answer);
  look();
});

// The fragment is no place here: the link past the bar leaves it alone.
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  get("main").focus();
});

look();
