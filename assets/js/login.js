// @ts-check
import { form, get, hasJustSignedIn, knows, post, returnTo, say, show, signedIn } from "./form.js";

const query = new URLSearchParams(location.search);
const reason = query.get("reason") ?? "";

if (document.documentElement.dataset.registration === "open") get("register").hidden = false;

if (hasJustSignedIn()) show("problem", say("login.cookie"));
else if (knows(`login.reason.${reason}`)) show("reason", say(`login.reason.${reason}`));
else lookAgain();

/**
 * A strict cookie does not come along when another site leads here. Asked from here, the server sees it,
 * and leads on where somebody is signed in.
 */
async function lookAgain() {
  const here = document.referrer !== "" && new URL(document.referrer).origin === location.origin;
  if (here || reason) return;
  const seen = await fetch(location.href, { method: "HEAD", redirect: "manual" }).catch(() => null);
  if (seen?.type === "opaqueredirect") location.reload();
}

form({
  send: ({ email, password }) => post("/auth/login", { email, password }),
  done: () => signedIn(returnTo()),
  fails: (answer) => {
    if (answer.code !== "invalid_credentials") return undefined;
    get("password").value = "";
    return { field: "password", text: say("login.invalid") };
  },
});

(get("email").value === "" ? get("email") : get("password")).focus();
