// @ts-check
import { form, get, post, say, show, signedIn } from "./form.js";

const secret = location.hash.slice(1);

/** Nothing that could be filled in would help: says how to get a link that works. */
function broken() {
  get("form").hidden = get("lead").hidden = true;
  get("ask").hidden = false;
  show("problem", say("setup.invalid_link"));
}

form({
  send: ({ email, password }) => post("/auth/setup", { secret, email, password }),
  done: () => signedIn("/account"),
  fails: (answer) => {
    // Somebody was faster: the server shows the way to the sign-in now.
    if (answer.code === "setup_done") location.reload();
    if (answer.code === "invalid_link") broken();
    if (answer.code === "setup_done" || answer.code === "invalid_link") return { text: say(`setup.${answer.code}`) };
    return answer.code === "email_taken" ? { field: "email", text: say("setup.taken") } : undefined;
  },
});

if (secret === "") broken();
else get("email").focus();
